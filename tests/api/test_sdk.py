# SPDX-License-Identifier: Apache-2.0
"""All operations as the newest AWS SDK for JavaScript sends them: sdk.mjs, a test for each of its cases."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "serve"))
from program import REPO, Serve  # noqa: E402

CASES = re.findall(r'^  async "([^"]+)"', (HERE / "sdk.mjs").read_text(), re.M)


@pytest.fixture(scope="module")
def modules():
    """What package-lock.json names, installed once."""
    folder = REPO / "build/api"
    folder.mkdir(parents=True, exist_ok=True)
    lock = HERE / "package-lock.json"
    installed = folder / "package-lock.json"
    if not (folder / "node_modules").is_dir() or installed.read_bytes() != lock.read_bytes():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
    shutil.copy(HERE / "sdk.mjs", folder)
    return folder


@pytest.fixture(scope="module")
def clips():
    subprocess.run([REPO / "fixtures/make.sh", REPO / "build/fixtures"], check=True)
    return REPO / "build/fixtures"


@pytest.fixture(scope="module")
def results(modules, clips, tmp_path_factory):
    """The server's jobs wait for ever: it is asked, and runs nothing."""
    serve = Serve(tmp_path_factory.mktemp("sdk"), "--queue-delay", "86400")
    bucket = serve.folder / "buckets/clips"
    bucket.mkdir(parents=True)
    shutil.copy(clips / "mono.mp4", bucket)
    command = ["node", "sdk.mjs", serve.url, REPO / "job-json/mp4.json", "s3://clips/mono.mp4"]
    try:
        done = subprocess.run(command, cwd=modules, capture_output=True, text=True, timeout=120)
    finally:
        assert serve.stop() == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and lines, done.stderr
    return lines


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    result, = (line for line in results if line.get("name") == name)
    assert not result["error"], result["error"]


def test_every_operation_was_sent(results):
    assert results[-1] == {"operations": 34, "never": []}
