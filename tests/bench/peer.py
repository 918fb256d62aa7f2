#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peers: what a user of ffmpeg would write instead of the tutorial's job.

    one      one command that decodes once and makes the ladder, the MP4 and the thumbnails
    each     a command for each output
    level    as `one`, with our CRF for each rendition: what one writes who wants about our quality
             (its VMAF at 720p and CRF 23, uncapped, was 0 to 0.7 higher on three clips)
    same     as `one`, with the options that we give libx264; ffmpeg chooses its threads
    exact    as `same`, with one thread for each encoder, which is what we give those with a MaxBitrate;
             ffmpeg encodes them one after the other before version 7, so only its CPU time compares

    tests/bench/peer.py PEER CLIP FOLDER     prints the commands
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
from dataclasses import dataclass, field

from compare import PROGRAM, frame_rate, run_job

FFMPEG = os.environ.get("FFMPEG", "ffmpeg")
PEERS = ("one", "each", "level", "same", "exact")


@dataclass
class Video:
    name: str
    width: int
    height: int
    kbits: int
    options: list = field(default_factory=list)  # that a user would choose for this one


VIDEOS = [
    Video("360", 640, 360, 1200, ["-bf", "2", "-refs", "3", "-profile:v", "main"]),
    Video("540", 960, 540, 3500, ["-bf", "2", "-refs", "3", "-profile:v", "main"]),
    Video("720", 1280, 720, 5000, ["-bf", "2", "-refs", "3", "-profile:v", "main"]),
    Video("movie", 1280, 720, 5000, ["-bf", "3", "-refs", "3", "-profile:v", "high",
                                     "-x264-params", "b-pyramid=normal:slices=2"]),
]  # fmt: skip


def x264(video, clip, preset, crf):
    gop = str(round(2 * frame_rate(clip)))
    return [
        *f"-c:v libx264 -preset {preset} -crf {crf} -g {gop} -keyint_min {gop} -sc_threshold 0".split(),
        *f"-flags +cgop -pix_fmt yuv420p -maxrate {video.kbits}k -bufsize {2 * video.kbits}k".split(),
        *video.options,
    ]


def our_videos(clip, *settings):
    """What `plan` says of each of VIDEOS."""
    plan = json.loads(subprocess.check_output(
        [PROGRAM, "plan", run_job(clip, ".")[2], "--input", clip, "--json",
         *(word for setting in settings for word in ("--set", setting))]))  # fmt: skip
    groups = plan["outputGroups"]
    return [output["video"] for output in (*groups[0]["outputs"][:3], groups[1]["outputs"][0])]


def our_options(video):
    """Those of one of our_videos(), as options of ffmpeg."""
    words = ["-c:v", "libx264", "-flags", "+cgop", "-force_key_frames", f"expr:eq(mod(n,{video['gopFrames']}),0)"]
    for name, value in video["options"].items():
        words += [f"-{name}:v", value]
    return [*words, "-pix_fmt", "yuv420p"]


def hls(folder, name):
    return [*"-f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod".split(),
            "-hls_segment_filename", f"{folder}/{name}_%05d.ts", f"{folder}/{name}.m3u8"]  # fmt: skip


def sound(kbits):
    return f"-c:a aac -b:a {kbits}k -ar 48000 -ac 2".split()


def one(clip, folder, encoders):
    """The command with these options for each of VIDEOS."""
    pads = [f"[v{video.name}]" for video in VIDEOS]
    scales = [f"[s{v.name}]scale={v.width}:{v.height}[v{v.name}]" for v in VIDEOS]
    split = "".join(f"[s{video.name}]" for video in VIDEOS)
    graph = ";".join([f"[0:v:0]split={len(VIDEOS) + 1}{split}[st]", "[0:a:0]asplit=2[a1][a2]", *scales,
                      "[st]fps=1/5,scale=1280:720[thumbs]"])  # fmt: skip
    command = [FFMPEG, *"-nostdin -v error -y -i".split(), str(clip), "-filter_complex", graph]
    for video, pad, encoder in zip(VIDEOS[:3], pads, encoders):
        command += ["-map", pad, *encoder, *hls(folder, video.name)]
    command += ["-map", "[a1]", *sound(96), *hls(folder, "audio")]
    command += ["-map", pads[3], "-map", "[a2]", *encoders[3], *sound(160), "-movflags", "+faststart",
                f"{folder}/movie.mp4"]  # fmt: skip
    return [[*command, "-map", "[thumbs]", "-q:v", "3", f"{folder}/thumb.%07d.jpg"]]


def each(clip, folder, encoders):
    start = [FFMPEG, *"-nostdin -v error -y -i".split(), str(clip)]
    commands = [
        [*start, "-an", "-vf", f"scale={v.width}:{v.height}", *encoder, *hls(folder, v.name)]
        for v, encoder in zip(VIDEOS[:3], encoders)
    ]
    commands.append([*start, "-vn", *sound(96), *hls(folder, "audio")])
    commands.append([*start, "-vf", "scale=1280:720", *encoders[3], *sound(160), "-movflags", "+faststart",
                     f"{folder}/movie.mp4"])  # fmt: skip
    commands.append([*start, "-an", "-vf", "fps=1/5,scale=1280:720", "-q:v", "3", f"{folder}/thumb.%07d.jpg"])
    return commands


def commands(peer, clip, folder, preset="medium", crf=23, settings=()):
    """The commands of a peer, to be run one after the other."""
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    if peer in ("one", "each"):
        encoders = [x264(video, clip, preset, crf) for video in VIDEOS]
        return (each if peer == "each" else one)(clip, folder, encoders)
    ours = our_videos(clip, *settings)
    if peer == "level":
        return one(clip, folder, [x264(v, clip, preset, our["options"]["crf"]) for v, our in zip(VIDEOS, ours)])
    threads = ["-threads:v", "1"] if peer == "exact" else []
    return one(clip, folder, [our_options(video) + threads for video in ours])


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in PEERS:
        sys.exit(__doc__)
    for command in commands(*sys.argv[1:]):
        print(shlex.join(map(str, command)))
