# SPDX-License-Identifier: Apache-2.0
"""The tables against AWS's own model, as botocore ships it: names, types, values, ranges, required.

Debian's botocore may be years older than the model that the tables were made from; what it does
not know yet is let pass, what it knows must agree. $MEDIACONVERT_MODEL names another service-2.json.
"""
import gzip
import importlib.util
import json
import os
import pathlib
import re

import pytest

# Where the tables differ from the model on purpose, or from the older model that Debian has.
STRICTER = {
    ("H264Settings", "GopSize"): "the model has no range; less than 0 makes no sense",
    ("HlsGroupSettings", "MinFinalSegmentLength"): "the model has no range; less than 0 makes no sense",
    ("H264QvbrSettings", "QvbrQualityLevelFineTune"): "the model has no range; it is a part of one level",
    ("Input", "FilterStrength"): "was -5 to 5 before 2023",
}
NOT_REQUIRED = {("CreateJobRequest", "Role"): "nobody assumes it; required over HTTP only"}


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


@pytest.fixture(scope="module")
def rows(mediaconvert_local):
    return {(row["structure"], row["name"]): row
            for row in json.loads(mediaconvert_local("settings", "--json").stdout)}


@pytest.fixture(scope="module")
def members(shapes, rows):
    """Every member of a structure that has a table: {(structure, name): shape}."""
    return {(structure, name): shapes[member["shape"]]
            for structure in {key[0] for key in rows} for name, member in shapes[structure]["members"].items()}


def test_every_member_has_a_row(members, rows):
    assert not members.keys() - rows.keys()


def item_shape(shapes, shape):
    """Of what a list holds; else the shape itself."""
    return shapes[shape["member"]["shape"]] if shape["type"] == "list" else shape


def expected_type(shapes, shape, has_table):
    if shape["type"] == "map":
        kind = shapes[shape["value"]["shape"]]["type"]
        return "STRING_MAP" if kind == "string" else "OBJECT_MAP" if has_table else "OPAQUE_MAP"
    item = item_shape(shapes, shape)
    many = "S" if shape["type"] == "list" else ""
    if item["type"] == "structure":
        return ("OBJECT" if has_table else "OPAQUE") + many
    if "enum" in item:
        return "ENUM" + many
    return {"integer": "INT", "double": "NUMBER", "string": "STRING"}[item["type"]] + many


def test_types(shapes, members, rows):
    for key, shape in members.items():
        assert rows[key]["type"] == expected_type(shapes, shape, "children" in rows[key]), key


def test_values(shapes, members, rows):
    for key, shape in members.items():
        known = set(item_shape(shapes, shape).get("enum", []))
        assert known <= set(rows[key].get("choices", [])), key


def test_ranges(shapes, members, rows):
    for key, shape in members.items():
        item = item_shape(shapes, shape)
        if item["type"] not in ("integer", "double") or key in STRICTER:
            continue
        row = rows[key]
        assert (row.get("min"), row.get("max")) == (item.get("min"), item.get("max")), key


def test_lengths(shapes, members, rows):
    for key, shape in members.items():
        item = item_shape(shapes, shape)
        row = rows[key]
        if item["type"] == "string" and "max" in item and "pattern" not in item:
            assert row.get("max") == item["max"], key


def test_patterns_are_there(shapes, members, rows):
    for key, shape in members.items():
        row = rows[key]
        if "pattern" in item_shape(shapes, shape) and row["support"] != "REFUSED":
            assert "pattern" in row, key
            re.compile(row["pattern"].replace("[:space:]", r"\s"))


def test_required(shapes, rows):
    for structure in {key[0] for key in rows}:
        for name in shapes[structure].get("required", []):
            assert rows[structure, name].get("required") or (structure, name) in NOT_REQUIRED


def test_wire_names(shapes, rows):
    """A member on the wire is its name with a lower first letter: what the parser takes for granted."""
    for structure in {key[0] for key in rows}:
        for name, member in shapes[structure]["members"].items():
            assert member["locationName"] == name[0].lower() + name[1:]
