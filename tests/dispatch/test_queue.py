# SPDX-License-Identifier: Apache-2.0
"""Jobs in the server's queue, with real workers: whoever dies at whatever time, each job ends once
and no object is left that no job has made."""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time
import urllib.request

import boto3
import pytest
from conftest import LIMIT, PROGRAM, SANITIZED, settings_of

FINAL = {"COMPLETE", "CANCELED", "ERROR"}
PREFIX = "mediaconvert-local."


def lives(pid):
    """Whether it does; a zombie whose parent was killed may wait for init."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Server:
    def __init__(self, folder, *options, **environment):
        self.folder, self.storage = folder, folder / "storage"
        self.options = options or ("--storage", self.storage)
        self.environment = {**os.environ, **environment}
        self.start()

    def start(self):
        command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", self.folder / "data"]
        command += [*self.options, "--speed", "draft", "--concurrent", "2"]
        command += ["--events-file", self.folder / "events"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
                env=self.environment,
            )  # fmt: skip
        self.url = self.process.stdout.readline().split(",")[0].removeprefix("listening on ")
        self.client = boto3.client(
            "mediaconvert",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=self.environment.get("AWS_ACCESS_KEY_ID", "any"),
            aws_secret_access_key=self.environment.get("AWS_SECRET_ACCESS_KEY", "any"),
        )

    def submit(self, name, uri="s3://in/tiny.mp4", **wishes):
        """A job whose objects go to s3://out/NAME/."""
        return self.client.create_job(
            Role="arn:aws:iam::111122223333:role/any",
            Settings=settings_of(uri, f"s3://out/{name}"),
            UserMetadata={PREFIX + key: value for key, value in wishes.items()},
        )["Job"]["Id"]

    def job(self, number):
        return self.client.get_job(Id=number)["Job"]

    def wait(self, number, *status, phase=None):
        """The job as it is when it has one of these states, or has ended."""
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            job = self.job(number)
            if job["Status"] in {*status, *FINAL} and (
                job["Status"] in FINAL or phase in (None, job["CurrentPhase"])
            ):
                return job
            time.sleep(0.02)
        raise AssertionError(f"{job['Status']} {job.get('CurrentPhase')}")

    def workers(self):
        """The ids of the processes that it has started."""
        command = ["pgrep", "-P", str(self.process.pid)]
        return [int(pid) for pid in subprocess.run(command, capture_output=True).stdout.split()]

    def worker(self):
        """The id of the only one, once it is there and had time to come to where a job delays it."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for pid in self.workers():
                # before its exec() it is a copy of the server
                if pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[1:2] == ["worker"]:
                    time.sleep(0.3)
                    assert self.workers() == [pid]
                    return pid
            time.sleep(0.02)
        raise AssertionError("no worker")

    def metric(self, name):
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:
            return float(re.search(rf"^mediaconvert_{name} (.*)$", answer.read().decode(), re.M)[1])

    def files(self, name=""):
        return sorted(
            str(path.relative_to(self.storage))
            for path in self.storage.rglob("*")
            if path.is_file()
            and self.storage / "in" not in path.parents
            and (not name or self.storage / "out" / name in path.parents)
        )

    def events(self, number):
        lines = map(json.loads, (self.folder / "events").read_text().splitlines())
        return [line["detail"]["status"] for line in lines if line["detail"]["jobId"] == number]

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path, clip):
    (tmp_path / "storage/in").mkdir(parents=True)
    os.link(clip, tmp_path / "storage/in/tiny.mp4")
    server = Server(tmp_path)
    yield server
    server.end()


def test_complete(server):
    number = server.submit("a")
    job = server.wait(number)
    assert job["Status"] == "COMPLETE", job
    assert job["RetryCount"] == 0
    assert len(job["OutputGroupDetails"]) == 3
    assert "out/a/0/tiny.m3u8" in server.files() and "out/a/1/tiny.mp4" in server.files()
    time.sleep(1)
    events = server.events(number)
    assert events[0] == "PROGRESSING" and events[-1] == "COMPLETE"
    assert events.count("INPUT_INFORMATION") == 1 and events.count("COMPLETE") == 1


def test_missing_input(server):
    job = server.wait(server.submit("a", "s3://in/none.mp4"))
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1404)
    assert "s3://in/none.mp4" in job["ErrorMessage"]
    assert server.files() == []


PHASES = ["PROBING", "TRANSCODING", "UPLOADING"]


@pytest.mark.parametrize("phase", PHASES)
def test_cancel(server, phase):
    number = server.submit("a", delay="60", phase=phase)
    server.wait(number, "PROGRESSING", phase=phase)
    began = time.monotonic()
    server.client.cancel_job(Id=number)
    job = server.wait(number)
    assert job["Status"] == "CANCELED"
    assert time.monotonic() - began < 1.5
    assert server.files() == [] and server.workers() == []


@pytest.mark.parametrize("phase", PHASES)
def test_worker_killed(server, phase):
    number = server.submit("a", delay="60", phase=phase)
    server.wait(number, "PROGRESSING", phase=phase)
    worker = server.worker()
    os.kill(worker, signal.SIGKILL)
    job = server.wait(number)
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1999)
    assert "the worker was killed by signal 9 (Killed)" in job["ErrorMessage"]
    assert server.files() == [] and server.workers() == []
    assert server.wait(server.submit("b"))["Status"] == "COMPLETE"


@pytest.mark.parametrize("phase", PHASES)
def test_server_killed(server, phase):
    number = server.submit("a", delay="2", phase=phase)
    server.wait(number, "PROGRESSING", phase=phase)
    worker = server.worker()
    server.kill()
    server.start()
    assert not lives(worker)
    job = server.wait(number)
    assert (job["Status"], job["RetryCount"]) == ("COMPLETE", 1)
    assert "out/a/1/tiny.mp4" in server.files()
    assert not [file for file in server.files() if ".uploads" in file]
    time.sleep(1)
    assert server.events(number).count("COMPLETE") == 1


def limits_of(pid):
    """Name → soft and hard limit."""
    lines = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in lines}


def test_limits(server):
    """A worker has some, whatever the machine; and a job that is over one ends with its name."""
    number = server.submit("a", delay="60")
    server.wait(number, "PROGRESSING")
    worker = server.worker()
    limits = limits_of(worker)
    assert limits["Max core file size"] == ("0", "0")
    assert int(limits["Max open files"][0]) <= 4096
    week = 7 * 24 * 3600
    soft, hard = map(int, limits["Max cpu time"])
    assert soft % week == 0 and hard == soft + 5 and soft <= week * os.cpu_count()
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if not SANITIZED:
        assert 512 << 20 <= int(limits["Max data size"][0]) <= max(machine * 3 // 4, 512 << 20)
    server.client.cancel_job(Id=number)


@pytest.mark.parametrize("options", [(), ("--threads", "3")], ids=" ".join)
def test_threads(server, options):
    """A worker plans for its share of the cores, or for what is said."""
    server.kill()
    server.options += options
    server.start()
    number = server.submit("a", delay="60")
    server.wait(number, "PROGRESSING")
    worker = server.worker()
    words = pathlib.Path(f"/proc/{worker}/cmdline").read_text().split("\0")
    threads = int(words[words.index("--threads") + 1])
    assert threads == 3 if options else 1 <= threads <= max(os.cpu_count() // 2, 1)
    server.client.cancel_job(Id=number)


OVER = {
    "processor": ("--worker-cpu", "1", "-stream_loop 30 -i CLIP -c copy", "signal 24 (CPU time limit exceeded); it may have 1 s"),
    "memory": ("--worker-memory", "256", "-f lavfi -i testsrc2=s=1920x1080:r=25:d=1 -preset ultrafast", "it may have 256 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("what", OVER)
def test_over_the_limit(server, clip, what):
    option, value, command, message = OVER[what]
    if SANITIZED and what == "memory":
        pytest.skip("a sanitizer's own memory would count")
    command = ["ffmpeg", "-nostdin", "-v", "error", *command.replace("CLIP", str(clip)).split()]
    subprocess.run([*command, server.storage / "in/large.mp4"], check=True)
    server.kill()
    server.options += (option, value)
    server.start()
    job = server.wait(server.submit("large", "s3://in/large.mp4"))
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1999) and message in job["ErrorMessage"], job
    assert server.files() == [] and server.workers() == []
    assert server.wait(server.submit("none", "s3://in/none.mp4"))["ErrorCode"] == 1404  # it lives


def test_drain(server):
    """SIGTERM: what runs is brought to its end, what waits stays."""
    running = [server.submit(f"running{i}", delay="1") for i in range(2)]
    waiting = server.submit("waiting")
    for number in running:
        server.wait(number, "PROGRESSING")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(LIMIT) == 0
    assert "out/running0/1/tiny.mp4" in server.files()
    assert "out/waiting/1/tiny.mp4" not in server.files()
    server.start()
    assert [server.job(number)["Status"] for number in running] == ["COMPLETE"] * 2
    assert server.wait(waiting)["Status"] == "COMPLETE"


def test_a_bad_day(server):
    """Workers and servers die at random; all jobs end, and objects are those of the complete."""
    dice = random.Random(5)
    jobs = {server.submit(f"j{i}"): f"j{i}" for i in range(16)}
    for i in range(12):
        time.sleep(dice.uniform(0, 0.5))
        if i % 4 == 3:
            server.kill()
            server.start()
        elif workers := server.workers():
            os.kill(dice.choice(workers), signal.SIGKILL)
    ends = {name: server.wait(number) for number, name in jobs.items()}
    reference = server.wait(server.submit("reference"))
    assert reference["Status"] == "COMPLETE"
    for name, job in ends.items():
        assert job["Status"] == "COMPLETE" or "signal 9" in job["ErrorMessage"]
        expected = len(server.files("reference")) if job["Status"] == "COMPLETE" else 0
        assert len(server.files(name)) == expected, name
    assert not [file for file in server.files() if ".uploads" in file]
    time.sleep(1)
    for number in jobs:
        assert len(FINAL & set(server.events(number))) == 1
    assert server.workers() == []
