# SPDX-License-Identifier: Apache-2.0
"""`validate`: the jobs that people may run pass, those in refused/ fail with exactly these lines.

After a wording was changed on purpose, write them anew and read the diff:
    cd job-json/refused && for j in *.json; do mediaconvert-local validate $j 2> ${j%.json}.expected; done
"""
import json
import pathlib

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]

JOBS = TOP / "job-json"
REFUSED = JOBS / "refused"


def names(folder):
    return sorted(path.stem for path in folder.glob("*.json"))


@pytest.mark.parametrize("name", names(JOBS))
def test_accepted(mediaconvert_local, name):
    result = mediaconvert_local("validate", "--strict", f"{name}.json", cwd=JOBS)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("name", names(REFUSED))
def test_refused(mediaconvert_local, name):
    result = mediaconvert_local("validate", f"{name}.json", cwd=REFUSED)
    assert result.stderr == (REFUSED / f"{name}.expected").read_text()
    assert (result.returncode, result.stdout) == (2, "")


def test_every_refusal_is_expected():
    assert names(REFUSED) == sorted(path.stem for path in REFUSED.glob("*.expected"))


def test_json(mediaconvert_local):
    result = mediaconvert_local("validate", "--json", "qvbr-without-max-bitrate.json", cwd=REFUSED)
    assert result.returncode == 2
    assert json.loads(result.stdout) == [{
        "severity": "error",
        "pointer": "/outputGroups/0/outputs/0/videoDescription/codecSettings/h264Settings",
        "line": 22, "column": 31,
        "message": "maxBitrate is a required property",
    }]


def test_warnings(mediaconvert_local):
    job = json.loads((JOBS / "mp4.json").read_text())
    job["Inputs"][0]["VideoSelector"] = {"EmbeddedTimecodeOverride": "USE_MDPM"}
    text = json.dumps(job)
    lenient = mediaconvert_local("validate", "-", stdin=text)
    assert lenient.returncode == 0
    assert "warning: /inputs/0/videoSelector/embeddedTimecodeOverride: USE_MDPM is ignored: " in lenient.stderr
    assert lenient.stderr.startswith("stdin:1:")
    assert lenient.stderr.endswith("0 errors, 1 warning\n")
    assert mediaconvert_local("validate", "--strict", "-", stdin=text).returncode == 2


def test_no_such_file(mediaconvert_local):
    result = mediaconvert_local("validate", "no-such.json")
    assert result.returncode == 2
    assert result.stderr == "error: cannot open 'no-such.json': No such file or directory\n"


def test_no_such_file_in_json(mediaconvert_local):
    finding, = json.loads(mediaconvert_local("validate", "--json", "no-such.json").stdout)
    assert finding["severity"] == "error" and "cannot open" in finding["message"]


def test_no_control_characters_on_the_terminal(mediaconvert_local):
    result = mediaconvert_local("validate", "no\x1b[2J.json")
    assert "\x1b" not in result.stderr and "no?[2J.json" in result.stderr


HOSTILE = {
    "ten thousand arrays": ("[" * 10000, "1:65: error: nested deeper than 64"),
    "ten thousand objects": ('{"a":' * 10000, "1:321: error: nested deeper than 64"),
    "half a surrogate pair": ('{"Name":"\\ud800"}', "1:10: error: half a surrogate pair"),
    "a million values": ("[" + "1," * 1000000 + "1]", "error: more than 200000 values"),
    "20 MB": (" " * 20_000_000, "error: 'stdin' is no job: it has more than 16 MiB"),
    "nothing": ("", "error: "),
    "a key in every pointer": (
        '{"Inputs":[{"AudioSelectors":{"%s":{"Tracks":[%s]}}}],"OutputGroups":[]}' % ("n" * 12000, "1," * 60000 + "1"),
        "error: /inputs/0/audioSelectors: Should NOT have keys longer than 256 characters"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text(mediaconvert_local, case):
    text, message = HOSTILE[case]
    result = mediaconvert_local("validate", "-", stdin=text)
    assert result.returncode == 2
    assert message in result.stderr and len(result.stderr) < 1000, result.stderr[:1000]


def test_large_job(mediaconvert_local):
    """10 MB of a job that is right, with a byte order mark before it."""
    text = (JOBS / "mp4.json").read_text()
    result = mediaconvert_local("validate", "-", stdin="\ufeff" + text + " " * 10_000_000)
    assert (result.returncode, result.stderr) == (0, "")


STORED = {
    "template": ({"Name": "t", "Settings": {"OutputGroups": []}}, []),
    "template's request": ({"Name": "t", "Settings": {}, "Priority": 51, "Role": "r"}, [
        ("/priority", "Should be less than or equal to 50"),
        ("/Role", '"Role" is not a member of CreateJobTemplateRequest')]),
    "template without places": ({"Name": "t", "Settings": {"Inputs": [{"FileInput": "s3://b/k"}]}}, [
        ("/inputs/0/FileInput", '"FileInput" is not a member of InputTemplate')]),
    "preset": ({"name": "p", "settings": {"containerSettings": {"container": "MP4"}}}, []),
    "preset's value": ({"name": "p", "settings": {"containerSettings": {"container": "MP3"}}}, [
        ("/containerSettings/container", "Should be equal to one of the allowed values in ")]),
    "queue": ({"Name": "q", "PricingPlan": "RESERVED", "ReservationPlanSettings": {
        "Commitment": "ONE_YEAR", "RenewalType": "EXPIRE", "ReservedSlots": 1}}, []),
    "queue's plan": ({"Name": "q", "PricingPlan": "RESERVED", "ReservationPlanSettings": {
        "Commitment": "ONE_YEAR", "RenewalType": "NEVER", "ReservedSlots": 1}}, [
        ("/reservationPlanSettings/renewalType",
         'Should be equal to one of the allowed values in ["AUTO_RENEW","EXPIRE"]')]),
}


@pytest.mark.parametrize("case", STORED)
def test_stored_requests(mediaconvert_local, case):
    """Job templates, presets and queues are checked as what they are."""
    request, expected = STORED[case]
    result = mediaconvert_local("validate", "--json", "-", stdin=json.dumps(request))
    found = [(f["pointer"], f["message"]) for f in json.loads(result.stdout)]
    assert len(found) == len(expected), found
    for (pointer, message), (at, begins) in zip(found, expected):
        assert pointer == at and message.startswith(begins), found
    assert result.returncode == (2 if expected else 0)


def test_hints(mediaconvert_local):
    """What a program gets beside the message: the nearest word, and which support level spoke."""
    job = json.loads((JOBS / "mp4.json").read_text())
    job["Inputs"][0]["Crop"] = {"Hight": 2}
    job["OutputGroups"][0]["Outputs"][0]["ContainerSettings"]["Container"] = "MP44"
    found = json.loads(mediaconvert_local("validate", "--json", "-", stdin=json.dumps(job)).stdout)
    by_pointer = {f["pointer"]: f for f in found}
    assert by_pointer["/inputs/0/crop"]["support"] == "REFUSED"
    assert by_pointer["/inputs/0/crop/Hight"]["hint"] == 'did you mean "Height"?'
    assert by_pointer["/outputGroups/0/outputs/0/containerSettings/container"]["hint"] == 'did you mean "MP4"?'
