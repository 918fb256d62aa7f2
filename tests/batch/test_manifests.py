# SPDX-License-Identifier: Apache-2.0
"""Manifests that cannot be one: each fails the batch job with a code and a reason that names the object and
the row, before any task."""
import gzip
import hashlib
import http.server
import json
import threading

import pytest

CONTENT = "InvalidManifestContent"
KEY = "k" * 1025
ROWS = b"in,a\nin,b\n"
BOMB = gzip.compress(b'"in","k"\n' * 3_000_000, 9) * 8

# CSV, options, FailureCode, what the reason says
CSVS = {
    "empty": (b"", [], CONTENT, ["has no entries"]),
    "fewer columns": (b"in,a\nin\n", [], CONTENT, ["row 2 of", "1 columns instead of 2"]),
    "more columns": (b"in,a\nin,b,c\n", [], CONTENT, ["row 2 of", "more than 2 columns"]),
    "versions in some rows": (b"in,a,1\nin,b\n", ["--fields", "Bucket,Key,VersionId"], CONTENT, ["row 2 of"]),
    "no key column": (ROWS, ["--fields", "Bucket,Ignore"], CONTENT, ["Required fields are missing in the schema: Key"]),
    "unknown column": (ROWS, ["--fields", "Bucket,Path"], CONTENT, ["no manifest field 'Path'"]),
    "key twice": (ROWS, ["--fields", "Key,Key"], CONTENT, ["two columns 'Key'"]),
    "empty line": (b"in,a\n\nin,b\n", [], CONTENT, ["row 2 of", "empty line"]),
    "no key": (b"in,a\nin,\n", [], CONTENT, ["row 2 of", "no key"]),
    "no bucket": (b",a\n", [], CONTENT, ["row 1 of", "no bucket"]),
    "two buckets": (b"in,a\nout,b\n", [], CONTENT, ["row 2 of", "'out'", "'in'"]),
    "open quote": (b'in,a\nin,"b\n', [], CONTENT, ["row 2 of", "quote"]),
    "stray quote": (b'in,a"b\n', [], CONTENT, ["row 1 of", "quote"]),
    "long key": (b"in,a\nin," + KEY.encode() + b"\n", [], CONTENT, ["row 2 of", "1024 characters"]),
    "a line of 5 MB": (b"in,a\nin," + b"k" * 5_000_000, [], CONTENT, ["row 2 of", "longer than"]),
    "5 MB of commas": (b"," * 5_000_000, [], CONTENT, ["row 1 of", "more than 2 columns"]),
    "byte order mark": (b"\xef\xbb\xbfin,a\n", [], CONTENT, ["row 1 of", "byte order mark"]),
    "no UTF-8": (b"in,\xe4.mp4\n", [], CONTENT, ["row 1 of", "UTF-8"]),
    "a NUL": (b"in,a\0b\n", [], CONTENT, ["row 1 of"]),
    "UTF-16": ("in,a\n".encode("utf-16"), [], CONTENT, ["row 1 of"]),
    "another ETag": (ROWS, ["--etag", "0" * 32], "ManifestETagMismatch", ["'" + "0" * 32 + "'", hashlib.md5(ROWS).hexdigest()]),
    "no ETag": (ROWS, ["--etag", ""], "ManifestETagMismatch", ["no ETag"]),
}


def failure(result):
    assert result["status"] == "Failed" and "report" not in result
    assert result["progressSummary"]["numberOfTasksSucceeded"] + result["progressSummary"]["numberOfTasksFailed"] == 0
    [reason] = result["failureReasons"]
    return reason["failureCode"], reason["failureReason"]


def run(house, manifest, *options):
    code, reason = failure(house.batch(manifest, "--handler", "noop", "--report", "s3://reports/p", *options, status=1))
    assert not (house.folder / "buckets/reports").exists()
    return code, reason


@pytest.mark.parametrize("name", CSVS)
def test_csv(house, name):
    content, options, code, says = CSVS[name]
    found, reason = run(house, house.put("s3://lists/a.csv", content), *options)
    assert found == code
    assert "s3://lists/a.csv" in reason or "schema" in reason or "field" in reason or "column" in reason
    assert all(part in reason for part in says), reason


def test_the_right_etag_with_quotes(house):
    manifest = house.put("s3://lists/a.csv", ROWS)
    house.batch(manifest, "--handler", "noop", "--etag", f'"{hashlib.md5(ROWS).hexdigest()}"')


