# SPDX-License-Identifier: Apache-2.0
"""`settings`: what it prints, and that docs/settings.md is what it would print now."""
import json
import pathlib

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]

FIELDS = {"structure", "name", "type", "support", "doc"}


@pytest.fixture(scope="module")
def rows(mediaconvert_local):
    return json.loads(mediaconvert_local("settings", "--json").stdout)


def test_docs_are_fresh(mediaconvert_local):
    printed = mediaconvert_local("settings", "--markdown").stdout
    assert printed == (TOP / "docs/settings.md").read_text(), \
        "docs/settings.md is old: mediaconvert-local settings --markdown > docs/settings.md"


def test_json(rows):
    assert all(FIELDS <= row.keys() for row in rows)
    bitrate, = (r for r in rows if (r["structure"], r["name"]) == ("H264Settings", "Bitrate"))
    assert bitrate == {
        "structure": "H264Settings", "name": "Bitrate", "type": "INT", "min": 1000, "max": 1152000000,
        "unit": "bits/s", "support": "EXACT", "where": "plan/video.c",
        "doc": "Average rate; CBR and VBR need it, QVBR forbids it",
    }
    codec, = (r for r in rows if (r["structure"], r["name"]) == ("AudioCodecSettings", "Codec"))
    assert codec["required"] is True
    assert codec["choices"][0] == "AAC"
    assert codec["unsupported"]["MP3"] == {"support": "REFUSED", "why": "only AAC is encoded"}


@pytest.mark.parametrize("name, count", [("H264QvbrSettings", 3), ("h264QvbrSettings", 3), ("Slices", 1),
                                         ("H264Settings.Slices", 1), ("h264Settings.slices", 1), ("Bitrate", 2)])
def test_names(mediaconvert_local, name, count):
    assert len(json.loads(mediaconvert_local("settings", "--json", name).stdout)) == count


@pytest.mark.parametrize("name", ["", "Nothing", "H264Settings.", "H264Settings.Nothing", ".Slices", "Slices.Slices"])
def test_unknown_names(mediaconvert_local, name):
    result = mediaconvert_local("settings", name)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"error: no structure and no setting is called '{name}'\n"


def test_text(mediaconvert_local):
    assert mediaconvert_local("settings", "QvbrQualityLevel").stdout.splitlines()[:2] == [
        "H264QvbrSettings",
        "  QvbrQualityLevel                     CLOSE    1 to 10",
    ]


def test_coverage(mediaconvert_local, rows):
    coverage = json.loads(mediaconvert_local("settings", "--coverage", "--json").stdout)
    assert coverage["settings"] == len(rows) == sum(coverage["settingsBySupport"].values())
    assert coverage["structures"] == len({row["structure"] for row in rows})
