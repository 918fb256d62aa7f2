# SPDX-License-Identifier: Apache-2.0
"""A server of objects larger than anybody would store: their bytes are made when they are asked for.

    with Synthetic({"/bucket/key": Counted(7 << 30)}) as server:
        ... ranges of http://.../bucket/key or, with server.environment, of s3://bucket/key ...
        server.ranges, server.sent, server.stored

It serves ranges, takes what is put, and asks nobody who he is.
"""
import http.server
import os
import re
import struct
import threading

import numpy


class Counted:
    """Every eight bytes are the number, big-endian, of the eight bytes that they are."""

    def __init__(self, size):
        self.size = size

    def read(self, first, size):
        end = min(first + size, self.size)
        numbers = numpy.arange(first // 8, end // 8 + 1, dtype=">u8").tobytes()
        return numbers[first % 8 :][: end - first]


class Sparse:
    """Zeros, but for some pieces: [(offset, bytes)]."""

    def __init__(self, size, pieces):
        self.size, self.pieces = size, pieces

    def read(self, first, size):
        end = min(first + size, self.size)
        body = bytearray(end - first)
        for offset, piece in self.pieces:
            start, stop = max(first, offset), min(end, offset + len(piece))
            if start < stop:
                body[start - first : stop - first] = piece[start - offset : stop - offset]
        return bytes(body)

    def write(self, path):
        """As a file, which takes as much of the disk as the pieces do."""
        with open(path, "wb") as file:
            for offset, piece in self.pieces:
                file.seek(offset)
                file.write(piece)
            file.truncate(self.size)


def far_movie(movie, padding):
    """An MP4 with so many bytes of nothing between its head and its media; its index comes last.

    `movie` is the tree that mp4.py reads. Offsets of 32 bits do not reach: stco becomes co64."""

    def written(box):
        kind, body = box.kind, box.body
        if kind == b"stco":
            offsets = [offset + padding for (offset,) in box.table(">I")]
            kind, body = b"co64", struct.pack(f">II{len(offsets)}Q", 0, len(offsets), *offsets)
        elif box.boxes:
            body = b"".join(map(written, box.boxes))
        return struct.pack(">I4s", 8 + len(body), kind) + body

    head, *media, index = movie.boxes
    assert head.kind == b"ftyp" and index.kind == b"moov"
    first = written(head) + struct.pack(">I4sQ", 1, b"free", padding)
    last = b"".join(map(written, [*media, index]))
    at = len(written(head)) + padding
    return Sparse(at + len(last), [(0, first), (at, last)])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        thing = self.server.objects.get(self.path)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not thing or not asked:
            return self.answer(404 if asked else 400)
        first, last = map(int, asked.groups())
        if first >= thing.size:
            return self.answer(416)
        body = thing.read(first, last + 1 - first)
        self.server.ranges.append((first, len(body)))
        end = first + len(body) - 1
        self.answer(206, body, Content_Range=f"bytes {first}-{end}/{thing.size}", ETag='"always the same"')

    def do_PUT(self):
        self.server.stored[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, ETag='"whatever it is"')

    def log_message(self, *_):
        pass


class Synthetic(http.server.ThreadingHTTPServer):
    def __init__(self, objects):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects, self.ranges, self.stored = objects, [], {}
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.environment = {
            **clean,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "whatever",
        }

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def sent(self):
        """Bytes of objects."""
        return sum(size for _, size in self.ranges)
