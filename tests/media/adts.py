# SPDX-License-Identifier: Apache-2.0
"""Reads HLS segments of raw AAC: the time stamp in their ID3 tag, then ADTS frames."""
from typing import NamedTuple

OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
RATES = 96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000
SAMPLES = 1024


class Segment(NamedTuple):
    pts: int  # of the first sample, in 90 kHz
    rate: int
    channels: int
    frames: int
    stream: bytes  # the frames without the tag


def segment(data):
    pts, size = timestamp(data)
    stream, at, kinds, frames = data[size:], 0, set(), 0
    while at < len(stream):
        head = stream[at : at + 7]
        assert (
            head[0] == 0xFF and head[1] & 0xF6 == 0xF0 and head[2] >> 6 == 1
        ), "no ADTS frame of AAC LC"
        kinds.add((RATES[head[2] >> 2 & 15], (head[2] & 1) << 2 | head[3] >> 6))
        at += (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        frames += 1
    assert at == len(stream), "the last frame is cut"
    ((rate, channels),) = kinds
    return Segment(pts, rate, channels, frames, stream)


def timestamp(data):
    """The time stamp that RFC 8216 section 3.4 asks for, and the tag's size."""
    assert data[:3] == b"ID3" and data[3] == 4, "no ID3v2.4 tag"
    size = 10 + synchsafe(data[6:10])
    at = data.index(OWNER, 0, size)
    assert data[at - 10 : at - 6] == b"PRIV" and synchsafe(data[at - 6 : at - 2]) == len(OWNER) + 8
    pts = int.from_bytes(data[at + len(OWNER) : at + len(OWNER) + 8], "big")
    assert pts < 1 << 33
    return pts, size


def synchsafe(raw):
    value = 0
    for byte in raw:
        assert byte < 128
        value = value << 7 | byte
    return value
