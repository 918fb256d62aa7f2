# SPDX-License-Identifier: Apache-2.0
"""On an S3 server that cannot be reached, or refuses. Objects that a dead worker has left there: no
job waits for them, and they go when they can. And how often it was asked again is told."""
import http.server
import socket
import sqlite3
import threading
import time

import pytest
from conftest import LIMIT
from test_queue import Server

HOLD = 25  # seconds that a silent store may hold jobs at the start
KEY = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


class Store(http.server.ThreadingHTTPServer):
    """An S3 server as far as removing goes; those who ask for a bucket in `refused` get 403, and
    the next `busy` who ask for an object 503."""

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.there, self.refused, self.busy = set(), set(), 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_refused(self):
        if self.path.split("/")[1].split("?")[0] not in self.server.refused:
            return False
        self.answer(403, b"" if self.command == "HEAD" else b"<Error><Code>AccessDenied</Code></Error>")
        return True

    def do_GET(self):
        if self.is_refused():
            return
        if "uploads" in self.path:
            return self.answer(200, b"<ListMultipartUploadsResult/>")
        if not self.server.busy:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        self.server.busy -= 1
        self.answer(503, b"<Error><Code>SlowDown</Code></Error>")

    def do_HEAD(self):
        if self.is_refused():
            return
        if self.path not in self.server.there:
            return self.answer(404)
        self.answer(200, Content_Length="1", ETag='"e"', Last_Modified=self.date_time_string())

    def do_DELETE(self):
        if not self.is_refused():
            self.server.there.discard(self.path)
            self.answer(204)

    def log_message(self, *arguments):
        pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def records(folder, left=None):
    """The objects on record; those in `left` are added, each as an attempt's of its own."""
    with sqlite3.connect(folder / "data/status.db") as database:
        for uri in left or ():
            row = ("1671477617078-none00", 1 + len(records(folder)), int(time.time() * 1e6))
            place = database.execute("INSERT INTO deliveries (job, attempt, started_us) VALUES (?, ?, ?)", row)
            database.execute("INSERT INTO objects VALUES (?, ?)", (place.lastrowid, uri))
            database.commit()
        return sorted(uri for (uri,) in database.execute("SELECT uri FROM objects"))


@pytest.fixture
def lost(tmp_path):
    """A server on a store that is not there; and what it finds on record."""
    port = free_port()
    server = Server(tmp_path, "--s3-endpoint", f"http://127.0.0.1:{port}", **KEY)
    server.kill()
    server.port = port
    records(tmp_path, ["s3://bad/1", "s3://out/2", "s3://out/3"])
    yield server
    server.end()


def quick_job(server, seconds):
    """Ends without the store."""
    began = time.monotonic()
    assert server.wait(server.submit("a", fail="1404"))["ErrorCode"] == 1404
    assert time.monotonic() - began < seconds


def wait_until(holds):
    until = time.monotonic() + LIMIT
    while not holds() and time.monotonic() < until:
        time.sleep(0.2)
    assert holds()


def test_store_that_comes_back(lost):
    lost.start()
    quick_job(lost, HOLD)
    assert records(lost.folder) == ["s3://bad/1", "s3://out/2", "s3://out/3"]
    assert lost.metric("s3_retries_total") >= 3
    store = Store(lost.port)
    try:
        store.there, store.refused = {"/bad/1", "/out/2", "/out/3"}, {"bad"}
        wait_until(lambda: records(lost.folder) == ["s3://bad/1"])
        assert store.there == {"/bad/1"}
        quick_job(lost, 5)
        lost.kill()
        store.refused = set()
        lost.start()
        wait_until(lambda: not records(lost.folder))
        assert store.there == set()
    finally:
        store.end()


def test_drain_while_a_store_is_silent(lost):
    lost.start()
    began = time.monotonic()
    lost.process.terminate()
    assert lost.process.wait(LIMIT) == 0
    assert time.monotonic() - began < 3
    assert len(records(lost.folder)) == 3


def test_retries_are_told(tmp_path):
    """A worker's, though it fails before it has decoded a frame."""
    store = Store(0)
    server = Server(tmp_path, "--s3-endpoint", f"http://127.0.0.1:{store.server_port}", **KEY)
    try:
        assert server.metric("s3_retries_total") == 0
        store.busy = 3
        assert server.wait(server.submit("a"))["ErrorCode"] == 1404
        assert server.metric("s3_retries_total") == 3
        assert server.metric("busy_seconds_total") > 0
    finally:
        server.end()
        store.end()
