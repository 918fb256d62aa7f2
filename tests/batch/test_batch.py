# SPDX-License-Identifier: Apache-2.0
"""`batch` with the handler that does nothing: manifests read, reports written, commands given again."""
import gzip
import hashlib
import json
import os
import pathlib
import pty
import re
import subprocess
import time

import pytest
from house import PROGRAM, tasks

REPORT = ("--report", "s3://reports/some/prefix")
NOOP = ("--handler", "noop", *REPORT)


def test_csv(house):
    manifest = house.put("s3://lists/a.csv", b"in,one.mp4\nin,two%20words.mp4\nin,\"with,comma\"\n")
    result = house.batch(manifest, *NOOP)
    assert result["status"] == "Complete" and tasks(result) == (3, 3, 0)
    assert result["report"] == f"s3://reports/some/prefix/job-{result['jobId']}/manifest.json"
    rows = house.report(result)
    assert [row["Key"] for row in rows] == ["one.mp4", "two%20words.mp4", "with,comma"]
    assert rows[0] == {"Bucket": "in", "Key": "one.mp4", "VersionId": "", "TaskStatus": "succeeded",
                       "HTTPStatusCode": "200", "ErrorCode": "", "ResultMessage": "Successful"}


def test_fields(house):
    manifest = house.put("list.csv", b"1,k%2Bl,x,in,v1\n2,m,y,in,null\n3,n,z,in,\n")
    result = house.batch(manifest, *NOOP, "--fields", "Ignore,Key,Ignore,Bucket,VersionId", status=1)
    assert tasks(result) == (3, 2, 1)
    rows = house.report(result)
    assert [(row["Key"], row["VersionId"]) for row in rows] == [("k%2Bl", "v1"), ("m", "null"), ("n", "")]
    assert [rows[2][name] for name in ("TaskStatus", "HTTPStatusCode", "ErrorCode", "ResultMessage")] == [
        "failed", "400", "InvalidRequest", "Task failed due to missing VersionId"]


def put_inventory(house, *files, schema="Bucket, Key, Size"):
    """Data files as lists of gzip members; returns the manifest's name."""
    described = []
    for i, members in enumerate(files):
        content = b"".join(gzip.compress(member) for member in members)
        key = f"in/daily/data/{i}.csv.gz"
        house.put(f"s3://inventories/{key}", content)
        described.append({"key": key, "size": len(content), "MD5checksum": hashlib.md5(content).hexdigest()})
    return house.put("s3://inventories/in/daily/2026-01-01T01-00Z/manifest.json", json.dumps({
        "sourceBucket": "in", "destinationBucket": "arn:aws:s3:::inventories", "version": "2016-11-30",
        "creationTimestamp": "1514944800000", "fileFormat": "CSV", "fileSchema": schema, "files": described,
    }).encode())


def test_inventory(house):
    manifest = put_inventory(house, [b'"in","a%20b.mp4","7"\n"in","c', b'.mp4","8"\n'], [b'"in","d","9"\n'])
    result = house.batch(manifest, *NOOP)
    assert [row["Key"] for row in house.report(result)] == ["a%20b.mp4", "c.mp4", "d"]


def test_inventory_with_versions(house):
    manifest = put_inventory(house, [b'"in","a","v1","true","false"\n"in","a","v0","false","false"\n'],
                             schema="Bucket, Key, VersionId, IsLatest, IsDeleteMarker")
    assert [row["VersionId"] for row in house.report(house.batch(manifest, *NOOP))] == ["v1", "v0"]


def test_only_failed_tasks(house):
    manifest = house.put("list.csv", b"in,a,v\nin,b,\n")
    fields = ("--fields", "Bucket,Key,VersionId", "--report-scope", "failed")
    assert [row["Key"] for row in house.report(house.batch(manifest, *NOOP, *fields, status=1))] == ["b"]
    # nothing has failed: a report that names no file
    manifest = house.put("list.csv", b"in,a,v\n")
    assert house.report(house.batch(manifest, *NOOP, *fields)) == []


def test_no_report(house):
    result = house.batch(house.put("list.csv", b"in,a\n"), "--handler", "noop")
    assert "report" not in result and not (house.folder / "buckets").exists()


def test_a_report_that_cannot_be_written(house):
    manifest = house.put("list.csv", b"in,a\n")
    house.put("s3://x", b"a file, no folder")
    command = (manifest, "--handler", "noop", "--report", "s3://x/y")
    result = house.batch(*command, status=1)
    assert result["status"] == "Failed" and tasks(result) == (1, 1, 0) and "report" not in result
    assert result["failureReasons"][0]["failureCode"] == "ReportWriteFailed"
    assert "s3://x/" in result["failureReasons"][0]["failureReason"]
    # tasks are not run again unless somebody says so
    (house.folder / "buckets/x").unlink()
    again = house.batch(*command, status=1)
    assert again["jobId"] == result["jobId"] and "--again" in again["stderr"] and "ReportWriteFailed" in again["stderr"]
    third = house.batch(*command, "--again")
    assert third["jobId"] != result["jobId"] and len(house.report(third)) == 1
    assert house.batch(*command)["jobId"] == third["jobId"]


