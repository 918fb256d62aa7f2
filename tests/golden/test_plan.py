# SPDX-License-Identifier: Apache-2.0
"""`plan`: every job that people may run, and the tutorial's on odd inputs, as text in plan/.

After a plan was changed on purpose, write them anew and read the diff:
    WRITE_PLANS=1 python3 -m pytest tests/golden/test_plan.py; git diff tests/golden/plan
"""
import json
import os
import pathlib

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
JOBS = sorted(path.stem for path in (TOP / "job-json").glob("*.json"))
PLANS = pathlib.Path(__file__).with_name("plan")

NOON, NOON_STAMP = "1767268800", "20260101T120000"

ROTATE = "/Inputs/0/VideoSelector/Rotate=AUTO"
SPEED_DRAFT = ("--speed", "draft")

# What the tutorial's job is planned for: its clip, what is changed.
ODD_INPUTS = [
    ("non_square", ()),
    ("odd_size", ()),
    ("rotated_90", ()),
    ("rotated_90", ("--set", ROTATE)),
    ("no_audio", ()),
    ("mono", ()),
    ("delayed_audio", ()),
    ("vfr", ()),
    ("fps2997", ()),
    ("bars_10bit", ()),
    ("hd", ()),
    ("hd", SPEED_DRAFT),
]


