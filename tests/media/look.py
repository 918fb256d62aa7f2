# SPDX-License-Identifier: Apache-2.0
"""Looks and listens with ffmpeg, and turns what it decodes into arrays."""
import json
import subprocess

import numpy as np

RATE = 48000
KR_KB = {"smpte170m": (0.299, 0.114), "bt470bg": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


def decode(path, stream, *options):
    """What ffmpeg makes of one stream; the options say in which format."""
    before = "ffmpeg -nostdin -v error -noautorotate -copyts -i".split()
    command = [*before, path, "-map", f"0:{stream}", *options, "-"]
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout


def probe(path, entries):
    """The entries of the first video stream, or a list of them for its frames."""
    command = "ffprobe -v error -select_streams v:0 -of json -show_entries".split()
    found = subprocess.run([*command, entries, path], check=True, stdout=subprocess.PIPE).stdout
    section = json.loads(found)[entries.split("=")[0] + "s"]
    return section[0] if entries.startswith("stream") else section


def frame_times(path):
    return [
        float(frame["best_effort_timestamp_time"])
        for frame in probe(path, "frame=best_effort_timestamp_time")
    ]


def cells(path, crop, width, height):
    """A part of each frame as width x height grey cells: an array of frames, rows, columns."""
    filters = f"crop={crop},scale={width}:{height}:flags=area,format=gray"
    raw = decode(path, "v:0", "-vf", filters, "-fps_mode", "passthrough", "-f", "rawvideo")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def frame_numbers(path):
    """The numbers that make.sh wrote into the frames."""
    bits = cells(path, "iw:ih/9:0:0", 16, 1)[:, 0] > 128
    return (bits << np.arange(16)).sum(axis=1).tolist()


def flashes(path):
    """The indexes of the frames in which the square turns white."""
    white = cells(path, "iw/4:ih*4/9:iw*3/4:ih*5/9", 1, 1)[:, 0, 0] > 128
    return (np.flatnonzero(white[1:] & ~white[:-1]) + 1).tolist()


def sound(path):
    """The first audio stream from time 0 on, gaps as silence: an array of samples, channels."""
    stereo = "aformat=sample_fmts=flt:sample_rates=48000:channel_layouts=stereo"
    filters = f"aresample=async=1:first_pts=0,{stereo}"
    raw = decode(path, "a:0", "-af", filters, "-f", "f32le")
    return np.frombuffer(raw, np.float32).reshape(-1, 2)


def beeps(samples):
    """The times in seconds at which a tone begins after a quarter of a second of quiet."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 0.25)
    first = np.insert(np.diff(loud) > RATE // 4, 0, True)
    return [at / RATE for at in loud[first] if at > RATE // 4]


def planes(path):
    """The first frame's Y, U and V as they are stored, 0..255, and the stream's tags."""
    tags = probe(path, "stream=width,height,pix_fmt,color_range,color_space")
    width, height, pixels = tags["width"], tags["height"], tags["pix_fmt"]
    assert pixels in ("yuv420p", "yuvj420p", "yuv420p10le")
    raw = decode(path, "v:0", "-frames:v", 1, "-f", "rawvideo")
    deep = pixels.endswith("10le")
    values = np.frombuffer(raw, np.uint16 if deep else np.uint8) / (4 if deep else 1)
    half = (height // 2, width // 2)
    y, u, v = np.split(values, [width * height, width * height + half[0] * half[1]])
    return (y.reshape(height, width), u.reshape(half), v.reshape(half)), tags


def rgb(path, matrix=None, full=None):
    """The first frame as rows, columns, RGB; matrix and range are the file's own if not given."""
    (y, u, v), tags = planes(path)
    kr, kb = KR_KB[matrix or tags["color_space"]]
    full = tags.get("color_range") == "pc" if full is None else full
    u, v = (np.kron(plane, np.ones((2, 2))) - 128 for plane in (u, v))
    if not full:
        y, u, v = (y - 16) * 255 / 219, u * 255 / 224, v * 255 / 224
    r, b = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    return np.stack((r, g, b), axis=-1).clip(0, 255)
