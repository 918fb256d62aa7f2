# SPDX-License-Identifier: Apache-2.0
"""Many clients at once, while the server and its workers are killed at random: nothing that was
acknowledged is lost, nothing ends twice, and nothing is left lying about.

A round is SOAK_JOBS jobs with SOAK_SERVER_KILLS and SOAK_WORKER_KILLS. Rounds go on in the same
folder, which may be one of an earlier run (SOAK_FOLDER); each has its own seed, SOAK_FIRST and on.
In the end one server works on SOAK_STEADY_JOBS and is left alone: it must not grow.
"""
import http.client
import json
import os
import pathlib
import queue
import random
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest
from program import AUTHORIZATION, Serve
from test_events import Hook

FIRST, ROUNDS = int(os.environ.get("SOAK_FIRST", 0)), int(os.environ.get("SOAK_ROUNDS", 1))
JOBS = int(os.environ.get("SOAK_JOBS", 60))
SERVER_KILLS = int(os.environ.get("SOAK_SERVER_KILLS", 2))
WORKER_KILLS = int(os.environ.get("SOAK_WORKER_KILLS", 8))
STEADY_JOBS = int(os.environ.get("SOAK_STEADY_JOBS", 48))
CLIENTS = 16
LIMIT = 120  # seconds that any one thing may take
GROWTH_MB = 4  # what caches and a heap in pieces may add to a server that works
FINAL = {"COMPLETE", "CANCELED", "ERROR"}
JOBS_PATH = "/2017-08-29/jobs"
CLIP = "in/tiny.mp4"

PICTURE = {
    "width": 160, "height": 120,
    "codecSettings": {"codec": "H_264", "h264Settings": {
        "rateControlMode": "QVBR", "maxBitrate": 200000, "gopSize": 1, "gopSizeUnits": "SECONDS"}},
}
SOUND = {
    "audioSourceName": "Audio Selector 1",
    "codecSettings": {"codec": "AAC", "aacSettings": {
        "bitrate": 96000, "codingMode": "CODING_MODE_2_0", "sampleRate": 48000}},
}


def settings_of(name, clip):
    """Two segments and an MP4, at s3://out/NAME/."""
    def group(kind, member, container, **more):
        return {
            "outputGroupSettings": {"type": kind, member: {"destination": f"s3://out/{name}/", **more}},
            "outputs": [{"nameModifier": "_small", "containerSettings": {"container": container},
                         "videoDescription": PICTURE, "audioDescriptions": [SOUND]}],
        }
    return {
        "inputs": [{"fileInput": f"s3://{clip}",
                    "audioSelectors": {"Audio Selector 1": {"defaultSelection": "DEFAULT"}}}],
        "outputGroups": [
            group("HLS_GROUP_SETTINGS", "hlsGroupSettings", "M3U8", segmentLength=1, minSegmentLength=0),
            group("FILE_GROUP_SETTINGS", "fileGroupSettings", "MP4"),
        ],
    }


# --- what clients do ---


