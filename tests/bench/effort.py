#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libx264's options against preset medium: CPU, and bits at equal VMAF and SSIM (BD-rate).

    tests/bench/effort.py CLIP... [--json] < tests/bench/efforts.txt

Each line is a choice, "NAME | OPTIONS" or only OPTIONS, which are ffmpeg's: -preset faster -subq 7. From each
clip four seconds are encoded by one thread at three CRFs, at 720p where it is larger, by the choice and by medium
in turn. VMAF as in quality.py.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

import compare
import quality

CRFS = (20, 24, 28)
MEDIUM = "-preset medium"
COMMON = "-c:v libx264 -threads 1 -refs 3 -bf 2 -g 60 -keyint_min 60 -sc_threshold 0".split()
FFMPEG = "ffmpeg -nostdin -v error -y".split()


def choices(lines):
    """The choices by their names."""
    found = {}
    for line in lines:
        name, _, options = line.partition("#")[0].rpartition("|")
        if options.strip():
            found[name.strip() or options.strip()] = options.strip()
    return found


def reference(clip, folder):
    """Four seconds of raw video."""
    path = folder / f"{clip.stem}.nut"
    if not path.exists():
        subprocess.run([*FFMPEG, "-i", clip, "-t", "4", "-an", "-vf", "scale=-2:min(720\\,ih):flags=bicubic,setsar=1",
                        "-pix_fmt", "yuv420p", "-c:v", "rawvideo", path], check=True)  # fmt: skip
    return path


def encode(raw, options, crf, judged):
    """What quality.judge() says, and the CPU seconds. One thread makes the same bytes each time, so
    each is judged once."""
    made = raw.parent / "made.mp4"
    used = compare.measure([*FFMPEG, "-i", raw, *COMMON, "-crf", str(crf), *options.split(), made])
    if (raw, options, crf) not in judged:
        judged[raw, options, crf] = quality.judge(made, raw)
    return judged[raw, options, crf] | {"CPU": used["CPU"]}


def curves(raw, options, judged):
    """The points of the choice, and of medium."""
    found = {options: [], MEDIUM: []}
    for turn, crf in enumerate(CRFS):
        for choice in (options, MEDIUM) if turn % 2 == 0 else (MEDIUM, options):
            found[choice].append(encode(raw, choice, crf, judged))
    return found[options], found[MEDIUM]


def against_medium(raw, options, judged):
    """The ratio of CPU seconds, and the BD-rates."""
    ours, medium = curves(raw, options, judged)
    measures = [name for name in ("VMAF", "SSIM") if name in medium[0]]
    return {"CPU": sum(point["CPU"] for point in ours) / sum(point["CPU"] for point in medium)} | {
        name: quality.bd_rate(ours, medium, name) for name in measures}  # fmt: skip


def show(all_):
    print(all_["title"])
    for name, clips in all_["found"].items():
        print(name)
        for measure, form in (("CPU", ".2f"), ("VMAF", "+.1f"), ("SSIM", "+.1f")):
            values = [row[measure] for row in clips.values() if measure in row]
            if values:
                mean = "–" if None in values else f"{statistics.mean(values):{form}}"
                each = ", ".join("–" if value is None else f"{value:{form}}" for value in values)
                print(f"  {measure:5}{mean:>6}   of {each}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clips", metavar="CLIP", nargs="+", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found, judged = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        raws = [reference(clip, pathlib.Path(folder)) for clip in arguments.clips]
        for name, options in choices(sys.stdin).items():
            print(f"{name} …", file=sys.stderr, flush=True)
            found[name] = {raw.stem: against_medium(raw, options, judged) for raw in raws}
    title = f"CPU / medium's, per cent of bits at equal VMAF and SSIM: mean of {', '.join(raw.stem for raw in raws)}"
    compare.finish({"title": title, "found": found}, arguments.json, show)


if __name__ == "__main__":
    main()
