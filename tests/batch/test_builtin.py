# SPDX-License-Identifier: Apache-2.0
"""Manifests to videos: the handler that needs no function, and functions that call CreateJob."""
import sqlite3
import subprocess
import time

import pytest
from house import HANDLER, PROGRAM, REPO, tasks

JOB = ("--job", REPO / "job-json/tutorial.json", "--speed", "draft")
BUILTIN = ("--handler", "builtin", *JOB, "--output-bucket", "out", "--report", "s3://reports/p")


@pytest.fixture
def house(house, clips):
    for name in ("a b.mp4", "c+d.mp4", "dir/e.mp4"):
        house.put(f"s3://in/{name}", (clips / "vfr.mp4").read_bytes())
    return house


def jobs(house):
    with sqlite3.connect(f"file:{house.folder}/data/status.db?mode=ro", uri=True) as database:
        return database.execute("SELECT input, token, status FROM jobs ORDER BY number").fetchall()


def test_builtin(house):
    manifest = house.put("list.csv", b"in,a%20b.mp4\nin,c+d.mp4\nin,dir/e.mp4\n")
    result = house.batch(manifest, *BUILTIN, "--role", "arn:aws:iam::111122223333:role/r", "--application", "films")
    assert result["status"] == "Complete" and tasks(result) == (3, 3, 0)
    assert result["transcodes"] == {"total": 3, "ended": 3, "failed": 0}
    for name in ("a b", "c+d", "e"):
        folder = house.folder / "buckets/out" / name / "Default"
        for output in (f"HLS/{name}.m3u8", f"MP4/{name}.mp4", f"Thumbnails/{name}.0000000.jpg"):
            assert (folder / output).stat().st_size > 0
    rows = house.report(result)
    assert [row["Key"] for row in rows] == ["a%20b.mp4", "c+d.mp4", "dir/e.mp4"]
    assert all(row["ResultMessage"].startswith("MediaConvert job ") for row in rows)
    assert sorted(row[0] for row in jobs(house)) == ["s3://in/a b.mp4", "s3://in/c+d.mp4", "s3://in/dir/e.mp4"]
    again = house.batch(manifest, *BUILTIN, "--role", "arn:aws:iam::111122223333:role/r", "--application", "films")
    assert again["jobId"] == result["jobId"] and len(jobs(house)) == 3


def test_what_goes_wrong(house):
    """A transcode that fails is no failed task; what is no video's key is."""
    manifest = house.put("list.csv", b"in,none.mp4\nin,dir/\nin,a%00b\n")
    result = house.batch(manifest, *BUILTIN, status=1)
    assert tasks(result) == (3, 1, 2)
    assert result["transcodes"] == {"total": 1, "ended": 1, "failed": 1}
    assert "s3://in/none.mp4: ErrorCode 1404" in result["stderr"]
    rows = {row["Key"]: row for row in house.report(result)}
    assert rows["none.mp4"]["TaskStatus"] == "succeeded"
    assert rows["dir/"]["ErrorCode"] == "PermanentFailure" and rows["a%00b"]["ErrorCode"] == "PermanentFailure"


@pytest.mark.parametrize("job, why", [
    ('{"Inputs": [{"FileInput": "s3://a/b"}], "OutputGroups": [{"OutputGroupSettings": {"Type": "TAPE"}}]}', "'TAPE'"),
    ('{"OutputGroups": []}', "Inputs"),
    ('{"Inputs": [{}], "OutputGroups": []}', "/outputGroups"),
])
def test_jobs_that_are_refused(house, job, why):
    house.put("job.json", job.encode())
    manifest = house.put("list.csv", b"in,a%20b.mp4\n")
    result = house.batch(manifest, "--handler", "builtin", "--job", "job.json", "--report", "s3://reports/p", status=1)
    [row] = house.report(result)
    assert row["ErrorCode"] == "PermanentFailure" and why in row["ResultMessage"]
    assert jobs(house) == []


def test_without_an_output_bucket(house):
    """Destinations keep their buckets, and each object its place in them."""
    manifest = house.put("list.csv", b"in,dir/e.mp4\n")
    house.put("job.json", (REPO / "job-json/mp4.json").read_bytes())
    house.batch(manifest, "--handler", "builtin", "--job", "job.json", "--speed", "draft")
    assert [path.name for path in (house.folder / "buckets").glob("*/e/Default/**/*.mp4")] == ["e.mp4"]


