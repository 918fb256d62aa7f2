# SPDX-License-Identifier: Apache-2.0
"""Attempts to get in. All are refused, and each is logged, once."""
import datetime
import json
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from program import AUTHORIZATION, KEY, PROGRAM, SECRET

JOBS = "/2017-08-29/jobs"
SIGNED = {"Authorization": AUTHORIZATION}


def refused_once(serve, send, statuses=(403,)):
    """Sends, and returns the line that the log has got."""
    before = len(serve.refusals())
    status, headers, body = send()
    assert status in statuses, body
    if status == 403:
        assert headers["x-amzn-errortype"] == "ForbiddenException"
    lines = serve.wait_for_refusals(before + 1)[before:]
    time.sleep(0.05)
    assert len(lines) == 1 == len(serve.refusals()) - before
    assert "level=warn" in lines[0]
    return lines[0]


# --- without a key: pages in a browser ---


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a"},
        {"Authorization": AUTHORIZATION.replace("/aws4_request", "")},
        {"Authorization": AUTHORIZATION[:-1]},
        SIGNED | {"Origin": "http://evil.example"},
        SIGNED | {"Origin": "http://localhost:3000"},
        SIGNED | {"Origin": "null"},
        SIGNED | {"Sec-Fetch-Site": "cross-site"},
        SIGNED | {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_strangers(serve, headers):
    refused_once(serve, lambda: serve.send("POST", JOBS, headers, b"{}"))
    refused_once(serve, lambda: serve.send("GET", JOBS, headers))


def test_form_of_a_page(serve):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://evil.example"}
    refused_once(serve, lambda: serve.send("POST", JOBS, headers, b'{"role":"a=b'))
    presigned = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20260101/r/mediaconvert/aws4_request"
    presigned += "&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-Signature=" + "0" * 64
    refused_once(serve, lambda: serve.send("POST", JOBS + presigned, {}, b"{}"))


def test_preflight(serve):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    status, headers, _ = serve.send("OPTIONS", JOBS, headers)
    assert status == 405 and not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4580", "localhost.evil.example", "127.evil.example", "10.0.0.1", "127.0.0.1.evil"])
def test_rebinding(serve, host):
    refused_once(serve, lambda: serve.send("GET", JOBS, SIGNED, host=host))
    refused_once(serve, lambda: serve.send("GET", "/events", host=host))


def test_events_are_not_for_pages(serve):
    refused_once(serve, lambda: serve.send("GET", "/events", {"Origin": "http://evil.example"}))
    refused_once(serve, lambda: serve.send("GET", "/events", {"Sec-Fetch-Site": "cross-site"}))


def test_events(serve, client, settings):
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{serve.port}\r\n\r\n".encode())
        time.sleep(0.3)
        job = client.create_job(Role="arn:aws:iam::1:role/a", Settings=settings())["Job"]
        client.cancel_job(Id=job["Id"])
        heard = b""
        while job["Id"].encode() not in heard:
            heard += s.recv(4096)
    assert b"text/event-stream" in heard and b'"CANCELED"' in heard
    number = int(heard.partition(b"id: ")[2].split()[0])
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(f"GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {number - 1}\r\n\r\n".encode())
        heard = b""
        while job["Id"].encode() not in heard:
            heard += s.recv(4096)
    assert f"id: {number}\n".encode() in heard


# --- with a key: signatures ---


def sign(serve, path, key=KEY, secret=SECRET, method="GET", body=b"", at=None, query=False, service="mediaconvert"):
    request = AWSRequest(method=method, url=serve.url + path, data=body)
    auth = (SigV4QueryAuth if query else SigV4Auth)(Credentials(key, secret), service, "eu-central-1")
    if at is not None:
        past = datetime.datetime.utcnow() + datetime.timedelta(seconds=at)

        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return past

        import botocore.auth

        original, botocore.auth.datetime.datetime = botocore.auth.datetime.datetime, Clock
        try:
            auth.add_auth(request)
        finally:
            botocore.auth.datetime.datetime = original
    else:
        auth.add_auth(request)
    prepared = request.prepare()
    target = prepared.url[len(serve.url):]
    return target, {k: v for k, v in prepared.headers.items() if k.lower() not in ("host", "content-length")}


def test_right_signatures(locked, settings):
    client = locked.client()
    job = client.create_job(Role="arn:aws:iam::1:role/a", Settings=settings(), UserMetadata={"a": "ü"})["Job"]
    assert client.list_tags_for_resource(Arn=job["Arn"])["ResourceTags"]["Arn"] == job["Arn"]
    assert client.list_jobs(MaxResults=1, Queue="Default", Order="ASCENDING")["Jobs"]
    for query in (False, True):
        for at in (None, -800, 800):
            target, headers = sign(locked, JOBS + "?queue=a%20b%2Fc%C3%BC&maxResults=1", query=query, at=at if not query else None)
            assert locked.send("GET", target, headers)[0] == 200


@pytest.mark.parametrize("key, secret", [(KEY, "wrong"), ("wrong", SECRET), (KEY.lower(), SECRET)])
def test_wrong_keys(locked, key, secret):
    before = len(locked.refusals())
    client = locked.client(key, secret)
    with pytest.raises(client.exceptions.ForbiddenException):
        client.create_queue(Name="a")
    assert len(locked.wait_for_refusals(before + 1)) == before + 1


@pytest.mark.parametrize("query", [False, True])
@pytest.mark.parametrize("at", [-1000, 1000, -86400, 86400 * 365])
def test_replayed(locked, query, at):
    if query and -3600 < at < 0:
        at = -3600 - 60  # that is what X-Amz-Expires is for
    target, headers = sign(locked, JOBS, at=at, query=query)
    refused_once(locked, lambda: locked.send("GET", target, headers))


def test_changed_after_signing(locked):
    target, headers = sign(locked, "/2017-08-29/queues", method="POST", body=b'{"name":"a"}')
    send = locked.send
    refused_once(locked, lambda: send("POST", target, headers, b'{"name":"b"}'))
    refused_once(locked, lambda: send("POST", "/2017-08-29/presets", headers, b'{"name":"a"}'))
    refused_once(locked, lambda: send("POST", target + "?x=1", headers, b'{"name":"a"}'))
    refused_once(locked, lambda: send("POST", target, headers, b'{"name":"a"}', host="evil.example"))
    wrong = headers | {"X-Amz-Content-Sha256": "0" * 64}
    refused_once(locked, lambda: send("POST", target, wrong, b'{"name":"a"}'))
    assert send("POST", target, headers, b'{"name":"a"}')[0] == 201


def test_half_a_signature(locked):
    _, headers = sign(locked, JOBS)
    for old, new in [("host;", ""), ("/mediaconvert/", "/s3/"), ("/eu-central-1/", "/us-east-1/"), ("host;", "host;host;")]:
        wrong = headers | {"Authorization": headers["Authorization"].replace(old, new, 1)}
        refused_once(locked, lambda: locked.send("GET", JOBS, wrong))
    refused_once(locked, lambda: locked.send("GET", JOBS))
    refused_once(locked, lambda: locked.send("GET", "/events", host="evil.example"))
    target, _ = sign(locked, JOBS, query=True)
    refused_once(locked, lambda: locked.send("GET", target.replace("Expires=3600", "Expires=9999999")))
    refused_once(locked, lambda: locked.send("GET", target.replace("Expires=3600", "Expires=3601")))


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_not_beyond_this_machine(tmp_path, host):
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path)}
    command = [PROGRAM, "serve", "--listen", f"{host}:0", "--data", tmp_path / "data"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert "can be reached from other machines" in done.stderr and "AWS_ACCESS_KEY_ID" in done.stderr


# --- too much, too slow ---


def test_oversized(serve):
    send = serve.send
    huge = {"Content-Length": str(1 << 40)}
    refused_once(serve, lambda: send("POST", JOBS, SIGNED | huge), (413,))
    refused_once(serve, lambda: send("POST", "/2017-08-29/queues", SIGNED, b" " * 100_000), (413,))
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = f"POST /2017-08-29/queues HTTP/1.1\r\nHost: localhost\r\nAuthorization: {AUTHORIZATION}\r\nConnection: close\r\n"
    data = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 20 + b"0\r\n\r\n"
    refused_once(serve, lambda: serve.send_bytes(data), (413,))
    refused_once(serve, lambda: send("GET", JOBS, SIGNED | {"X": "x" * 40_000}), (431,))
    assert send("GET", JOBS, SIGNED | {f"X-{i}": "" for i in range(100)})[0] == 400
    assert send("GET", JOBS + "?" + "x" * 10_000, SIGNED)[0] == 414
    assert send("GET", JOBS + "?" + "&".join(f"a{i}=" for i in range(30)), SIGNED)[0] == 400
    refused_once(serve, lambda: send("GET", "/" + "x" * 40_000), (414,))
    assert send("GET", "/healthz")[0] == 200


HOST = b"Host: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\n"
POST = b"POST /2017-08-29/jobs HTTP/1.1\r\n" + HOST
MALFORMED = [
    b"GET\r\n\r\n", b"GARBAGE\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n", b"a b c d\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /\x01 HTTP/1.1\r\n" + HOST + b"\r\n", b"G" * 40000,
    GET + b"\r\n", GET + b"Host: a\r\nHost: b\r\n\r\n", GET + HOST + b"nothing\r\n\r\n", GET + HOST + b"X : y\r\n\r\n",
    GET + HOST + b"(X): y\r\n\r\n", GET + b" X: y\r\n" + HOST + b"\r\n", GET + HOST + b"X: a\rb\r\n\r\n",
    POST + b"Content-Length: -1\r\n\r\n", POST + b"Content-Length: x\r\n\r\n",
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{ }", POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n",
    b"GET /%00/%zz HTTP/1.1\r\n" + HOST + b"\r\n", b"GET http:// HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /2017-08-29/jobs/%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n", b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
]


def read_all(s):
    answer = b""
    while piece := s.recv(4096):
        answer += piece
    return answer


@pytest.mark.parametrize("half_closed", [False, True])
@pytest.mark.parametrize("data", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed(serve, data, half_closed):
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(data)
        if half_closed:
            s.shutdown(socket.SHUT_WR)
        answer = s.recv(4096)
    assert re.match(rb"HTTP/1\.1 (4\d\d|505) ", answer), answer
    assert serve.send("GET", "/healthz")[0] == 200


def test_ignored_by_the_library(serve):
    """What libmicrohttpd closes without a word gets its one answer and its one line, also later on a
    connection; what has been answered well gets nothing more."""
    good = GET + HOST + b"\r\n"
    for first, data in [(b"", b"GET\r\n\r\n"), (good, b"GET\r\n\r\n"), (b"", good + b"GET\r\n\r\n")]:
        before = len(serve.refusals())
        with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
            if first:
                s.sendall(first)
                assert s.recv(4096).startswith(b"HTTP/1.1 200 ")
            s.sendall(data)
            answer = read_all(s)
        assert answer.count(b"HTTP/1.1 400 Bad Request\r\n") == 1
        head, _, body = answer.rpartition(b"\r\n\r\n")
        assert json.loads(body)["message"] and head.endswith(b"Content-Length: %d" % len(body))
        lines = serve.wait_for_refusals(before + 1)[before:]
        assert len(lines) == 1 and "this is no request" in lines[0]
    before = len(serve.refusals())
    for data in (good, good.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b""):
        with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            assert read_all(s).count(b"HTTP/1.1 ") == bool(data)
    assert len(serve.refusals()) == before


@pytest.mark.parametrize("data", [b"\x00\xff\x00\r\n\r\n", b"\x16\x03\x01", b"\r\n" * 1000], ids=range(3))
def test_no_beginning(serve, data):
    """What is no beginning of a request waits for its end; it costs nothing meanwhile."""
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(data)
        before = serve.cpu_s()
        time.sleep(1)
        assert serve.cpu_s() - before < 0.3
        s.shutdown(socket.SHUT_WR)
        assert s.recv(4096).startswith(b"HTTP/1.1 400 ")


def be_slow(serve, begin):
    """Says something every second until it is cut off; returns after how long, and the answer."""
    with socket.create_connection(("127.0.0.1", serve.port), timeout=60) as s:
        for data in begin[:-1]:  # whole requests
            s.sendall(data)
            assert s.recv(4096).startswith(b"HTTP/1.1 200 ")
        start = time.time()
        s.sendall(begin[-1])
        s.settimeout(1)
        answer = b""
        while time.time() - start < 60:
            try:
                if begin[-1]:
                    s.sendall(b"x")
                piece = s.recv(4096)
                answer += piece
                if not piece:
                    break
            except socket.timeout:
                continue
            except OSError:
                break
        return time.time() - start, answer


def test_slow(serve):
    """At the same time, for each takes its 20 seconds."""
    head = POST + f"Authorization: {AUTHORIZATION}\r\nContent-Length: 1000\r\n".encode()
    whole = GET + HOST + b"\r\n"
    kinds = [[head + b"\r\n"], [head + b"X-Slow: "], [b"GET /health"], [whole, b"GET /health"], [b""]]
    before = len(serve.refusals())
    with ThreadPoolExecutor(len(kinds)) as pool:
        results = list(pool.map(lambda begin: be_slow(serve, begin), kinds))
    for (seconds, answer), begin in zip(results, kinds):
        assert 15 < seconds < 30, begin
        assert not answer if begin == [b""] else answer.startswith(b"HTTP/1.1 408 "), begin
    lines = serve.wait_for_refusals(before + len(kinds))[before:]
    assert len(lines) == len(kinds)
    assert sum("too long to arrive" in line for line in lines) == len(kinds) - 1
    assert sum("no request has come" in line for line in lines) == 1


def test_bodies_together(serve):
    """When there is no room for more, that is no fault of the one who comes then."""
    size, together = 16 << 20, 128 << 20
    head = POST + f"Authorization: {AUTHORIZATION}\r\nContent-Length: {size}\r\n\r\n".encode()
    many = []
    try:
        for _ in range(together // size):
            s = socket.create_connection(("127.0.0.1", serve.port), timeout=10)
            many.append(s)
            s.sendall(head + b" " * (size - 1))
        time.sleep(1)  # until the server has read the last of them
        status, headers, body = serve.send("POST", JOBS, SIGNED, b" " * 100)
        assert status == 429 and headers["x-amzn-errortype"] == "TooManyRequestsException"
        assert "together" in json.loads(body)["message"]
    finally:
        for s in many:
            s.close()
    end = time.time() + 10
    while status == 429 and time.time() < end:
        status, _, _ = serve.send("POST", JOBS, SIGNED, b" " * 100)
    assert status == 400


def test_many_connections(serve):
    """They are held at a number; who is there already is served."""
    early, *crowd = [socket.create_connection(("127.0.0.1", serve.port), timeout=5) for _ in range(600)]
    try:
        time.sleep(0.5)
        turned_away = 0
        for s in crowd:
            s.setblocking(False)
            try:
                turned_away += s.recv(1) == b""
            except ConnectionResetError:
                turned_away += 1
            except BlockingIOError:
                pass
        assert 600 - 256 <= turned_away <= 600 - 200
        assert serve.send("GET", "/healthz")[0] == 0
        early.sendall(GET + HOST + b"\r\n")
        assert early.recv(4096).startswith(b"HTTP/1.1 200 ")
    finally:
        for s in [early, *crowd]:
            s.close()
    time.sleep(0.5)
    assert serve.send("GET", "/healthz")[0] == 200
