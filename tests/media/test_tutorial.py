# SPDX-License-Identifier: Apache-2.0
"""The tutorial's job on clips of all rates, of cuts and of noise, checked in the files it made."""
import itertools
import math
import re
import struct
import subprocess
from fractions import Fraction

import adts
import h264
import look
import m3u8
import mp4
import pytest
import ts
from outputs import LADDER, PAT_PID, PMT_PID, VIDEO_PID
from program import NOON_STAMP

# clip: frame rate, frames, whether frames bear their numbers
CLIPS = {
    "fps24": (Fraction(24), 312, True),
    "fps25": (Fraction(25), 325, True),
    "fps2997": (Fraction(30000, 1001), 390, True),
    "fps60": (Fraction(60), 780, True),
    "cuts": (Fraction(25), 315, True),
    "hard": (Fraction(30), 360, False),
}
CLOCK = 90000
AAC_FRAME = Fraction(adts.SAMPLES, 48000)


class Clip:
    """What a run on one of CLIPS must come to, and what it came to."""

    def __init__(self, name, path, made):
        self.name, self.path, self.made = name, path, made
        self.rate, self.frames, self.numbered = CLIPS[name]
        self.gop = round(2 * self.rate)
        self.segment = 3 * self.gop
        self.seconds = self.frames / self.rate
        rest = range(self.segment, self.frames + self.segment, self.segment)
        self.durations = [(min(end, self.frames) - end + self.segment) / self.rate for end in rest]
        self.start = made.videos["_360"].times[0]


@pytest.fixture(scope="session", params=CLIPS)
def clip(request, clips, outputs):
    path = clips / f"{request.param}.mp4"
    return Clip(request.param, path, outputs(path))


@pytest.fixture(params=LADDER)
def video(request, clip):
    return clip.made.videos[request.param]


def test_objects(clip):
    """These and no others, and no file besides."""
    name, numbers = clip.name, range(1, len(clip.durations) + 1)
    expected = [f"HLS/{name}.m3u8", f"MP4/{name}.mp4"]
    expected += [f"HLS/{name}{modifier}.m3u8" for modifier in (*LADDER, "_audio")]
    dated = [f"HLS/{name}{modifier}{NOON_STAMP}" for modifier in LADDER]
    expected += [f"{segment}_{n:05}.ts" for segment in dated for n in numbers]
    expected += [f"HLS/{name}_audio_{n:05}.aac" for n in numbers]
    expected += [f"Thumbnails/{name}.{n:07}.jpg" for n in range(math.ceil(clip.seconds / 5))]
    assert sorted(clip.made.run.files) == sorted(f"out/bbb/Default/{key}" for key in expected)


def test_master_playlist(clip):
    variants = m3u8.variants(clip.made.master)
    lines = ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for modifier, (width, height, _) in LADDER.items():
        name = f"{clip.name}{modifier}.m3u8"
        bandwidth, average = variants[name]["BANDWIDTH"], variants[name]["AVERAGE-BANDWIDTH"]
        codec = clip.made.videos[modifier].codec()
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},AVERAGE-BANDWIDTH={average},"
            f'CODECS="{codec},mp4a.40.2",RESOLUTION={width}x{height},'
            f'FRAME-RATE={float(clip.rate):.3f},AUDIO="program_audio"',
            name,
        ]
    lines += [
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="program_audio",LANGUAGE="und",NAME="Alternate Audio",'
        f'AUTOSELECT=YES,DEFAULT=YES,URI="{clip.name}_audio.m3u8"'
    ]
    assert clip.made.master == "\n".join(lines) + "\n"


def media_playlist(target, durations, names):
    entries = [
        f"#EXTINF:{math.floor(seconds + Fraction(1, 2))},\n{name}\n"
        for seconds, name in zip(durations, names)
    ]
    return (
        f"#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:1\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n" + "".join(entries) + "#EXT-X-ENDLIST\n"
    )


def test_video_playlist(clip, video):
    """Durations are rounded to whole seconds, the target is rounded up."""
    assert len(video.segments) == len(clip.durations)
    assert [len(pes) / clip.rate for pes in video.pes] == clip.durations
    assert video.text == media_playlist(math.ceil(max(clip.durations)), clip.durations, video.names)


def test_audio_playlist(clip):
    audio = clip.made.audio
    assert len(audio.segments) == len(clip.durations)
    pre_roll = math.ceil(max(audio.seconds[0] - AAC_FRAME, *audio.seconds[1:]))
    assert m3u8.target(audio.text) in (pre_roll, math.ceil(max(audio.seconds)))
    assert audio.text == media_playlist(m3u8.target(audio.text), audio.seconds, audio.names)


