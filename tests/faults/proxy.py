# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of an S3 server that goes wrong, now and then, in a way that a seed decides.

    with Proxy("127.0.0.1:7480", faults=["reset", "503"], rate=0.2, seed=1) as proxy:
        ... requests to proxy.endpoint ...
        proxy.happened, proxy.received

It runs in a thread of its own, understands as much of HTTP/1.1 as S3 clients and servers speak, and
changes nothing of what it lets through. FAULTS says what it can do.
"""
import asyncio
import contextlib
import dataclasses
import email.utils
import itertools
import random
import socket
import struct
import threading
from collections import Counter

BLOCK = 64 * 1024
ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>made by the proxy</Message></Error>'


@dataclasses.dataclass
class Message:
    """A request or an answer, with its whole body."""

    first: str
    headers: list
    body: bytes

    def get(self, name, default=None):
        return next((v for k, v in self.headers if k.lower() == name), default)

    def head(self, length=None):
        """As bytes; with another Content-Length, where one is given."""
        lines = [self.first]
        for name, value in self.headers:
            if length is not None and name.lower() == "content-length":
                value = length
            lines.append(f"{name}: {value}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_message(stream, has_body=True):
    try:
        head = await stream.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    message = Message(first, headers, b"")
    if has_body and "chunked" in message.get("transfer-encoding", ""):
        message.body = await read_chunks(stream)
        message.headers = [(k, v) for k, v in headers if k.lower() != "transfer-encoding"]
        message.headers.append(("Content-Length", str(len(message.body))))
    elif has_body:
        message.body = await stream.readexactly(int(message.get("content-length", 0)))
    return message


async def read_chunks(stream):
    body = b""
    while True:
        size = int((await stream.readline()).split(b";")[0], 16)
        body += await stream.readexactly(size)
        await stream.readline()
        if not size:
            return body


class Exchange:
    """One request of a client, to be answered well or badly."""

    def __init__(self, proxy, request, client):
        self.proxy, self.request, self.client = proxy, request, client
        self.method = request.first.split(" ", 1)[0]

    async def ask(self):
        """The server's answer."""
        host, port = self.proxy.upstream
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(self.request.head() + self.request.body)
        answer = await read_message(reader, self.method != "HEAD")
        writer.close()
        if answer is None:
            raise ConnectionError("the server hung up")
        return answer

    async def send(self, data):
        self.client.write(data)
        await self.client.drain()

    async def send_answer(self, answer):
        self.proxy.received[self.method] += len(answer.body)
        await self.send(answer.head() + answer.body)

    async def refuse(self, status, code, *headers):
        body = ERROR.format(code).encode()
        date = ("Date", email.utils.formatdate(usegmt=True))
        length = ("Content-Length", str(len(body)))
        answer = Message(f"HTTP/1.1 {status} {code}", [date, length, *headers], body)
        await self.send(answer.head() + (b"" if self.method == "HEAD" else body))

    def hang_up(self, reset=True):
        if reset:  # a RST instead of a FIN
            linger = struct.pack("ii", 1, 0)
            raw = self.client.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.client.close()


# --- what can go wrong; each takes an Exchange ---


async def refused(exchange):
    """Nobody listens for a while."""
    exchange.hang_up()
    await exchange.proxy.stop_listening(0.2)


async def reset(exchange):
    """The request is never heard of."""
    exchange.hang_up()


async def lost(exchange):
    """The server does what it was asked to, but its answer is lost."""
    await exchange.ask()
    exchange.hang_up()


