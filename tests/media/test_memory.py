# SPDX-License-Identifier: Apache-2.0
"""How much memory a job takes, and that it takes nothing else: no file but the objects."""
import subprocess

import strace
from program import REPO, UNDATED, Run

TINY = [
    f"--set=/OutputGroups/{group}/Outputs/{output}/VideoDescription/{side}={pixels}"
    for group, outputs in enumerate((3, 1, 1))
    for output in range(outputs)
    for side, pixels in (("Width", 64), ("Height", 36))
]


def test_peak_on_1080p(clips, run):
    done = run(clips / "hd.mp4").completed()
    assert 20 < done.peak_mb < 430


def test_growth_with_length(new_folder, tmp_path):
    """By less than 0.6 MB a minute; 2 MB are left to the allocator's chance."""
    peak = {}
    for minutes in 1, 6:
        source = tmp_path / f"{minutes}.mp4"
        subprocess.run([REPO / "fixtures/make.sh", "--minutes", str(minutes), source], check=True)
        peak[minutes] = (
            Run(source, new_folder(), [*TINY, "--speed", "draft"]).wait().completed().peak_mb
        )
    assert peak[6] - peak[1] < 0.6 * 5 + 2, peak


def test_no_temporary_file(clips, new_folder, tmp_path):
    """What is written is an object of the job, each written once."""
    log = tmp_path / "log"
    done = (
        Run(
            clips / "delayed_audio.mp4",
            new_folder(),
            ["--speed", "draft", *UNDATED],
            wrapper=strace.tracer(log),
            env=strace.ENV,
        )
        .wait()
        .completed()
    )
    written = strace.created(strace.calls(log))
    inside = {path for path in written if path.startswith(f"{done.storage}/")}
    assert not {path for path in written - inside if not path.startswith(("/dev/", "/proc/"))}
    assert 0 < len(inside) <= len(done.files)
