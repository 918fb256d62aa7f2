# SPDX-License-Identifier: Apache-2.0
"""Events reach their targets, in their order, whatever is down meanwhile."""
import http.server
import json
import socket
import threading
import time

import pytest
from program import Serve

ROLE = "arn:aws:iam::111122223333:role/MediaConvert"


class Hook:
    """A web server that keeps what is posted to it. It refuses the first `refusals` requests."""

    def __init__(self, refusals=0, port=0):
        self.events, self.refusals, self.tries = [], refusals, 0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.tries += 1
                refuse = hook.tries <= hook.refusals
                if not refuse:
                    hook.events.append(json.loads(body))
                self.send_response(503 if refuse else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?a=b"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count, seconds=15):
        end = time.time() + seconds
        while len(self.events) < count and time.time() < end:
            time.sleep(0.05)
        return [(e["detail"]["jobId"], e["detail"]["status"]) for e in self.events]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def cancel_some(serve, settings, count):
    """Jobs whose CANCELED is the only event."""
    client, ids = serve.client(), []
    for _ in range(count):
        ids.append(client.create_job(Role=ROLE, Settings=settings())["Job"]["Id"])
        client.cancel_job(Id=ids[-1])
    return [(id, "CANCELED") for id in ids]


def test_webhook_and_file(tmp_path, settings):
    hook = Hook(refusals=2)
    serve = Serve(tmp_path, "--queue-delay", "86400", "--webhook", hook.url, "--events-file", "events")
    expected = cancel_some(serve, settings, 3)
    assert hook.wait(3) == expected
    event = hook.events[0]
    assert event["detail-type"] == "MediaConvert Job State Change"
    assert event["source"] == "aws.mediaconvert" and event["resources"]
    lines = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert lines == hook.events
    serve.stop()
    log = serve.log.read_text()
    assert log.count("event=target-fails") == 1 == log.count("event=target-works")
    hook.stop()


def test_webhook_that_is_down_gets_them_later(tmp_path, settings):
    hook = Hook()
    serve = Serve(tmp_path, "--queue-delay", "86400", "--webhook", hook.url)
    hook.stop()
    expected = cancel_some(serve, settings, 2)
    serve.stop()
    serve.start()
    expected += cancel_some(serve, settings, 1)
    again = Hook(port=hook.port)
    assert again.wait(3) == expected
    serve.stop()
    serve.start()
    time.sleep(1)
    assert again.wait(3) == expected  # none twice
    serve.stop()
    again.stop()


def test_file_that_ends_within_a_line(tmp_path, settings):
    (tmp_path / "events").write_text('{"cut')
    serve = Serve(tmp_path, "--queue-delay", "86400", "--events-file", "events")
    expected = cancel_some(serve, settings, 1)
    serve.stop()
    cut, line = (tmp_path / "events").read_text().splitlines()
    event = json.loads(line)
    assert cut == '{"cut' and [(event["detail"]["jobId"], event["detail"]["status"])] == expected


@pytest.mark.parametrize("option", [("--webhook", "ftp://x"), ("--events-file", "/none/there")])
def test_targets_that_cannot_be(tmp_path, option):
    with pytest.raises(AssertionError, match="cannot write|neither"):
        Serve(tmp_path, *option)


def test_streams_end_with_the_server(tmp_path):
    serve = Serve(tmp_path)
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as stream:
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard = stream.recv(4096)
        start = time.time()
        assert serve.stop() == 0
        assert time.time() - start < 5
        while piece := stream.recv(4096):
            heard += piece
    assert heard.endswith(b"0\r\n\r\n")


def test_many_streams(tmp_path, settings):
    serve, streams = Serve(tmp_path, "--queue-delay", "86400"), []
    for _ in range(33):
        stream = socket.create_connection(("127.0.0.1", serve.port), timeout=10)
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        streams.append((stream, stream.recv(4096)))
    assert [b" 200 " in heard[:15] for _, heard in streams] == [True] * 32 + [False]
    assert b" 429 " in streams[32][1]
    ((job, _),) = cancel_some(serve, settings, 1)
    for stream, heard in streams[:32]:
        while job.encode() not in heard:
            assert (piece := stream.recv(4096))
            heard += piece
        stream.close()
    serve.stop()
