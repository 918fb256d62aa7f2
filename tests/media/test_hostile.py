# SPDX-License-Identifier: Apache-2.0
"""Files named .mp4 that refer to other files and hosts are refused and followed nowhere."""
import runpy
import shutil
import socket
import subprocess

import pytest
from program import REPO, Run
from strace import ENV, calls, internet, tracer

hostile = runpy.run_path(REPO / "fixtures/hostile.py")
NAMES = [name for name, _ in hostile["hostile"]("", 0)]


@pytest.fixture(scope="module")
def canaries(clips, tmp_path_factory):
    """The hostile files, the canary that they refer to, and a port that nobody may call."""
    folder = tmp_path_factory.mktemp("hostile")
    canary = shutil.copy(clips / "moov_first.mp4", folder / "canary.bin")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield hostile["write"](canary, server.getsockname()[1], folder), str(canary), server


def visited(server):
    try:
        server.accept()[0].close()
        return True
    except BlockingIOError:
        return False


@pytest.mark.asan
@pytest.mark.parametrize("name", NAMES)
def test_refused(name, canaries, new_folder, tmp_path):
    paths, canary, server = canaries
    done = Run(paths[name], new_folder(), wrapper=tracer(tmp_path / "log"), env=ENV).wait()
    seen = calls(tmp_path / "log")
    assert any(str(paths[name]) in call for call in seen), "the trace does not even show the input"
    assert not [call for call in seen if canary in call]
    assert not internet(seen) and not visited(server)
    assert done.exit == 1 and "ErrorCode 1030:" in done.stderr, done.stderr
    assert not done.files


LED_ASTRAY = {
    "ffconcat_file": ["-safe", "0"],
    "ffconcat_http": ["-safe", "0", "-protocol_whitelist", "file,http,tcp"],
    "m3u8_http": ["-f", "hls", "-protocol_whitelist", "file,http,tcp"],
    "mov_alias": ["-enable_drefs", "1", "-use_absolute_path", "1"],
}


@pytest.mark.parametrize("name", LED_ASTRAY)
def test_the_trap_works(name, canaries, tmp_path):
    """A reader that follows the references is caught."""
    paths, canary, server = canaries
    subprocess.run(
        [*tracer(tmp_path / "log"), "timeout", "3", "ffprobe", *LED_ASTRAY[name], paths[name]],
        capture_output=True,
    )
    seen = calls(tmp_path / "log")
    if name.endswith("http"):
        assert internet(seen) and visited(server)
    else:
        assert [call for call in seen if canary in call]
