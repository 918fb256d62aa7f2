# SPDX-License-Identifier: Apache-2.0
"""Reads H.264: NAL units, parameter sets, and of each picture what its slice headers say."""
import re
from typing import NamedTuple

IDR, SPS, PPS = 5, 7, 8
WITH_CHROMA_FORMAT = 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135
ASPECTS = {1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 14: (4, 3)}


class Sps(NamedTuple):
    profile: int
    constraints: int
    level: int
    bits: int
    refs: int
    width: int
    height: int
    progressive: bool
    aspect: tuple  # None where it is not said
    full_range: bool  # None where it is not said
    colour: tuple  # primaries, transfer, matrix; None where it is not said


class Pps(NamedTuple):
    cabac: bool


class Picture(NamedTuple):
    idr: bool
    reference: bool
    types: str  # a letter for each slice


class Bits:
    def __init__(self, nal):
        self.data = nal[:4] + nal[4:].replace(b"\0\0\3", b"\0\0")
        self.at = 8

    def u(self, n):
        whole = int.from_bytes(self.data[self.at // 8 : (self.at + n) // 8 + 1], "big")
        self.at += n
        return whole >> (8 - self.at % 8) & ((1 << n) - 1)

    def ue(self):
        zeros = 0
        while not self.u(1):
            zeros += 1
            assert zeros < 32
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self):
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -code // 2


def kind(nal):
    return nal[0] & 31


def annex_b(data):
    """The NAL units of a byte stream."""
    return [nal.rstrip(b"\0") for nal in re.split(b"\0\0\1", data)[1:]]


def avcc(data):
    """The NAL units of an MP4 sample, with lengths of 4 bytes."""
    nals, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        nals.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    assert at == len(data), "the last NAL unit is cut"
    return nals


def sps(nal):
    b = Bits(nal)
    profile, constraints, level, _ = b.u(8), b.u(8), b.u(8), b.ue()
    bits = 8
    if profile in WITH_CHROMA_FORMAT:
        assert b.ue() == 1, "not 4:2:0"
        bits = 8 + b.ue()
        b.ue(), b.u(1)
        assert not b.u(1), "scaling matrices are not read here"
    b.ue()
    order = b.ue()
    assert order in (0, 2), "this order of pictures is not read here"
    if order == 0:
        b.ue()
    refs, _, width, height, progressive = (
        b.ue(),
        b.u(1),
        16 * (b.ue() + 1),
        16 * (b.ue() + 1),
        b.u(1),
    )
    if not progressive:
        height *= 2
        b.u(1)
    b.u(1)
    if b.u(1):
        width -= 2 * (b.ue() + b.ue())
        height -= 2 * (2 - progressive) * (b.ue() + b.ue())
    aspect = full_range = colour = None
    if b.u(1):
        if b.u(1):
            index = b.u(8)
            aspect = (b.u(16), b.u(16)) if index == 255 else ASPECTS[index]
        if b.u(1):
            b.u(1)
        if b.u(1):
            full_range = (b.u(3), bool(b.u(1)))[1]
            if b.u(1):
                colour = b.u(8), b.u(8), b.u(8)
    return Sps(
        profile,
        constraints,
        level,
        bits,
        refs,
        width,
        height,
        bool(progressive),
        aspect,
        full_range,
        colour,
    )


def pps(nal):
    b = Bits(nal)
    b.ue(), b.ue()
    return Pps(bool(b.u(1)))


def picture(nals):
    """What the slices of one access unit say."""
    slices = [nal for nal in nals if kind(nal) in (1, IDR)]
    assert slices, "an access unit without a slice"
    return Picture(
        kind(slices[0]) == IDR, bool(slices[0][0] & 0x60), "".join(map(slice_type, slices))
    )


def slice_type(nal):
    b = Bits(nal[:64])
    b.ue()
    return "PBI"[b.ue() % 5]
