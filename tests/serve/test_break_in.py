# SPDX-License-Identifier: Apache-2.0
"""Attempts to get in. All are refused, and each is logged, once."""
import datetime
import json
import socket
import subprocess
import time

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
    refused_once(serve, lambda: send("GET", JOBS, SIGNED | {"X": "x" * 40_000}), (0, 400, 413, 431))
    assert send("GET", JOBS, SIGNED | {f"X-{i}": "" for i in range(100)})[0] == 400
    assert send("GET", JOBS + "?" + "x" * 10_000, SIGNED)[0] == 414
    assert send("GET", JOBS + "?" + "&".join(f"a{i}=" for i in range(30)), SIGNED)[0] == 400
    assert send("GET", "/" + "x" * 40_000)[0] in (0, 400, 414, 431)
    assert send("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /2017-08-29/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /2017-08-29/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET /%00/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /2017-08-29/jobs/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=range(10),
)
def test_malformed(serve, data):
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := s.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
    assert not answer or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 505"), answer
    assert serve.send("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("data", [b"\x00\xff\x00\r\n\r\n", b"\r\n" * 1000, b""], ids=range(3))
def test_silence(serve, data):
    """What is no beginning of a request is let go later; it costs nothing meanwhile."""
    with socket.create_connection(("127.0.0.1", serve.port), timeout=10) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        before = serve.cpu_s()
        time.sleep(1)
        assert serve.cpu_s() - before < 0.3
    assert serve.send("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("end", ["\r\n\r\n", "\r\nX-Slow: "], ids=["body", "headers"])
def test_slow(serve, end):
    before, start = len(serve.refusals()), time.time()
    head = f"POST {JOBS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {AUTHORIZATION}\r\nContent-Length: 1000{end}"
    with socket.create_connection(("127.0.0.1", serve.port), timeout=60) as s:
        s.sendall(head.encode())
        s.settimeout(1)
        while time.time() - start < 40:
            try:
                s.sendall(b"x")
                if s.recv(100) == b"":
                    break
            except socket.timeout:
                continue
            except OSError:
                break
    assert 15 < time.time() - start < 30
    lines = serve.wait_for_refusals(before + 1)[before:]
    assert len(lines) == 1 and "too long to arrive" in lines[0]


def test_many_connections(serve):
    """They are held at a number; who is there already is served."""
    idle = []
    try:
        for _ in range(600):
            s = socket.create_connection(("127.0.0.1", serve.port), timeout=5)
            idle.append(s)
    except OSError:
        pass
    finally:
        for s in idle:
            s.close()
    time.sleep(0.5)
    assert serve.send("GET", "/healthz")[0] == 200
