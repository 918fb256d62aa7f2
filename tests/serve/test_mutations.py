# SPDX-License-Identifier: Apache-2.0
"""Requests that were valid until bytes of them were changed, on real connections.

Each is answered with what a client can be told, or was cut short and gets nothing; afterwards the server is
as it was. MUTATION_SECONDS says how long; what a seed has found, MUTATION_SEED finds again."""
import copy
import json
import os
import random
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from program import REPO, Serve

SEEDS = REPO / "tests/fuzz/http_request"
# /events never ends, and what Probe opens is not for this test.
NAMES = sorted(path.name for path in SEEDS.iterdir() if path.name not in ("events", "probe"))
THREADS = 16
ANSWER_S = 0.5  # for what is whole; with sanitizers and other tests beside it
INSERTED = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%", b"%00", b"\xff", b"\x7f", b"?", b"&", b"/../",
    b"x" * 9000, b"x" * 40000, b"HTTP/1.0", b"HTTP/9.9", b"Expect: 100-continue\r\n", b"Connection: close\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Content-Length: -1\r\n", b"Content-Length: 0\r\n",
    b"Content-Length: 99999999999999999999\r\n", b"Host: evil.example\r\n", b"X-Header: y\r\n" * 70, b"{", b"\"", b"[" * 200,
]
VALUES = [None, True, -1, 0, 1e308, 2**63, "", "x" * 5000, "\u0000", "漢🎬", [], {}, [[]], {"a": {}}, "s3://", "arn:"]


def read_seed(name):
    """Method and target, headers, body."""
    head, _, body = (SEEDS / name).read_bytes().partition(b"\n\n")
    first, *headers = head.split(b"\n")
    return first, headers, body


def put_together(first, headers, body):
    lines = [first + b" HTTP/1.1", *headers, b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def change_json(dice, value):
    """The value, with one place in it changed."""
    if isinstance(value, (dict, list)) and value and dice.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = dice.choice(keys)
        if dice.random() < 0.1:
            del value[key]
        else:
            value[key] = change_json(dice, value[key])
        return value
    return copy.deepcopy(dice.choice(VALUES))


def change_bytes(dice, data):
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 5])):
        at = dice.randrange(len(data) + 1)
        # the first line and the headers are where it hurts
        at = min(at, dice.choice([20, 80, len(data)]))
        length = dice.choice([1, 1, 3, 20])
        how = dice.randrange(6)
        if how == 0:
            data[at : at + 1] = bytes([dice.randrange(256)])
        elif how == 1:
            del data[at : at + length]
        elif how == 2:
            data[at:at] = data[at : at + length]
        elif how == 3:
            data[at:at] = dice.choice(INSERTED)
        elif how == 4:
            data[at:at] = dice.randbytes(length)
        else:
            del data[max(at, len(data) * dice.randrange(8) // 8) :]
    return bytes(data)


def mutate(dice):
    first, headers, body = read_seed(dice.choice(NAMES))
    if body and dice.random() < 0.5:
        value = json.loads(body)
        for _ in range(dice.choice([1, 1, 3])):
            value = change_json(dice, value)
        return put_together(first, headers, json.dumps(value).encode())
    return change_bytes(dice, put_together(first, headers, body))


def may_be_cut(data):
    """Whether a server may well wait for more of it."""
    head, end, body = re.sub(rb"^(\r?\n)+", b"", data).replace(b"\r\n", b"\n").partition(b"\n\n")
    stated = [int(n) for n in re.findall(rb"(?im)^content-length\s*:\s*(\d+)", head)]
    return not end or bool(re.search(rb"(?i)transfer-encoding", head)) or max(stated, default=0) > len(body)


def receive(s, seconds):
    """What comes until the first answer's head is there, but for a go-ahead; whether the end came."""
    answer = b""
    s.settimeout(seconds)
    try:
        while b"\r\n\r\n" not in answer:
            piece = s.recv(65536)
            if not piece:
                return answer, True
            answer = re.sub(rb"^(HTTP/1.1 100 Continue\r\n\r\n)+", b"", answer + piece)
        return answer, False
    except socket.timeout:
        return answer, False
    except OSError:
        return answer, True


def try_one(port, data):
    """Why the answer is wrong; None if it is right."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        refused = False
        try:
            s.sendall(data)
        except OSError:
            refused = True  # it has heard enough
        answer, ended = receive(s, ANSWER_S)
        if not answer and not ended:
            s.shutdown(socket.SHUT_WR)
            answer, ended = receive(s, 10)
            if not answer and ended and may_be_cut(data):
                return None
    if not answer:
        return None if refused else "no answer"
    status = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    if not status:
        return f"no HTTP: {answer[:100]}"
    code = int(status[1])
    return None if 200 <= code < 300 or 400 <= code < 500 or code == 505 else f"status {code}"


def test_mutations(tmp_path, capsys):
    seconds = float(os.environ.get("MUTATION_SECONDS", "5"))
    seed = int(os.environ.get("MUTATION_SEED", time.time()))
    serve = Serve(tmp_path, "--queue-delay", "86400", "--log-level", "error")
    end = time.time() + seconds
    wrong, counts = [], [0] * THREADS

    def run(thread):
        while time.time() < end and not wrong:
            number = counts[thread] * THREADS + thread
            data = mutate(random.Random(f"{seed}/{number}"))
            why = try_one(serve.port, data)
            if why:
                wrong.append(f"seed {seed}, request {number}: {why}: {data[:2000]!r}")
            counts[thread] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))
    with capsys.disabled():
        print(f"\n{sum(counts)} requests in {seconds:.0f} s, MUTATION_SEED={seed}")
    assert not wrong, wrong[0]
    assert serve.send("GET", "/healthz")[0] == 200
    assert serve.stop() == 0
    assert serve.log.read_text() == ""