def test_an_encrypted_one(house):
    """As an S3 server says it."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(206)
            for name, value in {"Content-Length": len(ROWS), "ETag": '"e"', "x-amz-server-side-encryption": "aws:kms",
                                "Content-Range": f"bytes 0-{len(ROWS) - 1}/{len(ROWS)}",
                                "Last-Modified": "Mon, 01 Jan 2026 00:00:00 GMT"}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(ROWS)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    house.keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    result = house.batch("s3://lists/a.csv", "--handler", "noop", "--s3-endpoint", f"http://127.0.0.1:{server.server_port}",
                         status=1)
    server.shutdown()
    code, reason = failure(result)
    assert code == CONTENT and "'s3://lists/a.csv' is encrypted with a KMS key" in reason


def inventory(files, **changes):
    return {"sourceBucket": "in", "destinationBucket": "arn:aws:s3:::inv", "version": "2016-11-30",
            "creationTimestamp": "1514944800000", "fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": files} | changes


def described(content, **changes):
    return {"key": "d/1.csv.gz", "size": len(content), "MD5checksum": hashlib.md5(content).hexdigest()} | changes


GOOD = gzip.compress(b'"in","a"\n"in","b"\n')

# content of the data file, manifest.json, what the reason says
INVENTORIES = {
    "ORC": (GOOD, inventory([described(GOOD)], fileFormat="ORC"), ["'ORC'", "only CSV"]),
    "Parquet": (GOOD, inventory([described(GOOD)], fileFormat="Parquet"), ["'Parquet'", "only CSV"]),
    "no key column": (GOOD, inventory([described(GOOD)], fileSchema="Bucket, Size"), ["missing in the schema: Key"]),
    "more columns": (GOOD, inventory([described(GOOD)], fileSchema="Bucket, Key, Size"), ["row 1 of", "2 columns instead of 3"]),
    "wrong MD5": (GOOD, inventory([described(GOOD, MD5checksum="0" * 32)]), ["MD5", "0" * 32]),
    "wrong size": (GOOD, inventory([described(GOOD, size=7)]), ["has", "and 7 in"]),
    "no files": (GOOD, inventory([]), ["has no entries"]),
    "nothing in them": (gzip.compress(b""), inventory([described(gzip.compress(b""))]), ["has no entries"]),
    "another bucket": (GOOD, inventory([described(GOOD)], sourceBucket="other"), ["row 1 of", "'in'", "'other'"]),
    "cut short": (GOOD[:-9], inventory([described(GOOD[:-9])]), ["cut short after row 1"]),
    "damaged": (GOOD[:12] + b"XX" + GOOD[14:], inventory([described(GOOD[:12] + b"XX" + GOOD[14:])]), ["damaged"]),
    "no gzip": (b"in,a\n", inventory([described(b"in,a\n")]), ["no gzip file"]),
    "empty file": (b"", inventory([described(b"")]), ["cut short"]),
    "a bomb": (BOMB, inventory([described(BOMB)]), ["grows more than", "after row "]),
    "no object": (GOOD, [], ["is no manifest.json"]),
    "destination": (GOOD, inventory([described(GOOD)], destinationBucket="inv"), ["destinationBucket"]),
    "a file named twice": (GOOD, inventory([described(GOOD)] * 2), ["names 's3://inv/d/1.csv.gz' twice"]),
    "no MD5": (GOOD, inventory([{"key": "d/1.csv.gz", "size": len(GOOD)}]), ["MD5checksum"]),
}


@pytest.mark.parametrize("name", INVENTORIES)
def test_inventory(house, name):
    content, manifest, says = INVENTORIES[name]
    house.put("s3://inv/d/1.csv.gz", content)
    code, reason = run(house, house.put("s3://inv/manifest.json", json.dumps(manifest).encode()))
    assert code == CONTENT
    assert "s3://inv/manifest.json" in reason or "s3://inv/d/1.csv.gz" in reason
    assert all(part in reason for part in says), reason


LONG = f"s3://lists/{'/'.join(['k' * 99] * 8)}.csv"


@pytest.mark.parametrize("content, options, says", [
    (b"in,a\nin\n", [], ["row 2 of", "1 columns instead of 2"]),
    (b"in,a\nout,b\n", [], ["row 2 of", "'out'", "'in'"]),
    (ROWS, ["--etag", "0" * 32], ["0" * 32, hashlib.md5(ROWS).hexdigest()]),
    (b"", [], ["has no entries"]),
])
def test_a_long_key_hides_nothing(house, content, options, says):
    _, reason = run(house, house.put(LONG, content), *options)
    assert "s3://lists/kkk" in reason and "k.csv'" in reason
    assert all(part in reason for part in says), reason


def test_a_long_key_of_a_data_file(house):
    key = "/".join(["d" * 99] * 8)
    content = GOOD[:-9]
    house.put(f"s3://inv/{key}", content)
    _, reason = run(house, house.put("s3://inv/manifest.json", json.dumps(inventory([described(content, key=key)])).encode()))
    assert "cut short after row 1" in reason


def test_no_json(house):
    code, reason = run(house, house.put("s3://inv/manifest.json", b"{"))
    assert code == CONTENT and "is no manifest.json: byte 1" in reason


def test_a_long_json(house):
    code, reason = run(house, house.put("s3://inv/manifest.json", b" " * (8 << 20) + b"{}"))
    assert code == CONTENT and "longer than" in reason


def test_no_data_file(house):
    manifest = house.put("s3://inv/manifest.json", json.dumps(inventory([described(GOOD)])).encode())
    code, reason = run(house, manifest)
    assert code == "ManifestNotFound" and "s3://inv/d/1.csv.gz" in reason
