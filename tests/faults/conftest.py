# SPDX-License-Identifier: Apache-2.0
"""The server of tests/s3; a tally of what went wrong, printed at the end."""
import pathlib
import sys
from collections import Counter

import pytest

sys.path.append(str(pathlib.Path(__file__).parents[1] / "s3"))
from server import server  # noqa: E402, F401

TALLY = Counter()


@pytest.fixture(scope="session")
def tally():
    return TALLY


def pytest_terminal_summary(terminalreporter):
    for name, count in sorted(TALLY.items()):
        terminalreporter.write_line(f"{count:7} {name}")
