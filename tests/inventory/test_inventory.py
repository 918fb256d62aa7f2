# SPDX-License-Identifier: Apache-2.0
"""S3 Inventory reports of folders and of a real S3 server, parsed by Python's gzip, csv and json."""
import hashlib
import os
import re
import resource
import subprocess
import time

import pytest

from reports import Folder, OnServer

KEYS = ["a b.mp4", "a+b", "a-b", "a/b/c.mov", "a/b.mp4", "a0", "b\"c,d", "x%20y", "é/ü.mp4", "z'(~)*!.mp4"]
FIELDS = "Size,LastModifiedDate,StorageClass"


def put_all(store, bucket):
    for number, key in enumerate(KEYS):
        store.put(bucket, key, b"x" * number)


@pytest.mark.asan
def test_layout(store, bucket):
    put_all(store, bucket)
    report = store.report(f"s3://{bucket}", "--destination", "s3://reports/some/where/", "--id", "daily", "--fields", FIELDS)
    at = f"some/where/{bucket}/daily"
    assert report.told["manifest"] == f"s3://reports/{at}/2026-01-01T12-00Z/manifest.json"
    assert report.told["checksum"] == f"s3://reports/{at}/2026-01-01T12-00Z/manifest.checksum"
    assert report.told["symlink"] == f"s3://reports/{at}/hive/dt=2026-01-01-12-00/symlink.txt"
    (file,) = report.manifest["files"]
    assert re.fullmatch(rf"{at}/data/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.csv\.gz", file["key"])
    assert report.manifest == {
        "sourceBucket": bucket,
        "destinationBucket": "arn:aws:s3:::reports",
        "version": "2016-11-30",
        "creationTimestamp": "1767268800000",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, StorageClass",
        "files": [file],
    }
    mine = [key for key in store.keys_in("reports") if key.startswith(at)]
    assert len(mine) == 4


@pytest.mark.asan
def test_rows(store, bucket):
    put_all(store, bucket)
    before = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 600))
    report = store.report(f"s3://{bucket}", "--destination", "s3://reports", "--fields", f"ETag,{FIELDS},IsMultipartUploaded")
    assert report.columns == ["Bucket", "Key", "Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded"]
    assert report.keys == sorted(KEYS, key=str.encode)
    for line in report.lines:
        assert re.fullmatch(r'("[^"]*",){6}"[^"]*"', line)
    for row in report.rows:
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]*", row["Key"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["LastModifiedDate"])
        assert row["LastModifiedDate"] > before
    by_key = dict(zip(report.keys, report.rows))
    for number, key in enumerate(KEYS):
        row = by_key[key]
        assert (row["Bucket"], row["Size"], row["StorageClass"]) == (bucket, str(number), "STANDARD")
        assert (row["ETag"], row["IsMultipartUploaded"]) == (hashlib.md5(b"x" * number).hexdigest(), "false")
    assert report.told["bytes"] == sum(range(len(KEYS)))


def test_manifest_is_laid_out_as_s3_does_it(folder):
    folder.new_bucket("videos")
    folder.put("videos", "a", b"1")
    report = folder.report("s3://videos", "--destination", "s3://reports", "--fields", "Size")
    (file,) = report.manifest["files"]
    assert report.raw == f"""{{
  "sourceBucket" : "videos",
  "destinationBucket" : "arn:aws:s3:::reports",
  "version" : "2016-11-30",
  "creationTimestamp" : "1767268800000",
  "fileFormat" : "CSV",
  "fileSchema" : "Bucket, Key, Size",
  "files" : [ {{
    "key" : "{file['key']}",
    "size" : {file['size']},
    "MD5checksum" : "{file['MD5checksum']}"
  }} ]
}}"""
    assert report.lines == ['"videos","a","1"']


@pytest.mark.asan
def test_prefix(store, bucket):
    put_all(store, bucket)
    for prefix, keys in ("a/", ["a/b.mp4", "a/b/c.mov"]), ("a/b/", ["a/b/c.mov"]), ("a0", ["a0"]), ("no", []):
        report = store.report(f"s3://{bucket}/{prefix}", "--destination", f"s3://reports/{bucket}")
        assert report.keys == keys


def test_empty_bucket(store, bucket):
    report = store.report(f"s3://{bucket}", "--destination", "s3://reports/empty")
    assert (report.manifest["files"], report.rows) == ([], [])


def test_multipart(server, counter):
    store = OnServer(server)
    bucket = store.new_bucket(f"source-{next(counter)}")
    upload = server.client.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    parts = []
    for number, size in (1, 5 << 20), (2, 17):
        part = server.client.upload_part(Bucket=bucket, Key="large", PartNumber=number, UploadId=upload, Body=b"x" * size)
        parts.append({"ETag": part["ETag"], "PartNumber": number})
    server.client.create_multipart_upload(Bucket=bucket, Key="unfinished")
    server.client.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    report = store.report(f"s3://{bucket}", "--destination", "s3://reports/m", "--fields", "Size,ETag,IsMultipartUploaded")
    (row,) = report.rows
    assert (row["Size"], row["IsMultipartUploaded"], row["ETag"][-2:]) == (str((5 << 20) + 17), "true", "-2")


