# SPDX-License-Identifier: Apache-2.0
"""Reads MP4: the tree of boxes and what the sample tables say."""
import itertools
import struct
from typing import NamedTuple

PARENTS = b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"udta"


class Box(NamedTuple):
    kind: bytes
    at: int  # of its header in the file
    body: bytes
    boxes: list

    def all(self, *path):
        """The boxes at a path of kinds below this one."""
        if not path:
            return [self]
        return [
            box for child in self.boxes if child.kind == path[0] for box in child.all(*path[1:])
        ]

    def one(self, *path):
        (box,) = self.all(*path)
        return box

    def table(self, row):
        """The rows of a full box whose count comes first."""
        (count,) = struct.unpack_from(">I", self.body, 4)
        assert len(self.body) >= 8 + count * struct.calcsize(row)
        return [
            struct.unpack_from(row, self.body, 8 + i * struct.calcsize(row)) for i in range(count)
        ]


class Sample(NamedTuple):
    offset: int
    size: int
    dts: int
    cts: int
    sync: bool


def boxes(data, start=0, end=None):
    found, end = [], len(data) if end is None else end
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        assert head <= size <= end - start, f"{kind} at {start} does not fit"
        inside = boxes(data, start + head, start + size) if kind in PARENTS else []
        found.append(Box(kind, start, data[start + head : start + size], inside))
        start += size
    return found


def read(data):
    """The file as a box of boxes."""
    return Box(b"file", 0, data, boxes(data))


def tracks(file):
    """{b"vide" or b"soun": its track}"""
    return {track.one(b"mdia", b"hdlr").body[8:12]: track for track in file.all(b"moov", b"trak")}


def timescale(track):
    header = track.one(b"mdia", b"mdhd").body
    return struct.unpack_from(">I", header, 20 if header[0] else 12)[0]


def runs(box, row):
    return [value for count, value in box.table(row) for _ in range(count)]


def samples(track):
    """All samples of a track in decoding order, times in its timescale."""
    tables = {box.kind: box for box in track.one(b"mdia", b"minf", b"stbl").boxes}
    fixed, count = struct.unpack_from(">II", tables[b"stsz"].body, 4)
    sizes = (
        [fixed] * count
        if fixed
        else [size for size, in struct.iter_unpack(">I", tables[b"stsz"].body[12:])]
    )
    durations = runs(tables[b"stts"], ">II")
    shifts = runs(tables[b"ctts"], ">Ii") if b"ctts" in tables else [0] * len(sizes)
    assert len(sizes) == len(durations) == len(shifts) == count
    sync = (
        {n for n, in tables[b"stss"].table(">I")} if b"stss" in tables else set(range(1, count + 1))
    )
    starts = itertools.accumulate(durations, initial=0)
    return [
        Sample(offset, size, dts, dts + shift, n in sync)
        for n, (offset, size, dts, shift) in enumerate(
            zip(offsets(tables, sizes), sizes, starts, shifts), 1
        )
    ]


def offsets(tables, sizes):
    kind, row = (b"stco", ">I") if b"stco" in tables else (b"co64", ">Q")
    chunks = [at for at, in tables[kind].table(row)]
    groups = tables[b"stsc"].table(">III") + [(len(chunks) + 1, 0, 0)]
    sizes = iter(sizes)
    for (first, per_chunk, _), (after, _, _) in zip(groups, groups[1:]):
        for at in chunks[first - 1 : after - 1]:
            for size in itertools.islice(sizes, per_chunk):
                yield at
                at += size
