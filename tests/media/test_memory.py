# SPDX-License-Identifier: Apache-2.0
"""How much memory a job takes, and that it takes nothing else: no file but the objects."""
import subprocess

import strace
from program import REPO, Run, setting

DRAFT = "--speed", "draft"
VIDEOS = [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]
DESCRIPTION = "/OutputGroups/{}/Outputs/{}/VideoDescription/"
TINY = setting({DESCRIPTION.format(*video) + "Width": 64 for video in VIDEOS})
TINY += setting({DESCRIPTION.format(*video) + "Height": 36 for video in VIDEOS})


def test_peak_on_1080p(clips, run):
    done = run(clips / "hd.mp4").completed()
    assert 20 < done.peak_mb < 430


def test_growth_with_length(new_folder, tmp_path):
    """By less than 0.6 MB a minute; 2 MB are left to the allocator's chance."""
    peak = {}
    for minutes in 1, 6:
        source = tmp_path / f"{minutes}.mp4"
        subprocess.run([REPO / "fixtures/make.sh", "--minutes", str(minutes), source], check=True)
        done = Run(source, new_folder(), [*TINY, *DRAFT]).wait().completed()
        peak[minutes] = done.peak_mb
    assert peak[6] - peak[1] < 0.6 * 5 + 2, peak


def test_no_temporary_file(clips, new_folder, tmp_path):
    """What is written is an object of the job, each written once."""
    source, log = clips / "delayed_audio.mp4", tmp_path / "log"
    traced = Run(source, new_folder(), DRAFT, wrapper=strace.tracer(log), env=strace.ENV)
    done = traced.wait().completed()
    written = strace.created(strace.calls(log))
    written = {path for path in written if not path.endswith("/lock")}  # says that its owner lives
    inside = {path for path in written if path.startswith(f"{done.storage}/")}
    assert not {path for path in written - inside if not path.startswith(("/dev/", "/proc/"))}
    assert 0 < len(inside) <= len(done.files)
