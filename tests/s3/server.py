# SPDX-License-Identifier: Apache-2.0
"""A real S3 server for the tests, clients that are not ours, and runs of the program on it."""
import contextlib
import json
import os
import pathlib
import random
import socket
import subprocess
from hashlib import sha256

import boto3
import botocore.config
import pytest

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(
    os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
)
TOOLS = PROGRAM.parents[1] / "tests"  # calls.c and transfer.c, of the same build
NOON = "1767268800"  # the clock of every run, for names with dates


def free_port():
    """With the two behind it, which the monitor takes. Below those that Linux gives to whoever asks
    for any: until the server is up one of them would soon be taken."""
    while True:
        with contextlib.ExitStack() as stack:
            port = random.randrange(20000, 32000)
            try:
                for more in range(3):
                    stack.enter_context(socket.create_server(("127.0.0.1", port + more)))
                return port
            except OSError:
                continue


class Server:
    """Started by the constructor; stop() ends it."""

    def __init__(self, folder):
        self.folder = folder
        script = [REPO / "tests/s3/ceph.sh", "start", folder, str(free_port())]
        started = subprocess.run(script, stdout=subprocess.PIPE, text=True, check=True)
        self.endpoint, self.access_key, self.secret_key = started.stdout.split()
        self.address = self.endpoint.removeprefix("http://")
        self.client = boto3.client("s3", config=PATH_STYLE, **self.keys)

    @property
    def keys(self):
        return {
            "endpoint_url": self.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
        }

    def stop(self):
        subprocess.run([REPO / "tests/s3/ceph.sh", "stop", self.folder], check=True)

    def environment(self, endpoint=None, **changes):
        """For a program that is to use the server, or something in front of it."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {
            **clean,
            "AWS_ENDPOINT_URL_S3": endpoint or self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SOURCE_DATE_EPOCH": NOON,
            **changes,
        }

    def new_bucket(self, name):
        with contextlib.suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
            self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket, key, body):
        self.client.put_object(Bucket=self.new_bucket(bucket), Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    def keys_in(self, bucket):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def get(self, bucket, key):
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def hashes(self, bucket):
        return {key: sha256(self.get(bucket, key)).hexdigest() for key in self.keys_in(bucket)}

    def uploads(self, bucket):
        """Those that are not finished."""
        answer = self.client.list_multipart_uploads(Bucket=bucket)
        return [(upload["Key"], upload["UploadId"]) for upload in answer.get("Uploads", ())]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ceph") / "ceph")
    yield server
    server.stop()


PATH_STYLE = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3})


class Result:
    def __init__(self, process):
        self.exit, self.stdout, self.stderr = process.returncode, process.stdout, process.stderr

    @property
    def json(self):
        return json.loads(self.stdout)

    def completed(self):
        assert self.exit == 0, self.stderr
        return self


def command_of_run(job, source, destination, *options):
    return [PROGRAM, "run", REPO / "job-json" / job, "--input", source, "--destination",
            destination, "--progress", "none", "--json", *options]  # fmt: skip


def call(command, environment, limit=120, text=True):
    command = [str(word) for word in command]
    process = subprocess.run(command, capture_output=True, text=text, env=environment, timeout=limit)
    return Result(process)
