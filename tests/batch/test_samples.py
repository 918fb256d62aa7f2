# SPDX-License-Identifier: Apache-2.0
"""job-json/batch: what is there to try does what its README says."""
import json
import zipfile

import pytest
from botocore.session import get_session
from house import REPO, tasks

SAMPLES = REPO / "job-json/batch"


def test_all_are_told_of():
    text = (SAMPLES / "README.md").read_text()
    for path in SAMPLES.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert f"({path.relative_to(SAMPLES)})" in text, path


@pytest.mark.parametrize("name, fields, expected", [
    ("videos.csv", "Bucket,Key", (3, 3, 0)),
    ("versions.csv", "Bucket,Key,VersionId", (3, 2, 1)),
    ("columns.csv", "Ignore,Key,Ignore,Bucket", (2, 2, 0)),
])
def test_good(house, name, fields, expected):
    result = house.batch(SAMPLES / name, "--handler", "noop", "--fields", fields, status=int(expected[2] > 0))
    assert tasks(result) == expected


@pytest.mark.parametrize("path", sorted((SAMPLES / "bad").rglob("*.*")), ids=lambda path: path.name)
def test_bad(house, path):
    result = house.batch(path, "--handler", "noop", status=1)
    assert result["status"] == "Failed"
    [reason] = result["failureReasons"]
    assert reason["failureCode"] == "InvalidManifestContent" and path.name in reason["failureReason"]
    if path.suffix == ".csv":
        assert "row 2 of" in reason["failureReason"]


def test_the_function(house):
    with zipfile.ZipFile(house.folder / "count.zip", "w") as archive:
        archive.write(SAMPLES / "count.py", "count.py")
    result = house.batch(SAMPLES / "videos.csv", "--handler", "count.zip", "--env", "LONGEST=13", "--report", "s3://r/p",
                         status=1)
    messages = {row["Key"]: (row["TaskStatus"], row["ResultMessage"]) for row in house.report(result)}
    assert messages == {"one.mp4": ("succeeded", "7 characters"), "two%20words.mp4": ("succeeded", "13 characters"),
                        "folder/three.mp4": ("failed", "16 characters")}


@pytest.mark.parametrize("name", ["create-job.json", "create-job-inventory.json"])
def test_requests(name):
    """As the model has them; Debian's is older than schema 2.0."""
    from botocore.validate import ParamValidator
    model = get_session().get_service_model("s3control").operation_model("CreateJob")
    report = ParamValidator().validate(json.loads((SAMPLES / name).read_text()), model.input_shape).generate_report()
    newer = ("InvocationSchemaVersion", "UserArguments")
    assert not [line for line in report.splitlines() if not any(word in line for word in newer)]
