# SPDX-License-Identifier: Apache-2.0
"""Transfers and jobs through a proxy that goes wrong: nothing is lost, damaged or left behind.

FAULT_RUNS says how many seeds the mix runs with, FAULT_FIRST which comes first; tools/soak.sh runs
the long form.
"""
import os
import random
import signal
import subprocess
import time

import pytest
from proxy import PASSING, Proxy
from server import TOOLS, call, command_of_run

LONG = "FAULT_RUNS" in os.environ
RUNS, FIRST = int(os.environ.get("FAULT_RUNS", 6)), int(os.environ.get("FAULT_FIRST", 0))
RATE = 0.12  # eight tries in a row fail once in twenty million
SIZE = 21 * 1024 * 1024  # four parts
HEAD = 300 * 1024
PART = 5 * 1024 * 1024
QVBR = "/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings/"
LARGE = ["--set", QVBR + "MaxBitrate=50000000", "--set", QVBR + "QvbrSettings/QvbrQualityLevel=10"]
HLS = "/OutputGroups/0/Outputs/{}/OutputSettings/HlsSettings/SegmentModifier="
UNDATED = [word for output in range(3) for word in ("--set", HLS.format(output))]


@pytest.fixture(scope="module")
def source(server):
    body = random.Random(0).randbytes(SIZE)
    return server.put("faults", "source", body), body


def transfer(server, proxy, source, key):
    command = [TOOLS / "s3_transfer", source, f"s3://faults/{key}", HEAD]
    return call(command, server.environment(proxy.endpoint), limit=300)


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_each_fault(server, source, fault, method):
    """Twice in a row, for reads, parts, and the calls that begin and complete an upload."""
    uri, body = source
    most = 1 if fault == "skewed" else 2
    started = time.monotonic()
    with Proxy(server.address, [fault], 1, most=most, only=lambda r: r.first.startswith(method)) as proxy:
        result = transfer(server, proxy, uri, "each")
    assert result.exit == 0, result.stderr
    assert proxy.happened[fault] == most
    assert not fault.endswith("Retry-After") or time.monotonic() - started >= most
    assert server.get("faults", "each") == body
    assert not server.uploads("faults")


def start_put(server, proxy, key):
    """A transfer of a small object over one that is there."""
    server.put("faults", "small", b"new")
    server.put("faults", key, b"old")
    command = [TOOLS / "s3_transfer", "s3://faults/small", f"s3://faults/{key}"]
    return call(command, server.environment(proxy.endpoint), limit=60)


@pytest.mark.parametrize("fault", ["503", "expired", "reset"])
def test_refused_object_stays(server, fault):
    """What was there before is not deleted for an object that has never replaced it."""
    with Proxy(server.address, [fault], 1, only=lambda r: r.first.startswith("PUT")) as proxy:
        result = start_put(server, proxy, "stays")
    assert result.exit == 1 and proxy.happened[fault]
    assert server.get("faults", "stays") == b"old"


def test_lost_object_goes(server):
    """The object is there, nobody says so, and then the token has expired: it is taken back."""
    after = lambda r: r.first.startswith("PUT") and proxy.happened["lost"]  # noqa: E731
    with Proxy(server.address, ["expired"], 1, only=after, at=("PUT", 1, "lost")) as proxy:
        result = start_put(server, proxy, "goes")
    assert result.exit == 1 and result.stderr.startswith("1401: "), result.stderr
    assert "goes" not in server.keys_in("faults")


@pytest.mark.parametrize("post", [1, 2])
def test_lost_once(server, source, post):
    """The answer that an upload has begun, or that it is complete: nobody but us may ask again."""
    with Proxy(server.address, at=("POST ", post, "lost")) as proxy:
        result = transfer(server, proxy, source[0], "once")
    assert result.exit == 0, result.stderr
    assert proxy.happened["lost"] == 1 and proxy.count("POST ") == 3
    assert server.get("faults", "once") == source[1]
    assert not server.uploads("faults")


