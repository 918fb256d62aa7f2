# SPDX-License-Identifier: Apache-2.0
"""The program under test, $MEDIACONVERT_LOCAL or the release build; and clips that are made once."""
import itertools
import os
import pathlib
import signal
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[1]

# A shell ignores SIGINT for what it runs in the background, and so would the programs that are to
# be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def clips():
    """The folder of small clips, made where they are missing."""
    folder = TOP / "build/fixtures"
    subprocess.run([TOP / "fixtures/make.sh", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def new_name():
    """Names that nothing has had yet, buckets among them."""
    count = itertools.count()
    return lambda: f"name-{next(count)}"


@pytest.fixture(scope="session")
def mediaconvert_local():
    """Runs the program in a folder and returns its CompletedProcess."""
    program = pathlib.Path(os.environ.get("MEDIACONVERT_LOCAL", TOP / "build/release/bin/mediaconvert-local")).resolve()
    if not program.exists():
        pytest.fail(f"{program} is not built")

    def run(*arguments, cwd=TOP, stdin=""):
        return subprocess.run([program, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True,
                              timeout=60, check=False)

    return run
