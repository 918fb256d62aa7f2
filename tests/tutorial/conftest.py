# SPDX-License-Identifier: Apache-2.0
"""A real S3 server, our server in front of it, and AWS's own command line for both."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

REPO = pathlib.Path(__file__).parents[2]
sys.path.append(str(REPO / "tests/s3"))
from server import PROGRAM, Server  # noqa: E402

AWS = "/usr/bin/aws"
ACCOUNT = "111122223333"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ceph") / "ceph")
    yield server
    server.stop()


class Place:
    """Both servers, and how a person's shell finds them: by its environment alone."""

    def __init__(self, s3, folder):
        self.s3, self.folder = s3, folder
        self.start()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
            "AWS_ENDPOINT_URL": self.url, "AWS_ENDPOINT_URL_S3": s3.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key, "AWS_PAGER": "",
            "PYTHONPATH": str(REPO / "share/python"),
        }  # fmt: skip

    def start(self):
        self.log = self.folder / "log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--speed", "draft"], cwd=self.folder,
                env=self.s3.environment(), stdout=subprocess.PIPE, stderr=log, text=True)  # fmt: skip
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line + self.log.read_text()
        # As people write it, and as botocore can put an account in front of it.
        self.url = line.split()[2].rstrip(",").replace("127.0.0.1", "localhost")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        self.process.stdout.close()

    def aws(self, *words, fails=False):
        """What the command prints, read as JSON; "" for nothing."""
        done = subprocess.run([AWS, *map(str, words)], env=self.environment, cwd=self.folder, capture_output=True,
                              text=True, timeout=120)  # fmt: skip
        if fails:
            assert done.returncode != 0
            return done.stderr
        assert done.returncode == 0, f"aws {' '.join(map(str, words))}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout

    def poll(self, look, seconds=240):
        """What `look` returns once it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.3)
        pytest.fail(f"not within {seconds} s; the server says: {self.log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def place(s3, tmp_path_factory):
    place = Place(s3, tmp_path_factory.mktemp("tutorial"))
    yield place
    place.stop()