LASTING = {
    "no part gets through": (["503"], "PUT", 3450),
    "no read gets through": (["half"], "GET", 3451),
    "no upload completes": (["500"], "POST", 3450),
    "the token has expired": (["expired"], "PUT", 1401),
    "the clock stays wrong": (["skewed"], "PUT", 1401),
}


@pytest.mark.parametrize("case", LASTING)
def test_lasting_fault(server, source, case):
    faults, method, code = LASTING[case]
    with Proxy(server.address, faults, 1, only=lambda r: r.first.startswith(method)) as proxy:
        result = transfer(server, proxy, source[0], "lasting")
    assert result.exit == 1 and result.stderr.startswith(f"{code}: "), result.stderr
    assert "lasting" not in server.keys_in("faults")
    assert not server.uploads("faults")


def test_expired_for_good(server, source):
    """Then nobody may abort the upload any more; the next run that writes the object does."""
    with Proxy(server.address, ["expired"], 1, only=lambda r: "uploadId=" in r.first) as proxy:
        result = transfer(server, proxy, source[0], "expired")
        assert result.exit == 1 and result.stderr.startswith("1401: "), result.stderr
        assert [key for key, _ in server.uploads("faults")] == ["expired"]
        proxy.faults = []
        result = transfer(server, proxy, source[0], "expired")
    assert result.exit == 0, result.stderr
    assert server.get("faults", "expired") == source[1]
    assert not server.uploads("faults")


# --- the mix ---


@pytest.fixture(scope="session")
def large_clip(tmp_path_factory):
    """More than three parts of LARGE come out of it."""
    clip = tmp_path_factory.mktemp("clips") / "large.mp4"
    picture = "testsrc2=s=1280x720:r=25:d=4,noise=alls=30:allf=t:all_seed=1,format=yuv420p"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture, "-c:v", "mpeg4", "-q:v", "13", clip]
    subprocess.run(command, check=True)
    assert clip.stat().st_size > 3 * PART
    return clip


@pytest.fixture(scope="module")
def expected(server, clips, large_clip):
    """What the jobs of the mix make when nothing goes wrong: {name: (command, hashes)}"""
    jobs = {
        "small": ("tutorial.json", clips / "mono.mp4", UNDATED),
        "large": ("mp4.json", large_clip, LARGE),
    }
    results = {}
    for name, (job, clip, options) in jobs.items():
        uri = server.put("clips", clip.name, clip.read_bytes())
        bucket = server.new_bucket(f"expected-{name}")
        command = lambda bucket, job=job, uri=uri, options=options: command_of_run(  # noqa: E731
            job, uri, f"s3://{bucket}", "--speed", "draft", "--threads", "1", *options
        )
        call(command(bucket), server.environment()).completed()
        results[name] = command, server.hashes(bucket)
    return results


def empty(server, bucket):
    for key in server.keys_in(bucket):
        server.client.delete_object(Bucket=bucket, Key=key)


def parts(server, bucket):
    """Of the only object there."""
    (key,) = server.keys_in(bucket)
    return int(server.client.head_object(Bucket=bucket, Key=key)["ETag"].strip('"').split("-")[1])


# Jobs that do not get to their end at first, by the last digit of the seed; all of them are large.
BREAKS = {3: "expired", 5: "canceled", 7: "killed"}


