#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds the program in every way that it is tested, runs all tests.
# Each step's time and what failed are listed at the end; what a step printed is in build/test/.
#
#   tools/test.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit
logs=build/test
rm -rf $logs
mkdir -p $logs
trap 'trap - INT TERM; kill 0' INT TERM # what runs beside goes, too

# Adds up what pytest or ctest wrote down as JUnit XML: "passed failed skipped".
count() { # XML
    /usr/bin/python3 - "$1" << 'END'
import sys
from xml.etree import ElementTree

cases = list(ElementTree.parse(sys.argv[1]).iter("testcase"))
failed = sum(any(case.find(tag) is not None for tag in ("failure", "error")) for case in cases)
skipped = sum(case.find("skipped") is not None for case in cases)
print(len(cases) - failed - skipped, failed, skipped)
END
}

# Runs a command as a step of this name. It counts as its tests in $logs/NAME.xml, or as one.
step() { # NAME COMMAND...
    local name=$1 start=$SECONDS status=0 p=0 f=0 s=0
    shift
    echo "== $name"
    "$@" > $logs/"$name".log 2>&1 || status=$?
    [ -s $logs/"$name".xml ] && read -r p f s < <(count $logs/"$name".xml)
    if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1 # what stopped it was no test
    elif [ $status -eq 0 ] && [ $((p + f + s)) -eq 0 ]; then
        p=1
    fi
    [ $status -eq 0 ] || tail -n 60 $logs/"$name".log
    printf '%-22s %5d s  %4d passed  %3d failed  %3d skipped\n' "$name" $((SECONDS - start)) "$p" "$f" "$s" >> $logs/summary
    return $status
}

build() { # PRESET ARGUMENT...
    cmake --preset "$1" && cmake --build --preset "$@"
}

# They wait more than they compute.
units() { # PRESET
    ctest --test-dir "build/$1" -j 4 --output-on-failure --no-tests=error \
        --output-junit "$PWD/$logs/units-$1.xml"
}

tests() { # STEP ARGUMENT...
    local name=$1
    shift
    /usr/bin/python3 -m pytest -q --junitxml="$logs/$name.xml" "$@"
}

# What is small runs under the sanitizers, the rest at full speed.
sanitized() { # FOLDER ARGUMENT...
    MEDIACONVERT_LOCAL=$PWD/build/asan/bin/mediaconvert-local MUTATION_SECONDS=60 \
        step "$1-asan" tests "$1-asan" "${@:2}" "tests/$1"
}

fuzz_one() { # NAME SECONDS
    local seeds=("tests/fuzz/$1")
    [ "$1" = job_json ] && seeds+=(job-json)
    mkdir -p "$logs/corpus-$1"
    "build/fuzz/tests/fuzz_$1" -max_total_time="$2" -timeout=60 -rss_limit_mb=2048 \
        -artifact_prefix="$logs/$1-" "$logs/corpus-$1" "${seeds[@]}"
}

# Jobs and requests for a minute, the others for ten seconds each.
fuzz() {
    local fuzzer name seconds status=0
    for fuzzer in build/fuzz/tests/fuzz_*; do
        name=${fuzzer##*/fuzz_} seconds=10
        [[ $name = job_json || $name = http_request ]] && seconds=60
        fuzz_one "$name" $seconds || status=1
    done
    return $status
}

# Waits for what runs beside; killed, it counts as failed.
join() {
    local row
    for row in $beside; do
        wait "$row" || echo 'beside 0 s 0 passed 1 failed 0 skipped' >> $logs/summary
    done
}

# A short job with every thread watched. Its address space must lie where the sanitizer expects it.
threads() {
    local layout=()
    setarch -R true 2> /dev/null && layout=(setarch -R)
    fixtures/make.sh build/fixtures &&
        TSAN_OPTIONS="halt_on_error=1 exitcode=66 suppressions=$PWD/tools/tsan.supp" \
            "${layout[@]}" \
            build/tsan/bin/mediaconvert-local run job-json/tutorial.json --input build/fixtures/vfr.mp4 \
            --destination s3://out/vfr/Default --storage $logs/buckets-tsan --speed draft --threads 4
}

step install tools/install.sh build clip test api s3 || { printf '\n0 passed, 1 failed\n'; exit 1; }
step build-release build release
{
    step units-release units release
    true
} &
beside=$!
step build-clang build clang
step build-asan build asan
join
{
    step units-asan units asan
    true
} &
beside=$!
step build-tsan build tsan --target mediaconvert-local mediaconvert-local-media
step build-fuzz build fuzz && built_fuzz=1
join
step threads threads

# Three rows on two cores, for tests wait a third of their time. The first only gets what the others leave.
{
    renice -n 19 $BASHPID > /dev/null
    [ "${built_fuzz-}" ] && step fuzz fuzz
    sanitized media -m asan
    step tutorial tests tutorial tests/tutorial
    true
} &
beside=$!
{
    step batch tests batch tests/batch
    sanitized faults -k 'not mix'
    sanitized serve -k 'not slow and not soak'
    sanitized s3 -k calls
    sanitized batch -k 'test_manifests or test_states or test_python'
    sanitized inventory -m asan
    step dispatch tests dispatch tests/dispatch
    step s3 tests s3 tests/s3
    true
} &
beside+=" $!"
for folder in structure model cli golden samples serve api aws inventory; do
    step $folder tests $folder tests/$folder
done
step media tests media -m 'not asan' tests/media
step faults tests faults -k mix tests/faults
join

printf '\n'
cat $logs/summary
printf '%-22s %5d s\n\n' together $SECONDS
awk '{p += $4; f += $6; s += $8} END {print p " passed, " f " failed, " s " skipped"; exit f != 0}' $logs/summary