def test_the_same_command_again(house):
    manifest = house.put("list.csv", b"in,a\nin,b\n")
    first = house.batch(manifest, *NOOP)
    again = house.batch(manifest, *NOOP)
    assert again["jobId"] == first["jobId"] and "done already" in again["stderr"]
    second = house.batch(manifest, *NOOP, "--again")
    assert second["jobId"] != first["jobId"]
    assert house.batch(manifest, *NOOP, "--fields", "Bucket,Key")["jobId"] == second["jobId"]
    assert house.batch(manifest, *NOOP, "--report-scope", "failed")["jobId"] != first["jobId"]
    house.put("list.csv", b"in,a\nin,c\n")
    assert house.batch(manifest, *NOOP)["jobId"] != first["jobId"]


def test_one_that_failed_is_tried_again(house):
    manifest = house.put("list.csv", b"in,a\nin\n")
    first = house.batch(manifest, *NOOP, status=1)
    assert first["status"] == "Failed" and "report" not in first
    assert house.batch(manifest, *NOOP, status=1)["jobId"] != first["jobId"]


def test_the_entries_go_with_the_job(house):
    house.batch(house.put("list.csv", b"in,a\n"), *NOOP)
    assert list((house.folder / "data/batch").iterdir()) == []


REFUSED = [
    (["list.csv"], "give --handler"),
    (["list.csv", "--handler", "builtin"], "needs --job FILE"),
    (["list.csv", "--handler", "none"], "none"),
    (["list.csv", "--handler", "none.zip"], "none.zip"),
    (["none.csv", "--handler", "noop"], "none.csv"),
    (["s3://b", "--handler", "noop"], "s3://BUCKET/KEY"),
    (["list.csv", "--handler", "noop", "--report", "reports"], "--report takes s3://BUCKET/PREFIX"),
    (["list.csv", "--handler", "noop", "--http-function", "a"], "NAME=URL"),
    (["list.csv", "--handler", "builtin", "--job", "list.csv"], "list.csv"),
    (["manifest.json", "--handler", "noop", "--fields", "Key"], "no --fields"),
    (["list.csv", "--handler", "noop", "--report-scope", "failed"], "--report-scope needs a --report"),
    (["list.csv", "--handler", "f.zip", "--env", "X"], "NAME=VALUE"),
    (["list.csv", "--handler", "noop", "--env", "X=1"], "--env is for a FILE.zip"),
    (["list.csv", "--handler", "builtin", "--timeout", "9"], "--timeout is for a FILE.zip"),
    (["list.csv", "--handler", "f", "--runtime", "python3.12"], "--runtime is for a FILE.zip"),
    (["list.csv", "--handler", "f", "--function-handler", "f.g"], "--function-handler is for a FILE.zip"),
    (["list.csv", "--handler", "noop", "--nonsense"], "--nonsense"),
    ([], "which MANIFEST?"),
]


@pytest.mark.parametrize("words, why", REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_refused_commands(house, words, why):
    house.put("list.csv", b"in,a\n")
    house.put("manifest.json", b"{}")
    house.zip("f", f="")
    done = subprocess.run([PROGRAM, "batch", *words], cwd=house.folder, capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2) and why in done.stderr and done.stdout == ""


def test_progress_for_a_program(house):
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in range(3000)))
    lines = [json.loads(line) for line in house.batch(manifest, *NOOP, "--progress", "json")["stderr"].splitlines()]
    assert lines and {"status", "total", "succeeded", "failed", "perSecond", "jobs"} <= set(lines[-1])


def test_a_bar_for_a_person(house):
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in range(30_000)))
    master, terminal = pty.openpty()
    process = subprocess.Popen(house.words(manifest, *NOOP), cwd=house.folder, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(master, 65536):
            shown += piece
    except OSError:
        pass  # it has ended
    os.close(master)
    process.communicate()
    assert process.returncode == 0
    assert re.search(rb" *\d+% \[#* *\]  \d+ of 30000  +\d+/s  .*left", shown), shown


def test_memory_and_speed(house):
    """100,000 entries; a million are in tools/soak.sh."""
    count = 100_000
    manifest = house.put("list.csv", b"".join(b"in,a/long/prefix/of/videos/video%%20%07d.mp4\n" % i for i in range(count)))
    began = time.monotonic()
    process = house.start(manifest, *NOOP)
    peak_kb = 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
        peak_kb = int(found[1]) if found else peak_kb
        time.sleep(0.02)
    assert count / (time.monotonic() - began) > 5000
    result = json.loads(process.stdout.read())
    assert tasks(result) == (count, count, 0)
    assert 1000 < peak_kb < 60_000
    rows = house.report(result)
    assert [row["Key"] for row in rows] == [f"a/long/prefix/of/videos/video%20{i:07d}.mp4" for i in range(count)]
