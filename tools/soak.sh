#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What takes long: about an hour in all.
#
#   tools/soak.sh [memory]
#     Shows that memory does not grow with the length of the input: runs the tutorial's job on 30 s,
#     5 min and 30 min of 1080p and fits the peak memory of each against its minutes.
#   tools/soak.sh [faults [FIRST [RUNS]]]
#     Runs jobs from S3 to S3 through a proxy that goes wrong: 200 seeds, or those from FIRST on.
#     Half of them have four parts in and five out; of those, three in five are broken off first (an
#     expired token, a cancel, a kill) and then run again. Prints what went wrong how often.
#   tools/soak.sh [serve [FIRST [RUNS]]]
#     Kills the server and its workers at random while 16 clients use it: ten rounds, each 200 jobs,
#     2 kills of the server and 20 of workers; or the rounds from FIRST on, in the same folder. Then
#     500 jobs on one server that nobody kills, which must not grow.
#   tools/soak.sh [batch]
#     Runs a batch job of a million entries with the handler that does nothing, and one of 100,000 through a
#     warm Python process; prints the memory and the tasks a second of each. Then a million through
#     Python that are killed five times on the way.
set -euo pipefail
cd "$(dirname "$0")/.."
soak=build/soak
mkdir -p $soak

what=${1:-memory faults serve batch} first=${2:-0} runs=${3-}

tools/install.sh build clip test s3
cmake --preset release > /dev/null
cmake --build --preset release > /dev/null

make_clips() {
    [ -e $soak/clip.mp4 ] || fixtures/make.sh --demo $soak/clip.mp4
    for seconds in 30 300 1800; do
        [ -e $soak/$seconds.mp4 ] || {
            ffmpeg -nostdin -v error -y -stream_loop -1 -i $soak/clip.mp4 -t $seconds -c copy $soak/part.mp4
            mv $soak/part.mp4 $soak/$seconds.mp4
        }
    done
}

memory() {
    make_clips
    /usr/bin/python3 - << 'END'
import os
import shutil
import sys

MOST_MIB, MOST_MIB_PER_MINUTE = 430, 0.6
PROGRAM, SOAK = "build/release/bin/mediaconvert-local", "build/soak"


def peak_mib(seconds):
    """Of the largest process that the job ran in."""
    shutil.rmtree(f"{SOAK}/buckets", ignore_errors=True)
    command = [PROGRAM, "run", "job-json/tutorial.json", "--input", f"{SOAK}/{seconds}.mp4",
               "--destination", "s3://out/soak/Default", "--storage", f"{SOAK}/buckets", "--speed", "draft"]
    devnull = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    child = os.posix_spawn(PROGRAM, command, os.environ, file_actions=devnull)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"the job on {seconds} s failed")
    print(f"{seconds / 60:5.1f} min  {usage.ru_maxrss / 1024:6.1f} MiB", flush=True)
    return seconds / 60, usage.ru_maxrss / 1024


points = [peak_mib(seconds) for seconds in (30, 300, 1800)]
shutil.rmtree(f"{SOAK}/buckets")
mean_x = sum(x for x, _ in points) / len(points)
mean_y = sum(y for _, y in points) / len(points)
slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
peak = max(y for _, y in points)
print(f"{slope:.3f} MiB per minute of media (less than {MOST_MIB_PER_MINUTE}), "
      f"at most {peak:.0f} MiB (less than {MOST_MIB})")
sys.exit(slope >= MOST_MIB_PER_MINUTE or peak >= MOST_MIB)
END
}

faults() {
    FAULT_FIRST=$first FAULT_RUNS=${runs:-$((200 - first))} /usr/bin/python3 -m pytest -q -k 'mix or stuck' tests/faults
}

serve() {
    [ "$first" -gt 0 ] || rm -rf $soak/serve
    mkdir -p $soak/serve
    SOAK_FIRST=$first SOAK_ROUNDS=${runs:-$((10 - first))} SOAK_FOLDER=$soak/serve \
        SOAK_JOBS=200 SOAK_SERVER_KILLS=2 SOAK_WORKER_KILLS=20 SOAK_STEADY_JOBS=500 \
        /usr/bin/python3 -m pytest -qxs tests/serve/test_soak.py
}

batch() {
    /usr/bin/python3 - << 'END'
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

MOST_MIB = 60
PROGRAM, FOLDER = pathlib.Path("build/release/bin/mediaconvert-local").resolve(), pathlib.Path("build/soak/batch")
FUNCTION = """
def handler(event, context):
    return {"results": [{"taskId": event["tasks"][0]["taskId"], "resultCode": "Succeeded"}]}
"""


def run(count, least, *options):
    """A batch job of so many entries: its peak memory and its rate."""
    with open(FOLDER / "list.csv", "w") as manifest:
        manifest.writelines(f"in,some/longer/prefix/of/videos/video%20number%20{i:07d}.mp4\n" for i in range(count))
    began, peak_kb = time.monotonic(), 0
    with open(FOLDER / "result", "w") as result:
        process = subprocess.Popen([PROGRAM, "batch", "list.csv", "--report", "s3://reports/soak", "--json", *options],
                                   cwd=FOLDER, stdout=result)
        while process.poll() is None:
            found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
            peak_kb = int(found[1]) if found else peak_kb
            time.sleep(0.1)
    seconds = time.monotonic() - began
    done = json.loads((FOLDER / "result").read_text())["progressSummary"]["numberOfTasksSucceeded"]
    print(f"{done:9d} tasks with {options[1]:12s} {peak_kb / 1024:5.1f} MiB (less than {MOST_MIB})  "
          f"{done / seconds:8.0f}/s from manifest to report (at least {least})", flush=True)
    return done == count and peak_kb < MOST_MIB * 1024 and done / seconds >= least


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
with zipfile.ZipFile(FOLDER / "f.zip", "w") as archive:
    archive.writestr("f.py", FUNCTION)
well = [run(1_000_000, 5000, "--handler", "noop"),
        run(100_000, 500, "--handler", "f.zip", "--batch-concurrency", "1")]
shutil.rmtree(FOLDER)
sys.exit(not all(well))
END
    BATCH_ENTRIES=1000000 /usr/bin/python3 -m pytest -q tests/batch/test_kill.py::test_kill
}

for part in $what; do
    echo "== $part"
    $part
done
