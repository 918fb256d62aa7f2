# SPDX-License-Identifier: Apache-2.0
"""Batch jobs of a server: confirmed, paused for one of higher priority, cancelled, gone on with."""
import hashlib
import pathlib
import re
import sys
import time
import uuid
from xml.sax.saxutils import escape

import pytest
from house import House

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serve"))
from program import AUTHORIZATION, Serve  # noqa: E402

HEADERS = {"Authorization": AUTHORIZATION.replace("/mediaconvert/", "/s3/"), "x-amz-account-id": "111122223333"}
JOBS = "/v20180820/jobs"
FINAL = {"Complete", "Cancelled", "Failed"}


class Batches:
    """The S3 Control API of a server, byte by byte."""

    def __init__(self, folder, *options):
        self.house = House(folder)
        self.serve = Serve(folder, "--batch-retry", "10", *options)

    def send(self, method, path, body=b""):
        status, _, answer = self.serve.send(method, path, HEADERS, body)
        assert status == 200, answer
        return answer.decode()

    def create(self, count, function="slow", priority=1, confirm=False):
        content = b"".join(b"in,%d\n" % i for i in range(count))
        self.house.put("s3://lists/a.csv", content)
        answer = self.send("POST", JOBS, f"""<CreateJobRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">
            <ConfirmationRequired>{str(confirm).lower()}</ConfirmationRequired>
            <Operation><LambdaInvoke><FunctionArn>{function}</FunctionArn></LambdaInvoke></Operation>
            <Report><Bucket>arn:aws:s3:::reports</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled>
            <ReportScope>AllTasks</ReportScope></Report>
            <Manifest><Spec><Format>S3BatchOperations_CSV_20180820</Format>
            <Fields><member>Bucket</member><member>Key</member></Fields></Spec>
            <Location><ObjectArn>arn:aws:s3:::lists/a.csv</ObjectArn><ETag>{hashlib.md5(content).hexdigest()}</ETag></Location>
            </Manifest><Priority>{priority}</Priority><RoleArn>{escape("arn:aws:iam::111122223333:role/r")}</RoleArn>
            <ClientRequestToken>{uuid.uuid4()}</ClientRequestToken></CreateJobRequest>""".encode())
        return re.search("<JobId>(.*)</JobId>", answer)[1]

    def describe(self, job, name):
        found = re.search(f"<{name}>(.*?)</{name}>", self.send("GET", f"{JOBS}/{job}"))
        return found and found[1]

    def status(self, job):
        return self.describe(job, "Status")

    def wait(self, job, *statuses, seconds=30):
        end = time.time() + seconds
        while (status := self.status(job)) not in statuses:
            assert time.time() < end and status not in FINAL, f"it is {status}"
            time.sleep(0.02)
        return status

    def ask(self, job, status):
        return self.send("POST", f"{JOBS}/{job}/status?requestedJobStatus={status}")

    def report(self, job):
        return self.house.report({"report": f"s3://reports/job-{job}/manifest.json"})


