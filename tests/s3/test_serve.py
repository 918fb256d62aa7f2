# SPDX-License-Identifier: Apache-2.0
"""The server's queue on a store that cannot hold objects back: whoever is killed, what a worker has
put there goes, and so do its unfinished uploads."""
import json
import os
import subprocess
import time

import boto3
import pytest
from server import PROGRAM, REPO

LIMIT = 60  # seconds
WISH = "mediaconvert-local."


class Queue:
    """`serve` in front of the S3 server; it wants the same key."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.start()

    def start(self):
        command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", self.folder / "data"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--speed", "draft"],
                env=self.server.environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        url = self.process.stdout.readline().split(",")[0].removeprefix("listening on ")
        self.client = boto3.client("mediaconvert", **{**self.server.keys, "endpoint_url": url})

    def submit(self, source, bucket, **wishes):
        settings = json.loads((REPO / "job-json/tutorial.json").read_text())
        settings = settings.get("Settings", settings)
        settings["Inputs"][0]["FileInput"] = source
        for number, group in enumerate(settings["OutputGroups"]):
            kind = next(v for k, v in group["OutputGroupSettings"].items() if k != "Type")
            kind["Destination"] = f"s3://{bucket}/{number}/"
        metadata = {WISH + key: value for key, value in wishes.items()}
        request = {"Role": "arn:aws:iam::111122223333:role/any", "UserMetadata": metadata}
        return self.client.create_job(Settings=settings, **request)["Job"]["Id"]

    def wait(self, number, done):
        until = time.monotonic() + LIMIT
        while not done(job := self.client.get_job(Id=number)["Job"]):
            assert time.monotonic() < until, job["Status"]
            time.sleep(0.05)
        return job

    def worker(self):
        command = ["pgrep", "-P", str(self.process.pid)]
        (pid,) = subprocess.run(command, capture_output=True).stdout.split()
        return int(pid)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def queue(server, tmp_path):
    queue = Queue(server, tmp_path)
    yield queue
    queue.kill()


def ended(job):
    return job["Status"] in ("COMPLETE", "ERROR", "CANCELED")


def in_phase(phase):
    return lambda job: job["Status"] == "PROGRESSING" and job["CurrentPhase"] == phase


@pytest.fixture
def source(server, clips):
    return server.put("queue-in", "clip.mp4", (clips / "no_audio.mp4").read_bytes())


@pytest.mark.parametrize("end", ["cancel", "kill the worker", "kill the server"])
def test_nothing_is_left(queue, server, source, new_name, end):
    bucket = server.new_bucket(f"queue-{new_name()}")
    number = queue.submit(source, bucket, delay="5", phase="UPLOADING")
    queue.wait(number, in_phase("UPLOADING"))
    assert server.keys_in(bucket)  # S3 shows what was put there
    server.put(bucket, "theirs", b"somebody else's")

    if end == "kill the server":
        queue.kill()
        queue.start()
        queue.wait(number, in_phase("PROBING"))
    elif end == "kill the worker":
        os.kill(queue.worker(), 9)
        assert "signal 9" in queue.wait(number, ended)["ErrorMessage"]
    else:
        queue.client.cancel_job(Id=number)
        assert queue.wait(number, ended)["Status"] == "CANCELED"
    if end != "kill the server":
        assert server.keys_in(bucket) == ["theirs"]
    else:
        job = queue.wait(number, ended)
        assert (job["Status"], job["RetryCount"]) == ("COMPLETE", 1)
        other = server.new_bucket(f"queue-{new_name()}")
        queue.wait(queue.submit(source, other), ended)
        assert len(server.keys_in(bucket)) == len(server.keys_in(other)) + 1  # theirs
    assert not server.uploads(bucket)
