#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed here, with apt-get, as root or through sudo. Nothing happens when all of
# it is there.
#
#   tools/install.sh             to build, run and test
#   tools/install.sh build       to build and run
#   tools/install.sh GROUP...    any of: build clip film test api s3 bench
set -euo pipefail

declare -A groups=(
    # FFmpeg's libraries bring libx264 with them; libcurl only recommends the certificates that https needs.
    [build]="gcc libc6-dev cmake ninja-build pkg-config libavformat-dev libavcodec-dev
             libavfilter-dev libswscale-dev libswresample-dev libavutil-dev libturbojpeg0-dev
             libcjson-dev libssl-dev libcurl4-openssl-dev libxml2-dev zlib1g-dev
             libsqlite3-dev libmicrohttpd-dev libzip-dev libcsv-dev ca-certificates"
    # fixtures/make.sh makes clips with the ffmpeg command.
    [clip]="ffmpeg"
    # The film clip that tools/demo.sh shows is an npm package.
    [film]="npm"
    [test]="ffmpeg strace binutils util-linux procps libcmocka-dev clang clang-format libclang-rt-dev
            python3 python3-pytest python3-numpy python3-botocore python3-boto3 python3-yaml"
    # The AWS SDK for JavaScript runs on it.
    [api]="nodejs npm"
    # A real S3 server, and the clients that read back what we wrote to it.
    [s3]="ceph-mon ceph-osd ceph-common radosgw python3-boto3 awscli
          openssl curl"
    # tests/bench/serve.py asks the server with it.
    [bench]="wrk python3-boto3"
)

wanted=()
for group in "${@:-build clip test api s3}"; do
    for name in $group; do
        [ -n "${groups[$name]-}" ] || { echo "no such group: $name" >&2; exit 2; }
        read -ra packages -d '' <<< "${groups[$name]}" || true
        wanted+=("${packages[@]}")
    done
done

# Where Node.js is not Debian's, it has an npm of its own, beside which Debian's cannot be installed.
is_there_otherwise() { # PACKAGE
    case $1 in
    nodejs) command -v node > /dev/null ;;
    npm) command -v npm > /dev/null ;;
    *) false ;;
    esac
}

missing=()
for package in "${wanted[@]}"; do
    is_there_otherwise "$package" && continue
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2> /dev/null) in
    ii*) ;;
    *) missing+=("$package") ;;
    esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || {
        echo "these packages are missing, and only root can install them: ${missing[*]}" >&2
        exit 1
    }
    sudo=sudo
fi
echo "installing: ${missing[*]}"
$sudo apt-get -qq update
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 install "${missing[@]}" > /dev/null
