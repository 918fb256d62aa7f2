# SPDX-License-Identifier: Apache-2.0
"""AWS's tutorial: a Lambda function, as it stands, called from plain Python on Debian's boto3.

Ours, and the page's: that is AWS's and not in this repository; $TUTORIAL names the folder that holds
its convert.py and job.json (../shared/tutorial).
"""
import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.parse

import pytest
from program import REPO, Serve

TUTORIAL = pathlib.Path(os.environ.get("TUTORIAL", REPO.parent / "shared/tutorial"))
CALL = """
import json, sys
import convert
print(json.dumps(convert.handler(json.load(sys.stdin), None)))
"""
EVENT = {
    "invocationSchemaVersion": "1.0",
    "invocationId": "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
    "job": {"id": "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"},
    "tasks": [{"taskId": "dGFza2lkZ29lc2hlcmUK", "s3Key": "holiday film.mp4", "s3VersionId": None,
               "s3BucketArn": "arn:aws:s3:::videos"}],
}


@pytest.fixture
def server(tmp_path_factory, clips):
    serve = Serve(tmp_path_factory.mktemp("tutorial"), "--speed", "draft")
    bucket = serve.folder / "buckets/videos"
    bucket.mkdir(parents=True)
    shutil.copy(clips / "mono.mp4", bucket / "holiday film.mp4")
    yield serve
    assert serve.stop() == 0


@pytest.fixture(params=["ours", "the page's"])
def function(request, tmp_path):
    """The folder with convert.py and job.json."""
    if request.param == "ours":
        shutil.copy(REPO / "job-json/batch/convert.py", tmp_path)
        shutil.copy(REPO / "job-json/tutorial.json", tmp_path / "job.json")
        return tmp_path
    if not (TUTORIAL / "convert.py").exists():
        pytest.skip(f"the tutorial's function is AWS's, and not in {TUTORIAL}")
    return TUTORIAL


def call_function(server, function, event):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL_MEDIACONVERT": server.url, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "PYTHONPATH": str(REPO / "share/python"),
        "DestinationBucket": "made", "Application": "VOD-HLS",
        "MediaConvertRole": "arn:aws:iam::111122223333:role/tutorial-mediaconvert-role",
    }
    done = subprocess.run(["/usr/bin/python3", "-c", CALL], input=json.dumps(event), cwd=function, env=environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_function(server, function):
    result, = call_function(server, function, EVENT)["results"]
    assert (result["resultCode"], result["taskId"]) == ("Succeeded", EVENT["tasks"][0]["taskId"])
    client = server.client()
    job, = client.list_jobs()["Jobs"]
    assert function != TUTORIAL or job["UserMetadata"]["application"] == "VOD-HLS"
    assert job["UserMetadata"]["input"] == "s3://videos/holiday film.mp4"
    end = time.time() + 150
    while job["Status"] in ("SUBMITTED", "PROGRESSING") and time.time() < end:
        time.sleep(0.2)
        job = client.get_job(Id=job["Id"])["Job"]
    assert job["Status"] == "COMPLETE", job
    made = server.folder / "buckets/made/holiday film/Default"
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    film = "holiday film"
    assert {f"HLS/{film}.m3u8", f"HLS/{film}_360.m3u8", f"HLS/{film}_540.m3u8", f"HLS/{film}_720.m3u8",
            f"HLS/{film}_audio.m3u8", f"MP4/{film}.mp4", f"Thumbnails/{film}.0000000.jpg"} <= names
    playlist = (made / f"HLS/{film}_720.m3u8").read_text()
    segments = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    assert segments and {f"HLS/{urllib.parse.unquote(name)}" for name in segments} <= names