async def half(exchange):
    """Reset in the middle of the answer's body."""
    answer = await exchange.ask()
    await exchange.send(answer.head() + answer.body[: len(answer.body) // 2])
    exchange.hang_up()


async def truncated(exchange):
    """The answer's body ends too early, in good order."""
    answer = await exchange.ask()
    await exchange.send(answer.head() + answer.body[: len(answer.body) * 3 // 4])
    exchange.hang_up(reset=not answer.body)


async def too_short_a_length(exchange):
    """Content-Length says less than there is."""
    answer = await exchange.ask()
    short = max(len(answer.body) - 7, 0)
    await exchange.send(answer.head(length=short) + answer.body)
    exchange.hang_up(reset=False)


async def too_long_a_length(exchange):
    """Content-Length says more than there is."""
    answer = await exchange.ask()
    await exchange.send(answer.head(length=len(answer.body) + 7) + answer.body)
    exchange.hang_up(reset=False)


async def slow(exchange):
    """The body takes its time."""
    answer = await exchange.ask()
    await exchange.send(answer.head())
    for at in range(0, len(answer.body), max(len(answer.body) // 4, 1)):
        await asyncio.sleep(0.3)
        await exchange.send(answer.body[at : at + max(len(answer.body) // 4, 1)])


async def stuck(exchange):
    """The body stops for longer than anybody waits."""
    answer = await exchange.ask()
    await exchange.send(answer.head() + answer.body[: len(answer.body) // 2])
    with contextlib.suppress(ConnectionError):
        await asyncio.sleep(60)
    exchange.hang_up()


async def silent(exchange):
    """The request is taken and goes nowhere; no answer comes."""
    with contextlib.suppress(ConnectionError):
        await asyncio.sleep(60)
    exchange.hang_up()


async def redirected(exchange):
    """Sent on to the server itself."""
    host, port = exchange.proxy.upstream
    path = exchange.request.first.split(" ")[1]
    location = ("Location", f"http://{host}:{port}{path}")
    await exchange.refuse(307, "TemporaryRedirect", location)


async def internal_error(exchange):
    await exchange.refuse(500, "InternalError")


async def internal_error_for_a_second(exchange):
    await exchange.refuse(500, "InternalError", ("Retry-After", "1"))


async def slow_down(exchange):
    await exchange.refuse(503, "SlowDown")


async def slow_down_for_a_second(exchange):
    await exchange.refuse(503, "SlowDown", ("Retry-After", "1"))


async def request_timeout(exchange):
    await exchange.refuse(400, "RequestTimeout")


async def skewed(exchange):
    await exchange.refuse(403, "RequestTimeTooSkewed")


async def expired(exchange):
    await exchange.refuse(400, "ExpiredToken")


PASSING = {
    "refused": refused,
    "reset": reset,
    "lost": lost,
    "half": half,
    "truncated": truncated,
    "too short a length": too_short_a_length,
    "too long a length": too_long_a_length,
    "slow": slow,
    "redirected": redirected,
    "500": internal_error,
    "500, Retry-After": internal_error_for_a_second,
    "503": slow_down,
    "503, Retry-After": slow_down_for_a_second,
    "RequestTimeout": request_timeout,
    "skewed": skewed,
}
FAULTS = {**PASSING, "stuck": stuck, "silent": silent, "expired": expired}


class Proxy:
    """`faults` happen to a share of the requests, `rate`, of those that `only` picks, `most` times;
    and `at`, a beginning, a number and a fault, says which one that begins so goes wrong in any case."""

    def __init__(self, upstream, faults=(), rate=0.0, seed=0, only=lambda request: True, most=None, tls=None, at=None):
        host, port = upstream.split(":")
        self.upstream, self.tls, self.at = (host, int(port)), tls, at
        self.faults, self.rate, self.only = list(faults), rate, only
        self.left = itertools.count() if most is None else iter(range(most))
        self.random = random.Random(seed)
        self.happened, self.received = Counter(), Counter()
        self.requests, self.heads, self.skewed = [], [], set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.port = 0
        self.run(self.listen())
        return self

    def __exit__(self, *_):
        self.run(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    @property
    def endpoint(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    async def listen(self):
        self.server = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port, limit=1 << 20, ssl=self.tls
        )
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self):
        self.server.close()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop_listening(self, seconds):
        self.server.close()
        await asyncio.sleep(seconds)
        if not self.server.is_serving():
            await self.listen()

    def count(self, beginning):
        """The requests so far that begin so: "GET /bucket/"."""
        return sum(first.startswith(beginning) for first in self.requests)

    def decide(self, request):
        """The fault that this request, the last one that came, meets; None: it meets none."""
        if self.at and request.first.startswith(self.at[0]) and self.count(self.at[0]) == self.at[1]:
            self.happened[self.at[2]] += 1
            return FAULTS[self.at[2]]
        if not self.faults or not self.only(request) or self.random.random() >= self.rate:
            return None
        fault = self.random.choice(self.faults)
        if fault == "skewed" and len(self.faults) > 1 and request.first in self.skewed:
            return None  # a clock that was set by the server's is right
        if next(self.left, None) is None:
            return None
        if fault == "skewed":
            self.skewed.add(request.first)
        self.happened[fault] += 1
        return FAULTS[fault]

    async def serve(self, reader, writer):
        try:
            while request := await read_message(reader):
                self.requests.append(request.first)
                self.heads.append(Message(request.first, request.headers, b""))
                exchange = Exchange(self, request, writer)
                if fault := self.decide(request):
                    await fault(exchange)
                else:
                    await exchange.send_answer(await exchange.ask())
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
