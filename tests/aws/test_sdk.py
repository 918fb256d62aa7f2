# SPDX-License-Identifier: Apache-2.0
"""The same as the newest AWS SDK for JavaScript sends it: sdk.mjs, a test for each of its cases."""
import pathlib
import sys

import pytest
from conftest import zip_of

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "api"))
import sdk  # noqa: E402

MAIN = """
def handler(event, context):
    print(event)
    if event == "raise":
        raise ValueError("as told")
    return {"event": event}
"""


@pytest.fixture(scope="module")
def results(serve, tmp_path_factory):
    file = tmp_path_factory.mktemp("code") / "main.zip"
    file.write_bytes(zip_of(main=MAIN))
    return sdk.run(HERE, serve.url, file)


@pytest.mark.parametrize("name", sdk.cases(HERE))
def test_case(results, name):
    result, = (line for line in results if line["name"] == name)
    assert not result["error"], result["error"]
