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
set -euo pipefail
cd "$(dirname "$0")/.."
soak=build/soak
mkdir -p $soak

what=${1:-memory faults serve} first=${2:-0} runs=${3-}

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

MOST_MB, MOST_MB_PER_MINUTE = 430, 0.6
PROGRAM, SOAK = "build/release/bin/mediaconvert-local", "build/soak"


def peak_mb(seconds):
    """Of the largest process that the job ran in."""
    shutil.rmtree(f"{SOAK}/buckets", ignore_errors=True)
    command = [PROGRAM, "run", "job-json/tutorial.json", "--input", f"{SOAK}/{seconds}.mp4",
               "--destination", "s3://out/soak/Default", "--storage", f"{SOAK}/buckets", "--speed", "draft"]
    devnull = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    child = os.posix_spawn(PROGRAM, command, os.environ, file_actions=devnull)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"the job on {seconds} s failed")
    print(f"{seconds / 60:5.1f} min  {usage.ru_maxrss / 1024:6.1f} MB", flush=True)
    return seconds / 60, usage.ru_maxrss / 1024


points = [peak_mb(seconds) for seconds in (30, 300, 1800)]
shutil.rmtree(f"{SOAK}/buckets")
mean_x = sum(x for x, _ in points) / len(points)
mean_y = sum(y for _, y in points) / len(points)
slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
peak = max(y for _, y in points)
print(f"{slope:.3f} MB per minute of media (less than {MOST_MB_PER_MINUTE}), "
      f"at most {peak:.0f} MB (less than {MOST_MB})")
sys.exit(slope >= MOST_MB_PER_MINUTE or peak >= MOST_MB)
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

for part in $what; do
    echo "== $part"
    $part
done
