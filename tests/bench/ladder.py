#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorial's job against ffmpeg (peer.py): wall, CPU and peak memory, ours / peer.

    tests/bench/ladder.py CLIP [--peer one|each|level|same|exact]
                          [--tuning SINGLE_PASS|SINGLE_PASS_HQ] [--preset medium] [--runs N] [--json]

$FFMPEG is the peer's program: a newer one, say.
"""
import argparse
import pathlib
import tempfile

import compare
import peer

VIDEOS = ["/OutputGroups/0/Outputs/0", "/OutputGroups/0/Outputs/1", "/OutputGroups/0/Outputs/2",
          "/OutputGroups/1/Outputs/0"]  # fmt: skip


def tuned(level):
    """--set words that give all videos a QualityTuningLevel."""
    path = "VideoDescription/CodecSettings/H264Settings/QualityTuningLevel"
    return [f"{video}/{path}={level}" for video in VIDEOS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--peer", choices=peer.PEERS, default="one")
    parser.add_argument("--tuning", default="SINGLE_PASS_HQ")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    settings = tuned(arguments.tuning)
    words = [word for setting in settings for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        ours = compare.run_job(arguments.clip, f"{folder}/ours", *words)
        theirs = peer.commands(arguments.peer, arguments.clip, f"{folder}/peer", arguments.preset, settings=settings)
        found = compare.ratios(*compare.interleave(
            lambda: compare.measure(ours), lambda: compare.measure(*theirs), arguments.runs))  # fmt: skip
    title = f"{arguments.tuning} against '{arguments.peer}' on {arguments.clip.name}, {arguments.runs} runs"
    compare.finish({"title": title, "runs": arguments.runs, "found": found}, arguments.json,
                   lambda all: compare.print_ratios(all["title"], all["found"]))  # fmt: skip


if __name__ == "__main__":
    main()