def bit_rates(sizes, seconds, target):
    """Mean, peak as RFC 8216 has it (over runs of 0.5 to 1.5 targets), peak of single segments."""
    bits = [8 * size for size in sizes]
    runs = [
        (sum(bits[a:b]), sum(seconds[a:b]))
        for a, b in itertools.combinations(range(len(bits) + 1), 2)
    ]
    peak = max(n / t for n, t in runs if 0.5 * target <= t <= 1.5 * target)
    return sum(bits) / sum(seconds), peak, max(n / t for n, t in zip(bits, seconds))


@pytest.mark.parametrize("modifier", LADDER)
def test_bandwidth_is_measured(clip, modifier):
    """BANDWIDTH is the peak, AVERAGE-BANDWIDTH the mean of video and audio together."""
    video, audio = clip.made.videos[modifier], clip.made.audio
    said = m3u8.variants(clip.made.master)[f"{clip.name}{modifier}.m3u8"]
    mean, peak, single = bit_rates(video.sizes, clip.durations, m3u8.target(video.text))
    audio_mean, _, audio_single = bit_rates(audio.sizes, audio.seconds, m3u8.target(audio.text))
    assert int(said["AVERAGE-BANDWIDTH"]) == pytest.approx(float(mean + audio_mean), rel=0.01)
    assert 0.99 * (peak + audio_mean) <= int(said["BANDWIDTH"]) <= 1.01 * (single + audio_single)


def test_idr_at_every_gop_and_nowhere_else(clip, video):
    idrs = [n for n, picture in enumerate(video.displayed()) if picture.idr]
    assert idrs == list(range(0, clip.frames, clip.gop))
    for segment in video.pictures:
        idrs = [n for n, picture in enumerate(segment) if picture.idr]
        assert idrs == list(range(0, len(segment), clip.gop))


H264 = "/OutputGroups/1/Outputs/0/VideoDescription/CodecSettings/H264Settings"


@pytest.mark.parametrize("frames", [1, 7, 20])
@pytest.mark.parametrize("options", [("--speed", "draft"), ("--set", f"{H264}/SceneChangeDetect=DISABLED")])
def test_idrs_where_no_cut_is_looked_for(clips, outputs, frames, options):
    """Then libx264 is told the GOP; its own IDRs and those that are forced are the same."""
    gop = "--set", f"{H264}/GopSize={frames}", "--set", f"{H264}/GopSizeUnits=FRAMES"
    pictures = outputs(clips / "mono.mp4", *options, *gop).movie.displayed()
    assert len(pictures) == 25
    assert [n for n, picture in enumerate(pictures) if picture.idr] == list(range(0, len(pictures), frames))


def test_gops_are_closed(video):
    """Nothing that is decoded after an IDR is shown before it."""
    latest_idr = 0
    for pes, picture in zip(itertools.chain(*video.pes), itertools.chain(*video.pictures)):
        latest_idr = pes.pts if picture.idr else latest_idr
        assert pes.pts >= latest_idr


def test_frames_follow_without_gap(clip, video):
    step = CLOCK / clip.rate
    assert video.times == [clip.start + round(n * step) for n in range(clip.frames)]


def test_parameter_sets_come_with_every_segment(video):
    for segment in video.nals:
        kinds = list(map(h264.kind, segment[0]))
        assert kinds.index(h264.SPS) < kinds.index(h264.PPS) < kinds.index(h264.IDR)
    assert len(set(video.sps)) == len(set(video.pps)) == 1


def longest_b_run(pictures):
    types = "".join(picture.types[0] for picture in pictures)
    return max(map(len, re.findall("B*", types)))


@pytest.mark.parametrize("modifier", LADDER)
def test_video_is_coded_as_set(clip, modifier):
    video, (width, height, _) = clip.made.videos[modifier], LADDER[modifier]
    sps, pictures = video.sps[0], video.displayed()
    assert (sps.profile, sps.refs) == (77, 3)
    assert (sps.width, sps.height, sps.progressive) == (width, height, True)
    assert sps.aspect in (None, (1, 1))
    assert video.pps[0].cabac
    assert {len(picture.types) for picture in pictures} == {1}
    assert 1 <= longest_b_run(pictures) <= 2
    assert not any(picture.reference for picture in pictures if "B" in picture.types)


def test_tables_come_first(video):
    for packets in video.packets:
        assert [p.pid for p in packets[:3]] == [PAT_PID, PMT_PID, VIDEO_PID]
        assert ts.pat(packets[0]) == {1: PMT_PID}
        assert ts.pmt(packets[1]) == (VIDEO_PID, {VIDEO_PID: 0x1B})
        assert {p.pid for p in packets} == {PAT_PID, PMT_PID, VIDEO_PID}


