# SPDX-License-Identifier: Apache-2.0
"""The tables against AWS's own model, as botocore ships it: a check that knows nothing of members.tsv.

Debian's botocore may be years older than the model that the tables were made from; what it does
not know yet is let pass, what it knows must agree. $MEDIACONVERT_MODEL names another service-2.json.
"""
import gzip
import importlib.util
import json
import os
import pathlib
import re

import members
import pytest

# What an older model has for limits, and what came of it since.
OLDER = {
    ("AiffSettings", "Channels"): ((1, 64), "0 was added: as many as the input has"),
    ("AudioDescription", "AudioSourceName"): ((None, None), "a limit was added"),
    ("Input", "FileInput"): ((None, None), "a limit was added"),
    ("Input", "FilterStrength"): ((-5, 5), "less than 0 was never of use"),
    ("InputTemplate", "FilterStrength"): ((-5, 5), "less than 0 was never of use"),
    ("InputVideoGenerator", "Duration"): ((50, 86400000), "may be shorter"),
    ("KantarWatermarkSettings", "CredentialsSecretName"): ((1, 512), "ARNs were added, which are longer"),
    ("Mp2Settings", "Channels"): ((1, 2), "0 was added: as many as the input has"),
    ("Mp3Settings", "Channels"): ((1, 2), "0 was added: as many as the input has"),
    ("OpusSettings", "Channels"): ((1, 2), "0 was added: as many as the input has"),
    ("Output", "Extension"): ((None, None), "a limit was added"),
    ("Output", "NameModifier"): ((1, None), "a limit was added"),
    ("OutputGroup", "Name"): ((None, None), "a limit was added"),
    ("VorbisSettings", "Channels"): ((1, 2), "0 was added: as many as the input has"),
    ("WavSettings", "Channels"): ((1, 64), "0 was added: as many as the input has"),
}
LISTED = "listed the extensions of what can be read; any may be given since"
OPEN = "had no end; matches the same"
OLDER_PATTERNS = {
    ("AudioDescription", "CustomLanguageCode"): "had no digits",
    ("AudioSelector", "ExternalAudioFileInput"): LISTED,
    ("CmafGroupSettings", "Destination"): OPEN,
    ("DashIsoGroupSettings", "Destination"): OPEN,
    ("FileGroupSettings", "Destination"): OPEN,
    ("HlsGroupSettings", "Destination"): OPEN,
    ("Input", "FileInput"): LISTED,
    ("InputClipping", "EndTimecode"): "had no frame rate",
    ("InputClipping", "StartTimecode"): "had no frame rate",
    ("KantarWatermarkSettings", "CredentialsSecretName"): "had no ARNs",
    ("KantarWatermarkSettings", "KantarServerUrl"): "ended with .com",
    ("KantarWatermarkSettings", "LogDestination"): OPEN,
    ("MsSmoothGroupSettings", "Destination"): OPEN,
    ("NielsenNonLinearWatermarkSettings", "AdiFilename"): OPEN,
    ("NielsenNonLinearWatermarkSettings", "MetadataDestination"): OPEN,
    ("NielsenNonLinearWatermarkSettings", "TicServerUrl"): OPEN,
    ("SpekeKeyProvider", "CertificateArn"): OPEN,
    ("SpekeKeyProvider", "Url"): "had no end",
    ("SpekeKeyProviderCmaf", "CertificateArn"): OPEN,
    ("SpekeKeyProviderCmaf", "Url"): "had no end",
}


def model_file():
    if "MEDIACONVERT_MODEL" in os.environ:
        return pathlib.Path(os.environ["MEDIACONVERT_MODEL"])
    found = importlib.util.find_spec("botocore")
    # where python3-botocore has it, which another python3 than the system's does not see
    parents = [pathlib.Path(found.origin).parent] if found else []
    for parent in [*parents, pathlib.Path("/usr/lib/python3/dist-packages/botocore")]:
        for name in ("service-2.json", "service-2.json.gz"):
            path = parent / "data/mediaconvert/2017-08-29" / name
            if path.exists():
                return path
    pytest.skip("python3-botocore is not installed: no model to compare with")


