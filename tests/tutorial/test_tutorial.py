# SPDX-License-Identifier: Apache-2.0
"""AWS's tutorial "Batch-transcoding videos with S3 Batch Operations, Lambda, and MediaConvert", its
steps 1 to 9 in order, with nothing but AWS's command line: each test is a step and builds on those
before it.

The function and its job are the page's own where $TUTORIAL (../shared/tutorial) has them, unmodified;
job-json/batch/convert.py and job-json/tutorial.json otherwise. The clips are real ones where $MEDIA_DIR
(../shared/media) has them, fixtures/make.sh's otherwise.
"""
import base64
import csv
import hashlib
import io
import json
import os
import pathlib
import subprocess
import zipfile

import pytest
from conftest import ACCOUNT, REPO

TUTORIAL = pathlib.Path(os.environ.get("TUTORIAL", REPO.parent / "shared/tutorial"))
MEDIA_DIR = pathlib.Path(os.environ.get("MEDIA_DIR", REPO.parent / "shared/media"))
OURS = REPO / "job-json/batch"

SOURCE, MADE, MANIFESTS = "tutorial-bucket-1", "tutorial-bucket-2", "tutorial-bucket-3"
FUNCTION = "tutorial-lambda-convert"
ROLES = {"mediaconvert": "tutorial-mediaconvert-role", "lambda": "tutorial-lambda-transcode-role",
         "batch": "tutorial-s3batch-role"}  # fmt: skip
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
S3_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/tutorial-s3batch-policy"

# Nine that work and three that are broken: file → whether it works.
REAL = {
    "mdn__friday.mp4": True, "intel-iot-devkit__learn.mkv": True, "google__sample.flv": True,
    "jcodec__orientation.mp4": True, "google__bear-vp9-odd-dimensions.webm": True,
    "google__video_desks.3gp": True, "google__sample_fragmented.mp4": True, "php-ffmpeg__portrait.MOV": True,
    "khronosgroup__red-green-480x272-sar-136x135-dar-16x9.mp4": True, "derived__truncated_flower.mp4": False,
    "derived__zero_byte.mp4": False, "php-ffmpeg__WrongFile.mp4": False,
}  # fmt: skip
MADE_HERE = {
    "mono.mp4": True, "no_audio.mp4": True, "odd_size.mp4": True, "rotated_90.mp4": True, "surround.mp4": True,
    "transport.ts": True, "short_audio.mp4": True, "interlaced.mp4": True, "moov_first.mp4": True,
    "truncated.mp4": False, "empty.mp4": False, "text.mp4": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def clips(s3):
    """The source bucket: name of the object → whether it works."""
    folder, names = MEDIA_DIR, REAL
    if not all((MEDIA_DIR / name).exists() for name in REAL):
        folder, names = REPO / "build/fixtures", MADE_HERE
        subprocess.run([REPO / "fixtures/make.sh", folder], check=True)
    for name in names:
        s3.put(SOURCE, name, (folder / name).read_bytes())
    return names


def package():
    """The deployment package: convert.py and job.json."""
    source = TUTORIAL if (TUTORIAL / "convert.py").exists() else OURS
    job = source / "job.json" if source is TUTORIAL else REPO / "job-json/tutorial.json"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.write(source / "convert.py", "convert.py")
        file.write(job, "job.json")
    return packed.getvalue()


def allow(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": "*"}]})  # fmt: skip


def role_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{ROLES[name]}"


def test_whose_account(place):
    assert place.aws("sts", "get-caller-identity")["Account"] == ACCOUNT


def test_step_1_bucket_for_outputs(place, clips):
    for bucket in (MADE, MANIFESTS):
        place.aws("s3api", "create-bucket", "--bucket", bucket)
    rules = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"],
                            "ExposeHeaders": []}]}  # fmt: skip
    place.aws("s3api", "put-bucket-cors", "--bucket", MADE, "--cors-configuration", json.dumps(rules))
    rule, = place.aws("s3api", "get-bucket-cors", "--bucket", MADE)["CORSRules"]
    assert rule["AllowedMethods"] == ["GET"] and rule["AllowedOrigins"] == ["*"]


