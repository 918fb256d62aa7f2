# SPDX-License-Identifier: Apache-2.0
"""Reads MPEG transport streams: packets, PAT and PMT, PES packets with their times in 90 kHz."""
from typing import NamedTuple, Optional


class Packet(NamedTuple):
    pid: int
    start: bool  # a table or a PES packet begins here
    counter: int
    pcr: Optional[int]  # in 27 MHz
    payload: bytes


class Pes(NamedTuple):
    pid: int
    pts: int
    dts: int
    pcr: Optional[int]  # of the packet that it begins in
    data: bytes


def packets(data):
    assert data and len(data) % 188 == 0, f"{len(data)} bytes are no whole packets"
    return [packet(data[at : at + 188]) for at in range(0, len(data), 188)]


def packet(raw):
    assert raw[0] == 0x47 and not raw[1] & 0x80, "no sync byte, or marked as damaged"
    pcr, begin = None, 4
    if raw[3] & 0x20:
        begin += 1 + raw[4]
        if raw[4] and raw[5] & 0x10:
            pcr = (int.from_bytes(raw[6:11], "big") >> 7) * 300 + (
                int.from_bytes(raw[10:12], "big") & 0x1FF
            )
    payload = raw[begin:] if raw[3] & 0x10 else b""
    return Packet((raw[1] & 0x1F) << 8 | raw[2], bool(raw[1] & 0x40), raw[3] & 15, pcr, payload)


def section(packet, table):
    """The body of a table that fits in its packet, between its header and its CRC."""
    raw = packet.payload[1 + packet.payload[0] :]
    assert raw[0] == table
    return raw[8 : 3 + (int.from_bytes(raw[1:3], "big") & 0xFFF) - 4]


def pat(packet):
    """{program: PID of its PMT}"""
    body = section(packet, 0)
    pairs = [
        (
            int.from_bytes(body[i : i + 2], "big"),
            int.from_bytes(body[i + 2 : i + 4], "big") & 0x1FFF,
        )
        for i in range(0, len(body), 4)
    ]
    return dict(pairs)


def pmt(packet):
    """PID of the PCR, {PID: stream type}"""
    body, streams = section(packet, 2), {}
    at = 4 + (int.from_bytes(body[2:4], "big") & 0xFFF)
    while at < len(body):
        streams[int.from_bytes(body[at + 1 : at + 3], "big") & 0x1FFF] = body[at]
        at += 5 + (int.from_bytes(body[at + 3 : at + 5], "big") & 0xFFF)
    return int.from_bytes(body[:2], "big") & 0x1FFF, streams


def timestamp(raw):
    return (
        (raw[0] >> 1 & 7) << 30
        | int.from_bytes(raw[1:3], "big") >> 1 << 15
        | int.from_bytes(raw[3:5], "big") >> 1
    )


def pes(packets, pid):
    """The PES packets on one PID."""
    found, of_pid = [], [p for p in packets if p.pid == pid and p.payload]
    starts = [i for i, p in enumerate(of_pid) if p.start] + [len(of_pid)]
    for first, end in zip(starts, starts[1:]):
        raw = b"".join(p.payload for p in of_pid[first:end])
        assert raw[:3] == b"\0\0\1" and raw[7] & 0x80, "no PES packet with a PTS"
        pts = timestamp(raw[9:14])
        dts = timestamp(raw[14:19]) if raw[7] & 0x40 else pts
        found.append(Pes(pid, pts, dts, of_pid[first].pcr, raw[9 + raw[8] :]))
    return found
