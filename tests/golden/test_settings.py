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


@pytest.mark.parametrize("name, count", [("H264QvbrSettings", 3), ("h264QvbrSettings", 3), ("Vp8Settings", 14),
                                         ("H264Settings.Slices", 1), ("h264Settings.slices", 1), ("NumberReferenceFrames", 2)])
def test_names(mediaconvert_local, name, count):
    assert len(json.loads(mediaconvert_local("settings", "--json", name).stdout)) == count


@pytest.mark.parametrize("name", ["", "Nothing", "H264Settings.", "H264Settings.Nothing", ".Slices", "Slices.Slices"])
def test_unknown_names(mediaconvert_local, name):
    result = mediaconvert_local("settings", name)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"error: no structure and no setting is called '{name}'\n"


def test_text(mediaconvert_local):
    assert mediaconvert_local("settings", "H264QvbrSettings.QvbrQualityLevel").stdout.splitlines()[:2] == [
        "H264QvbrSettings",
        "  QvbrQualityLevel                     CLOSE    1 to 10",
    ]


def test_coverage(mediaconvert_local, rows):
    coverage = json.loads(mediaconvert_local("settings", "--coverage", "--json").stdout)
    assert coverage["settings"] == len(rows) == sum(coverage["settingsBySupport"].values())
    assert coverage["structures"] == len({row["structure"] for row in rows})
    for support, count in coverage["settingsBySupport"].items():
        assert sum(row["support"] == support for row in rows) == count
    line = mediaconvert_local("settings", "--coverage").stdout.splitlines()[-1]
    assert all(f"{count} {support}" in line for support, count in coverage["settingsBySupport"].items())
    assert line in (TOP / "README.md").read_text(), f"README.md has an old count: {line}"


# Where in the tutorial's job, or what is put there, each structure that has IGNORED rows stands;
# the members of templates and presets are those of jobs and outputs.
GROUP = "/outputGroups/0/outputGroupSettings/hlsGroupSettings"
VIDEO = "/outputGroups/0/outputs/0/videoDescription"
MP4 = "/outputGroups/1/outputs/0"
PLACES = {
    "AacSettings": MP4 + "/audioDescriptions/0/codecSettings/aacSettings",
    "AudioSelector": "/inputs/0/audioSelectors/Audio Selector 1",
    "CreateJobRequest": "",
    "H264Settings": VIDEO + "/codecSettings/h264Settings",
    "HlsGroupSettings": GROUP,
    "HlsSettings": "/outputGroups/0/outputs/0/outputSettings/hlsSettings",
    "Input": "/inputs/0",
    "JobSettings": "",
    "M3u8Settings": "/outputGroups/0/outputs/0/containerSettings/m3u8Settings",
    "Mp4Settings": MP4 + "/containerSettings/mp4Settings",
    "TimecodeConfig": "/timecodeConfig",
    "VideoDescription": VIDEO,
    "VideoSelector": "/inputs/0/videoSelector",
}
TEMPLATES = {"CreateJobTemplateRequest", "InputTemplate", "JobTemplateSettings", "PresetSettings"}


def lower(value):
    """The job with names as on the wire; the names of audio selectors stay."""
    if isinstance(value, list):
        return [lower(item) for item in value]
    if isinstance(value, dict):
        return {key if " " in key else key[0].lower() + key[1:]: lower(item) for key, item in value.items()}
    return value


def other_values(row):
    """Values that are not the default and can be had."""
    if row["type"] in ("ENUM", "ENUMS"):
        refused = {name for name, why in row.get("unsupported", {}).items() if why["support"] == "REFUSED"}
        names = [name for name in row["choices"] if name not in refused | {row.get("default")}]
        return names if row["type"] == "ENUM" else [[name] for name in names]
    if row["type"] == "INT":
        return [value for value in (row.get("min", 0), row.get("max", 7)) if value != row.get("default")]
    if row["type"] == "STRING":
        return ["2026-01-01" if row["name"] == "TimestampOffset" else "01:02:03:04"]
    return [{}] if row["type"] == "OBJECT" else [[{}]]


def test_nothing_is_ignored_in_silence(mediaconvert_local, rows):
    ignored = [row for row in rows if row["support"] == "IGNORED" and row["structure"] not in TEMPLATES]
    assert len(ignored) > 40
    for row in ignored:
        values = other_values(row)
        # every other value of the few rows without one is refused, which is no silence
        assert values or set(row["choices"]) - {row["default"]} == set(row["unsupported"]), row
        for value in values:
            request = {"settings": lower(json.loads((TOP / "job-json/tutorial.json").read_text()))}
            settings = request if row["structure"] == "CreateJobRequest" else request["settings"]
            at = settings
            for key in PLACES[row["structure"]].split("/")[1:]:
                at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
            name = row["name"][0].lower() + row["name"][1:]
            at[name] = value
            found = json.loads(mediaconvert_local("validate", "--json", "-", stdin=json.dumps(request)).stdout)
            assert [f["severity"] for f in found if f["pointer"].endswith("/" + name)] == ["warning"], (row, value, found)
