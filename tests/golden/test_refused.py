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
