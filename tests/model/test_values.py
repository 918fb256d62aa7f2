# SPDX-License-Identifier: Apache-2.0
"""Every enum value, both ends of every range and length, strings for every pattern, put into a
request where members.tsv says that they go; and what is just beyond, which must be refused there.

What a request lacks and what its settings have against each other is found besides, and left aside.
"""
import collections
import json
import re

import members
import pytest
from patterns import OWN_PATTERNS, PATTERNS

FINDINGS_MAX = 1000  # more are not kept: findings.c

# What a request needs for the program to see which one it is.
REQUESTS = {
    "CreateJobRequest": {"Settings": {}},
    "CreateJobTemplateRequest": {"Name": "n", "Settings": {}},
    "CreatePresetRequest": {"Name": "n", "Settings": {"VideoDescription": {}}},
    "CreateQueueRequest": {"Name": "n", "PricingPlan": "ON_DEMAND"},
}

# The words of what is wrong with a value by itself.
VALUE_ERROR = re.compile(
    r"Should be (integer|number|string|array|object)"
    r"|Should be (greater|less) than or equal to \S+"
    r"|Should NOT be (shorter|longer) than \S+ characters"
    r"|Should match the pattern: /.*/"
    r"|Should be equal to one of the allowed values in \[.*\]"
    r"|Should NOT have control characters"
    r"|Should have at most 1000 items"
    r"|\".*\" is (not a member of \w+|given twice)", re.DOTALL)
REQUIRED = re.compile(r"(\w+) is a required property")

# Where a rule between settings speaks in these words, too, of a value that may be had elsewhere.
RULES = {
    ("H264Settings", "Bitrate"): "the level's most",
    ("H264Settings", "HrdBufferSize"): "the level's most",
    ("H264Settings", "CodecProfile"): "BASELINE is among what BASELINE needs",
    ("H264Settings", "MaxBitrate"): "the level's most",
    ("H265Settings", "Bitrate"): "the level's most",
    ("H265Settings", "HrdBufferSize"): "the level's most",
    ("H265Settings", "MaxBitrate"): "the level's most",
    ("VideoDescription", "Height"): "the codec's most",
    ("VideoDescription", "Width"): "the codec's most",
}
RULE = re.compile(r"Should be less than or equal to \d+|Should be equal to one of the allowed values in \[.*\]")
REQUIRED_BY_RULES = {
    "CaptionDescription": {"captionSelectorName"},
    "DolbyVision": {"profile"},
    "HopDestination": {"waitMinutes"},
    "Input": {"fileInput"},
    "InputTamsSettings": {"authConnectionArn", "sourceId", "timerange"},
    "InsertableImage": {"imageX", "imageY"},
    "NexGuardFileMarkerSettings": {"license", "payload", "preset"},
    "NielsenNonLinearWatermarkSettings": {"assetId", "assetName", "sourceId", "sourceWatermarkStatus", "ticServerUrl"},
    "NoiseReducer": {"filter"},
    "Output": {"containerSettings"},
    "OutputChannelMapping": {"inputChannels"},
}

Try = collections.namedtuple("Try", "member value at error")  # at: below the member; error: None if there is none


def pointer_of(steps):
    """Of what the steps lead to, relative to the settings: those of a list to its first item."""
    pointer = ""
    for member in steps:
        below = {"list": "/0", "map": "/key", "": ""}[member.many]
        pointer = "" if member.name == "Settings" else f"{pointer}/{member.wire}{below}"
    return pointer


def put_in(member, value):
    return {"list": [value], "map": {"key": value}, "": value}[member.many]


def of_item(member, value, error=None):
    return Try(member, put_in(member, value), pointer_of([member]), error)


def string_of(member, length):
    """A string of that many characters, which matches where that can be."""
    if not member.pattern:
        return "ü" * length
    before, middle, after = PATTERNS[member.pattern].between or ("", "a", "")
    stretched = before + middle * (length - len(before + after)) + after
    fitting = [string for string in [*PATTERNS[member.pattern].match, stretched] if len(string) == length]
    return fitting[0] if fitting else "a" * length


def pattern_error(member, string):
    """By Python's own idea of the model's pattern."""
    pattern = member.our_pattern
    return None if not pattern or re.search(pattern, string, re.ASCII) else f"Should match the pattern: /{pattern}/"


def ends(member):
    """[Try] at both ends of what it may be."""
    tries = []
    for end in member.limits:
        if end is not None:
            value = string_of(member, end) if member.kind == "string" else end
            tries.append(of_item(member, value, pattern_error(member, value) if member.kind == "string" else None))
    return tries


