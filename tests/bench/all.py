#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks of encoding one by one and puts their figures into docs/performance.md.

    tests/bench/all.py [--runs N] [--only PATTERN]   --only: runs those with such names; the tables
                                                     show all, the others as they were last measured

Called by tools/bench.sh. What each printed is kept in build/bench/*.json, with what made.py knows of it.
"""
import argparse
import fnmatch
import json
import os
import pathlib
import subprocess
import sys

import clips
import made
from compare import REPO, text
from quality import VMAF_EVERY

BENCH = pathlib.Path(__file__).parent
PAGE = REPO / "docs/performance.md"
BEGIN, END = "<!-- begin: tools/bench.sh -->\n", "<!-- end: tools/bench.sh -->\n"
CLIPS = ("camera", "animation", "noise")
TUNINGS = ("SINGLE_PASS_HQ", "SINGLE_PASS")

# The rows of the first table: a benchmark's name, with the clip's in it, and what it compares.
SPEEDS = [
    ("ladder-{}-SINGLE_PASS_HQ", "SINGLE_PASS_HQ against one command, preset medium"),
    ("ladder-{}-SINGLE_PASS", "SINGLE_PASS against the same"),
    ("level-{}", "SINGLE_PASS_HQ against one command, preset medium, at our CRFs"),
    ("same-{}", "SINGLE_PASS_HQ against one command with the same x264 options, ffmpeg's choice of threads"),
    ("exact-{}", "SINGLE_PASS_HQ against one command with the same x264 options, and one thread for each encoder "
                 "(which keeps FFmpeg 5 on one core)"),
    ("each-{}", "SINGLE_PASS_HQ against a command for each output, preset medium"),
    ("newer-{}", "SINGLE_PASS_HQ against one command of FFmpeg {FFmpeg}"),
]  # fmt: skip


def ask(only, name, script, *arguments, **env):
    """Runs a benchmark and keeps its figures."""
    if not fnmatch.fnmatch(name, only):
        return
    print(f"{name} …", file=sys.stderr, flush=True)
    env = os.environ | env
    command = [sys.executable, BENCH / script, *map(str, arguments), "--json"]
    when = made.now(env.get("FFMPEG", "ffmpeg"))
    found = {"made": when} | json.loads(subprocess.check_output(command, env=env))
    (clips.FOLDER / f"{name}.json").write_text(json.dumps(found, indent=4, ensure_ascii=False))


def measure(runs, only):
    there = clips.all_clips()
    for name, clip in there.items():
        for tuning in TUNINGS:
            ask(only, f"ladder-{name}-{tuning}", "ladder.py", clip, "--tuning", tuning, "--runs", runs)
            ask(only, f"quality-{name}-{tuning}", "quality.py", clip, "--tuning", tuning)
        for kind in ("level", "same", "exact", "each"):
            ask(only, f"{kind}-{name}", "ladder.py", clip, "--peer", kind, "--runs", runs)
        if os.environ.get("NEWER_FFMPEG"):
            newer = os.environ["NEWER_FFMPEG"]
            ask(only, f"newer-{name}", "ladder.py", clip, "--runs", runs, FFMPEG=newer)
    first = next(iter(there.values()))
    ask(only, "draft", "draft.py", first, "--runs", 2 * runs)
    ask(only, "pair", "pair.py", first, "--runs", runs)


def load():
    """The figures that the tables show: the benchmark's name → what it printed, and when."""
    kinds = [kind for kind, _ in SPEEDS] + [f"quality-{{}}-{tuning}" for tuning in TUNINGS]
    names = [kind.format(clip) for kind in kinds for clip in CLIPS] + ["draft", "pair"]
    paths = {name: clips.FOLDER / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def source(all_):
    """The last cells of a row: how often it was measured, and what."""
    return f"{all_['runs']} | {made.of(all_, 'commit')} |"


def speed_rows(figures):
    """Ratios of wall, CPU and memory; and how many cores ours and the peer kept busy: where they differ, so do
    the ratios of wall and CPU."""
    for kind, title in SPEEDS:
        for name in CLIPS:
            all_ = figures.get(kind.format(name))
            if all_:
                wall, cpu, memory = (all_["found"][measure] for measure in ("wall", "CPU", "memory"))
                busy = " / ".join(f"{cpu[who]['median'] / wall[who]['median']:.2f}" for who in ("ours", "peer"))
                yield (f"| {title.format(FFmpeg=made.of(all_, 'FFmpeg'))} | {name} | {text(wall['ratio'])} | "
                       f"{text(cpu['ratio'])} | {busy} | {memory['ratio']['median']:.2f} ({memory['ours']['median']:.0f} / "
                       f"{memory['peer']['median']:.0f} MiB) | {source(all_)}")  # fmt: skip


def quality_rows(figures):
    for tuning in TUNINGS:
        for name in CLIPS:
            all_ = figures.get(f"quality-{name}-{tuning}")
            for video, row in all_["found"].items() if all_ else ():
                pairs = [f"{row[who]['kb/s']:.0f}" for who in ("ours", "peer")]
                cells = [" / ".join(pairs)]
                for measure, form in (("SSIM", ".4f"), ("PSNR", ".1f"), ("VMAF", ".1f")):
                    both = [row[who].get(measure) for who in ("ours", "peer")]
                    cells.append("–" if None in both else " / ".join(f"{value:{form}}" for value in both))
                for measure in ("SSIM", "VMAF"):
                    rate = row["BD-rate"].get(measure)
                    cells.append("–" if rate is None else f"{rate:+.1f} %".replace("-", "−"))
                yield f"| {tuning} | {name} | {video} | {' | '.join(cells)} | {made.of(all_, 'commit')} |"


def short_rows(figures):
    draft, pair = figures.get("draft"), figures.get("pair")
    for title, found in draft["found"].items() if draft else ():
        ratios = " | ".join(text(found[measure]["ratio"]) for measure in ("wall", "CPU", "memory"))
        yield f"| {title} | {draft.get('clip', '–')} | {ratios} | {source(draft)}"
    if pair:
        time, memory = (text(pair["found"][measure]) for measure in ("time", "memory"))
        yield (f"| two jobs at once, against one after the other | {pair.get('clip', '–')} | {time} | | "
               f"{memory} of one | {source(pair)}")  # fmt: skip


def tables():
    figures = load()
    return "\n".join([
        made.sentence(all_ for name, all_ in figures.items() if not name.startswith("newer-")), "",
        "| | clip | wall | CPU | busy cores | peak memory | runs | commit |", "|---|---|---|---|---|---|---|---|",
        *speed_rows(figures), "",
        "| | clip | wall | CPU | memory | runs | commit |", "|---|---|---|---|---|---|---|",
        *short_rows(figures), "",
        "What came out, ours / the peer's (one command, medium, CRF 23), and how many bits ours takes more",
        f"for equal quality (BD-rate over three qualities, the rate uncapped). VMAF has n_subsample={VMAF_EVERY}:", "",
        "| | clip | | kb/s | SSIM | PSNR | VMAF | bits at equal SSIM | at equal VMAF | commit |",
        "|---|---|---|---|---|---|---|---|---|---|", *quality_rows(figures), "",
    ])  # fmt: skip


def around():
    """The page before its tables, and after them."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{PAGE}: the tables' place is not marked by {BEGIN.strip()} and, below it, {END.strip()}")
    return before, after


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="*", metavar="PATTERN")
    arguments = parser.parse_args()
    around()  # that fails now rather than in two hours
    if "MEDIACONVERT_LOCAL" not in os.environ:  # or figures would name a commit that they are not of
        build = ["cmake", "--build", "--preset", "release"]
        subprocess.run(build, cwd=REPO, check=True, stdout=subprocess.DEVNULL)
    measure(arguments.runs, arguments.only)
    before, after = around()
    PAGE.write_text(before + BEGIN + tables() + END + after)


if __name__ == "__main__":
    main()
