# SPDX-License-Identifier: Apache-2.0
"""The server of tests/s3; a tally of what went wrong, printed at the end."""
import importlib.util
import pathlib
import sys
from collections import Counter

import pytest

S3 = pathlib.Path(__file__).parents[1] / "s3"
sys.path.append(str(S3))
spec = importlib.util.spec_from_file_location("s3_conftest", S3 / "conftest.py")
s3_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(s3_conftest)
server, new_name = s3_conftest.server, s3_conftest.new_name

TALLY = Counter()


@pytest.fixture(scope="session")
def tally():
    return TALLY


def pytest_terminal_summary(terminalreporter):
    for name, count in sorted(TALLY.items()):
        terminalreporter.write_line(f"{count:7} {name}")
