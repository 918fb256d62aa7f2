# SPDX-License-Identifier: Apache-2.0
"""members.tsv: every member of every structure of the service's model, one a line, sorted.

    type    integer, double, string, enum SHAPE, a structure's name; list<…> and map<…> of these
    range   LOW..HIGH of a number, each end allowed, either may be missing; a list means each item
    length  the same of a string, in characters
    values  of an enum; * behind one: newer than the enum
    since   2026-08: in the model of August 2026. 2026-11: newer; of these ranges are known from prose only

The tables differ from it on purpose in what stands below, each with its reason, and nowhere else.
"""
import collections
import csv
import functools
import pathlib

FILE = pathlib.Path(__file__).with_name("members.tsv")

ROOTS = ("CreateJobRequest", "CreateJobTemplateRequest", "CreatePresetRequest", "CreateQueueRequest")

# Required, though the model does not say so.
REFUSES = "the service refuses what comes without it"
REQUIRED = {
    ("AacSettings", "CodingMode"): REFUSES,
    ("AacSettings", "SampleRate"): REFUSES,
    ("AudioCodecSettings", "Codec"): REFUSES,
    ("AudioDescription", "CodecSettings"): REFUSES,
    ("ContainerSettings", "Container"): REFUSES,
    ("FileGroupSettings", "Destination"): REFUSES,
    ("HlsGroupSettings", "Destination"): REFUSES,
    ("JobSettings", "Inputs"): REFUSES,
    ("JobSettings", "OutputGroups"): REFUSES,
    ("OutputGroup", "OutputGroupSettings"): REFUSES,
    ("OutputGroup", "Outputs"): REFUSES,
    ("OutputGroupSettings", "Type"): REFUSES,
    ("VideoCodecSettings", "Codec"): REFUSES,
    ("VideoDescription", "CodecSettings"): REFUSES,
}
NOT_REQUIRED = {("CreateJobRequest", "Role"): "nobody assumes it; required over HTTP only"}

RANGES = {("HopDestination", "WaitMinutes"): ("1..4320", "its text in the model says so")}

SHOWN = "the service's answers show this one"
PATTERNS = {
    ("CmafGroupSettings", "Destination"): ("^s3://", SHOWN),
    ("DashIsoGroupSettings", "Destination"): ("^s3://", SHOWN),
    ("FileGroupSettings", "Destination"): ("^s3://", SHOWN),
    ("HlsGroupSettings", "Destination"): ("^s3://", SHOWN),
    ("MsSmoothGroupSettings", "Destination"): ("^s3://", SHOWN),
    ("HlsSettings", "AudioGroupId"): ('^[^"]*$', "it stands between quotes in the playlist"),
    ("Input", "FileInput"): (r"^s3://([^\/]+\/+)+((([^\/]*)))|^https?://[^\/].*[^&]$|^file:///.+$",
                             "a file on disk, for the person at the terminal"),
}


def limits(text):
    """"1..10" → (1, 10); a missing end is None."""
    low, _, high = text.partition("..")
    return (int(low) if low else None, int(high) if high else None)


class Member(collections.namedtuple("Member", "structure name type required range length pattern values since")):
    """A line of the file."""
    __slots__ = ()

    @property
    def key(self):
        return self.structure, self.name

    @property
    def wire(self):
        return self.name[0].lower() + self.name[1:]

    @property
    def many(self):
        """"list", "map" or ""."""
        return self.type.partition("<")[0] if "<" in self.type else ""

    @property
    def item(self):
        """Of what a list or a map holds; else the type itself."""
        return self.type.removeprefix(self.many).strip("<>")

    @property
    def kind(self):
        """"integer", "double", "string", "enum" or "structure"."""
        word = self.item.split()[0]
        return word if word in ("integer", "double", "string", "enum") else "structure"

    @property
    def choices(self):
        return self.values.replace("*", "").split()

    @property
    def limits(self):
        """Of its number or of its string's length, as the tables should have them."""
        return limits(RANGES[self.key][0] if self.key in RANGES else self.range or self.length)

    @property
    def our_pattern(self):
        """As the tables should have it."""
        return PATTERNS[self.key][0] if self.key in PATTERNS else self.pattern

    @property
    def must_be_given(self):
        return bool(self.required or self.key in REQUIRED) and self.key not in NOT_REQUIRED


@functools.cache
def members():
    """Every line, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        assert next(lines) == "structure member type required range length pattern values since".split()
        return [Member(*line) for line in lines]


@functools.cache
def structures():
    """{structure: [Member]}"""
    found = collections.defaultdict(list)
    for member in members():
        found[member.structure].append(member)
    return dict(found)


def paths(*roots, known=members):
    """The shortest way to each structure from the first of the roots that leads to it:
    {structure: (root, [Member, …])}."""
    by_structure = collections.defaultdict(list)
    for member in known():
        by_structure[member.structure].append(member)
    found = {}
    for root in roots:
        found.setdefault(root, (root, []))
        waiting = collections.deque([root])
        while waiting:
            structure = waiting.popleft()
            for member in by_structure[structure]:
                if member.kind == "structure" and member.item not in found:
                    found[member.item] = (root, [*found[structure][1], member])
                    waiting.append(member.item)
    return found