class Client:
    """One connection, and what SDKs do when it breaks: the same request again."""

    def __init__(self, server):
        self.server, self.connection = server, None
        self.retries = 0

    def call(self, method, path, request=None):
        """Status and body of the answer, from whichever server is there to give it."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
                headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
                body = json.dumps(request) if request else None
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.close()
                self.retries += 1
                assert time.monotonic() < end, "no server answers"
                time.sleep(0.05)

    def job(self, number):
        status, body = self.call("GET", f"{JOBS_PATH}/{number}")
        assert status == 200, body
        return body["job"]

    def jobs(self):
        """All that there are, by their ids."""
        found, token = {}, ""
        while token is not None:
            status, body = self.call("GET", f"{JOBS_PATH}?maxResults=20{token}")
            assert status == 200, body
            found |= {job["id"]: job for job in body["jobs"]}
            token = f"&nextToken={urllib.parse.quote(body['nextToken'], safe='')}" if body.get("nextToken") else None
        return found

    def wait(self, number, limit=LIMIT):
        end = time.monotonic() + limit
        while (job := self.job(number))["status"] not in FINAL:
            assert time.monotonic() < end, job
            time.sleep(0.1)
        return job

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Crowd:
    """Clients that create jobs, cancel some, and follow each to its end."""

    def __init__(self, server, seed, names):
        self.server, self.seed = server, seed
        self.patience = LIMIT + len(names)  # a job of low priority waits for most of the others
        self.names = queue.SimpleQueue()
        for name in names:
            self.names.put(name)
        self.acknowledged = {}  # id → the final state that a client saw
        self.canceled, self.mistaken = set(), set()  # whom a client wanted to, whose input is none
        self.creating = set()  # names of those whom the server is being asked for
        self.failures, self.retries, self.created_again = [], 0, 0
        self.threads = [threading.Thread(target=self.live, args=(n,), daemon=True) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def live(self, number):
        dice, client = random.Random(f"{self.seed} {number}"), Client(self.server)
        try:
            while not self.names.empty():
                self.follow_one(dice, client, self.names.get_nowait())
        except queue.Empty:
            pass
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            client.close()
            self.retries += client.retries

    def follow_one(self, dice, client, name):
        mistaken, cancel = dice.random() < 0.05, dice.random() < 0.15
        request = {
            "role": "arn:aws:iam::111122223333:role/MediaConvert",
            "clientRequestToken": str(uuid.UUID(int=dice.getrandbits(128))),
            "settings": settings_of(name, "in/none.mp4" if mistaken else CLIP),
            "userMetadata": {"name": name},
            "priority": dice.randint(-50, 50),
        }
        retries = client.retries
        self.creating.add(name)
        status, body = client.call("POST", JOBS_PATH, request)
        self.creating.discard(name)
        self.created_again += client.retries > retries
        assert status == 201, body
        number = body["job"]["id"]
        assert number not in self.acknowledged
        self.acknowledged[number] = None
        if mistaken:
            self.mistaken.add(number)
        if cancel:
            self.canceled.add(number)
            time.sleep(dice.uniform(0, 1))
            status, body = client.call("DELETE", f"{JOBS_PATH}/{number}")
            assert status in (202, 409), body  # it may have ended
        self.acknowledged[number] = client.wait(number, self.patience)["status"]

    def ended(self):
        return sum(status is not None for status in list(self.acknowledged.values()))

    def works(self):
        if self.failures:
            raise self.failures[0]
        return any(thread.is_alive() for thread in self.threads)


# --- what is killed ---


def processes():
    """Of everybody: id, state, parent."""
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended
        yield int(path.name), state, int(parent)


def kill_server(crowd, dice):
    """While somebody creates a job; and perhaps again, while what the one before it has left is
    removed. Returns how many died."""
    killed, until = 0, time.monotonic() + 2
    while not crowd.creating and time.monotonic() < until:
        time.sleep(0.0002)
    time.sleep(dice.uniform(0, 0.002))
    while killed == 0 or dice.random() < 0.3:
        crowd.server.stop(signal.SIGKILL)
        crowd.server.start()
        killed += 1
    return killed


def kill_worker(crowd, dice):
    """Any time, or when objects of a job begin to appear. Returns how many died: one or none."""
    out, until = crowd.server.folder / "buckets/out", time.monotonic() + dice.choice((0, 0.5))
    before = set(os.listdir(out))
    while set(os.listdir(out)) == before and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(dice.uniform(0, 0.02))
    workers = [pid for pid, state, parent in processes() if parent == crowd.server.process.pid and state != "Z"]
    try:
        os.kill(dice.choice(workers), signal.SIGKILL)
    except (IndexError, ProcessLookupError):
        return 0
    return 1


def kill_some(crowd, jobs, server_kills, worker_kills):
    """Each when some number of the jobs has ended, and a moment later; returns how many died."""
    dice = random.Random(f"{crowd.seed} kills")
    plan = [(dice.uniform(0, 0.6 * jobs), kill_server) for _ in range(server_kills)]
    plan += [(dice.uniform(0, 0.8 * jobs), kill_worker) for _ in range(worker_kills)]
    killed = {kill_server: 0, kill_worker: 0}
    for at, kill in sorted(plan, key=lambda one: one[0]):
        while crowd.ended() < int(at) and crowd.works():
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 0.3))
        died = 0
        while not died and crowd.works():
            died = kill(crowd, dice)
            time.sleep(0.005)
        killed[kill] += died
    return killed.values()


# --- what is looked at ---


class Server(Serve):
    def __init__(self, folder, hook):
        super().__init__(folder, "--data", "data", "--speed", "draft", "--concurrent", "2",
                         "--events-file", "events", "--webhook", hook.url, "--log-level", "warn")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def relatives(self):
        """Its children, zombies among them, and what those before it have left running."""
        found = []
        for pid, state, parent in processes():
            try:
                here = state != "Z" and pathlib.Path(f"/proc/{pid}/cwd").readlink() == self.folder
            except OSError:
                here = False
            if pid not in (os.getpid(), self.process.pid) and (here or parent == self.process.pid):
                found.append((pid, state))
        return found

    def events(self):
        """Of the file, but for lines that a kill has cut."""
        found = []
        for line in (self.folder / "events").read_text().splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                pass
        return found


def ends(events):
    """id → its final states that were told; the same event may have come twice."""
    told = {}
    for event in events:
        if event["detail"]["status"] in FINAL:
            told.setdefault(event["detail"]["jobId"], {})[event["id"]] = event["detail"]["status"]
    return {number: list(states.values()) for number, states in told.items()}


def named_by(buckets, complete):
    """The objects that the event of a complete job names, and the playlists among them."""
    paths = set()
    for group in complete["detail"]["outputGroupDetails"]:
        paths |= set(group.get("playlistFilePaths", ()))
        for output in group["outputDetails"]:
            paths |= set(output.get("outputFilePaths", ()))
    found, ahead = set(), [uri.removeprefix("s3://") for uri in paths]
    while ahead:
        path = ahead.pop()
        found.add(path)
        if path.endswith(".m3u8"):
            lines = (buckets / path).read_text().splitlines()
            ahead += {f"{os.path.dirname(path)}/{urllib.parse.unquote(line)}"
                      for line in lines if line and line[0] != "#"} - found
    assert len([path for path in found if path.endswith(".ts")]) == 2, found
    return found


def different(left, right):
    return set(left.items()) ^ set(right.items())


def wait_until(holds):
    end = time.monotonic() + 30
    while not holds() and time.monotonic() < end:
        time.sleep(0.2)
    assert holds()


class Soak:
    """The server, and what is known of all jobs that it has ever acknowledged."""

    def __init__(self, folder):
        self.folder, self.hook = folder, Hook()
        for bucket in ("in", "out"):
            (folder / "buckets" / bucket).mkdir(parents=True, exist_ok=True)
        command = "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=160x120:r=12:d=2 -f lavfi -i sine=d=2"
        subprocess.run([*command.split(), folder / "buckets" / CLIP], check=True)
        self.server = Server(folder, self.hook)
        self.client = Client(self.server)
        self.known = {number: self.client.wait(number)["status"] for number in self.client.jobs()}
        self.earlier = set(self.known)  # before there was this hook

    def run(self, seed, count, server_kills=0, worker_kills=0):
        """Names are new in each run, lest the objects of an earlier one are taken for this one's."""
        run = uuid.uuid4().hex[:8]
        crowd = Crowd(self.server, seed, [f"{seed}-{run}-{i}" for i in range(count)])
        killed = kill_some(crowd, count, server_kills, worker_kills)
        while crowd.works():
            time.sleep(0.05)
        self.check_jobs(crowd)
        self.check_events()
        self.check_objects()
        assert self.server.relatives() == []
        return crowd, killed

    def check_jobs(self, crowd):
        """Those that were acknowledged are those that there are, and are as they were seen."""
        jobs = self.client.jobs()
        self.known |= crowd.acknowledged
        assert different({number: job["status"] for number, job in jobs.items()}, self.known) == set()
        for number in crowd.acknowledged:
            job = jobs[number]
            if job["status"] == "ERROR":
                killed = job["errorCode"] == 1999 and "signal 9" in job["errorMessage"]
                assert killed or (job["errorCode"] == 1404 and number in crowd.mistaken), job
            else:
                assert number in (crowd.canceled if job["status"] == "CANCELED" else jobs.keys() - crowd.mistaken)

    def check_events(self):
        wait_until(lambda: ends(self.server.events()).keys() >= self.known.keys())
        wait_until(lambda: ends(self.hook.events).keys() >= self.known.keys() - self.earlier)
        told = ends(self.server.events())
        assert {number: states for number, states in told.items() if states != [self.known[number]]} == {}
        heard = ends(self.hook.events)
        assert {number: states for number, states in heard.items() if states != [self.known[number]]} == {}

    def check_objects(self):
        buckets = self.folder / "buckets"
        there = {str(path.relative_to(buckets)) for path in buckets.rglob("*") if path.is_file()}
        expected = {CLIP}
        for event in self.server.events():
            if event["detail"]["status"] == "COMPLETE":
                expected |= named_by(buckets, event)
        assert there ^ expected == set()

    def measure(self):
        """Descriptors and MB of a server that has nothing to do, as soon as it has seen that."""
        self.client.close()
        descriptors = []
        for _ in range(10):
            time.sleep(0.1)
            descriptors.append(self.server.descriptors())
        return min(descriptors), self.server.memory_mb()

    def stop(self):
        self.client.close()
        assert self.server.stop() == 0
        self.hook.stop()


