# SPDX-License-Identifier: Apache-2.0
"""Where figures come from: when, on what, of which commit and with which ffmpeg they were made.

This is kept beside them, as "made", so that tables of figures of several days say so.
"""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from compare import PROGRAM, REPO


def git(*words):
    return subprocess.run(["git", "-C", REPO, *words], capture_output=True, text=True, check=False).stdout.strip()


def commit():
    """HEAD, with +changes where what git knows outside docs/ is not as it was committed; – where
    $MEDIACONVERT_LOCAL is a program that was not built here."""
    if not pathlib.Path(PROGRAM).resolve().is_relative_to(REPO):
        return "–"
    changes = git("status", "--porcelain", "-uno", "--", ".", ":!docs")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+changes" if changes else "")


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), {system}"


def ffmpeg(program):
    """Its version, and that of the libx264 it has, which writes it into what it encodes."""
    version = subprocess.check_output([program, "-version"], text=True).split()[2]
    frame = "-v error -f lavfi -i color=s=64x64 -frames:v 1 -c:v libx264 -f h264 -".split()
    core = re.search(rb"x264 - core (\d+)", subprocess.check_output([program, *frame]))
    return f"{version} with libx264 {core[1].decode() if core else 'unknown'}"


def now(program):
    """Of figures that are about to be made against this ffmpeg; the load is that before them."""
    return {"date": f"{datetime.date.today()}", "commit": commit(), "machine": machine(), "FFmpeg": ffmpeg(program),
            "load": os.getloadavg()[0]}  # fmt: skip


def of(figures, what):
    """– where it was not kept."""
    return figures.get("made", {}).get(what, "–")


def sentence(all_):
    """When and with what all these were made; their commits stand in their rows."""
    made = [figures["made"] for figures in all_ if "made" in figures]
    if not made:
        return "–"
    days = sorted({one["date"] for one in made})
    dates = " to ".join(f"{datetime.date.fromisoformat(day):%-d %B %Y}" for day in sorted({days[0], days[-1]}))
    machines, versions = (" or ".join(sorted({one[what] for one in made})) for what in ("machine", "FFmpeg"))
    load = max(one["load"] for one in made)
    return f"{dates}; {machines}, FFmpeg {versions}; load average before each at most {load:.1f}."
