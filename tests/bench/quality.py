#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the ladder looks like: bits, SSIM, PSNR and VMAF of each rendition, ours and the peer's, and
how many bits more or less ours takes for the same quality at 720p (BD-rate, over three qualities).

    tests/bench/quality.py CLIP [--tuning SINGLE_PASS_HQ] [--preset medium] [--json]

The peer is `one` of peer.py with CRFs; ours are QVBR levels, MaxBitrate out of the way for the BD-rate.
VMAF is measured where $VMAF_FFMPEG, or ffmpeg itself, has libvmaf; $VMAF_MODEL is its model file
where it is not built in. SSIM and PSNR flatter fast encoders, so VMAF decides where it can be had.
"""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import tempfile

import compare
import numpy
import peer
from ladder import VIDEOS, tuned

LEVELS, CRFS = (9, 7.5, 6), (19, 23.5, 28)
VMAF_EVERY = 5  # frames: it is slow
CURVE = 2  # the one of peer.VIDEOS whose BD-rate is measured: 720p
FFMPEG = os.environ.get("VMAF_FFMPEG", "ffmpeg")


def vmaf_filter():
    """The filter's text, None where there is none."""
    filters = subprocess.run([FFMPEG, "-hide_banner", "-filters"], capture_output=True, text=True, check=True)
    if " libvmaf " not in filters.stdout:
        return None
    model = os.environ.get("VMAF_MODEL")
    return f"libvmaf=n_subsample={VMAF_EVERY}" + (f":model_path={model}" if model else "")


def last(pattern, log):
    return float(re.findall(pattern, log)[-1])


def judge(made, reference):
    """kb/s of a file's or a playlist's video, and how near it is to the reference."""
    measures = {"SSIM": ("ssim", r"SSIM .*All:([\d.]+)"), "PSNR": ("psnr", r"PSNR .*average:([\d.]+)"),
                "VMAF": (vmaf_filter(), r"VMAF score: ([\d.]+)")}  # fmt: skip
    found = {"kb/s": kbits(made)}
    for name, (filter_, pattern) in measures.items():
        if not filter_:
            continue
        program = FFMPEG if name == "VMAF" else "ffmpeg"
        command = [program, "-nostdin", "-i", made, "-i", reference, "-lavfi",
                   f"[0:v]setpts=PTS-STARTPTS,setsar=1[a];[1:v]setpts=PTS-STARTPTS,setsar=1[b];[a][b]{filter_}",
                   "-an", "-f", "null", "-"]  # fmt: skip
        found[name] = last(pattern, subprocess.run(command, capture_output=True, text=True, check=True).stderr)
    return found


def kbits(made):
    """Of the video stream alone."""
    command = "ffprobe -v error -select_streams v:0 -show_entries packet=size,duration_time -of json"
    packets = json.loads(subprocess.check_output([*command.split(), made]))["packets"]
    return sum(int(p["size"]) for p in packets) / 125 / sum(float(p["duration_time"]) for p in packets)


def references(clip, folder):
    """The clip in the size of each of peer.VIDEOS, lossless."""
    made = {}
    for video in peer.VIDEOS:
        path = folder / f"{video.width}.nut"
        if not path.exists():
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-an", "-vf",
                            f"scale={video.width}:{video.height}:flags=bicubic,setsar=1", "-pix_fmt", "yuv420p",
                            "-c:v", "ffv1", path], check=True)  # fmt: skip
        made[video.name] = path
    return made


def our_files(folder, clip):
    base = folder / "out/x"
    files = [base / f"HLS/{clip.stem}_{video.name}.m3u8" for video in peer.VIDEOS[:3]]
    return [*files, base / f"MP4/{clip.stem}.mp4"]


def peer_files(folder):
    return [*(folder / f"{video.name}.m3u8" for video in peer.VIDEOS[:3]), folder / "movie.mp4"]


def quiet(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def run_ours(clip, folder, settings):
    quiet(compare.run_job(clip, folder, *(word for setting in settings for word in ("--set", setting))))
    return our_files(folder, clip)


def run_peer(clip, folder, preset, crf):
    for command in peer.commands("one", clip, folder, preset, crf):
        quiet(command)
    return peer_files(folder)


def at_level(level):
    """--set words for this quality, uncapped."""
    whole = int(level)
    for video in VIDEOS:
        h264 = f"{video}/VideoDescription/CodecSettings/H264Settings"
        yield f"{h264}/QvbrSettings/QvbrQualityLevel={whole}"
        yield f"{h264}/QvbrSettings/QvbrQualityLevelFineTune={level - whole}"
        yield f"{h264}/MaxBitrate=50000000"


def bd_rate(ours, theirs, measure):
    """Per cent of bits that ours takes more for the same quality, over the qualities that both
    reach; None where there are none. Bits as a parabola of quality, as Bjøntegaard has it."""
    curves = []
    for points in (ours, theirs):
        curves.append(([p[measure] for p in points], [math.log(p["kb/s"]) for p in points]))
    low = max(min(curve[0]) for curve in curves)
    high = min(max(curve[0]) for curve in curves)
    if high <= low:
        return None
    areas = []
    for quality, bits in curves:
        whole = numpy.polyint(numpy.polyfit(quality, bits, 2))
        areas.append(numpy.polyval(whole, high) - numpy.polyval(whole, low))
    return 100 * (math.exp((areas[0] - areas[1]) / (high - low)) - 1)


def measure_all(arguments, folder):
    clip, settings = arguments.clip, tuned(arguments.tuning)
    reference = references(clip, folder)
    names = [video.name for video in peer.VIDEOS]

    def all_of(files):
        return {name: judge(file, reference[name]) for name, file in zip(names, files)}

    ours = all_of(run_ours(clip, folder / "ours", settings))
    theirs = all_of(run_peer(clip, folder / "peer", arguments.preset, 23))
    found = {name: {"ours": ours[name], "peer": theirs[name], "BD-rate": {}} for name in names}

    curve, peer_curve = [], []
    for level in LEVELS:
        files = run_ours(clip, folder / f"ours-{level}", [*settings, *at_level(level)])
        curve.append(judge(files[CURVE], reference[names[CURVE]]))
    for video in peer.VIDEOS:
        video.kbits = 50000
    for crf in CRFS:
        files = run_peer(clip, folder / f"peer-{crf}", arguments.preset, crf)
        peer_curve.append(judge(files[CURVE], reference[names[CURVE]]))
    for measure in curve[0].keys() - {"kb/s"}:
        found[names[CURVE]]["BD-rate"][measure] = bd_rate(curve, peer_curve, measure)
    return found


def show(all_):
    print(all_["title"])
    for name, row in all_["found"].items():
        for who in ("ours", "peer"):
            print(f"  {name:6}{who}  " + ", ".join(f"{key} {value:.4g}" for key, value in row[who].items()))
        for measure, rate in row["BD-rate"].items():
            print(f"  {name:6}bits at equal {measure}: " + ("–" if rate is None else f"{rate:+.1f} %"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--tuning", default="SINGLE_PASS_HQ")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure_all(arguments, pathlib.Path(folder))
    title = f"{arguments.tuning} against preset {arguments.preset} on {arguments.clip.name}"
    compare.finish({"title": title, "found": found}, arguments.json, show)


if __name__ == "__main__":
    main()
