# SPDX-License-Identifier: Apache-2.0
"""MaxBitrate holds in every segment, whatever the segments' length, the effort and the rate control."""
import json

import pytest
from outputs import Video
from program import TUTORIAL, Run

LIMIT = 1_200_000
RATE, SECONDS = 30, 12  # of the clip
HARD = {"QVBR": {"QvbrSettings": {"QvbrQualityLevel": 10}}, "VBR": {"Bitrate": 1_000_000}}


@pytest.fixture
def rendition(clips, new_folder, tmp_path):
    """The 360p rendition of the tutorial's job alone, of the clip that turns to noise."""

    def make(seconds, mode, changes, *options):
        job = json.loads(TUTORIAL.read_text())
        (group,) = job["OutputGroups"] = job["OutputGroups"][:1]
        (output,) = group["Outputs"] = group["Outputs"][:1]
        del output["OutputSettings"]["HlsSettings"]["AudioRenditionSets"]
        group["OutputGroupSettings"]["HlsGroupSettings"]["SegmentLength"] = seconds
        h264 = output["VideoDescription"]["CodecSettings"]["H264Settings"]
        h264 |= {"RateControlMode": mode, "MaxBitrate": LIMIT, **changes}
        path = tmp_path / "job.json"
        path.write_text(json.dumps(job))
        run = Run(clips / "hard.mp4", new_folder(), options, job=path).wait().completed()
        return run, Video(run.storage / "out/bbb/Default/HLS", "hard_360")

    return make


def fullness(video, seconds):
    """Of each segment of full length: its video's bits against what MaxBitrate allows."""
    return [
        8 * sum(len(p.data) for p in pes) / (LIMIT * seconds)
        for pes in video.pes
        if len(pes) == round(seconds * RATE)
    ]


@pytest.mark.parametrize(
    "mode, length, gop, tuning, options",
    [
        ("QVBR", 1, 0.7, "SINGLE_PASS", ()),
        ("QVBR", 2, 2, "SINGLE_PASS", ()),
        ("QVBR", 10, 2, "SINGLE_PASS", ()),
        ("QVBR", 2, 2, "MULTI_PASS_HQ", ()),
        ("QVBR", 2, 1, "SINGLE_PASS_HQ", ("--speed", "draft")),
        ("VBR", 1, 1, "SINGLE_PASS", ()),
        ("VBR", 2, 2, "SINGLE_PASS_HQ", ()),
        ("VBR", 2, 2, "MULTI_PASS_HQ", ()),
        ("VBR", 6, 2, "SINGLE_PASS_HQ", ("--speed", "draft")),
    ],
)
def test_no_segment_is_above_max_bitrate(rendition, mode, length, gop, tuning, options):
    changes = {**HARD[mode], "GopSize": gop, "QualityTuningLevel": tuning}
    run, video = rendition(length, mode, changes, *options)
    seconds = max(round(length / gop), 1) * gop
    found = fullness(video, seconds)
    assert len(found) == int(SECONDS / seconds)
    assert 0.8 < max(found) <= 1, "below, nothing had to be held back"
    assert not any("Bitrate" in message for message in run.result["messages"]["info"])


@pytest.mark.parametrize("length", [1, 2, 6])
def test_mean_near_max_bitrate(rendition, length):
    """A Bitrate that leaves too little room for MaxBitrate is not reached, but no less is made of it."""
    means = []
    for rate, said in ((1_000_000, 0), (1_190_000, 1)):
        changes = {"Bitrate": rate, "GopSize": min(length, 2), "QualityTuningLevel": "SINGLE_PASS"}
        run, video = rendition(length, "VBR", changes)
        found = fullness(video, length)
        assert 0.8 < max(found) <= 1
        assert sum("is so near to MaxBitrate" in info for info in run.result["messages"]["info"]) == said
        means.append(sum(found) / len(found))
    assert means[1] >= 0.99 * means[0]