def test_steps_2_3_and_6_roles(place):
    for name in ROLES:
        made = place.aws("iam", "create-role", "--role-name", ROLES[name],
                         "--assume-role-policy-document", f"file://{REPO}/job-json/batch/trust.json")["Role"]  # fmt: skip
        assert made["Arn"] == role_arn(name)
    place.aws("iam", "attach-role-policy", "--role-name", ROLES["lambda"], "--policy-arn", BASIC)
    place.aws("iam", "put-role-policy", "--role-name", ROLES["lambda"], "--policy-name", "tutorial-lambda-policy",
              "--policy-document", allow("iam:PassRole", "mediaconvert:*", "s3:*", "logs:*"))  # fmt: skip
    made = place.aws("iam", "create-policy", "--policy-name", "tutorial-s3batch-policy",
                     "--policy-document", allow("s3:Get*", "s3:Put*", "lambda:InvokeFunction"))  # fmt: skip
    assert made["Policy"]["Arn"] == S3_POLICY
    place.aws("iam", "attach-role-policy", "--role-name", ROLES["batch"], "--policy-arn", S3_POLICY)
    attached, = place.aws("iam", "list-attached-role-policies", "--role-name", ROLES["batch"])["AttachedPolicies"]
    assert attached["PolicyArn"] == S3_POLICY


def test_step_4_function(place):
    (place.folder / "lambda.zip").write_bytes(package())
    variables = {"DestinationBucket": MADE, "MediaConvertRole": role_arn("mediaconvert"), "Application": "VOD"}
    made = place.aws("lambda", "create-function", "--function-name", FUNCTION, "--runtime", "python3.11",
                     "--role", role_arn("lambda"), "--handler", "convert.handler", "--zip-file", "fileb://lambda.zip",
                     "--timeout", 120, "--environment", json.dumps({"Variables": variables}))  # fmt: skip
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(package()).digest()).decode()
    place.aws("lambda", "wait", "function-active", "--function-name", FUNCTION)
    found = place.aws("lambda", "get-function-configuration", "--function-name", FUNCTION)
    assert (found["Timeout"], found["Handler"], found["Environment"]["Variables"]) == (120, "convert.handler", variables)


def manifest_key(place):
    """The newest report's, once its checksum is there, which comes last."""
    keys = place.s3.keys_in(MANIFESTS)
    ready = sorted(key for key in keys if key.endswith("/manifest.checksum"))
    return ready[-1].replace("checksum", "json") if ready else None


def test_step_5_inventory(place, clips):
    configuration = {
        "Id": "tutorial-inventory-1", "IsEnabled": True, "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"}, "OptionalFields": ["Size", "LastModifiedDate", "StorageClass"],
        "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{MANIFESTS}", "Format": "CSV"}},
    }  # fmt: skip
    place.aws("s3api", "put-bucket-inventory-configuration", "--endpoint-url", place.url, "--bucket", SOURCE,
              "--id", "tutorial-inventory-1", "--inventory-configuration", json.dumps(configuration))  # fmt: skip
    found = place.aws("s3api", "list-bucket-inventory-configurations", "--endpoint-url", place.url, "--bucket", SOURCE)
    assert [entry["Id"] for entry in found["InventoryConfigurationList"]] == ["tutorial-inventory-1"]
    key = place.poll(lambda: manifest_key(place))
    manifest = json.loads(place.s3.get(MANIFESTS, key))
    assert manifest["fileSchema"] == "Bucket, Key, Size, LastModifiedDate, StorageClass"
    assert place.s3.get(MANIFESTS, key.replace("json", "checksum")).decode().strip() == hashlib.md5(
        place.s3.get(MANIFESTS, key)).hexdigest()  # fmt: skip


def describe(place, job):
    return place.aws("s3control", "describe-job", "--account-id", ACCOUNT, "--job-id", job)["Job"]


