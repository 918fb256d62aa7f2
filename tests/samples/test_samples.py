# SPDX-License-Identifier: Apache-2.0
"""`validate` says of jobs after public samples what MediaConvert says of them, as far as their sources tell.

verdicts.tsv has a row for each JSON file here; the values are ours, the settings those of the source.

| column   | what it says                                                                               |
|---       |---                                                                                         |
| name     | the file, without .json                                                                    |
| service  | MediaConvert's answer: accepted; refused: its whole message; fails: the error of the job   |
| here     | ours: accepted, warnings, unsupported or refused                                           |
| findings | warnings, unsupported: where, nothing left out; refused: our words where they are our own  |
| source   | what the sample was written after, and what there tells the service's answer               |

unsupported is a job that is right, but has settings with the support REFUSED.
"""
import csv
import json
import pathlib

import pytest

SAMPLES = pathlib.Path(__file__).resolve().parent

COLUMNS = ["name", "service", "here", "findings", "source"]


def rows():
    with open(SAMPLES / "verdicts.tsv", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def pointers(findings):
    return sorted(finding["pointer"] for finding in findings)


def message(errors):
    """All of them in one line, as the service words its answer."""
    return " | ".join(f"{error['pointer']}: {error['message']}" for error in errors)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_verdict(mediaconvert_local, row):
    result = mediaconvert_local("validate", "--json", f"{row['name']}.json", cwd=SAMPLES)
    findings = json.loads(result.stdout)
    warnings = [finding for finding in findings if finding["severity"] == "warning"]
    errors = [finding for finding in findings if finding["severity"] == "error"]
    unsupported = [error for error in errors if error.get("support") == "REFUSED"]
    errors = [error for error in errors if error not in unsupported]
    listed = row["findings"].split(" | ") if row["findings"] else []

    assert result.returncode == (2 if row["here"] in ("unsupported", "refused") else 0)
    if row["here"] == "refused":
        assert message(errors) == (row["findings"] or row["service"].removeprefix("refused: "))
    else:
        assert message(errors) == ""
        assert pointers(unsupported) == (sorted(listed) if row["here"] == "unsupported" else [])
    if row["here"] in ("accepted", "warnings"):
        assert pointers(warnings) == sorted(listed)


def test_every_sample_has_a_row():
    names = [row["name"] for row in rows()]
    assert names == sorted(names)
    assert names == sorted(path.stem for path in SAMPLES.glob("*.json"))


def test_rows_are_complete():
    for row in rows():
        assert row["service"].split(":")[0] in ("accepted", "refused", "fails"), row["name"]
        assert row["here"] in ("accepted", "warnings", "unsupported", "refused"), row["name"]
        assert row["source"], row["name"]
        if row["service"].startswith("refused"):
            assert row["here"] == "refused", f"{row['name']}: the service does not take it"
        elif row["service"] == "accepted":
            assert row["here"] != "refused", f"{row['name']}: the service takes it"