@pytest.fixture
def slow():
    """The URL of a function that takes a twentieth of a second."""
    import http.server
    import json
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(0.05)
            body = json.dumps({"results": [{"taskId": event["tasks"][0]["taskId"], "resultCode": "Succeeded"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def batches(tmp_path, slow):
    batches = Batches(tmp_path, "--http-function", f"slow={slow}", "--batch-concurrency", "4")
    yield batches
    assert batches.serve.stop() == 0
    assert "level=error" not in batches.serve.log.read_text()


def test_one_after_the_other(batches):
    job = batches.create(50)
    batches.wait(job, "Active", "Completing", "Complete")
    batches.wait(job, "Complete")
    assert len(batches.report(job)) == 50
    assert int(batches.describe(job, "ElapsedTimeInActiveSeconds")) >= 0
    assert batches.describe(job, "NumberOfTasksSucceeded") == "50"


def test_confirmed(batches):
    job = batches.create(3, confirm=True)
    batches.wait(job, "Suspended")
    assert batches.describe(job, "TotalNumberOfTasks") == "3"
    time.sleep(1)
    assert batches.status(job) == "Suspended"
    batches.ask(job, "Ready")
    batches.wait(job, "Complete")
    assert len(batches.report(job)) == 3


def test_the_manifest_may_change_once_it_is_read(batches):
    job = batches.create(3, confirm=True)
    batches.wait(job, "Suspended")
    batches.house.put("s3://lists/a.csv", b"in,other\n")
    batches.ask(job, "Ready")
    batches.wait(job, "Complete")
    assert [row["Key"] for row in batches.report(job)] == ["0", "1", "2"]


def test_higher_priority_comes_first(batches):
    low = batches.create(300)
    batches.wait(low, "Active")
    high = batches.create(40, priority=5)
    batches.wait(low, "Paused")
    batches.wait(high, "Complete")
    batches.wait(low, "Active")
    batches.wait(low, "Complete")
    assert [len(batches.report(job)) for job in (low, high)] == [300, 40]


def test_a_priority_that_changes(batches):
    first, second = batches.create(3000, priority=2), batches.create(3000, priority=1)
    batches.wait(first, "Active")
    batches.wait(second, "Ready", "Paused")  # which of them is prepared first is chance
    batches.send("POST", f"{JOBS}/{second}/priority?priority=3")
    batches.wait(second, "Active")
    batches.wait(first, "Paused")
    batches.ask(second, "Cancelled")
    batches.wait(first, "Active")
    batches.ask(first, "Cancelled")
    batches.wait(first, "Cancelled")


def test_cancelled(batches):
    """What was run is in the report, and only that."""
    job = batches.create(2000)
    batches.wait(job, "Active")
    while batches.describe(job, "NumberOfTasksSucceeded") == "0":
        time.sleep(0.05)
    batches.ask(job, "Cancelled")
    batches.wait(job, "Cancelled")
    done = int(batches.describe(job, "NumberOfTasksSucceeded"))
    assert 0 < done < 2000 and len(batches.report(job)) == done


def test_cancelled_before_a_task(batches):
    job = batches.create(3, confirm=True)
    batches.wait(job, "Suspended")
    batches.ask(job, "Cancelled")
    batches.wait(job, "Cancelled")
    assert not (batches.house.folder / f"buckets/reports/job-{job}").exists()


def test_cancelled_at_the_end(batches):
    """While the report is written: it is written again, whole, and nothing is said to have failed."""
    count = 60_000
    job = batches.create(count, function="noop")
    batches.wait(job, "Completing")
    batches.ask(job, "Cancelled")
    batches.wait(job, "Cancelled")
    assert "FailureReason>" not in batches.send("GET", f"{JOBS}/{job}")
    assert len(batches.report(job)) == count


def test_an_unknown_function(batches):
    job = batches.create(2, function="none")
    batches.wait(job, "Complete")
    rows = batches.report(job)
    failed = ("failed", "404", "PermanentFailure")
    assert [(row["TaskStatus"], row["HTTPStatusCode"], row["ErrorCode"]) for row in rows] == [failed] * 2
    assert all("none" in row["ResultMessage"] for row in rows)


def test_builtin_without_a_job(batches):
    job = batches.create(1, function="builtin")
    batches.wait(job, "Complete")
    assert "--job FILE" in batches.report(job)[0]["ResultMessage"]


def test_a_server_that_stops_and_starts(batches):
    job = batches.create(200)
    batches.wait(job, "Active")
    while batches.describe(job, "NumberOfTasksSucceeded") == "0":
        time.sleep(0.05)
    assert batches.serve.stop() == 0
    batches.serve.start()
    before = int(batches.describe(job, "NumberOfTasksSucceeded"))
    assert 0 < before < 200
    batches.wait(job, "Complete")
    assert [row["TaskStatus"] for row in batches.report(job)] == ["succeeded"] * 200


def test_metrics(batches):
    batches.wait(batches.create(5, function="noop"), "Complete")
    _, _, text = batches.serve.send("GET", "/metrics")
    assert b'mediaconvert_batch_jobs{status="Complete"} 1\n' in text
    assert b'mediaconvert_batch_tasks{status="succeeded"} 5\n' in text
    assert b'mediaconvert_batch_tasks{status="failed"} 0\n' in text