MP4 = ("--handler", "builtin", "--job", REPO / "job-json/mp4.json", "--speed", "draft")


def batches(house):
    """State (enum batch_status) of each batch job and what its builtin does."""
    try:
        with sqlite3.connect(f"file:{house.folder}/data/status.db?mode=ro", uri=True) as database:
            return database.execute("SELECT status, builtin FROM batches ORDER BY number").fetchall()
    except sqlite3.Error:
        return []  # it is not there yet


def test_each_command_does_its_own(house):
    """One was killed: another leaves it alone, and it goes on with what it was made with."""
    first = house.put("first.csv", b"in,a%20b.mp4\n" + b"in,dir/\n" * 400_000)
    options = (first, *MP4, "--output-bucket", "one", "--application", "films")
    process = house.start(*options)
    end = time.time() + 30
    while not batches(house) or batches(house)[0][0] != 1:  # Preparing
        assert time.time() < end and process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()
    second = house.batch(house.put("second.csv", b"in,dir/e.mp4\n"), *MP4, "--output-bucket", "two")
    assert "1 other batch job is unfinished" in second["stderr"]
    assert second["transcodes"] == {"total": 1, "ended": 1, "failed": 0}
    assert batches(house)[0][0] == 1
    result = house.batch(*options, status=1)
    assert result["jobId"] != second["jobId"] and tasks(result)[1] == 1
    assert result["failureReasons"][0]["failureCode"] == "FailureThresholdExceeded"
    made = {path.relative_to(house.folder / "buckets").parts[:2] for path in (house.folder / "buckets").rglob("*.mp4")}
    assert made == {("in", "a b.mp4"), ("in", "c+d.mp4"), ("in", "dir"), ("one", "a b"), ("two", "e")}


def test_a_server_keeps_to_the_command(house):
    """What a command has begun, a server with other options goes on with as it was made."""
    process = house.start(house.put("first.csv", b"in,a%20b.mp4\n" + b"in,dir/\n" * 400_000), *MP4, "--output-bucket", "one")
    end = time.time() + 30
    while not batches(house) or batches(house)[0][0] != 1:
        assert time.time() < end and process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()
    server = subprocess.Popen([PROGRAM, "serve", "--listen", "127.0.0.1:0", "--job", REPO / "job-json/tutorial.json", "--output-bucket",
                               "other", "--speed", "draft"], cwd=house.folder, stdout=subprocess.DEVNULL)
    house.processes.append(server)
    while not list((house.folder / "buckets").glob("one/a b/**/*.mp4")):
        assert time.time() < end + 30 and server.poll() is None
        time.sleep(0.05)
    server.terminate()
    assert server.wait(60) == 0 and not (house.folder / "buckets/other").exists()


CREATE = HANDLER + """
import json, os, uuid
import boto3

def handler(event, context):
    task = event["tasks"][0]
    settings = json.load(open("job.json"))
    settings["Inputs"][0]["FileInput"] = "s3://in/" + task["s3Key"]
    client = boto3.client("mediaconvert")
    client = boto3.client("mediaconvert", endpoint_url=client.describe_endpoints()["Endpoints"][0]["Url"])
    for _ in range(2):
        client.create_job(Role="arn:aws:iam::111122223333:role/r", UserMetadata={"assetID": str(uuid.uuid4())},
                          Settings=settings)
    count = open(os.environ["LOG"], "a+")
    count.write("x")
    count.flush()
    return answer(event, "TemporaryFailure" if os.path.getsize(os.environ["LOG"]) < 3 else "Succeeded")
"""


def test_a_task_starts_no_second_transcode(house):
    """Its SDK makes a new token for each call, and the task is repeated: one job nevertheless."""
    import zipfile
    settings = (REPO / "job-json/mp4.json").read_text()
    with zipfile.ZipFile(house.folder / "f.zip", "w") as archive:
        archive.writestr("f.py", CREATE)
        archive.writestr("job.json", settings)
    manifest = house.put("list.csv", b"in,dir/e.mp4\n")
    result = house.batch(manifest, "--handler", "f.zip", "--env", f"LOG={house.folder}/log", "--speed", "draft")
    assert (house.folder / "log").read_text() == "xxx"
    [(name, token, _)] = jobs(house)
    assert name == "s3://in/dir/e.mp4" and token.startswith(f"batch-task-{result['jobId'].replace('-', '')}-0-")
    assert result["transcodes"] == {"total": 1, "ended": 1, "failed": 0}
