# SPDX-License-Identifier: Apache-2.0
"""Transfers and jobs through a proxy that goes wrong: nothing is lost, damaged or left behind.

FAULT_RUNS says how many seeds the mix runs with, FAULT_FIRST which comes first; tools/soak.sh runs
the long form.
"""
import os
import random

import pytest
from proxy import FAULTS, PASSING, Proxy
from server import TOOLS, call, command_of_run

LONG = "FAULT_RUNS" in os.environ
RUNS, FIRST = int(os.environ.get("FAULT_RUNS", 6)), int(os.environ.get("FAULT_FIRST", 0))
RATE = 0.12  # eight tries in a row fail once in twenty million
SIZE = 21 * 1024 * 1024  # four parts
HEAD = 300 * 1024
QVBR = "/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings/"
LARGE = ["--set", QVBR + "MaxBitrate=40000000", "--set", QVBR + "QvbrSettings/QvbrQualityLevel=10"]
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
    with Proxy(server.address, [fault], 1, most=most, only=lambda r: r.first.startswith(method)) as proxy:
        result = transfer(server, proxy, uri, "each")
    assert result.exit == 0, result.stderr
    assert proxy.happened[fault] == most
    assert server.get("faults", "each") == body
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


@pytest.fixture(scope="module")
def expected(server, clips):
    """What the jobs of the mix make when nothing goes wrong: {name: (command, hashes)}"""
    jobs = {
        "small": ("tutorial.json", "mono.mp4", UNDATED),
        "large": ("mp4.json", "hard.mp4", LARGE),
    }
    results = {}
    for name, (job, clip, options) in jobs.items():
        uri = server.put("clips", clip, (clips / clip).read_bytes())
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


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_mix(server, expected, seed):
    """Every third run is a large job in the short form, every other one in the long form."""
    command, hashes = expected["large" if seed % (2 if LONG else 3) == 1 else "small"]
    bucket = server.new_bucket(f"mix-{seed}")
    with Proxy(server.address, PASSING, RATE, seed) as proxy:
        result = call(command(bucket), server.environment(proxy.endpoint), limit=300)
    assert result.exit == 0, (result.stderr, proxy.happened)
    assert server.hashes(bucket) == hashes, proxy.happened
    assert not server.uploads(bucket), proxy.happened
    empty(server, bucket)


@pytest.mark.skipif(not LONG, reason="waits for time-outs; tools/soak.sh runs it")
def test_stuck(server, source):
    uri, body = source
    with Proxy(server.address, ["stuck"], 1, most=2) as proxy:
        result = transfer(server, proxy, uri, "stuck")
    assert result.exit == 0, result.stderr
    assert server.get("faults", "stuck") == body and "stuck" in FAULTS