@pytest.fixture(scope="module")
def soak(tmp_path_factory):
    kept = os.environ.get("SOAK_FOLDER")
    soak = Soak(pathlib.Path(kept).resolve() if kept else tmp_path_factory.mktemp("soak"))
    yield soak
    soak.stop()


def told(crowd):
    states = list(crowd.acknowledged.values())
    return ", ".join(f"{states.count(state)} {state}" for state in sorted(FINAL))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS))
def test_soak(soak, seed):
    began = time.monotonic()
    crowd, (servers, workers) = soak.run(seed, JOBS, SERVER_KILLS, WORKER_KILLS)
    print(f"seed {seed}: {JOBS} jobs, now {len(soak.known)}, in {time.monotonic() - began:.0f} s; {told(crowd)};",
          f"killed: {servers} servers, {workers} workers;",
          f"{crowd.retries} requests sent again, {crowd.created_again} of them CreateJob", flush=True)
    assert servers >= SERVER_KILLS and workers >= WORKER_KILLS


def test_steady(soak):
    """One process from the first job to the last; what its caches take is there after a few."""
    began, process = time.monotonic(), soak.server.process.pid
    soak.run(f"{FIRST} warm", CLIENTS)
    before = soak.measure()
    crowd, _ = soak.run(f"{FIRST} steady", STEADY_JOBS)
    after = soak.measure()
    print(f"steady: {STEADY_JOBS} jobs besides {CLIENTS}, now {len(soak.known)}, in {time.monotonic() - began:.0f} s;",
          f"{told(crowd)}; descriptors {before[0]} → {after[0]}, memory {before[1]:.1f} → {after[1]:.1f} MB", flush=True)
    assert soak.server.process.pid == process and soak.server.process.poll() is None
    assert [state for _, state in soak.server.relatives() if state == "Z"] == []
    assert after[0] <= before[0]
    assert after[1] < before[1] + GROWTH_MB
