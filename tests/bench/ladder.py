#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorial's job against the ffmpeg command of ladder.sh: interleaved runs, medians of ratios.

    tests/bench/ladder.py CLIP [--runs N] [--set /pointer=value ...] [--speed draft]

Prints a row for docs/performance.md: wall, CPU and peak memory as ratios (ours / peer), and for the
720p MP4 of both the bits, and the SSIM and PSNR against the scaled source. Times only mean
something on an idle machine; ratios of interleaved runs survive a machine that drifts.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")


def measure(command, **env):
    """Wall seconds, CPU seconds and peak MiB of a command and its children."""
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | env)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def frame_rate(clip):
    command = "ffprobe -v error -select_streams v:0 -show_entries stream=avg_frame_rate -of csv=p=0"
    rate = subprocess.check_output([*command.split(), clip], text=True).strip()
    return round(eval(rate))  # "30000/1001"


def quality(movie, clip):
    """Video kbit/s, SSIM and PSNR of a 720p file against the clip, scaled."""
    graph = "[1:v]scale=1280:720:flags=bicubic,setsar=1[r];[0:v]setsar=1,split[a][b];[r]split[c][d];[a][c]ssim;[b][d]psnr"
    command = ["ffmpeg", "-nostdin", "-i", movie, "-i", clip, "-lavfi", graph, "-f", "null", "-"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    probe = "ffprobe -v error -select_streams v:0 -show_entries stream=bit_rate -of csv=p=0"
    bits = int(subprocess.check_output([*probe.split(), movie], text=True))
    return bits / 1000, float(re.search(r"All:(\S+)", log)[1]), float(re.search(r"average:(\S+)", log)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--speed", default="normal")
    arguments = parser.parse_args()
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as folder:
        job = [PROGRAM, "run", REPO / "job-json/tutorial.json", "--input", arguments.clip]
        job += ["--destination", "s3://out/x", "--storage", folder, "--progress", "none", "--speed", arguments.speed]
        for setting in arguments.set:
            job += ["--set", setting]
        peer = [REPO / "tests/bench/ladder.sh", arguments.clip, f"{folder}/peer"]
        fps = str(frame_rate(arguments.clip))
        for _ in range(arguments.runs):
            ours.append(measure(job))
            peers.append(measure(peer, FPS=fps))
        for name, index in (("wall", 0), ("CPU", 1), ("memory", 2)):
            ratios = [a[index] / b[index] for a, b in zip(ours, peers)]
            mine, theirs = (statistics.median(run[index] for run in runs) for runs in (ours, peers))
            print(f"{name:7} {statistics.median(ratios):.2f}  ({min(ratios):.2f} … {max(ratios):.2f})"
                  f"  ours {mine:.1f}, peer {theirs:.1f} {'MiB' if name == 'memory' else 's'}")
        made = next(pathlib.Path(folder).glob("out/x/MP4/*.mp4"))
        for name, movie in (("ours", made), ("peer", f"{folder}/peer/movie.mp4")):
            bits, ssim, psnr = quality(movie, arguments.clip)
            print(f"720p MP4, {name}: {bits:.0f} kb/s, SSIM {ssim:.4f}, PSNR {psnr:.2f} dB")


if __name__ == "__main__":
    main()
