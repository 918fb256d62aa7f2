# SPDX-License-Identifier: Apache-2.0
"""What happens at one moment in the source happens at one moment in every output."""
import adts
import look
import numpy as np
import pytest

DRAFT = "--speed", "draft"
AAC_FRAME = adts.SAMPLES / 48000


def hls(made, folder):
    """The 360p frames, their times, the audio rendition's sound, and when that begins."""
    video, audio = made.videos["_360"], made.audio
    picture, sound = folder / "whole.ts", folder / "whole.aac"
    picture.write_bytes(b"".join(video.segments))
    sound.write_bytes(b"".join(segment.stream for segment in audio.aac))
    *times, start = ((t - video.times[0]) / 90000 for t in (*video.times, audio.aac[0].pts))
    return picture, times, look.sound(sound), start


def movie(made, _):
    return made.mp4, look.frame_times(made.mp4), look.sound(made.mp4), 0


@pytest.mark.parametrize("output", [hls, movie])
@pytest.mark.parametrize(
    "file, count",
    [
        ("fps24.mp4", 13),
        ("fps2997.mp4", 13),
        ("cuts.mp4", 13),
        ("delayed_audio.mp4", 3),
        ("late_video.mp4", 4),
        ("long_audio.mp4", 4),
        ("transport.ts", 4),
        ("mono.mp4", 1),
    ],
)
def test_beeps_come_with_flashes(clips, outputs, run, tmp_path, file, count, output):
    full = file[:3] in ("fps", "cut")
    picture, times, sound, start = output(outputs(clips / file, *(() if full else DRAFT)), tmp_path)
    flashes = [times[n] for n in look.flashes(picture)]
    beeps = [start + at for at in look.beeps(sound)]
    together = [(flash, beep) for flash in flashes for beep in beeps if abs(flash - beep) < 0.4]
    assert len(together) == count
    assert max(abs(flash - beep) for flash, beep in together) <= AAC_FRAME


def test_frames_of_varying_distance(clips, outputs):
    """At the average rate, each frame is within half a step of its time, else the nearest."""
    source = clips / "vfr.mp4"
    made = outputs(source, *DRAFT)
    first, second, *_ = sorted(sample.cts for sample in made.movie.samples)
    step = (second - first) / made.movie.timescale
    assert 1 / step == pytest.approx(1080 / 59, rel=0.01)
    times, numbers = look.frame_times(source), look.frame_numbers(source)
    shown = look.frame_numbers(made.mp4)
    distance = np.abs(np.subtract.outer(step * np.arange(len(shown)), times))
    taken = distance[np.arange(len(shown)), [numbers.index(n) for n in shown]]
    assert len(shown) >= 71
    assert (taken <= np.maximum(distance.min(axis=1), step / 2) + 0.001).all()


@pytest.mark.parametrize(
    "file, expected",
    [
        ("size_change.ts", list(range(100))),
        ("late_video.mp4", [8] * 8 + list(range(8, 100))),
        ("one_frame.mp4", [0]),
        ("delayed_audio.mp4", list(range(100))),
        ("transport.ts", list(range(100))),
    ],
)
def test_frames(clips, outputs, file, expected):
    assert look.frame_numbers(outputs(clips / file, *DRAFT).mp4) == expected


@pytest.mark.parametrize("output", [hls, movie])
@pytest.mark.parametrize(
    "file, sound_from, sound_to, end",
    [
        ("no_audio.mp4", 1, 1, 1),
        ("short_audio.mp4", 0, 2, 4),
        ("delayed_audio.mp4", 0.7, 4, 4),
        ("long_audio.mp4", 0, 6, 6),
    ],
)
def test_silence_fills_up(clips, outputs, tmp_path, output, file, sound_from, sound_to, end):
    _, _, sound, start = output(outputs(clips / file, *DRAFT), tmp_path)
    seconds = start + np.arange(len(sound)) / look.RATE
    outside = (seconds < sound_from - 2 * AAC_FRAME) | (seconds > sound_to + 2 * AAC_FRAME)
    assert np.abs(sound[outside]).max(initial=0) < 0.001
    if sound_from < sound_to:
        assert np.abs(sound[~outside]).max() > 0.3
    assert end - AAC_FRAME <= seconds[-1] <= end + 3 * AAC_FRAME


def test_mono_comes_from_both_sides(clips, outputs):
    made = outputs(clips / "mono.mp4", *DRAFT)
    sound = look.sound(made.mp4)
    assert np.abs(sound).max() > 0.3 and np.abs(sound[:, 0] - sound[:, 1]).max() < 0.01
    assert 'LANGUAGE="eng"' in made.master


def test_surround_keeps_its_sides(clips, outputs):
    """Left and right of the six channels carry the beeps."""
    sound = look.sound(outputs(clips / "surround.mp4", *DRAFT).mp4)
    assert len(look.beeps(sound)) == 1 and (np.abs(sound).max(axis=0) > 0.2).all()