def run_until(server, proxy, how, command, moment):
    """Exit status and stderr of a job that is broken off at that moment."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, env=server.environment(proxy.endpoint))  # fmt: skip
    if how != "expired":  # that is the proxy's to do
        while process.poll() is None and proxy.count(moment[0]) < moment[1]:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGTERM)
    _, stderr = process.communicate(timeout=300)
    return process.returncode, stderr


def break_off(server, how, seed, bucket, command, tally):
    """While it reads or while it writes. After an error or a cancel nothing is left."""
    dice = random.Random(seed)
    moment = dice.choice([("GET /clips/", dice.randint(1, 17)), ("P", dice.randint(1, 7))])
    at = (*moment, how) if how == "expired" else None
    with Proxy(server.address, PASSING, RATE, seed, at=at) as proxy:
        status, stderr = run_until(server, proxy, how, command, moment)
    uploads, keys = server.uploads(bucket), server.keys_in(bucket)
    tally.update(f"fault: {name}" for name in proxy.happened.elements())
    tally[f"jobs {how}"] += status != 0
    tally[f"jobs {how} while they wrote"] += status != 0 and any(first.startswith("P") for first in proxy.requests)
    about = (how, moment, status, stderr, uploads, keys, proxy.happened)
    if how == "killed":
        tally["jobs killed that left an upload"] += bool(uploads)
        return
    assert not uploads and bool(keys) == (status == 0), about
    assert status or how != "canceled" or moment[0] == "P", about  # it may have been the last request
    if proxy.happened["expired"]:
        assert status == 1 and "ErrorCode 1401" in stderr and "ExpiredToken" in stderr, about


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_mix(server, expected, seed, tally):
    """Every other job is a large one, with four parts in and five out, and some of those are broken
    off first and then run again. In the end each has made what it makes when nothing goes wrong."""
    size = "large" if seed % 2 else "small"
    make_command, hashes = expected[size]
    bucket = server.new_bucket(f"mix-{seed}")
    command = make_command(bucket)
    if how := BREAKS.get(seed % 10):
        break_off(server, how, seed, bucket, command, tally)
    with Proxy(server.address, PASSING, RATE, seed) as proxy:
        result = call(command, server.environment(proxy.endpoint), limit=300)
    tally.update(f"fault: {name}" for name in proxy.happened.elements())
    assert result.exit == 0, (result.stderr, proxy.happened)
    assert server.hashes(bucket) == hashes, proxy.happened
    assert not server.uploads(bucket), proxy.happened
    if size == "large":
        ranges = sum(head.get("range") is not None for head in proxy.heads)
        assert ranges >= 3 and parts(server, bucket) >= 3
    tally[f"jobs, {size}"] += 1
    empty(server, bucket)


def test_canceled_while_nobody_answers(server, large_clip):
    """A job that is stopped ends soon, although the server takes requests and answers none. An object
    that was to be replaced stays."""
    source = server.put("clips", large_clip.name, large_clip.read_bytes())
    bucket = server.new_bucket("silent")
    command = command_of_run("mp4.json", source, f"s3://{bucket}", "--speed", "draft", *LARGE)
    with Proxy(server.address) as proxy:
        call(command, server.environment(proxy.endpoint)).completed()
        (key,) = server.keys_in(bucket)
        before, puts = server.get(bucket, key), proxy.count("PUT ")
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=server.environment(proxy.endpoint))  # fmt: skip
        while process.poll() is None and proxy.count("PUT ") <= puts:
            time.sleep(0.005)
        proxy.faults, proxy.rate = ["silent"], 1
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(60) != 0
        assert time.monotonic() - started < 25
    assert server.get(bucket, key) == before


def test_first_cause(server, large_clip):
    """Demuxers read on after a read that has failed; what happens then does not matter any more."""
    source = server.put("clips", large_clip.name, large_clip.read_bytes())
    bucket, reads = server.new_bucket("first-cause"), "GET /clips/"
    later = lambda request: proxy.count(reads) > 10  # noqa: E731
    with Proxy(server.address, ["500"], 1, only=later, most=1, at=(reads, 10, "expired")) as proxy:
        command = command_of_run("mp4.json", source, f"s3://{bucket}", "--speed", "draft")
        result = call(command, server.environment(proxy.endpoint))
    assert result.exit == 1 and proxy.happened["expired"] == 1
    assert "ErrorCode 1401" in result.stderr and "ExpiredToken" in result.stderr


@pytest.mark.skipif(not LONG, reason="waits for time-outs; tools/soak.sh runs it")
def test_stuck(server, source):
    uri, body = source
    with Proxy(server.address, ["stuck"], 1, most=2) as proxy:
        result = transfer(server, proxy, uri, "stuck")
    assert result.exit == 0, result.stderr
    assert proxy.happened["stuck"] == 2
    assert server.get("faults", "stuck") == body
    assert not server.uploads("faults")