def beyond(member):
    """[Try] just below and just above."""
    low, high = member.limits
    if member.kind == "string":
        low = low or None  # nothing is shorter than 0 characters
        tries = [(low, -1, "Should NOT be shorter than {} characters"),
                 (high, 1, "Should NOT be longer than {} characters")]
        return [of_item(member, "a" * (end + step), error.format(end)) for end, step, error in tries if end is not None]
    step = 0.125 if member.kind == "double" else 1
    tries = [(low, -step, "Should be greater than or equal to {}"), (high, step, "Should be less than or equal to {}")]
    return [of_item(member, end + step, error.format(end)) for end, step, error in tries if end is not None]


def in_limits(member, string):
    low, high = member.limits
    return len(string) >= (low or 0) and (high is None or len(string) <= high)


def strings(member):
    """What its pattern takes and what not."""
    known = [PATTERNS[member.pattern]] if member.pattern else []
    known += [OWN_PATTERNS[member.key]] if member.key in OWN_PATTERNS else []
    return [of_item(member, string, pattern_error(member, string)) for own in known
            for string in [*own.match, *own.fail] if in_limits(member, string)]


def enum_values(member):
    return [of_item(member, value) for value in member.choices]


def wrong(member):
    """What is no value of its type."""
    allowed = ",".join(f'"{value}"' for value in member.choices)
    values, error = {
        "integer": (["7", 1.5, True], "Should be integer"),
        "double": (["7", []], "Should be number"),
        "string": ([7, {}], "Should be string"),
        "enum": (["NO_VALUE", 7], f"Should be equal to one of the allowed values in [{allowed}]"),
        "structure": ([[], "x"], "Should be object"),
    }[member.kind]
    tries = [of_item(member, value, error) for value in values]
    if member.many:
        at = pointer_of([member])[:-len("/key" if member.many == "map" else "/0")]
        value, error = {"list": ({}, "Should be array"), "map": ([], "Should be object")}[member.many]
        tries.append(Try(member, value, at, error))
    return tries


def legal(member):
    """What is right, at least one value for all but structures."""
    tries = [attempt for attempt in enum_values(member) + ends(member) + strings(member) if not attempt.error]
    any_of_it = {"integer": 1, "double": 0.5, "string": "any text"}.get(member.kind)
    return tries or ([of_item(member, any_of_it)] if any_of_it else [])


def illegal(member):
    return [attempt for attempt in ends(member) + strings(member) if attempt.error] + beyond(member) + wrong(member)


def spelled(name, on_the_wire):
    return name[0].lower() + name[1:] if on_the_wire else name


class Request:
    """A request with one try for each of some members, and what the program must say to it."""

    def __init__(self, root, on_the_wire):
        self.on_the_wire = on_the_wire
        self.tree = self.spell(REQUESTS[root])
        self.expected, self.given = collections.Counter(), []

    def spell(self, tree):
        return {spelled(name, self.on_the_wire): self.spell(value) if isinstance(value, dict) else value
                for name, value in tree.items()}

    def structure(self, steps):
        """What the steps lead to, with everything above it."""
        at = self.tree
        for member in steps:
            name = spelled(member.name, self.on_the_wire)
            at = at.setdefault(name, put_in(member, {}))
            at = at[0] if member.many == "list" else at["key"] if member.many else at
        return at

    def add(self, steps, attempt):
        self.structure(steps)[spelled(attempt.member.name, self.on_the_wire)] = attempt.value
        pointer = pointer_of(steps) + attempt.at
        self.given.append((steps, attempt, pointer))
        if attempt.error:
            self.expected[pointer, attempt.error] += 1

    def findings(self, program):
        found = json.loads(program("validate", "--json", "-", stdin=json.dumps(self.tree)))
        assert len(found) < FINDINGS_MAX
        return [(finding["pointer"], finding["message"]) for finding in found]

    def surprises(self, program):
        """Lines for what is said and should not, and for what is not said and should; and of which members
        a rule spoke."""
        found = self.findings(program)
        said = collections.Counter(line for line in found if VALUE_ERROR.fullmatch(line[1]))
        values = {pointer: json.dumps(attempt.value)[:100] for _, attempt, pointer in self.given}
        members_of = {pointer: attempt.member.key for _, attempt, pointer in self.given if not attempt.error}
        by_rules = {line: members_of[line[0]] for line in said - self.expected
                    if members_of.get(line[0]) in RULES and RULE.fullmatch(line[1])}
        lines = [f"{pointer}: not said of {values.get(pointer)}: {message}"
                 for pointer, message in self.expected - said]
        lines += [f"{pointer}: said of {values.get(pointer)}: {message}" for pointer, message in said - self.expected
                  if (pointer, message) not in by_rules]
        for steps, attempt, _ in self.given:
            missed = pointer_of(steps), f"{attempt.member.wire} is a required property"
            lines += [f"{missed[0]}: given, but: {missed[1]}"] if missed in found else []
        return lines, set(by_rules.values())


