# SPDX-License-Identifier: Apache-2.0
"""kill -9 five times on the way through 20,000 entries ($BATCH_ENTRIES), with a function that keeps a log of its
own; while the manifest is read; while the report is written."""
import collections
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest
from house import HANDLER, tasks

COUNT, KILLS = int(os.environ.get("BATCH_ENTRIES", "20000")), 5

FUNCTION = HANDLER + """
import os
log = os.open(os.environ["LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def handler(event, context):
    key = event["tasks"][0]["s3Key"]
    os.write(log, (key + "\\n").encode())
    return answer(event, "PermanentFailure" if key.endswith("13") else "Succeeded", "was " + key)
"""


def recorded(house):
    """The numbers of the entries whose results are on disk."""
    with sqlite3.connect(f"file:{house.folder}/data/status.db?mode=ro", uri=True) as database:
        return {number for number, in database.execute("SELECT entry FROM batch_tasks")}


def count_recorded(house):
    with sqlite3.connect(f"file:{house.folder}/data/status.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM batch_tasks").fetchone()[0]


def status(house):
    """Of the only batch job, as the database has it (enum batch_status); None: it is not there yet."""
    try:
        with sqlite3.connect(f"file:{house.folder}/data/status.db?mode=ro", uri=True) as database:
            return next((number for number, in database.execute("SELECT status FROM batches")), None)
    except sqlite3.Error:
        return None


def wait_for_results(house, process, more_than):
    end = time.time() + 60
    while time.time() < end:
        assert process.poll() is None, process.communicate()
        try:
            if count_recorded(house) > more_than:
                return
        except sqlite3.Error:
            pass  # it is not there yet
        time.sleep(0.05)
    raise AssertionError("no tasks are done")


def test_kill(house):
    house.zip("f", f=FUNCTION)
    log = house.folder / "log"
    manifest = house.put("s3://lists/a.csv", b"".join(b"in,%05d\n" % i for i in range(COUNT)))
    options = ("--handler", "f.zip", "--report", "s3://reports/p", "--env", f"LOG={log}")
    chance = random.Random(7)
    forbidden, lines, again = set(), 0, 0
    for _ in range(KILLS):
        process = house.start(manifest, *options)
        before = len(forbidden)
        wait_for_results(house, process, before)
        time.sleep(chance.uniform(0, 0.7) * COUNT / 20_000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)  # functions end with their server
        names = log.read_text().split("\n")[lines:-1]
        invoked = {int(name) for name in names}
        assert not invoked & forbidden, "a task was invoked again after its result was recorded"
        again += len(names) - len(invoked)
        lines += len(names)
        now = recorded(house)
        assert now >= forbidden, "results were lost"
        assert now - forbidden <= invoked, "there are results of tasks that were not invoked"
        forbidden = now
    assert len(forbidden) < COUNT, "it was done before it was killed five times"

    result = house.batch(manifest, *options, status=1, timeout=300 + COUNT // 500)
    names = log.read_text().split("\n")[:-1]
    assert not {int(name) for name in names[lines:]} & forbidden
    failed = sum(i % 100 == 13 for i in range(COUNT))
    assert result["status"] == "Complete" and tasks(result) == (COUNT, COUNT - failed, failed)

    counts = collections.Counter(names)
    assert set(counts) == {f"{i:05d}" for i in range(COUNT)}
    # only what was under way, or not recorded yet, at one of the five kills
    assert sum(counts.values()) - COUNT <= KILLS * 200
    rows = house.report(result)
    good = [i for i in range(COUNT) if i % 100 != 13]
    bad = [i for i in range(COUNT) if i % 100 == 13]
    assert [(row["Key"], row["ResultMessage"]) for row in rows] == [(f"{i:05d}", f"was {i:05d}") for i in good + bad]


def test_interrupted(house):
    """SIGINT: nothing is lost either, and the same command goes on."""
    house.zip("f", f=FUNCTION + "\nimport time\nslow = handler\ndef handler(event, context):\n time.sleep(0.05)\n"
              " return slow(event, context)\n")
    log = house.folder / "log"
    manifest = house.put("list.csv", b"".join(b"in,%05d\n" % i for i in range(100)))
    options = ("--handler", "f.zip", "--report", "s3://reports/p", "--env", f"LOG={log}", "--batch-concurrency", "2")
    process = house.start(manifest, *options)
    wait_for_results(house, process, 5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    stopped = json.loads(out)
    assert stopped["status"] == "Active" and "report" not in stopped and not (house.folder / "buckets/reports").exists()
    before = recorded(house)
    assert 5 < len(before) < 100
    invoked = log.read_text().count("\n")
    result = house.batch(manifest, *options, status=1)
    assert tasks(result) == (100, 99, 1) and "it goes on" in result["stderr"]
    assert result["jobId"] == stopped["jobId"] and len(house.report(result)) == 100
    later = {int(name) for name in log.read_text().split("\n")[invoked:-1]}
    assert not later & before


def test_interrupted_for_a_person(house):
    """It says how to go on."""
    house.zip("f", f=FUNCTION + "\nimport time\nslow = handler\ndef handler(event, context):\n time.sleep(0.05)\n"
              " return slow(event, context)\n")
    manifest = house.put("list.csv", b"".join(b"in,%05d\n" % i for i in range(100)))
    words = [word for word in house.words(manifest, "--handler", "f.zip", "--env", f"LOG={house.folder}/log")
             if word != "--json"]
    process = subprocess.Popen(words, cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    house.processes.append(process)
    wait_for_results(house, process, 5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "interrupted: the same command goes on" in out


@pytest.mark.parametrize("state, count", [(1, 400_000), (7, 100_000)], ids=["Preparing", "Completing"])
def test_kill_beside_the_tasks(house, state, count):
    """While the manifest is read, and while the report is written: the same command does it anew."""
    manifest = house.put("s3://lists/a.csv", b"".join(b"in,%06d\n" % i for i in range(count)))
    options = ("--handler", "noop", "--report", "s3://reports/p")
    process = house.start(manifest, *options)
    end = time.time() + 60
    while status(house) != state:
        assert time.time() < end and process.poll() is None, process.communicate()
        time.sleep(0.002)
    time.sleep(0.03)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert status(house) == state, "it was too fast"
    result = house.batch(manifest, *options)
    assert result["status"] == "Complete" and tasks(result) == (count, count, 0)
    assert [row["Key"] for row in house.report(result)] == [f"{i:06d}" for i in range(count)]
    assert list((house.folder / "data/batch").iterdir()) == []
