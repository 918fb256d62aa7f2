# SPDX-License-Identifier: Apache-2.0
"""The same job gives the same bytes, and a job that is stopped leaves nothing behind."""
import re
import signal
import time

import pytest
from program import REPO, UNDATED, Run, setting


def same(first, second):
    files, again = first.completed().files, second.completed().files
    assert files.keys() == again.keys()
    assert [key for key in files if files[key].read_bytes() != again[key].read_bytes()] == []


def test_same_bytes(clips, new_folder):
    """At two different times of day, so no date has got in."""
    made = []
    for now in "1767268800", "1798804800":
        clock = {"SOURCE_DATE_EPOCH": now}
        made += [Run(clips / "delayed_audio.mp4", new_folder(), UNDATED, env=clock).wait()]
    same(*made)


def test_same_bytes_dated(clips, run, new_folder):
    """A whole clip of several segments, with the clock standing still."""
    draft = "--speed", "draft"
    same(run(clips / "fps25.mp4", *draft), Run(clips / "fps25.mp4", new_folder(), draft).wait())


H264 = "/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings"
UNCAPPED = setting({H264: '{"RateControlMode": "VBR", "Bitrate": 1500000}'})


def test_same_bytes_of_many_threads(clips, new_folder):
    """An encoder that no cap keeps at one thread; libx264 writes into the stream how many it had."""
    words = [*UNCAPPED, "--threads", "8"]
    runs = [Run(clips / "fps25.mp4", new_folder(), words, REPO / "job-json/mp4.json") for _ in range(2)]
    same(*(run.wait() for run in runs))
    (movie,) = runs[0].files.values()
    (threads,) = re.findall(rb" threads=(\d+) ", movie.read_bytes())
    assert int(threads) > 1


@pytest.fixture
def busy(clips, new_folder):
    """A run in full swing: it has begun to write."""
    started = Run(clips / "fps60.mp4", new_folder())
    deadline = time.monotonic() + 20
    while not started.files:
        assert started.process.poll() is None and time.monotonic() < deadline, started.stderr
        time.sleep(0.02)
    time.sleep(0.3)
    assert started.process.poll() is None, "it was over before it could be stopped"
    return started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_stopped(busy, number):
    busy.process.send_signal(number)
    at = time.monotonic()
    busy.wait()
    assert time.monotonic() - at < 5
    assert busy.exit not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert not busy.files


def test_killed(busy):
    """Nothing can be cleared away, but nothing unfinished has an object's name."""
    busy.process.kill()
    busy.wait()
    assert busy.files
    assert [key for key in busy.files if not key.startswith("out/.uploads/")] == []
