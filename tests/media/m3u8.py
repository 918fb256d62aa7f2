# SPDX-License-Identifier: Apache-2.0
"""Reads HLS playlists, as far as the tests ask."""
import re


def segments(text):
    """[(EXTINF, name)] of a media playlist"""
    return [
        (float(seconds), name)
        for seconds, name in re.findall(r"^#EXTINF:([\d.]+),\n(.+)$", text, re.M)
    ]


def target(text):
    return int(re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", text, re.M)[1])


def attributes(line):
    """{name: value without quotes} of one tag"""
    return {
        name: value.strip('"') for name, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', line)
    }


def variants(text):
    """{name of a media playlist: attributes of its stream}"""
    return {
        name: attributes(line)
        for line, name in re.findall(r"^#EXT-X-STREAM-INF:(.*)\n(.+)$", text, re.M)
    }