@pytest.mark.asan
def test_what_a_list_does_not_tell(folder):
    """Empty, and said so."""
    folder.new_bucket("videos")
    folder.put("videos", "a", b"1")
    report = folder.report("s3://videos", "--destination", "s3://reports", "--fields", "ObjectOwner,Size,EncryptionStatus")
    assert report.lines == ['"videos","a","1","",""']
    assert report.columns[2:] == ["Size", "EncryptionStatus", "ObjectOwner"]
    assert report.told["emptyFields"] == "EncryptionStatus, ObjectOwner"
    assert "left empty: EncryptionStatus, ObjectOwner" in report.messages


def test_for_people(folder):
    folder.new_bucket("videos")
    folder.put("videos", "a", b"1")
    result = folder.run("s3://videos", "--destination", "s3://reports")
    names = result.stdout.splitlines()
    assert [name.rsplit(".", 1)[1] for name in names] == ["gz", "txt", "json", "checksum"]
    for name in names:
        assert folder.get(name)
    assert "1 object, 1 byte" in result.stderr
    assert f"next: mediaconvert-local batch {names[2]} --handler builtin" in result.stderr
    assert hashlib.md5(folder.get(names[2])).hexdigest() in result.stderr


REFUSED = {
    "no destination": (["s3://videos"], "give --destination"),
    "versions": (["s3://videos", "--destination", "s3://r", "--versions", "all"], "versions cannot be listed"),
    "a field": (["s3://videos", "--destination", "s3://r", "--fields", "Size,Colour"], "no inventory field 'Colour'"),
    "a field twice": (["s3://videos", "--destination", "s3://r", "--fields", "Size,Size"], "'Size' is given twice"),
    "an empty field": (["s3://videos", "--destination", "s3://r", "--fields", "Size,"], "no field behind 'Size,'"),
    "an id": (["s3://videos", "--destination", "s3://r", "--id", "a/b"], "which 'a/b' is not"),
    "an id that leads up": (["s3://videos", "--destination", "s3://r", "--id", ".."], "which '..' is not"),
    "a long id": (["s3://videos", "--destination", "s3://r", "--id", "x" * 65], "up to 64"),
    "a place": (["videos", "--destination", "s3://r"], "'videos' is not of the form"),
    "a destination": (["s3://videos", "--destination", "reports"], "'reports' is not of the form"),
    "a bucket's name": (['s3://vi"deos', "--destination", "s3://r"], "is no bucket's name"),
}


@pytest.mark.asan
@pytest.mark.parametrize("name", REFUSED)
def test_refused(folder, name):
    words, message = REFUSED[name]
    folder.new_bucket("videos")
    result = folder.run(*words)
    assert result.returncode == 2 and message in result.stderr and not result.stdout
    assert folder.keys_in("") == []


def test_no_such_bucket(store):
    result = store.run("s3://no-such-bucket", "--destination", "s3://reports")
    assert result.returncode == 1 and "no-such-bucket" in result.stderr and "1404" in result.stderr


def test_no_such_destination(server, counter):
    store = OnServer(server)
    bucket = store.new_bucket(f"source-{next(counter)}")
    store.put(bucket, "a", b"1")
    result = store.run(f"s3://{bucket}", "--destination", "s3://no-such-bucket")
    assert result.returncode == 1 and "no-such-bucket" in result.stderr


def peak_kib(command, environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0 and before >= 0
    return usage.ru_maxrss


def test_memory_is_constant(folder):
    """50,000 objects, of which most are in one folder."""
    folder.new_bucket("few")
    folder.put("few", "a", b"1")
    folder.new_bucket("many")
    os.makedirs(folder.path / "many/deep")
    for number in range(50000):
        at = "many/deep" if number % 10 else "many"
        (folder.path / at / f"a rather long name of a video that somebody has put here {number:06}.mp4").touch()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767268800"}

    def command(bucket):
        return [Folder.PROGRAM, "inventory", f"s3://{bucket}", "--destination", "s3://reports", *folder.words]

    peak = peak_kib(command("many"), environment) - peak_kib(command("few"), environment)
    assert peak < 16 * 1024
    report = folder.report("s3://many", "--destination", "s3://reports", "--fields", "Size")
    assert report.files == [50000] and report.keys == sorted(report.keys)


def test_killed_in_between_leaves_nothing(folder):
    """Objects that are read for their ETags take long enough to be interrupted."""
    folder.new_bucket("videos")
    for number in range(40):
        folder.put("videos", f"{number}", os.urandom(1 << 20) * 16)
    words = [Folder.PROGRAM, "inventory", "s3://videos", "--destination", "s3://reports", "--fields", "ETag", *folder.words]
    process = subprocess.Popen([str(w) for w in words], stderr=subprocess.PIPE, text=True)
    time.sleep(0.2)
    process.terminate()
    assert process.wait(20) == 1 and "canceled" in process.stderr.read()
    assert not (folder.path / "reports").exists()