@pytest.fixture
def plan(mediaconvert_local, clips, monkeypatch):
    """Plans a job for a clip, at noon and for two cores."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOON)

    def plan(job, clip, *options):
        words = "plan", f"job-json/{job}.json", "--input", f"build/fixtures/{clip}.mp4", "--threads", "2"
        return mediaconvert_local(*words, *options, cwd=TOP)

    return plan


def compare(found, name):
    assert (found.returncode, found.stderr) == (0, "")
    assert str(TOP) not in found.stdout, "a path of this machine"
    if "WRITE_PLANS" in os.environ:
        (PLANS / f"{name}.txt").write_text(found.stdout)
    assert found.stdout == (PLANS / f"{name}.txt").read_text()


def name_of(clip, options):
    return "-".join(["tutorial", clip, *(word.split("=")[-1].lower() for word in options[1:])])


@pytest.mark.parametrize("job", JOBS)
def test_job(plan, job):
    compare(plan(job, "fps25"), job)


@pytest.mark.parametrize("clip, options", ODD_INPUTS)
def test_odd_input(plan, clip, options):
    compare(plan("tutorial", clip, *options), name_of(clip, options))


def test_every_plan_is_expected():
    names = [*JOBS, *(name_of(*row) for row in ODD_INPUTS)]
    assert sorted(names) == sorted(path.stem for path in PLANS.glob("*.txt"))


@pytest.mark.parametrize("job", JOBS)
def test_json(plan, job):
    planned = json.loads(plan(job, "fps25", "--json").stdout)
    text = json.loads((TOP / f"job-json/{job}.json").read_text())
    settings = text.get("Job", text.get("job", text))
    settings = settings.get("Settings", settings.get("settings", settings))
    groups = settings.get("OutputGroups", settings.get("outputGroups"))
    assert [len(group["outputs"]) for group in planned["outputGroups"]] == [
        len(group.get("Outputs", group.get("outputs"))) for group in groups
    ]


# --- deinterlacing ---

DEINTERLACER = "/OutputGroups/0/Outputs/0/VideoDescription/VideoPreprocessors"


def test_deinterlacer_has_nothing_to_do(plan):
    deinterlaced = plan("mp4", "fps25", "--set", DEINTERLACER + '={"Deinterlacer":{"Algorithm":"BLEND"}}')
    assert (deinterlaced.returncode, deinterlaced.stderr) == (0, "")
    assert deinterlaced.stdout == plan("mp4", "fps25").stdout


def test_deinterlacer_has_something_to_do(plan):
    assert plan("mp4", "interlaced").returncode == 0
    deinterlaced = plan("mp4", "interlaced", "--set", DEINTERLACER + '={"Deinterlacer":{}}')
    assert deinterlaced.returncode != 0
    assert "1040" in deinterlaced.stderr
    assert "Track [1] is interlaced: deinterlacing it is not supported yet" in deinterlaced.stderr


# --- segments and rates ---

H264 = "/OutputGroups/0/Outputs/{}/VideoDescription/CodecSettings/H264Settings"
SEGMENTS = "/OutputGroups/0/OutputGroupSettings/HlsGroupSettings"


@pytest.mark.parametrize(
    "control, length, gop, frames",
    [
        ("EXACT", 6, 2, 150),
        ("EXACT", 7, 3, 150),
        ("EXACT", 6, 5, 125),
        ("EXACT", 2, 5, 125),
        ("GOP_MULTIPLE", 6, 2, 150),
        ("GOP_MULTIPLE", 7, 3, 225),
        ("GOP_MULTIPLE", 6, 5, 250),
        ("GOP_MULTIPLE", 2, 5, 125),
    ],
)
def test_segments_are_whole_gops(plan, control, length, gop, frames):
    """The nearest number of them, or the next; and so long they are when their bits are bounded."""
    changes = {f"{SEGMENTS}/SegmentLengthControl": control, f"{SEGMENTS}/SegmentLength": length}
    changes |= {H264.format(output) + "/GopSize": gop for output in range(3)}
    planned = plan("tutorial", "fps25", *(word for change in changes.items() for word in ("--set", "%s=%s" % change)))
    assert planned.returncode == 0
    assert planned.stdout.count(f", {frames / 25:.3f} s ({frames} frames)") == 3
    most = 1_200_000  # of the first
    size = int(most * min(frames / 25, 3) / 6)
    assert f" maxrate={most - int(size / (frames / 25))} bufsize={size} " in planned.stdout


NEAR = '={"RateControlMode":"VBR","Bitrate":1190000,"MaxBitrate":1200000}'


def test_mean_near_max_bitrate_in_segments(plan):
    """Both cannot be had; it is said of each output which one is not."""
    words = [word for output in (0, 2) for word in ("--set", H264.format(output) + NEAR)]
    planned = json.loads(plan("tutorial", "fps25", "--json", *words).stdout)
    assert [info for info in planned["info"] if "MaxBitrate" in info] == [
        f"output '{name}': Bitrate [1190000] is so near to MaxBitrate [1200000] that the mean will be below 1100000: else "
        "segments could have more than MaxBitrate. A larger MaxBitrate or an HrdBufferSize of your own leaves room"
        for name in ("_360", "_720")
    ]
    kept = plan("tutorial", "fps25", "--set", H264.format(0) + NEAR[:-1] + ',"HrdBufferSize":1200000}')
    assert " maxrate=1200000 bufsize=1200000 " in kept.stdout and "is so near" not in kept.stdout


def test_mean_near_max_bitrate_in_a_file(plan):
    planned = plan("mp4", "fps25", "--set", H264.format(0) + NEAR)
    assert " b=1190000 maxrate=1200000 bufsize=600000 " in planned.stdout
    assert "is so near" not in planned.stdout


def test_threads(plan):
    """More of them for more cores, where a cap on the rate does not forbid it."""
    uncapped = "--set", H264.format(0) + '={"RateControlMode":"VBR","Bitrate":1000000}'
    text = plan("mp4", "fps25", *uncapped, "--threads", "8").stdout
    assert "decoded by 8 threads" in text and "H.264 main, 11 threads, colour" in text
    for words, threads in (((), 1), (uncapped, 11)):
        planned = json.loads(plan("mp4", "fps25", *words, "--threads", "8", "--json").stdout)
        assert planned["decoderThreads"] == 8
        assert planned["outputGroups"][0]["outputs"][0]["video"]["threads"] == threads


# --- names ---

HLS, MP4, CAPTURES = (f"/OutputGroups/{group}" for group in range(3))
MODIFIER = "/Outputs/0/NameModifier"
HLS_DESTINATION = HLS + "/OutputGroupSettings/HlsGroupSettings/Destination"
MP4_DESTINATION = MP4 + "/OutputGroupSettings/FileGroupSettings/Destination"
SEGMENT_MODIFIER = HLS + "/Outputs/0/OutputSettings/HlsSettings/SegmentModifier"
AUDIO_MODIFIER = HLS + "/Outputs/3/NameModifier"
DATE, TIME = NOON_STAMP.split("T")

# The file that the MP4 becomes by its NameModifier: 1280x720, 5 Mb/s at most, 160 kb/s of sound.
MP4_NAMES = [
    ("_hd", "_hd"),
    ("$dt$", NOON_STAMP),
    ("$d$", DATE),
    ("$t$", TIME),
    ("$rv$", "5000"),
    ("$ra$", "160000"),
    ("$rc$", "5160"),
    ("$w$", "1280"),
    ("$h$", "720"),
    ("$h%04$", "0720"),
    ("$h%4$", "0720"),
    ("$h%02$", "720"),
    ("$h%0$", "720"),
    ("$rv%09$", "000005000"),
    ("$f$", "25"),
    ("$fn$", "fps25"),
    ("$ex$", "mp4"),
    ("$$", "$"),
    ("$$$$", "$$"),
    ("$$h$$", "$h$"),
    ("_$w$x$h$_$f$p", "_1280x720_25p"),
    ("a$d$$t$b", f"a{DATE}{TIME}b"),
    ("5$", "5$"),  # nothing that ends
    ("$w", "$w"),
]

# Changed in the tutorial's job; where in the plan's JSON; what stands there.
OTHER_NAMES = [
    ({HLS + MODIFIER: "_$w$_$rv$_$ra$_$rc$"}, (0, 0, "playlist"), "HLS/fps25_640_1200_0_1200.m3u8"),
    ({HLS + MODIFIER: "_$ex$"}, (0, 0, "playlist"), "HLS/fps25_m3u8.m3u8"),
    ({AUDIO_MODIFIER: "_$rv$_$ra$_$rc$_$h$_$f$"}, (0, 3, "playlist"), "HLS/fps25_0_96000_96_0_25.m3u8"),
    # a segment's dates are those of its completion, so they stay
    ({SEGMENT_MODIFIER: "-$dt$-$h$"}, (0, 0, "segments"), "HLS/fps25_360-$dt$-360_%05d.ts"),
    ({SEGMENT_MODIFIER: "$d$_$t$_$w%05$$$"}, (0, 0, "segments"), "HLS/fps25_360$d$_$t$_00640$$_%05d.ts"),
    ({SEGMENT_MODIFIER: "_$rv$_$ex$_$fn$"}, (0, 0, "segments"), "HLS/fps25_360_1200_m3u8_fps25_%05d.ts"),
    ({SEGMENT_MODIFIER: ""}, (0, 0, "segments"), "HLS/fps25_360_%05d.ts"),
    ({CAPTURES + MODIFIER: "_$w$x$h$.$ex$"}, (2, 0, "captures"), "Thumbnails/fps25_1280x720.jpg.%07d.jpg"),
    # destinations
    ({MP4_DESTINATION: "s3://EXAMPLE-BUCKET/a/"}, (1, 0, "object"), "a/fps25.mp4"),
    ({MP4_DESTINATION: "s3://EXAMPLE-BUCKET/a/b"}, (1, 0, "object"), "a/b.mp4"),
    ({MP4_DESTINATION: "s3://EXAMPLE-BUCKET/"}, (1, 0, "object"), "fps25.mp4"),
    ({MP4_DESTINATION: "s3://EXAMPLE-BUCKET"}, (1, 0, "object"), "fps25.mp4"),
    ({MP4_DESTINATION: "s3://EXAMPLE-BUCKET/$d$/$fn$/$t$_"}, (1, 0, "object"), f"{DATE}/fps25/{TIME}_.mp4"),
    ({HLS_DESTINATION: "s3://EXAMPLE-BUCKET/$dt$/"}, (0, 0, "playlist"), f"{NOON_STAMP}/fps25_360.m3u8"),
    ({HLS_DESTINATION: "s3://EXAMPLE-BUCKET/$dt$/a"}, (0, 0, "segments"), f"{NOON_STAMP}/a_360$dt$_%05d.ts"),
    (
        {MP4_DESTINATION: "s3://EXAMPLE-BUCKET/$fn$/", MP4 + MODIFIER: "_$fn$"},
        (1, 0, "object"),
        "fps25/fps25_fps25.mp4",
    ),
    ({MP4 + "/Outputs/0/Extension": "m4v", MP4 + MODIFIER: "_$ex$"}, (1, 0, "object"), "MP4/fps25_m4v.m4v"),
]

UNKNOWN = [
    (MP4 + MODIFIER, "_$x$"),
    (MP4 + MODIFIER, "_$H$"),
    (MP4 + MODIFIER, "_$r$"),
    (MP4 + MODIFIER, "_$dtt$"),
    (MP4 + MODIFIER, "_$ h$"),
    (HLS + MODIFIER, "_$Number$"),
    (SEGMENT_MODIFIER, "$n$"),
    (MP4_DESTINATION, "s3://EXAMPLE-BUCKET/$h$/"),  # of an output; a destination has several
    (HLS_DESTINATION, "s3://EXAMPLE-BUCKET/$x$"),
]


def setting(values):
    return [word for pointer, value in values.items() for word in ("--set", f"{pointer}={value}")]


def planned_name(plan, changes, place):
    found = plan("tutorial", "fps25", "--json", *setting(changes))
    assert (found.returncode, found.stderr) == (0, "")
    group, output, kind = place
    return json.loads(found.stdout)["outputGroups"][group]["outputs"][output][kind]


@pytest.mark.parametrize("modifier, becomes", MP4_NAMES)
def test_identifiers(plan, modifier, becomes):
    found = planned_name(plan, {MP4 + MODIFIER: modifier}, (1, 0, "object"))
    assert found == f"s3://EXAMPLE-BUCKET/MP4/fps25{becomes}.mp4"


@pytest.mark.parametrize("changes, place, name", OTHER_NAMES, ids=lambda value: str(value)[:60])
def test_other_names(plan, changes, place, name):
    assert planned_name(plan, changes, place) == f"s3://EXAMPLE-BUCKET/{name}"


@pytest.mark.parametrize("pointer, value", UNKNOWN)
def test_unknown_identifiers(plan, pointer, value):
    found = plan("tutorial", "fps25", *setting({pointer: value}))
    identifier = "$" + value.split("$")[1] + "$"
    assert found.returncode == 2
    assert f"Unknown format identifier [{identifier}]" in found.stderr
