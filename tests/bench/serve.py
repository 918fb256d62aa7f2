#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the server answers, and how little of the machine it takes.

    tests/bench/serve.py [--seconds N] [--jobs N] [PART...]

Parts: start, get, create, list; all of them where none is named. But for start, the server is pinned
to the first core; wrk (tools/install.sh bench), which asks for get and create, to another. Times only
mean something on an idle machine: the load averages stand beside them.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

REPO = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests/serve"))
from program import AUTHORIZATION, PROGRAM, Serve  # noqa: E402

JOBS_PATH = "/2017-08-29/jobs"
HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
ROLE = "arn:aws:iam::111122223333:role/MediaConvert"
STARTS, LISTS, CONNECTIONS = 21, 200, 16

# Each request has a token of its own, as those of SDKs have.
CREATE_LUA = """
wrk.method = "POST"
local before, after = io.open(%r):read("*a"):match("^(.*)TOKEN(.*)$")
local count, start = 0, os.time()
function request()
    count = count + 1
    return wrk.format(nil, nil, nil, before .. start .. "-" .. count .. after)
end
"""


def row(what, value, goal):
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{what:40} {value:54} goal {goal:24} load {loads}", flush=True)


def begin(folder, pinned=True):
    """A server that runs no job, on the first core."""
    mine = os.sched_getaffinity(0)
    if pinned:
        os.sched_setaffinity(0, {min(mine)})
    serve = Serve(folder, "--queue-delay", "86400", "--log-level", "warn")
    os.sched_setaffinity(0, mine)
    return serve


def request_text():
    settings = json.loads((REPO / "job-json/tutorial.json").read_text())
    return json.dumps({"role": ROLE, "clientRequestToken": "TOKEN", "settings": settings.get("Settings", settings)})


def create(serve, token):
    status, _, body = serve.send("POST", JOBS_PATH, HEADERS, request_text().replace("TOKEN", token).encode())
    assert status == 201, body
    return json.loads(body)["job"]["id"]


def wrk(serve, path, seconds, script=None):
    """Answers a second, the median and the 99th percentile in ms, ms of CPU that one takes."""
    command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), "wrk", "-t1", f"-c{CONNECTIONS}"]
    command += [f"-d{seconds}s", "--latency", *(("-s", script) if script else ())]
    command += [word for name, value in HEADERS.items() for word in ("-H", f"{name}: {value}")]
    busy = serve.cpu_s()
    out = subprocess.check_output([*command, serve.url + path], text=True)
    busy = serve.cpu_s() - busy
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    ms = {"us": 1e-3, "ms": 1, "s": 1e3}
    at = {name: float(value) * ms[unit] for name, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", out)}
    answers = int(re.search(r"(\d+) requests in", out)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), at["50"], at["99"], busy / answers * 1e3


def spread(values, unit):
    return f"median {statistics.median(values):.2f} {unit}, max {max(values):.2f} {unit}"


def speed(numbers):
    return "{:.0f}/s, median {:.2f} ms, p99 {:.2f} ms, CPU {:.2f} ms".format(*numbers)


def measure_start(folder, _):
    times, again, memory = [], [], []
    for number in range(STARTS):
        for kept in (times, again):
            before = time.monotonic()
            serve = begin(folder / str(number), pinned=False)
            kept.append((time.monotonic() - before) * 1e3)
            if kept is again:
                time.sleep(0.2)
                status = pathlib.Path(f"/proc/{serve.process.pid}/status").read_text()
                memory.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
            serve.stop()
    row("start, from exec to listening, new", spread(times, "ms"), "100 ms")
    row("start, with a database", spread(again, "ms"), "100 ms")
    row("memory when idle", spread(memory, "MB"), "20 MB")


def measure_get(folder, arguments):
    serve = begin(folder)
    path = f"{JOBS_PATH}/{create(serve, 'one')}"
    row("GetJob, server on one core", speed(wrk(serve, path, arguments.seconds)), "2000/s, p99 20 ms")
    serve.stop()


def measure_create(folder, arguments):
    serve = begin(folder)
    (folder / "request").write_text(request_text())
    (folder / "create.lua").write_text(CREATE_LUA.replace("%r", json.dumps(str(folder / "request"))))
    numbers = wrk(serve, JOBS_PATH, arguments.seconds, folder / "create.lua")
    row("CreateJob, server on one core", speed(numbers), "300/s")
    serve.stop()


def fill(folder, jobs):
    """Takes minutes, and a GB; so it is kept."""
    build, part = pathlib.Path(PROGRAM).parents[1], folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "data").mkdir(parents=True)
    for command in (["cmake", "--build", build, "--target", "bench_status"],
                    [build / "tests/bench_status", part / "data", str(jobs)]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    part.rename(folder)


def measure_list(_, arguments):
    """Pages of 20: the newest, the oldest, by state; and one from the middle."""
    folder = REPO / f"build/bench/{arguments.jobs}-jobs"
    if not folder.exists():
        fill(folder, arguments.jobs)
    serve = begin(folder)
    connection = http.client.HTTPConnection("127.0.0.1", serve.port)

    def get(query):
        before = time.perf_counter()
        connection.request("GET", f"{JOBS_PATH}?maxResults=20&{query}", headers=HEADERS)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return (time.perf_counter() - before) * 1e3, body

    token = None
    for _ in range(arguments.jobs // 200):
        query = "order=ASCENDING" + (f"&nextToken={urllib.parse.quote(token, safe='')}" if token else "")
        token = json.loads(get(query)[1])["nextToken"]
    middle = f"order=ASCENDING&nextToken={urllib.parse.quote(token, safe='')}"
    for what, query in (("newest", "order=DESCENDING"), ("oldest", "order=ASCENDING"), ("a tenth on", middle),
                        ("COMPLETE", "status=COMPLETE"), ("ERROR, none", "queue=Default&status=ERROR")):
        busy = serve.cpu_s()
        times = [get(query)[0] for _ in range(LISTS)]
        busy = (serve.cpu_s() - busy) / LISTS * 1e3
        row(f"ListJobs of {arguments.jobs}, {what}", f"{spread(times, 'ms')}, CPU {busy:.2f} ms", "20 ms")
    connection.close()
    serve.stop()


PARTS = {"start": measure_start, "get": measure_get, "create": measure_create, "list": measure_list}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=100000)
    parser.add_argument("parts", nargs="*")
    arguments = parser.parse_args()
    for part in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[part](pathlib.Path(folder), arguments)


main()
