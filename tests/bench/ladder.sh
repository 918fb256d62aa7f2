#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The peer: what a user of ffmpeg would write for the tutorial's job, in one command.
#
#   ladder.sh INPUT FOLDER     FPS (frames per second, for two-second GOPs), PRESET, CRF from outside
set -eu
input=$1 out=$2 gop=$((${FPS:-30} * 2))
mkdir -p "$out"
x264=(-c:v libx264 -preset "${PRESET:-medium}" -crf "${CRF:-23}" -g $gop -keyint_min $gop
    -sc_threshold 0 -flags +cgop -pix_fmt yuv420p)
rung() { # LABEL NAME BITRATE, in kbit/s
    args+=(-map "[$1]" "${x264[@]}" -bf 2 -refs 3 -profile:v main -maxrate "$3k" -bufsize "$((2 * $3))k"
        -f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod
        -hls_segment_filename "$out/$2_%05d.ts" "$out/$2.m3u8")
}
args=()
rung v360 360 1200
rung v540 540 3500
rung v720 720 5000
exec ffmpeg -nostdin -v error -y -i "$input" -filter_complex "
    [0:v:0]split=5[s1][s2][s3][s4][s5]; [0:a:0]asplit=2[a1][a2];
    [s1]scale=640:360[v360]; [s2]scale=960:540[v540]; [s3]scale=1280:720[v720];
    [s4]scale=1280:720[movie]; [s5]fps=1/5,scale=1280:720[thumbs]" \
    "${args[@]}" \
    -map '[a1]' -c:a aac -b:a 96k -ar 48000 -ac 2 -f hls -hls_time 6 -hls_list_size 0 \
    -hls_playlist_type vod -hls_segment_filename "$out/audio_%05d.ts" "$out/audio.m3u8" \
    -map '[movie]' -map '[a2]' "${x264[@]}" -bf 3 -refs 3 -profile:v high \
    -x264-params b-pyramid=normal:slices=2 -maxrate 5000k -bufsize 10000k \
    -c:a aac -b:a 160k -ar 48000 -ac 2 -movflags +faststart "$out/movie.mp4" \
    -map '[thumbs]' -q:v 3 "$out/thumb.%07d.jpg"