@pytest.fixture(scope="module")
def job(place, clips):
    """Step 7: created, confirmed, followed to its end."""
    key = manifest_key(place)
    etag = place.aws("s3api", "head-object", "--bucket", MANIFESTS, "--key", key)["ETag"]
    function = place.aws("lambda", "get-function", "--function-name", FUNCTION)["Configuration"]["FunctionArn"]
    made = place.aws(
        "s3control", "create-job", "--account-id", ACCOUNT, "--role-arn", role_arn("batch"), "--priority", 10,
        "--description", "convert all", "--operation", json.dumps({"LambdaInvoke": {"FunctionArn": function}}),
        "--manifest", json.dumps({"Spec": {"Format": "S3InventoryReport_CSV_20161130"},
                                  "Location": {"ObjectArn": f"arn:aws:s3:::{MANIFESTS}/{key}", "ETag": etag}}),
        "--report", json.dumps({"Bucket": f"arn:aws:s3:::{MADE}", "Prefix": "reports", "Enabled": True,
                                "Format": "Report_CSV_20180820", "ReportScope": "AllTasks"}),
    )["JobId"]  # fmt: skip
    # The command line asks for a confirmation unless it is told otherwise.
    place.poll(lambda: describe(place, made)["Status"] == "Suspended")
    assert describe(place, made)["ProgressSummary"]["TotalNumberOfTasks"] == len(clips)
    assert not place.aws("mediaconvert", "list-jobs")["Jobs"]
    place.aws("s3control", "update-job-status", "--account-id", ACCOUNT, "--job-id", made,
              "--requested-job-status", "Ready")  # fmt: skip
    place.poll(lambda: describe(place, made)["Status"] in ("Complete", "Failed", "Cancelled"))
    return describe(place, made)


def test_step_7_batch_job(place, job, clips):
    assert job["Status"] == "Complete", job.get("FailureReasons")
    summary = job["ProgressSummary"]
    # The function has only to submit a job, which goes well for broken clips, too.
    assert (summary["NumberOfTasksSucceeded"], summary["NumberOfTasksFailed"]) == (len(clips), 0)
    listed = place.aws("s3control", "list-jobs", "--account-id", ACCOUNT, "--job-statuses", "Complete")["Jobs"]
    assert [(entry["JobId"], entry["Operation"]) for entry in listed] == [(job["JobId"], "LambdaInvoke")]


def test_step_7_report(place, job, clips):
    report = json.loads(place.s3.get(MADE, f"reports/job-{job['JobId']}/manifest.json"))
    result, = report["Results"]
    rows = place.s3.get(MADE, result["Key"])
    assert result["TaskExecutionStatus"] == "succeeded" and result["MD5Checksum"] == hashlib.md5(rows).hexdigest()
    table = list(csv.reader(io.StringIO(rows.decode(), newline="")))
    assert sorted((row[0], row[1], row[3], row[4], row[5]) for row in table) == sorted(
        (SOURCE, name, "succeeded", "200", "") for name in clips)  # fmt: skip


def test_step_7_logs(place, job, clips):
    events = place.aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{FUNCTION}")["events"]
    starts = [event for event in events if event["message"].startswith("START RequestId: ")]
    assert len(starts) == len(clips)
    reports = [event for event in events if event["message"].startswith("REPORT RequestId: ")]
    assert len(reports) == len(clips)


@pytest.fixture(scope="module")
def transcoded(place, job):
    """MediaConvert's jobs, all ended, by the name of their input."""
    def ended():
        jobs = place.aws("mediaconvert", "list-jobs")["Jobs"]
        return jobs if all(job["Status"] in ("COMPLETE", "ERROR") for job in jobs) else None

    return {job["UserMetadata"]["input"].rpartition("/")[2]: job for job in place.poll(ended, 400)}