def test_continuity_counters_run_through(video):
    for pid in PAT_PID, PMT_PID, VIDEO_PID:
        counters = [
            p.counter for packets in video.packets for p in packets if p.pid == pid and p.payload
        ]
        assert counters == [(counters[0] + n) % 16 for n in range(len(counters))]


def test_clock_on_every_picture(video):
    pes = list(itertools.chain(*video.pes))
    assert all(p.pcr is not None and p.pcr / 300 <= p.dts <= p.pts for p in pes)
    for before, after in zip(pes, pes[1:]):
        assert before.pcr < after.pcr and before.dts < after.dts


def test_renditions_share_their_times(clip):
    first, *others = clip.made.videos.values()
    assert all(video.times == first.times for video in others)


def test_audio_keeps_to_the_video(clip):
    """Each begins within an AAC frame of its video segment, the first with the pre-roll."""
    audio, position = clip.made.audio, 0
    assert {(segment.rate, segment.channels) for segment in audio.aac} == {(48000, 2)}
    origin = audio.aac[0].pts
    assert abs(Fraction(clip.start - origin, CLOCK) - AAC_FRAME) < Fraction(1, 1000)
    for segment, pes in zip(audio.aac, clip.made.videos["_360"].pes):
        assert abs(segment.pts - origin - position * AAC_FRAME * CLOCK) <= 1
        first = min(p.pts for p in pes)
        assert abs(Fraction(segment.pts - first, CLOCK)) <= AAC_FRAME + Fraction(1, 1000)
        position += segment.frames
    assert -AAC_FRAME <= (position - 1) * AAC_FRAME - clip.seconds <= 3 * AAC_FRAME


@pytest.mark.parametrize("modifier", LADDER)
def test_segments_stay_below_max_bitrate(clip, modifier):
    """Of the video stream alone, in every segment of full length."""
    limit = LADDER[modifier][2]
    rates = [
        8 * sum(len(p.data) for p in pes) / seconds
        for pes, seconds in zip(clip.made.videos[modifier].pes, clip.durations)
        if seconds > 5
    ]
    assert len(rates) == 2
    assert max(rates) <= limit


def test_hard_is_hard(clips, outputs):
    """Else the test above could not fail."""
    video = outputs(clips / "hard.mp4").videos["_720"]
    assert 8 * sum(len(p.data) for p in video.pes[1]) / 6 > 0.7 * LADDER["_720"][2]


def test_quality_falls_where_it_is_hard(clips, outputs):
    """The level is kept until the noise comes after six seconds, and nowhere behind."""
    groups = outputs(clips / "hard.mp4").run.result["outputGroupDetails"]
    videos = [output["videoDetails"] for output in groups[0]["outputDetails"][: len(LADDER)]]
    for video, level in zip([*videos, groups[1]["outputDetails"][0]["videoDetails"]], (7, 7, 8, 8)):
        assert video["qvbrMaxQuality"] == level and video["qvbrMaxQualityLocation"] == 0
        assert video["qvbrMinQuality"] < level - 1 and video["qvbrMinQualityLocation"] >= 6000
    groups = outputs(clips / "fps60.mp4").run.result["outputGroupDetails"]
    video = groups[1]["outputDetails"][0]["videoDetails"]
    assert {video[f"qvbr{name}Quality"] for name in ("Avg", "Min", "Max")} == {8}


def test_movie_boxes(clip):
    file = clip.made.movie.file
    kinds = [box.kind for box in file.boxes]
    assert kinds == [b"ftyp", b"moov", b"mdat"]
    assert set(clip.made.movie.tracks) == {b"vide", b"soun"}
    inside = [box.kind for box in file.one(b"moov").boxes]
    assert b"free" not in inside and b"skip" not in inside


def test_movie_samples_lie_in_mdat(clip):
    movie = clip.made.movie
    mdat = movie.file.one(b"mdat")
    taken = sorted(
        (s.offset, s.offset + s.size) for track in movie.tracks.values() for s in mp4.samples(track)
    )
    ends = [mdat.at + 8, *(end for _, end in taken)]
    assert taken[0][0] in (mdat.at + 8, mdat.at + 16)
    assert all(end <= start for end, (start, _) in zip(ends, taken))
    assert ends[-1] == len(movie.data)


