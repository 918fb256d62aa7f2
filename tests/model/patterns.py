# SPDX-License-Identifier: Apache-2.0
"""Strings for each pattern of the model: {pattern: Strings}."""
import collections

# match, fail: what it takes and what it does not. between: around as many of the middle one as a
# length asks for; None: no length is asked for, or one of `match` has it.
Strings = collections.namedtuple("Strings", "match fail between", defaults=[None])

HEX = "0123456789abcdefABCDEF0123456789"
UUID = "01234567-89ab-cdef-ABCD-EF0123456789"
TAMS = "arn:aws:events:us-east-1:123456789012:connection/a-B/"
KMS = "arn:aws:kms:us-east-1:123456789012:key/"
PLACES = ["ftp://b/", "b/", "s3:/b/", "https:/b/"]


def urls_of_files(*extensions):
    """Of the patterns that list extensions, in lower and in upper case."""
    pattern = "|".join(extensions)
    return rf"^((s3://(.*?)\.({pattern}))|(https?://(.*?)\.({pattern})(\?([^&=]+=[^&]+&)*[^&=]+=[^&]+)?))$", Strings(
        [f"{place}{name}.{extension}{query}" for extension in extensions
         for place, name, query in (("s3://b/", "ü.x", ""), ("http://h/", "a", ""), ("https://h/", "a", "?x=1&y=2"))],
        [f"{place}abcdef.{extensions[0]}" for place in PLACES]
        + [f"s3://b/{name}" for name in (f"abcdef{extensions[0]}", f"abc.{extensions[0]}?x=1", "abcd.exe")]
        + [f"https://h/abc.{extensions[0]}?{query}" for query in ("", "x", "x=1&", "=1")],
        ("s3://b/", "a", f".{extensions[0]}"))


def both_cases(*extensions):
    return [name for extension in extensions for name in (extension, extension.upper())]


TIMECODES = ["00:00:00:00", "23:59:59;29"]
NO_TIMECODES = ["25:00:00:00", "00:60:00:00", "00:00:60:00", "00:00:00.00", "0:00:00:00x"]
UP_TO_24 = "([01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9][:;][0-9]{2}"
REGION = "[a-z-]{2,6}-(east|west|central|((north|south)(east|west)?))-[1-9]{1,2}"
KEY_ID = "[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}"
NO_UUIDS = [UUID.replace("-", ""), UUID[:-1] + "g"]
BASE64 = Strings(["QUJD", "a+/==", "A="], ["", "=", "A===", "QU JD", "QU-D", "ü"], ("", "A", ""))
ESAM = ["<a:%s>x</a:%s>", " <%s/> ", "<a>\n<%s>\n</a>\n"]
RANGE_OF_TIME = r"(-?(0|[1-9][0-9]*):(0|[1-9][0-9]{0,8}))?"


def esam(name):
    return rf"^\s*<(.|\n)*{name}(.|\n)*>\s*$", Strings([text.replace("%s", name) for text in ESAM],
                                                     ["", name, "<a>", f"x<{name}>", f"<{name}>x"])