def test_step_8_outputs(place, transcoded, clips):
    assert {name: job["Status"] == "COMPLETE" for name, job in transcoded.items()} == clips
    keys = [key for key in place.s3.keys_in(MADE) if not key.startswith("reports/")]
    expected_folders = set()
    for name in (name for name, works in clips.items() if works):
        stem = name.rpartition(".")[0]
        base = f"{stem}/Default"
        expected_folders.add(stem)
        mine = {key.removeprefix(f"{base}/") for key in keys if key.startswith(f"{base}/")}
        assert {key.partition("/")[0] for key in mine} == {"HLS", "MP4", "Thumbnails"}
        playlists = {f"HLS/{stem}{rendition}.m3u8" for rendition in ("", "_360", "_540", "_720", "_audio")}
        assert playlists | {f"MP4/{stem}.mp4", f"Thumbnails/{stem}.0000000.jpg"} <= mine
        named = set()
        for playlist in playlists:
            lines = place.s3.get(MADE, f"{base}/{playlist}").decode().splitlines()
            named |= {f"HLS/{line}" for line in lines if line and not line.startswith("#")}
        assert named | {f"HLS/{stem}.m3u8", f"HLS/{stem}_audio.m3u8"} == {key for key in mine if key.startswith("HLS/")}
    assert {key.partition("/")[0] for key in keys} == expected_folders


def test_step_8_they_play(place, transcoded, clips, tmp_path):
    """ffmpeg decodes each MP4 and each rendition of the ladder to the end."""
    for name in (name for name, works in clips.items() if works):
        stem = name.rpartition(".")[0]
        folder = tmp_path / stem
        place.aws("s3", "cp", "--quiet", "--recursive", f"s3://{MADE}/{stem}/Default", folder)
        for file in (f"MP4/{stem}.mp4", *(f"HLS/{stem}_{height}.m3u8" for height in (360, 540, 720))):
            done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", folder / file, "-f", "null", "-"],
                                  capture_output=True, text=True, timeout=60)  # fmt: skip
            assert (done.returncode, done.stderr) == (0, ""), file


def test_step_8_errors_say_why(transcoded, clips):
    for name in (name for name, works in clips.items() if not works):
        assert transcoded[name]["ErrorCode"] >= 1000 and transcoded[name]["ErrorMessage"]


def test_step_9_clean_up(place, transcoded):
    place.aws("s3api", "delete-bucket-inventory-configuration", "--endpoint-url", place.url, "--bucket", SOURCE,
              "--id", "tutorial-inventory-1")  # fmt: skip
    found = place.aws("s3api", "list-bucket-inventory-configurations", "--endpoint-url", place.url, "--bucket", SOURCE)
    assert not found or not found.get("InventoryConfigurationList")
    place.aws("lambda", "delete-function", "--function-name", FUNCTION)
    place.aws("logs", "delete-log-group", "--log-group-name", f"/aws/lambda/{FUNCTION}")
    in_use = place.aws("iam", "delete-role", "--role-name", ROLES["lambda"], fails=True)
    assert "DeleteConflict" in in_use
    place.aws("iam", "delete-role-policy", "--role-name", ROLES["lambda"], "--policy-name", "tutorial-lambda-policy")
    place.aws("iam", "detach-role-policy", "--role-name", ROLES["lambda"], "--policy-arn", BASIC)
    place.aws("iam", "detach-role-policy", "--role-name", ROLES["batch"], "--policy-arn", S3_POLICY)
    place.aws("iam", "delete-policy", "--policy-arn", S3_POLICY)
    for role in ROLES.values():
        place.aws("iam", "delete-role", "--role-name", role)
    for bucket in (SOURCE, MADE, MANIFESTS):
        place.aws("s3", "rb", f"s3://{bucket}", "--force")

    assert place.aws("lambda", "list-functions")["Functions"] == []
    assert place.aws("logs", "describe-log-groups")["logGroups"] == []
    assert place.aws("iam", "list-roles")["Roles"] == []
    assert place.aws("iam", "list-policies", "--scope", "Local")["Policies"] == []
    assert place.aws("s3api", "list-buckets")["Buckets"] == []