def test_movie_composition_times(clip):
    """ctts of version 1, so that the first frame is at 0, and cslg behind it has its limits."""
    movie = clip.made.movie
    table = movie.video.one(b"mdia", b"minf", b"stbl")
    kinds = [box.kind for box in table.boxes]
    assert kinds[kinds.index(b"ctts") + 1] == b"cslg"
    assert table.one(b"ctts").body[0] == 1
    times = sorted(Fraction(s.cts, movie.timescale) for s in movie.samples)
    assert times == [n / clip.rate for n in range(clip.frames)]
    shifts = [s.cts - s.dts for s in movie.samples]
    shift, least, greatest, first, end = struct.unpack(">5i", table.one(b"cslg").body[4:])
    assert (least, greatest, first) == (min(shifts), max(shifts), 0)
    assert shift >= -least
    assert Fraction(end, movie.timescale) == clip.seconds
    edits = movie.video.all(b"edts", b"elst")
    assert all(media_time == 0 for edit in edits for _, media_time, _ in edit.table(">IiI"))


def test_movie_is_coded_as_set(clip):
    movie = clip.made.movie
    sps, pictures = movie.sps, movie.displayed()
    assert (sps.profile, sps.width, sps.height, sps.progressive) == (100, 1280, 720, True)
    assert sps.refs in (3, 4), "B-frames that are references may take one more"
    assert sps.aspect == (1, 1) and movie.pps.cabac
    assert {len(picture.types) for picture in pictures} == {2}
    assert 1 <= longest_b_run(pictures) <= 3
    assert [n for n, p in enumerate(pictures) if p.idr] == list(range(0, clip.frames, clip.gop))
    assert [s.sync for s in movie.samples] == [p.idr for p in movie.pictures]


def test_movie_uses_b_references(clips, outputs):
    pictures = outputs(clips / "fps24.mp4").movie.pictures
    assert any(picture.reference for picture in pictures if picture.types[0] == "B")


@pytest.mark.parametrize("clip", [name for name in CLIPS if CLIPS[name][2]], indirect=True)
@pytest.mark.parametrize("of", ["movie", "_360"])
def test_every_frame_once(clip, of, tmp_path):
    path = clip.made.mp4
    if of in LADDER:
        path = tmp_path / "whole.ts"
        path.write_bytes(b"".join(clip.made.videos[of].segments))
    assert look.frame_numbers(path) == list(range(clip.frames))


def test_thumbnails(clip):
    """1280x720, 4:2:0, full range, and the frames at 0, 5 and 10 s."""
    entries = "codec_name", "width", "height", "pix_fmt"
    shown = []
    for path in clip.made.thumbnails:
        found = look.probe(path, "stream=" + ",".join(entries))
        assert [found[entry] for entry in entries] == ["mjpeg", 1280, 720, "yuvj420p"]
        shown += look.frame_numbers(path)
    assert len(shown) == 3
    if clip.numbered:
        assert shown == [round(second * clip.rate) for second in (0, 5, 10)]


@pytest.mark.parametrize("of", ["master", "movie"])
def test_plays_without_a_warning(clip, of):
    path = clip.made.mp4 if of == "movie" else clip.made.hls / f"{clip.name}.m3u8"
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-i", path, "-map", "0", "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True)
    assert (played.returncode, played.stderr) == (0, "")


def test_cuts_become_plain_i_frames(clips, outputs):
    """Most of the 17 cuts are seen, and none of them makes an IDR (which the tests above count)."""
    pictures = outputs(clips / "cuts.mp4").videos["_720"].displayed()
    assert sum("I" in picture.types and not picture.idr for picture in pictures) >= 8


def test_result(clip):
    """What --json prints agrees with the files."""
    groups = clip.made.run.result["outputGroupDetails"]
    details = [
        [output.get("videoDetails") for output in group["outputDetails"]] for group in groups
    ]
    for name, video in zip(LADDER, details[0]):
        bits = 8 * sum(len(p.data) for segment in clip.made.videos[name].pes for p in segment)
        assert video.pop("averageBitrate") == pytest.approx(bits / clip.seconds, rel=0.02)
    assert details[1][0].pop("averageBitrate") > 0
    for video, level in zip([*details[0][: len(LADDER)], details[1][0]], (7, 7, 8, 8)):
        average, *ends = (video.pop(f"qvbr{name}Quality") for name in ("Avg", "Min", "Max"))
        assert 1 <= ends[0] <= average <= ends[1] <= level
        assert all(round(end * 3) == pytest.approx(end * 3, abs=0.02) for end in ends)
        for place in (video.pop(f"qvbr{name}QualityLocation") for name in ("Min", "Max")):
            frame = place * clip.rate / 1000
            assert place < 1000 * clip.seconds
            assert abs(frame - round(frame / clip.gop) * clip.gop) < clip.rate / 500
    hls = [{"widthInPx": width, "heightInPx": height} for width, height, _ in LADDER.values()]
    big = {"widthInPx": 1280, "heightInPx": 720}
    assert details == [[*hls, None], [big], [big]]
    duration = groups[1]["outputDetails"][0]["durationInMs"]
    assert abs(duration - 1000 * clip.seconds) <= 1000 * 3 * AAC_FRAME