PATTERNS = dict([
    urls_of_files(*both_cases("bmp", "png")),
    urls_of_files(*both_cases("bmp", "png", "tga")),
    urls_of_files(*both_cases("cube")),
    urls_of_files(*both_cases("scc", "ttml", "dfxp", "stl", "srt", "xml", "smi", "vtt", "webvtt")),
    urls_of_files(*both_cases("xml")),
    urls_of_files("ttf"),
    esam("ManifestConfirmConditionNotification"),
    esam("SignalProcessingNotification"),
]) | {
    r"^((s3://(.*)(\.mov|[0-9]+\.png))|(https?://(.*)(\.mov|[0-9]+\.png)(\?([^&=]+=[^&]+&)*[^&=]+=[^&]+)?))$":
        Strings(["s3://b/abcdef.mov", "https://h/a_0.png?x=1"],
                ["s3://b/abcdef.png", "s3://b/abcdef.MOV", "abcdef0.png/////"], ("s3://b/", "a", ".mov")),
    r"^s3://([^\/]+\/+)+((([^\/]*)))|^https?://[^\/].*[^&]$":
        Strings(["s3://b/k", "s3://b/", "s3://b/f/ü.mov", "http://h/a", "https://h/a?x=1&y=2"],
                ["s3://b", "s3:///k", "/k", "ftp://h/a", "https://h/a&", "https:///a"], ("s3://b/", "a", "")),
    r"^s3:\/\/.*$": Strings(["s3://b/k/", "s3://b/ü"], ["s3:/b/k", "S3://b/k", "b/k", " s3://b/k"]),
    r"^s3:\/\/.*\/(ASSETMAP.xml)?$": Strings(["s3://b/", "s3://b/f/ASSETMAP.xml"], ["s3://b", "s3://b/f/map.xml"]),
    r"^https:\/\/.*$": Strings(["https://h", "https://"], ["http://h", "h"]),
    r"^https:\/\/.*.kantarmedia.*$":
        Strings(["https://x.kantarmedia.com"], ["https://kantar.com", "http://x.kantarmedia.com"]),
    r"^https:\/\/[^:@\/]*(:\d*)?(\/.*)?$":
        Strings(["https://h", "https://h:443/a/b"], ["https://user@h", "https://h:x", "http://h", "https://a:1:2"]),

    r"^[A-Za-z]{3}$": Strings(["deu", "ENG"], ["d3u", "   ", "dé "]),
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9-]+)?$": Strings(["de", "deu-AT", "es-419"], ["", "d", "deut", "de-", "de_AT"]),
    r"^[A-Za-z]{2,3}(-[A-Za-z-]+)?$": Strings(["de", "deu-AT"], ["", "d", "deut", "de-", "es-419"]),
    r"^[\w\s]*$": Strings(["", "A track_1"], ["a-b", "a.b", "ü"]),
    r"^[\w-]+$": Strings(["a-B_1"], ["", "a b", "a.b", "\\w"]),
    "^[ -~]+$": Strings(["Take 1 ~!"], ["", "ü"]),
    "^[a-zA-Z0-9_\\/_+=.@-]*$": Strings(["a/B_1+=.@-"], ["a b", "a\\b", "ü"], ("", "a", "")),
    r"^(arn:[a-z-]+:secretsmanager:[\w-]+:\d{12}:secret:)?[a-zA-Z0-9_\/_+=.@-]*$":
        Strings(["name", "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-1"],
                ["a b", "arn:aws:secretsmanager:us-east-1:1234:secret:a"], ("", "a", "")),

    "^[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$": Strings(["a1B2c3", "a1B2c3d4"], ["a1b2c3d", "a1b2cg"]),
    "^[0-9a-fA-F]{32}$": Strings([HEX], [HEX[:-1] + "g"]),
    "^[A-Za-z0-9]{32}$": Strings([HEX, "z" * 32], [HEX[1:], HEX + "0", HEX[:-1] + "-"]),
    "^[1-8][0-9a-fA-F][0-9a-eA-E]$": Strings(["100", "8fe"], ["900", "10f", "0aa"]),
    "(^0x[A-Fa-f0-9]{0,8}$|^[1-9][0-9]{0,8}$)":
        Strings(["0x", "0xABCDEF01", "1", "123456789"], ["", "0", "0xg", "1234567890", "0x123456789", "x0x1"]),
    r"^(\d+(\/\d+)*)$": Strings(["1", "1/2/34"], ["", "1/", "/1", "1,2", "d"]),
    "^[A-Za-z0-9+\\/]+={0,2}$": BASE64,
    "^[A-Za-z0-9+\\/]{22}==$|^[A-Za-z0-9+\\/]{16}$":
        Strings(["A" * 22 + "==", "A/+a" * 4], ["A" * 24, "A" * 14 + "==", "A" * 17]),

    r"^((([0-1]\d)|(2[0-3]))(:[0-5]\d){2}([:;][0-5]\d))$":
        Strings(TIMECODES, [*NO_TIMECODES, "24:00:00:00", "00:00:00:60"]),
    f"^{UP_TO_24}$": Strings([*TIMECODES, "24:00:00:99"], [*NO_TIMECODES, "00:00:00:000", "00:00:00:00@25"]),
    rf"^{UP_TO_24}(@[0-9]+(\.[0-9]+)?(:[0-9]+)?)?$":
        Strings([*TIMECODES, "24:00:00:99", "00:00:00:00@29.97", "00:00:00:00@30000:1001"],
                [*NO_TIMECODES, "00:00:00:00@", "00:00:00:00@25.", "00:00:00:00@25:"]),
    "^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$":
        Strings(["2026-12-31"], ["2026-13-01", "2026-00-01", "2026-01-32", "26-01-01", "2026-1-1"]),
    rf"^(\[|\()?{RANGE_OF_TIME}(_{RANGE_OF_TIME})?(\]|\))?$":
        Strings(["", "[0:0_10:5)", "_", "(-1:0_", "0:999999999"], ["0", "{0:0_1:0}", "0:0000", "0:1234567890", "00:0"]),

    f"^{REGION}$":
        Strings(["us-east-1", "us-gov-northwest-11"], ["us-east-0", "us-middle-1", "US-EAST-1", "us-east-111"]),
    rf"^arn:aws(-us-gov|-cn)?:kms:{REGION}:\d{{12}}:key/({KEY_ID}|mrk-[a-fA-F0-9]{{32}})$":
        Strings([KMS + UUID, KMS + "mrk-" + HEX, KMS.replace("aws", "aws-cn") + UUID],
                [UUID, KMS, KMS + UUID + "0", KMS + "mrk-" + HEX[1:], KMS.replace("012", "01") + UUID]),
    # the one alternative has no end, the other no beginning
    rf"^(arn:aws(-us-gov|-cn)?:kms:{REGION}:\d{{12}}:key/)?{KEY_ID}|mrk-[a-fA-F0-9]{{32}}$":
        Strings([UUID, KMS + UUID, UUID + " and more", "anything mrk-" + HEX],
                ["x" + UUID, "mrk-" + HEX + "x", *NO_UUIDS]),
    "^arn:aws[a-z0-9-]*:events:[a-z0-9-]+:[0-9]{12}:connection/[a-zA-Z0-9-]+/[a-f0-9-]{36}$":
        Strings([TAMS + UUID.lower()], [TAMS, TAMS + UUID, TAMS.replace("012", "01") + UUID.lower()]),
    "^arn:aws(-us-gov)?:acm:.*$":
        Strings(["arn:aws:acm:x", "arn:aws-us-gov:acm:"], ["arn:aws-cn:acm:x", "arn:aws:iam:x"]),
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$": Strings([UUID], NO_UUIDS[1:]),
    r"^(identity|[A-Za-z]{2,6}(\.[A-Za-z0-9-]{1,63})+)$":
        Strings(["identity", "com.apple.streamingkeydelivery"], ["", "identities", "com", "com.", "c.apple"]),
}

# The same for the patterns that the tables have instead: members.PATTERNS.
DESTINATION = Strings(["s3://b", "s3://b/k"], ["", "s3:/b", "xs3://b", "http://b"])
OWN_PATTERNS = {
    **{(group + "GroupSettings", "Destination"): DESTINATION
       for group in ("Cmaf", "DashIso", "File", "Hls", "MsSmooth")},
    ("HlsSettings", "AudioGroupId"): Strings(["", "a group, ü"], ['a "group"']),
    ("Input", "FileInput"): Strings(["file:///a b.mov"], ["file:///", "file://h/a", "file:a"]),
}
