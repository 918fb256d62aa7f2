#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libx264's options against preset medium: CPU, and bits at equal VMAF and SSIM (BD-rate).

    tests/bench/effort.py CLIP... < OPTIONS

Each line of OPTIONS is one choice, as options of ffmpeg: -preset faster -subq 7. From each clip four seconds
are encoded by one thread at three CRFs, at 720p where it is larger. VMAF as in quality.py.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import quality

CRFS = (20, 24, 28)
MEDIUM = "-preset medium"
COMMON = "-c:v libx264 -threads 1 -refs 3 -bf 2 -g 60 -keyint_min 60 -sc_threshold 0".split()
FFMPEG = "ffmpeg -nostdin -v error -y".split()


def reference(clip, folder):
    """Four seconds of raw video."""
    path = folder / f"{clip.stem}.nut"
    if not path.exists():
        subprocess.run([*FFMPEG, "-i", clip, "-t", "4", "-an", "-vf", "scale=-2:min(720\\,ih):flags=bicubic,setsar=1",
                        "-pix_fmt", "yuv420p", "-c:v", "rawvideo", path], check=True)  # fmt: skip
    return path


def encode(raw, options, crf):
    """What quality.judge() says, and the CPU seconds."""
    made = raw.parent / "made.mp4"
    process = subprocess.Popen([*FFMPEG, "-i", raw, *COMMON, "-crf", str(crf), *options.split(), made])
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, options
    return quality.judge(made, raw) | {"CPU": usage.ru_utime}


def curve(raw, options):
    return [encode(raw, options, crf) for crf in CRFS]


def cpu(points):
    return sum(point["CPU"] for point in points)


def main():
    clips = [pathlib.Path(word) for word in sys.argv[1:]]
    if not clips:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        raws = [reference(clip, pathlib.Path(folder)) for clip in clips]
        mediums = [curve(raw, MEDIUM) for raw in raws]
        for options in filter(None, map(str.strip, sys.stdin)):
            pairs = [(curve(raw, options), medium) for raw, medium in zip(raws, mediums)]
            print(f"{options}\n  CPU {statistics.mean(cpu(ours) / cpu(medium) for ours, medium in pairs):.2f}")
            for measure in [name for name in ("VMAF", "SSIM") if name in mediums[0][0]]:
                rates = [quality.bd_rate(ours, medium, measure) for ours, medium in pairs]
                print(f"  {measure} " + ", ".join("–" if rate is None else f"{rate:+.1f} %" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
