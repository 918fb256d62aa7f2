#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two jobs at once against the same two one after the other: time and memory.

    tests/bench/pair.py CLIP [--runs N] [--json]

Memory is what the processes have together at its highest: pages that they share, of libraries, count
once (PSS). Looked at twenty times a second.
"""
import argparse
import pathlib
import re
import subprocess
import tempfile
import time

import compare


def tree(pid):
    """A process and what it has started."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [pid, *(p for child in children.read_text().split() for p in tree(int(child)))]
    except OSError:
        return []


def memory(pid):
    """MiB now; 0 when it has ended."""
    try:
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.search(r"^Pss: +(\d+)", rollup, re.M)[1]) / 1024


def run(*commands):
    """Wall seconds and MiB of commands that run at once."""
    before, peak = time.monotonic(), 0
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    while any(process.poll() is None for process in processes):
        peak = max(peak, sum(memory(pid) for process in processes for pid in tree(process.pid)))
        time.sleep(0.05)
    assert not any(process.returncode for process in processes)
    return time.monotonic() - before, peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [compare.run_job(arguments.clip, f"{folder}/{i}") for i in range(2)]
        both, apart = compare.interleave(lambda: run(*jobs), lambda: [run(job) for job in jobs], arguments.runs)
    found = {
        "time": compare.spread([b[0] / sum(seconds for seconds, _ in a) for b, a in zip(both, apart)]),
        "memory": compare.spread([b[1] / max(mib for _, mib in a) for b, a in zip(both, apart)]),
    }
    title = f"two jobs at once on {arguments.clip.name}, {arguments.runs} runs"

    def show(all_):
        print(all_["title"])
        print(f"  time, of one after the other  {compare.text(found['time'])}")
        print(f"  memory, of one job            {compare.text(found['memory'])}")

    compare.finish({"title": title, "clip": arguments.clip.stem, "runs": arguments.runs, "found": found},
                   arguments.json, show)  # fmt: skip


if __name__ == "__main__":
    main()
