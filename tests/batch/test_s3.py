# SPDX-License-Identifier: Apache-2.0
"""The same on a real S3 server: manifest, videos and report are objects there."""
import csv
import hashlib
import io
import json
import pathlib
import re
import sys
import time

import pytest
from house import HANDLER, REPO, tasks

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "s3"))
from server import Server  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ceph") / "ceph")
    for bucket in ("lists", "videos", "out", "reports"):
        server.new_bucket(bucket)
    yield server
    server.stop()


@pytest.fixture
def house(house, server):
    house.keys = {name: value for name, value in server.environment().items() if name.startswith("AWS_")}
    return house


def get(server, uri):
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return server.client.get_object(Bucket=bucket, Key=key)["Body"].read()


def report(server, result):
    text = get(server, result["report"])
    assert get(server, result["report"] + ".md5").decode() == hashlib.md5(text).hexdigest()
    rows = []
    for part in json.loads(text)["Results"]:
        content = get(server, f"s3://{part['Bucket']}/{part['Key']}")
        assert hashlib.md5(content).hexdigest() == part["MD5Checksum"]
        rows += csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    return rows


def test_videos(house, server, clips):
    for name in ("a b.mp4", "dir/c+d.mp4"):
        server.put("videos", name, (clips / "vfr.mp4").read_bytes())
    manifest = server.put("lists", "videos.csv", b"videos,a%20b.mp4\nvideos,dir/c%2Bd.mp4\n")
    result = house.batch(manifest, "--handler", "builtin", "--job", REPO / "job-json/tutorial.json", "--output-bucket", "out",
                         "--report", "s3://reports/videos", "--speed", "draft")
    assert tasks(result) == (2, 2, 0) and result["transcodes"] == {"total": 2, "ended": 2, "failed": 0}
    assert [row[:5] for row in report(server, result)] == [["videos", "a%20b.mp4", "", "succeeded", "200"],
                                                         ["videos", "dir/c%2Bd.mp4", "", "succeeded", "200"]]
    made = {item["Key"] for item in server.client.list_objects_v2(Bucket="out")["Contents"]}
    assert {"a b/Default/HLS/a b.m3u8", "c+d/Default/MP4/c+d.mp4", "c+d/Default/Thumbnails/c+d.0000000.jpg"} <= made


def test_a_function_sees_the_server(house, server):
    house.zip("f", f=HANDLER + "import boto3\ndef handler(event, context):\n task = event['tasks'][0]\n"
              " body = boto3.client('s3').get_object(Bucket='videos', Key=task['s3Key'])['Body'].read()\n"
              " return answer(event, text=body.decode())")
    server.put("videos", "note", b"what it says")
    manifest = server.put("lists", "notes.csv", b"videos,note\n")
    result = house.batch(manifest, "--handler", "f.zip", "--report", "s3://reports/notes")
    assert report(server, result)[0][6] == "what it says"


def test_memory(house, server):
    """A report of tens of megabytes goes out in parts."""
    count = 300_000
    content = b"".join(b"videos,some/longer/prefix/of/videos/of/all/kinds/video%%20number%%20%07d.mp4\n" % i for i in range(count))
    process = house.start(server.put("lists", "long.csv", content), "--handler", "noop", "--report", "s3://reports/long")
    peak_kb = 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
        peak_kb = int(found[1]) if found else peak_kb
        time.sleep(0.02)
    result = json.loads(process.stdout.read())
    assert 1000 < peak_kb < 60_000, peak_kb
    rows = report(server, result)
    assert [row[1] for row in rows] == [line[7:] for line in content.decode().splitlines()]


def test_no_report_bucket(house, server):
    manifest = server.put("lists", "one.csv", b"videos,a\n")
    result = house.batch(manifest, "--handler", "noop", "--report", "s3://there-is-none/p", status=1)
    assert result["status"] == "Failed" and tasks(result) == (0, 0, 0)  # no task is run that nobody would hear of
    [reason] = result["failureReasons"]
    assert reason["failureCode"] == "ReportWriteFailed" and "there-is-none" in reason["failureReason"]


def test_no_manifest(house):
    process = house.start("s3://lists/none.csv", "--handler", "noop")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "none.csv" in err
