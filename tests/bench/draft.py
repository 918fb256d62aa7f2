#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Short clips, as tests of others use them: `--speed draft` against ffmpeg at veryfast.

    tests/bench/draft.py CLIP [--runs N] [--json]

First the tutorial's job on two seconds of the clip at 360p, against `one` of peer.py at veryfast; then
what a process costs whatever it does: one frame into one MP4, against ffmpeg's ultrafast.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import compare
import peer


def cut(clip, path, *more):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", clip, "-vf", "scale=640:360,setsar=1",
                    "-pix_fmt", "yuv420p", "-c:v", "libx264", "-crf", "20", "-ac", "2", "-ar", "48000", *more, path],
                   check=True)  # fmt: skip
    return path


def one_frame_job(folder):
    """The tutorial's MP4 alone, in the clip's size."""
    job = json.loads(compare.JOB.read_text())
    job["OutputGroups"] = [g for g in job["OutputGroups"] if g["OutputGroupSettings"]["Type"].startswith("FILE")][:1]
    (output,) = job["OutputGroups"][0]["Outputs"]
    output["VideoDescription"] |= {"Width": 640, "Height": 360}
    path = folder / "one.json"
    path.write_text(json.dumps(job))
    return path


def measure(arguments, folder):
    short = cut(arguments.clip, folder / "two.mp4", "-t", "2")
    ours = compare.run_job(short, folder / "ours", "--speed", "draft")
    theirs = peer.commands("one", short, folder / "peer", "veryfast")
    yield "two seconds of 360p, the tutorial's job, draft against veryfast", ours, theirs

    frame = cut(arguments.clip, folder / "frame.mp4", "-t", "0.2", "-frames:v", "1")
    ours = compare.run_job(frame, folder / "ours", "--speed", "draft")
    ours[2] = one_frame_job(folder)
    theirs = [[peer.FFMPEG, *"-nostdin -v error -y -i".split(), str(frame), *"-c:v libx264 -preset ultrafast".split(),
               *"-crf 23 -c:a aac -b:a 160k -movflags +faststart".split(), f"{folder}/frame-peer.mp4"]]  # fmt: skip
    yield "one frame of 360p into an MP4: what a process costs", ours, theirs


def show(all_):
    for title, found in all_["found"].items():
        compare.print_ratios(title, found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for title, ours, theirs in measure(arguments, pathlib.Path(folder)):
            found[title] = compare.ratios(*compare.interleave(
                lambda: compare.measure(ours), lambda: compare.measure(*theirs), arguments.runs))  # fmt: skip
    compare.finish({"title": "short clips", "clip": arguments.clip.stem, "runs": arguments.runs, "found": found},
                   arguments.json, show)  # fmt: skip


if __name__ == "__main__":
    main()
