# SPDX-License-Identifier: Apache-2.0
"""Pictures keep their shape, fill the frame as far as that allows, and turn only where asked."""
import subprocess

import look
import mp4
import numpy as np
import pytest
from program import setting

DRAFT, ROTATE = ("--speed", "draft"), "/Inputs/0/VideoSelector/Rotate"
RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
UPRIGHT = RED, LIME, BLUE, WHITE  # from left to right, from top to bottom
QUARTERS = {
    90: (BLUE, RED, WHITE, LIME),
    180: (WHITE, BLUE, LIME, RED),
    270: (LIME, WHITE, RED, BLUE),
}
pytestmark = pytest.mark.asan


def extent(path):
    """Left, right, top and bottom of what is bright."""
    (y, _, _), _ = look.planes(path)
    columns = np.flatnonzero(y.mean(axis=0) > 128)
    rows = np.flatnonzero(y.mean(axis=1) > y.mean() / 2)
    return columns[0], columns[-1] + 1, rows[0], rows[-1] + 1


def quarters(path, width):
    """The colours of a picture of this width in the middle of 1280x720, rounded to 0 or 255."""
    picture = look.rgb(path, "bt470bg")
    assert picture.shape == (720, 1280, 3)
    bars = np.abs(np.arange(1280) - 639.5) > width / 2 + 2
    assert picture[:, bars].max(initial=0) < 40
    at = [(y, 640 + x * width // 4) for y in (180, 540) for x in (-1, 1)]
    return tuple(
        tuple(int(c > 128) * 255 for c in picture[y - 8 : y + 8, x - 8 : x + 8].mean(axis=(0, 1)))
        for y, x in at
    )


def first_segment(made, modifier, folder):
    path = folder / "first.ts"
    path.write_bytes(made.videos[modifier].segments[0])
    return path


@pytest.mark.parametrize(
    "file, modifier, aspect, expected",
    [
        ("non_square", "MP4", (1, 1), (160, 1120, 0, 720)),
        ("non_square", "Thumbnails", None, (160, 1120, 0, 720)),
        ("non_square", "_720", (16, 15), (190, 1090, 0, 720)),
        ("non_square", "_360", (16, 15), (95, 545, 0, 360)),
        ("odd_size", "MP4", (1, 1), (1, 1279, 0, 720)),
        ("odd_size", "_540", (1, 1), (1, 959, 0, 540)),
    ],
)
def test_fit_and_pad(clips, outputs, tmp_path, file, modifier, aspect, expected):
    """720x576 with pixels of 16:15 is 4:3, and stays so; 321x181 is a little narrower than 16:9."""
    made = outputs(clips / f"{file}.mp4", *DRAFT)
    paths = {"MP4": made.mp4, "Thumbnails": made.thumbnails[0]}
    found = extent(paths.get(modifier) or first_segment(made, modifier, tmp_path))
    assert np.abs(np.subtract(found, expected)).max() <= 2
    if aspect:
        sps = made.movie.sps if modifier == "MP4" else made.videos[modifier].sps[0]
        assert (sps.aspect or (1, 1)) == aspect


@pytest.mark.parametrize("angle", QUARTERS)
def test_not_turned_unless_asked(clips, outputs, angle):
    made = outputs(clips / f"rotated_{angle}.mp4", *DRAFT)
    assert quarters(made.mp4, 1280) == quarters(made.thumbnails[0], 1280) == UPRIGHT
    assert "side_data_list" not in look.probe(made.mp4, "stream=width:stream_side_data")
    assert any("Rotate" in message for message in made.run.result["messages"]["info"])


def test_nothing_to_turn(clips, outputs):
    made = outputs(clips / "upright.mp4", *DRAFT)
    assert quarters(made.mp4, 1280) == UPRIGHT
    assert not any("Rotate" in message for message in made.run.result["messages"]["info"])


@pytest.mark.parametrize(
    "file, rotate, angle",
    [
        *((f"rotated_{angle}", "AUTO", angle) for angle in QUARTERS),
        ("upright", "DEGREES_90", 90),
        ("upright", "DEGREES_270", 270),
    ],
)
def test_turned(clips, outputs, file, rotate, angle):
    made = outputs(clips / f"{file}.mp4", *DRAFT, *setting({ROTATE: rotate}))
    width = 1280 if angle == 180 else 405
    assert quarters(made.mp4, width) == quarters(made.thumbnails[0], width) == QUARTERS[angle]
    assert "side_data_list" not in look.probe(made.mp4, "stream=width:stream_side_data")


@pytest.mark.parametrize("file", ["php-ffmpeg__portrait.MOV", "jcodec__orientation.mp4"])
def test_phone_clip_turned(media, outputs, file):
    """As ffmpeg turns it."""
    made = outputs(media / file, *DRAFT, *setting({ROTATE: "AUTO"}))
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", media / file, "-frames:v", "1"]
    command += "-vf scale=406:720,pad=1280:720:437:0,format=rgb24 -f rawvideo -".split()
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    wanted = np.frombuffer(raw, np.uint8).reshape(720, 1280, 3)
    assert np.abs(look.rgb(made.thumbnails[0], "bt470bg", True) - wanted).mean() < 10


def test_turned_when_the_size_changes(media, outputs):
    """The frames of each size go through a chain of their own."""
    clip = media / "chromeos__resolution_change_500frames-vp9.ivf"
    upright, turned = (outputs(clip, *DRAFT, *more) for more in ((), setting({ROTATE: "DEGREES_180"})))
    assert len(upright.thumbnails) == len(turned.thumbnails) > 1
    assert len(mp4.samples(upright.movie.tracks[b"vide"])) == len(mp4.samples(turned.movie.tracks[b"vide"]))
    for one, other in zip(upright.thumbnails, turned.thumbnails):
        one, other = (look.rgb(path, "bt470bg").astype(int) for path in (one, other))
        assert np.abs(one - other[::-1, ::-1]).mean() < 5 < np.abs(one - other).mean()


def roughness(path):
    """How much pixels differ from their neighbours."""
    (y, _, _), _ = look.planes(path)
    return np.abs(np.diff(y.astype(int))).mean()


def test_denoised_and_deblocked(clips, outputs, tmp_path):
    """Each filter takes away more of the noise."""
    noise, cut = tmp_path / "noise.mp4", "-ss 8 -t 0.4 -c:v libx264 -qp 20 -preset ultrafast".split()
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clips / "hard.mp4", *cut, noise], check=True)
    settings = {"/Inputs/0/FilterEnable": "FORCE", "/Inputs/0/FilterStrength": 5}
    found = []
    for more in ({}, {"/Inputs/0/DeblockFilter": "ENABLED"}, {"/Inputs/0/DenoiseFilter": "ENABLED"}):
        settings |= more
        found.append(roughness(outputs(noise, *DRAFT, *setting(settings)).thumbnails[0]))
    assert found[0] > found[1] * 1.02 and found[1] > found[2] * 1.02
