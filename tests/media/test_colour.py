# SPDX-License-Identifier: Apache-2.0
"""Colour bars keep their colours whatever their matrix and range, and the stream says which."""
import look
import numpy as np
import pytest
from outputs import LADDER

# clip: full range; primaries, transfer and matrix as H.264 numbers them
BARS = {
    "bars_bt601": (False, (6, 6, 6)),
    "bars_bt601_full": (True, (6, 6, 6)),
    "bars_bt709": (False, (1, 1, 1)),
    "bars_bt709_full": (True, (1, 1, 1)),
    "bars_10bit": (False, (1, 1, 1)),
}
RGB = 191 * np.array(
    [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
)
pytestmark = pytest.mark.asan


@pytest.fixture(scope="module", params=BARS)
def bars(request, clips, outputs):
    """Name, source, outputs."""
    source = clips / f"{request.param}.mp4"
    return request.param, source, outputs(source, "--speed", "draft")


def middles(picture):
    """The mean colour inside each of the eight bars."""
    height, width, _ = picture.shape
    parts = picture[:, : width // 8 * 8].reshape(height, 8, width // 8, 3)
    return parts[:, :, width // 32 : -width // 32].mean(axis=(0, 2))


def test_source_is_what_it_should_be(bars):
    assert np.abs(middles(look.rgb(bars[1])) - RGB).max() < 2


def test_thumbnail(bars):
    """JPEG has no tags: it is BT.601 in full range."""
    _, source, made = bars
    thumbnail = look.rgb(made.thumbnails[0], "bt470bg", True)
    assert thumbnail.shape == (720, 1280, 3)
    assert np.abs(thumbnail - look.rgb(source)).mean() < 3
    assert np.abs(middles(thumbnail) - RGB).max() < 6


def test_movie(bars):
    _, source, made = bars
    movie = look.rgb(made.mp4)
    assert np.abs(movie - look.rgb(source)).mean() < 3
    assert np.abs(middles(movie) - RGB).max() < 6


@pytest.mark.parametrize("modifier", LADDER)
def test_rendition(bars, modifier, tmp_path):
    video = bars[2].videos[modifier]
    (tmp_path / "first.ts").write_bytes(video.segments[0])
    assert np.abs(middles(look.rgb(tmp_path / "first.ts")) - RGB).max() < 6


def test_stream_says_which(bars):
    name, _, made = bars
    full, colour = BARS[name]
    for sps in made.movie.sps, *(video.sps[0] for video in made.videos.values()):
        assert (sps.bits, bool(sps.full_range), sps.colour) == (8, full, colour)
