#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks of encoding one by one and puts their figures into docs/performance.md.

    tests/bench/all.py [--runs N] [--only PATTERN]   --only: the benchmarks with such names;
                                                     tables, too, from the figures of the last time

Called by tools/bench.sh. What each printed is kept in build/bench/*.json.
"""
import argparse
import datetime
import fnmatch
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

import clips
from compare import REPO

BENCH = pathlib.Path(__file__).parent
BEGIN, END = "<!-- begin: tools/bench.sh -->\n", "<!-- end: tools/bench.sh -->\n"


def ask(only, name, script, *arguments, **env):
    """Runs a benchmark and keeps its figures."""
    if not fnmatch.fnmatch(name, only):
        return
    print(f"{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, BENCH / script, *map(str, arguments), "--json"]
    found = json.loads(subprocess.check_output(command, env=os.environ | env))
    (clips.FOLDER / f"{name}.json").write_text(json.dumps(found, indent=4, ensure_ascii=False))


def measure(runs, only):
    for name, clip in clips.all_clips().items():
        for tuning in ("SINGLE_PASS_HQ", "SINGLE_PASS"):
            ask(only, f"ladder-{name}-{tuning}", "ladder.py", clip, "--tuning", tuning, "--runs", runs)
            ask(only, f"quality-{name}-{tuning}", "quality.py", clip, "--tuning", tuning)
        for kind in ("same", "exact", "each"):
            ask(only, f"{kind}-{name}", "ladder.py", clip, "--peer", kind, "--runs", runs)
        if os.environ.get("NEWER_FFMPEG"):
            newer = os.environ["NEWER_FFMPEG"]
            ask(only, f"newer-{name}", "ladder.py", clip, "--runs", runs, FFMPEG=newer)
    first = next(iter(clips.all_clips().values()))
    ask(only, "draft", "draft.py", first, "--runs", 2 * runs)
    ask(only, "pair", "pair.py", first, "--runs", runs)


def load(name):
    path = clips.FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def text(values):
    return f"{values['median']:.2f} ({values['min']:.2f} … {values['max']:.2f})"


def speed_rows():
    """Ratios of wall, CPU and memory."""
    kinds = [("ladder-{}-SINGLE_PASS_HQ", "SINGLE_PASS_HQ against one command, preset medium"),
             ("ladder-{}-SINGLE_PASS", "SINGLE_PASS against the same"),
             ("same-{}", "SINGLE_PASS_HQ against one command with the same x264 options, ffmpeg's choice of threads"),
             ("exact-{}", "SINGLE_PASS_HQ against one command with the very same, one thread for each encoder, too"),
             ("each-{}", "SINGLE_PASS_HQ against a command for each output, preset medium"),
             ("newer-{}", "SINGLE_PASS_HQ against one command of the newer ffmpeg")]  # fmt: skip
    for kind, title in kinds:
        for name in ("camera", "animation", "noise"):
            all_ = load(kind.format(name))
            if all_:
                wall, cpu, memory = (all_["found"][measure] for measure in ("wall", "CPU", "memory"))
                yield (f"| {title} | {name} | {text(wall['ratio'])} | {text(cpu['ratio'])} | {memory['ratio']['median']:.2f} "
                       f"({memory['ours']['median']:.0f} / {memory['peer']['median']:.0f} MiB) |")  # fmt: skip


def quality_rows():
    for tuning in ("SINGLE_PASS_HQ", "SINGLE_PASS"):
        for name in ("camera", "animation", "noise"):
            all_ = load(f"quality-{name}-{tuning}")
            for video, row in all_["found"].items() if all_ else ():
                pairs = [f"{row[who]['kb/s']:.0f}" for who in ("ours", "peer")]
                cells = [" / ".join(pairs)]
                for measure, form in (("SSIM", ".4f"), ("PSNR", ".1f"), ("VMAF", ".1f")):
                    both = [row[who].get(measure) for who in ("ours", "peer")]
                    cells.append("–" if None in both else " / ".join(f"{value:{form}}" for value in both))
                for measure in ("SSIM", "VMAF"):
                    rate = row["BD-rate"].get(measure)
                    cells.append("–" if rate is None else f"{rate:+.1f} %".replace("-", "−"))
                yield f"| {tuning} | {name} | {video} | " + " | ".join(cells) + " |"


def short_rows():
    draft, pair = load("draft"), load("pair")
    for title, found in draft["found"].items() if draft else ():
        yield f"| {title} | {text(found['wall']['ratio'])} | {text(found['CPU']['ratio'])} | {text(found['memory']['ratio'])} |"
    if pair:
        yield (f"| two jobs at once, against one after the other | {text(pair['found']['time'])} | "
               f"| {text(pair['found']['memory'])} of one |")  # fmt: skip


def versions():
    """The machine and what was measured, in a sentence."""
    ffmpeg = subprocess.check_output(["ffmpeg", "-version"], text=True).split()[2]
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", REPO, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()  # fmt: skip
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return (f"{datetime.date.today():%-d %B %Y}, commit {commit or 'unknown'}; {os.cpu_count()} cores "
            f"({model[1] if model else platform.machine()}), {system}, FFmpeg {ffmpeg}.")  # fmt: skip


def tables():
    return "\n".join([
        versions(), "",
        "| | clip | wall | CPU | peak memory |", "|---|---|---|---|---|", *speed_rows(), "",
        "| | wall | CPU | memory |", "|---|---|---|---|", *short_rows(), "",
        "What came out, ours / the peer's (one command, medium, CRF 23), and how many bits ours takes more",
        "for equal quality (BD-rate over three qualities, the rate uncapped):", "",
        "| | clip | | kb/s | SSIM | PSNR | VMAF | bits at equal SSIM | at equal VMAF |",
        "|---|---|---|---|---|---|---|---|---|", *quality_rows(), "",
    ])  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="*", metavar="PATTERN")
    arguments = parser.parse_args()
    measure(arguments.runs, arguments.only)
    path = REPO / "docs/performance.md"
    before, _, rest = path.read_text().partition(BEGIN)
    path.write_text(before + BEGIN + tables() + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
