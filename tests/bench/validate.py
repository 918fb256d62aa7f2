#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What validating costs: whole processes of `validate`, median of their CPU and wall time.

    tests/bench/validate.py [--runs N]

Three jobs: the tutorial's; one of a megabyte whose outputs are all right; the same with several
errors in each output. Times only mean something on an idle machine.
"""
import argparse
import copy
import json
import pathlib
import statistics
import tempfile

from compare import JOB, PROGRAM, measure

MEGABYTE = 1_000_000


def large_job():
    job = json.loads(JOB.read_text())
    outputs = job["OutputGroups"][0]["Outputs"]
    one = copy.deepcopy(outputs[0])
    before = len(json.dumps(job, indent=2))
    outputs.append(one | {"NameModifier": "_first"})
    size = len(json.dumps(job, indent=2)) - before
    for number in range((MEGABYTE - before) // size):
        outputs.append(copy.deepcopy(one) | {"NameModifier": f"_of{number}"})
    return job


def spoil(job):
    for output in job["OutputGroups"][0]["Outputs"]:
        h264 = output.get("VideoDescription", {}).get("CodecSettings", {}).get("H264Settings")
        if h264:
            h264 |= {"Bitrate": 5, "Slises": 3, "EntropyEncoding": "CAVLX"}
    return job


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        right, wrong = pathlib.Path(folder, "right.json"), pathlib.Path(folder, "wrong.json")
        right.write_text(json.dumps(large_job(), indent=2))
        wrong.write_text(json.dumps(spoil(large_job()), indent=2))
        for name, path, status in (("tutorial", JOB, 0), ("1 MB", right, 0), ("1 MB, wrong", wrong, 2)):
            found = [measure([PROGRAM, "validate", path], status=status) for _ in range(runs)]
            cpu, wall = (1000 * statistics.median(run[what] for run in found) for what in ("CPU", "wall"))
            print(f"{name:12} {path.stat().st_size / 1000:7.1f} kB   CPU {cpu:5.1f} ms   wall {wall:5.1f} ms")


if __name__ == "__main__":
    main()