@pytest.fixture(scope="module")
def shapes():
    path = model_file()
    opened = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    with opened as file:
        return json.load(file)["shapes"]


def held(shape):
    """The name of what a list or a map holds; else None."""
    return shape.get("member", shape.get("value", {})).get("shape")


@pytest.fixture(scope="module")
def reached(shapes):
    """The structures that the requests lead to."""
    found, waiting = set(), list(members.ROOTS)
    while waiting:
        name = waiting.pop()
        shape = shapes[name]
        if shape["type"] == "structure" and name not in found:
            found.add(name)
            waiting += [member["shape"] for member in shape["members"].values()]
        elif held(shape):
            waiting.append(held(shape))
    return found


@pytest.fixture(scope="module")
def model(shapes, reached):
    """Every member: {(structure, name): (its shape, the name of that of an item, that of an item)}."""
    found = {}
    for structure in reached:
        for name, member in shapes[structure]["members"].items():
            shape = shapes[member["shape"]]
            item = held(shape) or member["shape"]
            found[structure, name] = (shape, item, shapes[item])
    return found


def test_members(model, rows):
    assert len(model) > 1000
    assert not model.keys() - rows.keys()


def test_types(model, rows):
    kinds = {"integer": "INT", "double": "NUMBER", "string": "STRING", "structure": "OBJECT"}
    for key, (shape, name, item) in model.items():
        many = {"list": "S", "map": "_MAP"}.get(shape["type"], "")
        kind = "ENUM" if "enum" in item else kinds[item["type"]]
        row = rows[key]
        assert (row["type"], row.get("children")) == (kind + many, name if kind == "OBJECT" else None), key


def test_values(model, rows):
    for key, (_, _, item) in model.items():
        assert set(item.get("enum", [])) <= set(rows[key].get("choices", [])), key


def limits_of(name, shape):
    """Of doubles the model says them only in the shape's name."""
    if shape["type"] != "double":
        return shape.get("min"), shape.get("max")
    ends = re.fullmatch(r"__double(?:Min(Negative)?(\d+))?(?:Max(Negative)?(\d+))?", name).groups()
    return tuple(int(digits) * (-1 if negative else 1) if digits else None
                 for negative, digits in (ends[:2], ends[2:]))


def test_limits(model, rows):
    wrong = []
    for key, (_, name, item) in model.items():
        if key in members.RANGES or "enum" in item or item["type"] not in ("integer", "double", "string"):
            continue
        row = rows[key]
        ours, theirs = (row.get("min"), row.get("max")), limits_of(name, item)
        if item["type"] == "string":
            # every string has a length of 0 or more
            ours, theirs = ((low or None, high) for low, high in (ours, theirs))
        if ours != theirs and OLDER.get(key, [None])[0] != theirs:
            wrong.append((key, ours, theirs))
    assert not wrong


def test_patterns(model, rows):
    for key, (_, _, item) in model.items():
        if key in members.PATTERNS or key in OLDER_PATTERNS:
            continue
        assert rows[key].get("pattern", "") == item.get("pattern", ""), key


def test_differences_are_of_members():
    assert OLDER.keys() | OLDER_PATTERNS.keys() <= {member.key for member in members.members()}


def test_required(shapes, reached, rows):
    for structure in reached:
        for name in shapes[structure].get("required", []):
            assert rows[structure, name].get("required") or (structure, name) in members.NOT_REQUIRED


def test_wire_names(shapes, reached):
    """A member on the wire is its name with a lower first letter: what the parser takes for granted."""
    for structure in reached:
        for name, member in shapes[structure]["members"].items():
            assert member["locationName"] == name[0].lower() + name[1:]
