# SPDX-License-Identifier: Apache-2.0
"""Objects of more than 6 GiB, which take no room: a sparse file, and a server that makes its bytes up."""
import os
import sys

import pytest
from server import REPO, TOOLS, call, command_of_run
from synthetic import Counted, Sparse, Synthetic, far_movie

sys.path.append(str(REPO / "tests/media"))
import mp4  # noqa: E402

GIB, BLOCK = 1 << 30, 64 * 1024
SIZE = 7 * GIB + 12345
# Where numbers of 31, 32 and 33 bits end, beyond 6 GiB, over the end and behind it; there and back.
RANGES = [
    (0, 100),
    (SIZE - 1000, 2000),
    (2 * GIB - 50_001, 100_001),
    (6 * GIB + 12_345, 3_000_001),
    (4 * GIB - 50_001, 100_001),
    (6 * GIB - 1, 2),
    (7, 100_000),
    (SIZE, 10),
    (8 * GIB, 10),
]
WORDS = [word for range_ in RANGES for word in range_]


def expected_of(thing):
    return b"".join(thing.read(*range_) for range_ in RANGES if range_[0] < SIZE)


def printed(command, environment):
    result = call(command, environment, text=False)
    assert result.exit == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_ranges_on_a_server(scheme):
    thing = Counted(SIZE)
    with Synthetic({"/far/object": thing}) as server:
        uri = "s3://far/object" if scheme == "s3" else f"{server.endpoint}/far/object"
        assert printed([TOOLS / "s3_read", uri, *WORDS], server.environment) == expected_of(thing)
    wanted = sum(size for first, size in RANGES if first < SIZE)
    assert server.sent < wanted + 30 * BLOCK


def on_disk(thing, path):
    thing.write(path)
    assert path.stat().st_size > 6 * GIB and path.stat().st_blocks * 512 < 8 << 20


def test_ranges_in_a_folder(tmp_path):
    counted = Counted(SIZE)
    thing = Sparse(SIZE, [(at, counted.read(at, size)) for at, size in RANGES if at < SIZE])
    (tmp_path / "far").mkdir()
    on_disk(thing, tmp_path / "far/object")
    environment = {**os.environ, "STORAGE": str(tmp_path)}
    assert printed([TOOLS / "s3_read", "s3://far/object", *WORDS], environment) == expected_of(counted)


@pytest.fixture(scope="module")
def near(clips, tmp_path_factory):
    """The movie as it was made, and what the job makes of it."""
    clip, folder = clips / "mono.mp4", tmp_path_factory.mktemp("near")
    return clip.read_bytes(), job_in(folder, f"file://{clip}")


def job_in(folder, source, environment=os.environ):
    options = ["--speed", "draft", "--storage", folder]
    call(command_of_run("mp4.json", source, "s3://out", *options), dict(environment)).completed()
    (made,) = folder.glob("out/**/*.mp4")
    return made.read_bytes()


def test_movie_on_a_server(near, tmp_path):
    """Index and media beyond 6 GiB: the same output, and hardly more is fetched than there is in it."""
    clip, made = near
    movie = far_movie(mp4.read(clip), 6 * GIB + 4321)
    most = len(clip) + 16 * BLOCK
    with Synthetic({"/far/movie.mp4": movie}) as server:
        assert job_in(tmp_path, f"{server.endpoint}/far/movie.mp4") == made
        assert server.sent < most, server.ranges
        server.ranges.clear()
        call(command_of_run("mp4.json", "s3://far/movie.mp4", "s3://out", "--speed", "draft"),
             server.environment).completed()  # fmt: skip
        assert list(server.stored.values()) == [made]
        assert server.sent < most, server.ranges
    assert max(first for first, _ in server.ranges) > 6 * GIB


def test_movie_in_a_folder(near, tmp_path):
    clip, made = near
    (tmp_path / "far").mkdir()
    on_disk(far_movie(mp4.read(clip), 6 * GIB + 4321), tmp_path / "far/movie.mp4")
    assert job_in(tmp_path, "s3://far/movie.mp4") == made
