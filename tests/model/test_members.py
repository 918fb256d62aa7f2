# SPDX-License-Identifier: Apache-2.0
"""The tables and members.tsv agree: in each direction, in everything that members.tsv says."""
import members

TYPES = {"integer": "INT", "double": "NUMBER", "string": "STRING", "enum": "ENUM", "structure": "OBJECT"}
MANY = {"": "", "list": "S", "map": "_MAP"}


def disagreeing(rows, theirs, ours):
    """[(structure.member, what it should be, what the row has)]"""
    return [(".".join(member.key), theirs(member), ours(rows[member.key])) for member in members.members()
            if theirs(member) != ours(rows[member.key])]


def without_need(differences, says):
    """What stands among the differences, but is what the file says already."""
    by_key = {member.key: member for member in members.members()}
    return [key for key in differences if key not in by_key or says(by_key[key])]


def test_file_is_sorted():
    keys = [member.key for member in members.members()]
    assert keys == sorted(set(keys))
    for member in members.members():
        assert member.choices == sorted(set(member.choices)), member.key


def test_size_of_the_file():
    """A line that is lost is noticed, not only by the row that is lost with it."""
    enums = {member.item: member.choices for member in members.members() if member.kind == "enum"}
    assert all(enums[member.item] == member.choices for member in members.members() if member.kind == "enum")
    assert len(members.structures()) == 188
    assert len(members.members()) == 1329
    assert len(enums) == 459
    assert sum(map(len, enums.values())) == 1603
    assert members.paths(*members.ROOTS).keys() == members.structures().keys()


def test_size_of_job_settings_in_august():
    """What JobSettings leads to in the model of August 2026, as counted in that model."""
    def august():
        return [member for member in members.members() if member.since == "2026-08"]

    reached = members.paths("JobSettings", known=august)
    inside = [member for member in august() if member.structure in reached]
    values = {(member.item, value) for member in inside for value in member.values.split() if "*" not in value}
    assert len(reached) == 171
    assert len(inside) == 1179
    assert len({member.item for member in inside if member.kind == "enum"}) == 439
    assert len(values) == 1528


def test_members(rows):
    assert rows.keys() == {member.key for member in members.members()}


def test_types(rows):
    def type_and_children(member):
        many = "STRING_MAP" if (member.many, member.kind) == ("map", "string") else None
        return many or TYPES[member.kind] + MANY[member.many], member.item if member.kind == "structure" else None

    assert not disagreeing(rows, type_and_children, lambda row: (row["type"], row.get("children")))


def test_values(rows):
    assert not disagreeing(rows, lambda member: member.choices, lambda row: sorted(row.get("choices", [])))


def test_limits(rows):
    def known(low, high, length):
        # every string has a length of 0 or more: "..10" is "0..10", and "0.." is no limit
        return (None if length and not low else low, high)

    assert not disagreeing(rows, lambda member: known(*member.limits, member.kind == "string"),
                           lambda row: known(row.get("min"), row.get("max"), row["type"] in ("STRING", "STRINGS")))
    assert not without_need(members.RANGES, lambda member: members.limits(members.RANGES[member.key][0])
                            == members.limits(member.range))


def test_patterns(rows):
    assert not disagreeing(rows, lambda member: member.our_pattern, lambda row: row.get("pattern", ""))
    assert not without_need(members.PATTERNS, lambda member: members.PATTERNS[member.key][0] == member.pattern)


def test_required(rows):
    assert not disagreeing(rows, lambda member: member.must_be_given, lambda row: row.get("required", False))
    assert not without_need(members.REQUIRED, lambda member: member.required)
    assert not without_need(members.NOT_REQUIRED, lambda member: not member.required)
