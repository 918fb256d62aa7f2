# SPDX-License-Identifier: Apache-2.0
"""The program under test, $MEDIACONVERT_LOCAL or the release build, and its tables."""
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def mediaconvert_local():
    """Runs the program and returns what it prints."""
    program = pathlib.Path(os.environ.get("MEDIACONVERT_LOCAL", TOP / "build/release/bin/mediaconvert-local")).resolve()
    if not program.exists():
        pytest.fail(f"{program} is not built")

    def run(*arguments, stdin=""):
        return subprocess.run([program, *arguments], input=stdin, stdout=subprocess.PIPE, text=True, timeout=60,
                              check=False).stdout

    return run


@pytest.fixture(scope="session")
def rows(mediaconvert_local):
    """The rows of the tables: {(structure, member): row}."""
    return {(row["structure"], row["name"]): row for row in json.loads(mediaconvert_local("settings", "--json"))}
