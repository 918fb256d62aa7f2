# SPDX-License-Identifier: Apache-2.0
"""The real server on a free port, with a folder of its own; and requests to it, byte by byte."""
import atexit
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import boto3
from botocore.config import Config

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/mediaconvert/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)


class Serve:
    """A server that runs. With `key`, callers must sign."""

    all = []

    def __init__(self, folder, *options, key=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.options, self.key = options, key
        self.start()

    def start(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        if self.key:
            environment |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        self.log = self.folder / "log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--storage", "buckets", *self.options],
                cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )
        Serve.all.append(self.process)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line + self.log.read_text()
        self.url = line.split()[2].rstrip(",")
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        status = self.process.wait(60)
        self.process.stdout.close()
        return status

    def client(self, key=KEY, secret=SECRET, **more):
        return boto3.client(
            "mediaconvert", region_name="us-east-1", endpoint_url=self.url, aws_access_key_id=key,
            aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}, **more),
        )

    def send(self, method, path, headers=(), body=b"", host=None):
        """One request, as it is given; returns status, headers, body."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.send_bytes("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    def send_bytes(self, data, timeout=60):
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            try:
                s.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            answer = b""
            try:
                while piece := s.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
        return parse(answer)

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def refusals(self):
        return [line for line in self.log.read_text().splitlines() if "event=refused" in line]

    def wait_for_refusals(self, count, seconds=5):
        end = time.time() + seconds
        while len(self.refusals()) < count and time.time() < end:
            time.sleep(0.05)
        return self.refusals()


@atexit.register
def nothing_is_left():
    """Servers of tests that have failed do not live on."""
    for process in Serve.all:
        if process.poll() is None:
            process.kill()
            process.wait()


def parse(answer):
    """Status, headers, body of what came; status 0 where nothing did."""
    if not answer:
        return 0, {}, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}
    return int(re.match(r"HTTP/1\.1 (\d+)", first)[1]), headers, body
