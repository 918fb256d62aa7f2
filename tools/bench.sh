#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measures us against ffmpeg and writes the marked tables of docs/performance.md anew. About two hours
# on two cores, on which nothing else should run.
#
#   tools/bench.sh [RUNS]      runs of each (5)
#
# MEDIA_DIR says where real media are, without which there is only noise; NEWER_FFMPEG is one more peer;
# VMAF_FFMPEG and VMAF_MODEL are for tests/bench/quality.py.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh build clip test bench
cmake --preset release > /dev/null
exec /usr/bin/python3 tests/bench/all.py --runs "${1:-5}"
