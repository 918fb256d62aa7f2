# SPDX-License-Identifier: Apache-2.0
"""Runs a folder's sdk.mjs, which tries the newest AWS SDK for JavaScript on a server, case by case."""
import json
import re
import shutil
import subprocess

from program import REPO


def cases(folder):
    return re.findall(r'^  async "([^"]+)"', (folder / "sdk.mjs").read_text(), re.M)


def run(folder, *arguments):
    """What it prints, a JSON line for each case; what its package-lock.json names is installed once."""
    place = REPO / "build" / folder.name
    place.mkdir(parents=True, exist_ok=True)
    installed, lock = place / "package-lock.json", folder / "package-lock.json"
    if not (place / "node_modules").is_dir() or installed.read_bytes() != lock.read_bytes():
        shutil.copy(folder / "package.json", place)
        shutil.copy(lock, place)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place, check=True)
    shutil.copy(folder / "sdk.mjs", place)
    done = subprocess.run(["node", "sdk.mjs", *arguments], cwd=place, capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and lines, done.stderr
    return lines
