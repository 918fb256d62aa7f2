# SPDX-License-Identifier: Apache-2.0
"""Stores to put objects into, and S3 Inventory reports read by other means than ours."""
import csv
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
from urllib.parse import unquote

NOON = "1767268830"  # 2026-01-01T12:00:30Z, the clock of every run


class Store:
    REPO = pathlib.Path(__file__).parents[2]
    PROGRAM = pathlib.Path(
        os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
    )

    def run(self, *words, **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        words = [str(word) for word in (self.PROGRAM, "inventory", *words, *self.words)]
        return subprocess.run(
            words, capture_output=True, text=True, timeout=300,
            env={**clean, "SOURCE_DATE_EPOCH": NOON, **self.environment, **environment},
        )

    def report(self, *words):
        """The report, read back, of a run that goes well."""
        result = self.run(*words, "--json")
        assert result.returncode == 0, result.stderr
        return Report(self, json.loads(result.stdout), result.stderr)


class Folder(Store):
    environment = {}

    def __init__(self, path):
        self.path = path / "buckets"
        self.words = ["--storage", self.path]

    def new_bucket(self, name):
        (self.path / name).mkdir(parents=True)
        return name

    def put(self, bucket, key, body):
        """As somebody would put a file there."""
        path = self.path / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def get(self, uri):
        return (self.path / uri.removeprefix("s3://")).read_bytes()

    def keys_in(self, bucket):
        top = self.path / bucket
        return sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file())


class OnServer(Store):
    def __init__(self, server):
        self.server, self.words = server, []
        self.environment = server.environment()
        self.environment.pop("SOURCE_DATE_EPOCH")
        self.new_bucket("reports")

    def new_bucket(self, name):
        return self.server.new_bucket(name)

    def put(self, bucket, key, body):
        self.server.put(bucket, key, body)

    def get(self, uri):
        return self.server.get(*uri.removeprefix("s3://").split("/", 1))

    def keys_in(self, bucket):
        return self.server.keys_in(bucket)


class Report:
    """What AWS documents of a report is asserted here, of every one."""

    def __init__(self, store, told, messages):
        self.told, self.messages = told, messages
        raw = store.get(told["manifest"])
        self.raw = raw.decode()
        self.manifest = json.loads(raw)
        assert store.get(told["checksum"]).decode() == hashlib.md5(raw).hexdigest()
        if isinstance(store, Folder):
            assert told["manifestETag"] == hashlib.md5(raw).hexdigest()
        bucket = self.manifest["destinationBucket"].removeprefix("arn:aws:s3:::")
        uris = [f"s3://{bucket}/{file['key']}" for file in self.manifest["files"]]
        assert uris == told["data"]
        assert store.get(told["symlink"]).decode().split("\n") == [*uris, ""]
        assert told["manifestArn"] == "arn:aws:s3:::" + told["manifest"].removeprefix("s3://")
        self.columns = self.manifest["fileSchema"].split(", ")
        self.lines, self.rows, self.files = [], [], []
        for uri, file in zip(uris, self.manifest["files"]):
            packed = store.get(uri)
            assert (len(packed), hashlib.md5(packed).hexdigest()) == (file["size"], file["MD5checksum"])
            text = gzip.decompress(packed).decode()
            assert text.endswith("\n") and "\r" not in text
            self.lines += text.splitlines()
            rows = [dict(zip(self.columns, row, strict=True)) for row in csv.reader(io.StringIO(text))]
            self.files.append(len(rows))
            self.rows += rows
        assert len(self.rows) == told["objects"]

    @property
    def keys(self):
        return [unquote(row["Key"]) for row in self.rows]
