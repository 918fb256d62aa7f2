# SPDX-License-Identifier: Apache-2.0
"""Every row of expected.tsv: whether a file completes or which ErrorCode it gets."""
import pathlib

import m3u8
import mp4
import pytest
from program import LIMIT
from test_tutorial import CLIPS

# Other tests run these at normal speed, so that is done here, too, and only once.
AT_NORMAL_SPEED = {"hd.mp4", *(f"{name}.mp4" for name in CLIPS)}


def rows():
    """A comment in the table names the fixture that gives the folder of the rows below it."""
    for line in pathlib.Path(__file__).with_name("expected.tsv").read_text().splitlines()[1:]:
        if line.startswith("# "):
            folder = line[2:].split(":")[0]
            continue
        file, expected, asan, why = line.split("\t")
        assert (expected == "COMPLETE" or expected.isdigit()) and asan in ("yes", "no") and why
        marks = [pytest.mark.asan] if asan == "yes" else []
        yield pytest.param(folder, file, expected, id=file, marks=marks)


@pytest.mark.parametrize("folder, file, expected", rows())
def test_expected(request, run, folder, file, expected):
    source = request.getfixturevalue(folder) / file
    done = run(source) if file in AT_NORMAL_SPEED else run(source, "--speed", "draft")
    assert done.seconds < LIMIT
    if expected == "COMPLETE":
        whole(done.completed(), source.stem)
    else:
        assert done.exit == 1, f"exit status {done.exit}\n{done.stderr}"
        assert f"ErrorCode {expected}:" in done.stderr
        assert not done.files


def whole(done, asset):
    """Each playlist's segments are there, nothing else is, and none is empty."""
    folder, files = "out/bbb/Default/", dict(done.files)
    top = files.pop(f"{folder}HLS/{asset}.m3u8").read_text()
    children = [*m3u8.variants(top), f"{asset}_audio.m3u8"]
    assert len(children) == 4
    for child in children:
        text = files.pop(f"{folder}HLS/{child}").read_text()
        assert m3u8.segments(text) and text.endswith("#EXT-X-ENDLIST\n")
        for _, name in m3u8.segments(text):
            assert files.pop(f"{folder}HLS/{name}").stat().st_size
    movie = mp4.read(files.pop(f"{folder}MP4/{asset}.mp4").read_bytes())
    assert all(mp4.samples(track) for track in mp4.tracks(movie).values())
    thumbnails = [f"{folder}Thumbnails/{asset}.{n:07}.jpg" for n in range(len(files))]
    assert thumbnails and sorted(files) == thumbnails
