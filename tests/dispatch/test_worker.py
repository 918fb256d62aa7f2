# SPDX-License-Identifier: Apache-2.0
"""The worker's side of the protocol: complete, failed, cancelled, killed, left alone."""
import json
import re
import signal
import subprocess
import time

import pytest
from conftest import LIMIT, PROGRAM, SANITIZED

PREFIX = "mediaconvert-local."


def asking(**keys):
    return {PREFIX + key: value for key, value in keys.items()}


def test_complete(start):
    worker = start()
    objects = worker.hear_until("objects")
    assert all("/.uploads/" in file for file in worker.files())
    worker.tell(b"recorded\n")
    assert worker.wait() == 0

    kinds = worker.kinds()
    assert kinds.index("input") < kinds.index("progress") < kinds.index("objects")
    assert kinds[-1] == "complete" and kinds.count("complete") == 1
    assert sorted(uri.removeprefix("s3://") for uri in objects["uris"]) == worker.files()
    assert {line["phase"] for line in worker.said if line and line["type"] == "progress"} == {
        "TRANSCODING",
        "UPLOADING",
    }

    event = worker.said[-2]["event"]
    groups = event["outputGroupDetails"]
    assert [group["type"] for group in groups] == ["HLS_GROUP", "FILE_GROUP", "FILE_GROUP"]
    assert groups[0]["playlistFilePaths"] == ["s3://out/0/tiny.m3u8"]
    assert groups[1]["outputDetails"][0]["outputFilePaths"] == ["s3://out/1/tiny.mp4"]
    details = groups[1]["outputDetails"][0]["videoDetails"]
    assert details["averageBitrate"] > 0
    # A draft is encoded in a way whose quality nobody can tell.
    assert not [name for name in details if name.startswith("qvbr")]
    assert event["paddingInserted"] == 0
    (mp4,) = worker.said[-2]["outputGroupDetails"][1]["outputDetails"]
    assert mp4.keys() == {"durationInMs", "videoDetails"}
    assert mp4["videoDetails"].keys() == {"widthInPx", "heightInPx"}


def test_input_details(start):
    worker = start()
    (details,) = worker.hear_until("input")["inputDetails"]
    (video,), (audio,) = details.pop("video"), details.pop("audio")
    assert details == {"id": 1, "uri": "s3://in/tiny.mp4"}
    assert video == {
        "bitDepth": 8, "codec": "H_264", "colorFormat": "YUV_420", "fourCC": "avc1", "frameRate": 25,
        "height": 360, "interlaceMode": "PROGRESSIVE", "sar": "1:1", "standard": "UNSPECIFIED",
        "streamId": 1, "width": 640,
    }  # fmt: skip
    assert audio == {
        "channels": 1, "codec": "AAC", "language": "UND", "sampleRate": 44100, "streamId": 2,
    }  # fmt: skip


def test_input_without_four_cc(start, clip):
    """MPEG-TS has numbers for codecs, no names."""
    worker = start("s3://in/tiny.mp4")
    assert worker.hear_until("input")["inputDetails"][0]["video"][0]["fourCC"] == "avc1"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-c", "copy"]
    subprocess.run([*command, worker.storage / "in/tiny.ts"], check=True)
    (details,) = start("s3://in/tiny.ts").hear_until("input")["inputDetails"]
    assert "fourCC" not in details["video"][0] and details["video"][0]["codec"] == "H_264"


@pytest.mark.parametrize("mib", range(40, 240, 20))
def test_short_of_memory(start, mib):
    """Whatever it is that gets no memory, the settings are not to blame."""
    if SANITIZED:
        pytest.skip("a sanitizer's own memory would count")
    worker = start(memory_mib=mib)
    worker.wait()
    words = json.dumps(worker.said) + worker.process.stderr.read().decode()
    codes = [line["code"] for line in worker.said if line and line["type"] == "error"]
    assert codes in ([], [1999]), words
    assert "complete" in worker.kinds() or re.search("[Oo]ut of memory|Cannot allocate memory", words), words


def test_missing_input(start):
    worker = start("s3://in/none.mp4")
    assert worker.wait() == 1
    (line,) = [line for line in worker.said if line and line["type"] == "error"]
    assert line["code"] == 1404 and "s3://in/none.mp4" in line["message"]
    assert worker.files() == []


PHASES = ["PROBING", "TRANSCODING", "UPLOADING"]


def reach(worker, phase):
    """Hears it until it waits in that phase, where its job has a delay."""
    if phase == "PROBING":
        time.sleep(0.3)
    elif phase == "TRANSCODING":
        worker.hear_until("progress", phase="TRANSCODING")
    else:
        worker.hear_until("objects")
        worker.tell(b"recorded\n")
        time.sleep(0.1)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("how", ["SIGTERM", "server gone"])
def test_cancel(start, phase, how):
    worker = start(metadata=asking(delay="30", phase=phase))
    reach(worker, phase)
    began = time.monotonic()
    if how == "SIGTERM":
        worker.kill(signal.SIGTERM)
    else:
        worker.close()
    assert worker.wait() == 1
    assert time.monotonic() - began < 1
    assert worker.kinds()[-1] == "canceled"
    assert worker.files() == []


def test_nothing_is_shown_before_it_is_recorded(start):
    worker = start()
    worker.hear_until("objects")
    time.sleep(0.5)
    assert all("/.uploads/" in file for file in worker.files())
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 1 and worker.kinds()[-1] == "canceled"
    assert worker.files() == []


@pytest.mark.parametrize("phase", PHASES)
def test_fail_on_demand(start, phase):
    worker = start(metadata=asking(fail="1434", phase=phase))
    assert worker.wait() == 1
    line = worker.said[-2]
    assert (line["type"], line["code"]) == ("error", 1434)
    assert line["message"].startswith("IAM Role Error: ")
    assert worker.files() == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_crash_on_demand(start, name):
    worker = start(metadata=asking(crash=name))
    assert worker.wait() == -signal.Signals[name]
    assert {"complete", "error", "canceled"}.isdisjoint(worker.kinds())


def test_delay_on_demand(start):
    worker = start(metadata=asking(delay="0.7", fail="1999"))
    began = time.monotonic()
    assert worker.wait() == 1
    assert time.monotonic() - began >= 0.7


@pytest.mark.parametrize(
    "metadata",
    [
        asking(fail="12"),
        asking(fail="1404x"),
        asking(crash="SIGSTOP"),
        asking(delay="-1"),
        asking(delay="nan"),
        asking(phase="probing"),
        asking(faill="1404"),
    ],
)
def test_wrong_wishes(start, metadata):
    worker = start(metadata=metadata)
    assert worker.wait() == 1
    line = worker.said[-2]
    assert (line["type"], line["code"]) == ("error", 1040)
    assert next(iter(metadata)) in line["message"]


def test_other_metadata_is_left_alone(start):
    worker = start(metadata={"assetID": "x", "settings": "Default"})
    assert worker.wait() == 0


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"x",
        b"12\n{}",
        b"0\n",
        b"-1\n",
        b"99999999999\n{}",
        b"1000000000000000000000000\n",
        b"2\n{}",
        b"4\nnull",
        b'29\n{"startTime":1,"settings":{}}',
        b'31\n{"startTime":"1","settings":[]}',
        b"3\n\xff\xfe\xfd",
    ],
)
def test_hostile_job(text, tmp_path):
    done = subprocess.run(
        [PROGRAM, "worker", "--storage", tmp_path / "storage"],
        input=text,
        capture_output=True,
        timeout=LIMIT,
    )
    assert done.returncode in (1, 2)
    assert b"complete" not in done.stdout
