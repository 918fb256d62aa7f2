# SPDX-License-Identifier: Apache-2.0
"""The same as the newest AWS SDK for JavaScript sends it: sdk.mjs, a test for each of its cases."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import zip_of
from program import REPO

HERE = pathlib.Path(__file__).parent
CASES = re.findall(r'^  async "([^"]+)"', (HERE / "sdk.mjs").read_text(), re.M)
MAIN = """
def handler(event, context):
    print(event)
    if event == "raise":
        raise ValueError("as told")
    return {"event": event}
"""


@pytest.fixture(scope="module")
def modules():
    """What package-lock.json names, installed once."""
    folder = REPO / "build/aws"
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
def results(modules, serve, tmp_path_factory):
    file = tmp_path_factory.mktemp("code") / "main.zip"
    file.write_bytes(zip_of(main=MAIN))
    command = ["node", "sdk.mjs", serve.url, file]
    done = subprocess.run(command, cwd=modules, capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and lines, done.stderr
    return lines


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    result, = (line for line in results if line["name"] == name)
    assert not result["error"], result["error"]