def in_root(root):
    """[(structure, steps)] of what this kind of request is the first to lead to."""
    return [(structure, steps) for structure, (first, steps) in members.paths(*members.ROOTS).items() if first == root]


def requests(root, tries, places, on_the_wire):
    """One with the first try of every member that is in the places, one with the second…"""
    found = []
    for structure, steps in places:
        for member in members.structures()[structure]:
            for i, attempt in enumerate(tries(member)):
                if i == len(found):
                    found.append(Request(root, on_the_wire))
                found[i].add(steps, attempt)
    return found


@pytest.mark.parametrize("root", members.ROOTS)
def test_legal(mediaconvert_local, root):
    """All structures at once."""
    wrong_lines, spoken_of = [], set()
    for request in requests(root, legal, in_root(root), on_the_wire=False):
        lines, by_rules = request.surprises(mediaconvert_local)
        wrong_lines += lines
        spoken_of |= by_rules
    assert not wrong_lines, "\n".join(wrong_lines)
    assert spoken_of == (RULES.keys() if root == "CreateJobRequest" else set())


@pytest.mark.parametrize("root", members.ROOTS)
def test_illegal(mediaconvert_local, root):
    """One structure at a time, for a value that is no structure hides what is in it."""
    wrong_lines = []
    for place in in_root(root):
        for request in requests(root, illegal, [place], on_the_wire=True):
            wrong_lines += request.surprises(mediaconvert_local)[0]
    assert not wrong_lines, "\n".join(wrong_lines)


@pytest.mark.parametrize("root", members.ROOTS)
def test_unknown_members(mediaconvert_local, root):
    request = Request(root, on_the_wire=False)
    for structure, steps in in_root(root):
        request.structure(steps)["Xyzzy"] = 1
        request.expected[f"{pointer_of(steps)}/Xyzzy", f'"Xyzzy" is not a member of {structure}'] += 1
    lines, _ = request.surprises(mediaconvert_local)
    assert not lines, "\n".join(lines)


def structure_of_settings(root):
    """Whose pointer is that of the request, too; else that of the request itself."""
    return next((member.item for member in members.structures()[root] if member.name == "Settings"), root)


@pytest.mark.parametrize("root", members.ROOTS)
def test_required(mediaconvert_local, root):
    """Of a structure with nothing in it; a request has what tells which one it is."""
    wrong_lines = []
    for structure, steps in in_root(root):
        request = Request(root, on_the_wire=True)
        given = request.structure(steps)
        needed = {member.wire for member in members.structures()[structure] if member.must_be_given} - set(given)
        found = {message[1] for pointer, text in request.findings(mediaconvert_local)
                 if pointer == pointer_of(steps) and (message := REQUIRED.fullmatch(text))}
        if structure == root:
            found -= {member.wire for member in members.structures()[structure_of_settings(root)]}
        if found != needed | REQUIRED_BY_RULES.get(structure, set()):
            wrong_lines.append(f"{structure}: {sorted(found)} instead of {sorted(needed)}")
    assert not wrong_lines, "\n".join(wrong_lines)


def test_patterns_are_those_of_the_model():
    """And their strings do what is said of them, by Python's reading."""
    assert PATTERNS.keys() == {member.pattern for member in members.members()} - {""}
    assert OWN_PATTERNS.keys() == members.PATTERNS.keys()
    own_patterns = [(members.PATTERNS[key][0], own) for key, own in OWN_PATTERNS.items()]
    for pattern, own in [*PATTERNS.items(), *own_patterns]:
        assert own.match and own.fail
        for string in [*own.match, *own.fail]:
            assert bool(re.search(pattern, string, re.ASCII)) == (string in own.match), (pattern, string)


def test_all_is_tried():
    """Counted from the file's own columns, so that nothing is left out unseen."""
    every = members.members()
    limits = [(member, limit) for member in every for limit in member.limits if limit is not None]
    no_shorter = [member for member, limit in limits if member.kind == "string" and limit == 0]

    def count(tries):
        return sum(len(tries(member)) for member in every)

    assert {structure for root in members.ROOTS for structure, _ in in_root(root)} == members.structures().keys()
    assert count(enum_values) == sum(len(member.choices) for member in every) == 3324
    assert count(ends) == len(limits) == 912
    assert count(beyond) == len(limits) - len(no_shorter) == 911
    assert all(wrong(member) for member in every)
    assert all(legal(member) for member in every if member.kind != "structure")
    assert count(legal) == 4638
    assert count(illegal) == 4545
