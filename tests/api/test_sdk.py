# SPDX-License-Identifier: Apache-2.0
"""All operations as the newest AWS SDK for JavaScript sends them: sdk.mjs, a test for each of its cases."""
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "serve"))
import sdk  # noqa: E402
from program import REPO, Serve  # noqa: E402


@pytest.fixture(scope="module")
def results(clips, tmp_path_factory):
    """The server's jobs wait for ever: it is asked, and runs nothing."""
    serve = Serve(tmp_path_factory.mktemp("sdk"), "--queue-delay", "86400")
    bucket = serve.folder / "buckets/clips"
    bucket.mkdir(parents=True)
    shutil.copy(clips / "mono.mp4", bucket)
    try:
        return sdk.run(HERE, serve.url, REPO / "job-json/mp4.json", "s3://clips/mono.mp4")
    finally:
        assert serve.stop() == 0


@pytest.mark.parametrize("name", sdk.cases(HERE))
def test_case(results, name):
    result, = (line for line in results if line.get("name") == name)
    assert not result["error"], result["error"]


def test_every_operation_was_sent(results):
    assert results[-1] == {"operations": 34, "never": []}
