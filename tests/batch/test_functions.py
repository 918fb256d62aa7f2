# SPDX-License-Identifier: Apache-2.0
"""Functions of every kind, above all bad ones: what becomes of the task, in the report."""
import collections
import http.server
import json
import statistics
import threading
import time

import pytest
from house import HANDLER, tasks

ERROR = "Lambda returned function error: "

# the module's text, after HANDLER; status, HTTP status, ErrorCode, what the message begins with and what it holds
FUNCTIONS = {
    "fine": ("def handler(event, context): return answer(event, text='was ' + event['tasks'][0]['s3Key'])",
             "succeeded", "200", "", "was a%20b.mp4", ""),
    "temporary": ("def handler(event, context): return answer(event, 'TemporaryFailure', 'later')",
                  "failed", "200", "TemporaryFailure", "later", ""),
    "permanent": ("def handler(event, context): return answer(event, 'PermanentFailure', 'no, \"never\"')",
                  "failed", "200", "PermanentFailure", 'no, "never"', ""),
    "raises": ("def handler(event, context): raise ValueError('not this one')",
               "failed", "200", "PermanentFailure", ERROR, '"errorMessage": "not this one"'),
    "syntax error": ("def handler(event, context) return 1", "failed", "200", "PermanentFailure", ERROR, "SyntaxError"),
    "no handler": ("def other(event, context): pass", "failed", "200", "PermanentFailure", ERROR, "handler"),
    "exits": ("import os\ndef handler(event, context): os._exit(3)", "failed", "200", "PermanentFailure", ERROR, "exit"),
    "too slow": ("import time\ndef handler(event, context): time.sleep(60)",
                 "failed", "200", "PermanentFailure", ERROR, "Task timed out after 2.00 seconds"),
    "7 MB": ("def handler(event, context): return answer(event, text='x' * 7_000_000)",
             "failed", "200", "PermanentFailure", ERROR, "6291556 bytes"),
    "null": ("def handler(event, context): return None",
             "failed", "200", "PermanentFailure", "Invalid JSON returned in Lambda payload", ""),
    "text": ("def handler(event, context): return 'done'",
             "failed", "200", "PermanentFailure", "Invalid JSON returned in Lambda payload", ""),
    "another task": ("def handler(event, context):\n e = answer(event)\n e['results'][0]['taskId'] = 'x'\n return e",
                     "failed", "200", "PermanentFailure", "Lambda returned no result for the task", ""),
    "another task, misspelt": ("def handler(event, context): return {'treatMissingKeyAs': 'Succeeded', 'results': []}",
                               "failed", "200", "TemporaryFailure", "Lambda returned no result for the task", ""),
    "missing is fine": ("def handler(event, context): return answer(event, treatMissingKeysAs='Succeeded', results=[])",
                        "succeeded", "200", "", "Lambda returned no result for the task", ""),
    "no code": ("def handler(event, context): return answer(event, 'Fine')",
                "failed", "200", "PermanentFailure", "Lambda returned a result without a valid resultCode", ""),
    "not JSON": ("def handler(event, context): return {1, 2}", "failed", "200", "PermanentFailure", ERROR, "not JSON serializable"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_python(house, name):
    module, status, http_status, code, begins, holds = FUNCTIONS[name]
    house.zip("f", f=HANDLER + module)
    manifest = house.put("list.csv", b"in,a%20b.mp4\n")
    result = house.batch(manifest, "--handler", "f.zip", "--report", "s3://reports/p", "--timeout", "2",
                         status=0 if status == "succeeded" else 1)
    [row] = house.report(result)
    assert (row["TaskStatus"], row["HTTPStatusCode"], row["ErrorCode"]) == (status, http_status, code)
    assert row["ResultMessage"].startswith(begins) and holds in row["ResultMessage"], row["ResultMessage"]
    assert result["status"] == "Complete"


def log_of(house):
    return [json.loads(line) for line in (house.folder / "log").read_text().splitlines()]


LOG = """
import json, os
def log(event):
    with open(os.environ["LOG"], "a") as file:
        file.write(json.dumps(event | {"trace": os.environ["_X_AMZN_TRACE_ID"]}) + "\\n")
"""


def test_the_event(house):
    house.zip("f", g=HANDLER + LOG + "def run(event, context):\n log(event)\n return answer(event)")
    manifest = house.put("list.csv", b"in,a%20b.mp4,\"v,1\"\nin,c,null\n")
    result = house.batch(manifest, "--handler", "f.zip", "--function-handler", "g.run", "--env", f"LOG={house.folder}/log",
                         "--fields", "Bucket,Key,VersionId")
    first, second = sorted(log_of(house), key=lambda event: event["tasks"][0]["s3Key"])
    assert first["invocationSchemaVersion"] == "1.0" and first["job"] == {"id": result["jobId"]}
    assert first["invocationId"] != second["invocationId"]
    [task] = first["tasks"]
    assert task == {"taskId": task["taskId"], "s3Key": "a%20b.mp4", "s3VersionId": "v,1", "s3BucketArn": "arn:aws:s3:::in"}
    assert second["tasks"][0]["s3VersionId"] == "null" and second["tasks"][0]["taskId"] != task["taskId"]


def test_temporary_failures_are_tried_again(house):
    """Five times in all; the task stays the same, each invocation is another."""
    house.zip("f", f=HANDLER + LOG + "def handler(event, context):\n log(event)\n"
              " key, count = event['tasks'][0]['s3Key'], open(os.environ['LOG']).read().count(event['tasks'][0]['taskId'])\n"
              " return answer(event, 'TemporaryFailure' if key == 'never' or count < 3 else 'Succeeded', str(count))")
    manifest = house.put("list.csv", b"in,never\nin,third\n")
    result = house.batch(manifest, "--handler", "f.zip", "--report", "s3://reports/p", "--env", f"LOG={house.folder}/log",
                         status=1)
    rows = {row["Key"]: row for row in house.report(result)}
    assert (rows["third"]["TaskStatus"], rows["third"]["ResultMessage"]) == ("succeeded", "3")
    assert (rows["never"]["ErrorCode"], rows["never"]["ResultMessage"]) == ("TemporaryFailure", "5")
    events = log_of(house)
    assert len(events) == 8 and len({event["invocationId"] for event in events}) == 8
    assert len({event["tasks"][0]["taskId"] for event in events}) == len({event["trace"] for event in events}) == 2


def test_too_many_failures(house):
    """Of the first thousand tasks more than half have failed: the job does, and has a report of what was run."""
    house.zip("f", f=HANDLER + "def handler(event, context):\n"
              " return answer(event, 'Succeeded' if event['tasks'][0]['s3Key'].startswith('good') else 'PermanentFailure')")
    names = [b"good%d" % i if i % 5 < 2 else b"bad%d" % i for i in range(4000)]
    manifest = house.put("list.csv", b"".join(b"in,%s\n" % name for name in names))
    result = house.batch(manifest, "--handler", "f.zip", "--report", "s3://reports/p", "--batch-concurrency", "2", status=1)
    assert result["status"] == "Failed"
    assert result["failureReasons"][0]["failureCode"] == "FailureThresholdExceeded"
    total, succeeded, failed = tasks(result)
    assert total == 4000 and 1000 <= succeeded + failed < 4000 and failed > succeeded
    rows = house.report(result)
    assert len(rows) == succeeded + failed and sum(row["TaskStatus"] == "failed" for row in rows) == failed


def test_half_of_many_may_fail(house):
    house.zip("f", f=HANDLER + "def handler(event, context):\n"
              " return answer(event, 'Succeeded' if int(event['tasks'][0]['s3Key']) % 2 else 'PermanentFailure')")
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in [*range(1, 1200, 2), *range(0, 1200, 2)]))
    result = house.batch(manifest, "--handler", "f.zip", "--report", "s3://reports/p", status=1)
    assert result["status"] == "Complete" and tasks(result) == (1200, 600, 600)


def test_all_of_few_may_fail(house):
    house.zip("f", f="def handler(event, context): raise ValueError")
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in range(50)))
    result = house.batch(manifest, "--handler", "f.zip", status=1)
    assert result["status"] == "Complete" and tasks(result) == (50, 0, 50)


def test_no_room_for_all(house):
    """More tasks at once than the function may have processes: they wait, and none fails for it."""
    house.zip("f", f=HANDLER + "import time\ndef handler(event, context):\n time.sleep(0.01)\n return answer(event)")
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in range(300)))
    result = house.batch(manifest, "--handler", "f.zip", "--function-concurrency", "1", "--batch-concurrency", "8")
    assert tasks(result) == (300, 300, 0)


def test_one_warm_process(house):
    """At least 500 tasks a second through one."""
    house.zip("f", f=HANDLER + "def handler(event, context): return answer(event)")
    manifest = house.put("list.csv", b"".join(b"in,%d\n" % i for i in range(5000)))
    began = time.monotonic()
    result = house.batch(manifest, "--handler", "f.zip", "--batch-concurrency", "1")
    assert tasks(result) == (5000, 5000, 0)
    assert 5000 / (time.monotonic() - began) > 500


@pytest.fixture
def url():
    """A server that answers by the key of the task, and what it was sent."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            task = event["tasks"][0]
            seen.append((task["s3Key"], dict(self.headers)))
            name = task["s3Key"]
            status = int(name[:3]) if name[:3].isdigit() else 200
            if name == "slow429":
                time.sleep(0.5)
                status = 429
            body = json.dumps({"results": [{"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": name}]}).encode()
            if name == "long":
                body = b"x" * 7_000_000
            if name == "error":
                body = b'{"errorMessage":"no"}'
            if name == "cut":
                self.close_connection = True
                return
            self.send_response(status)
            if name == "error":
                self.send_header("X-Amz-Function-Error", "Unhandled")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/2015-03-31/functions/function/invocations", seen
    server.shutdown()


def test_http(house, url):
    address, seen = url
    keys = ["fine", "error", "long", "404", "500", "cut"]
    manifest = house.put("list.csv", "".join(f"in,{key}\n" for key in keys).encode())
    result = house.batch(manifest, "--handler", address, "--report", "s3://reports/p", status=1)
    rows = {row["Key"]: [row[name] for name in ("TaskStatus", "HTTPStatusCode", "ErrorCode", "ResultMessage")]
            for row in house.report(result)}
    assert rows["fine"] == ["succeeded", "200", "", "fine"]
    assert rows["error"] == ["failed", "200", "PermanentFailure", ERROR + '{"errorMessage":"no"}']
    assert rows["long"][:3] == ["failed", "200", "PermanentFailure"] and "ResponseSizeTooLarge" in rows["long"][3]
    assert rows["404"][:3] == ["failed", "404", "PermanentFailure"]
    assert rows["500"][:3] == ["failed", "500", "TemporaryFailure"]
    assert rows["cut"][:3] == ["failed", "502", "TemporaryFailure"]
    counts = {key: sum(name == key for name, _ in seen) for key in keys}
    assert counts["fine"] == counts["error"] == counts["404"] == 1 and counts["500"] == 5
    assert all("Task=" in headers["X-Amzn-Trace-Id"] for _, headers in seen)


def test_http_without_room(house, url):
    """It is throttled, and not because of us: five times each, then the tasks fail."""
    address, seen = url
    manifest = house.put("list.csv", b"".join(b"in,429-%d\n" % i for i in range(20)))
    result = house.batch(manifest, "--handler", address, "--report", "s3://reports/p", "--batch-concurrency", "8", status=1)
    rows = house.report(result)
    assert [(row["HTTPStatusCode"], row["ErrorCode"]) for row in rows] == [("429", "TemporaryFailure")] * 20
    tries = collections.Counter(key for key, _ in seen)
    # one that is slow to be answered is taken for one that runs
    assert len(tries) == 20 and min(tries.values()) == statistics.median(tries.values()) == 5


def test_http_slow_without_room(house, url):
    """It is slow to say so: that is still told from tasks that run."""
    address, seen = url
    manifest = house.put("list.csv", b"in,slow429\n" * 8)
    result = house.batch(manifest, "--handler", address, "--batch-concurrency", "4", status=1)
    assert tasks(result) == (8, 0, 8)
    assert 40 <= len(seen) < 60


def test_http_by_name(house, url):
    address, seen = url
    manifest = house.put("list.csv", b"in,fine\n")
    command = (manifest, "--handler", "far", "--http-function")
    result = house.batch(*command, f"far={address}")
    assert tasks(result) == (1, 1, 0) and len(seen) == 1
    assert house.batch(*command, f"far={address}")["jobId"] == result["jobId"]
    assert house.batch(*command, f"far={address}/other")["jobId"] != result["jobId"] and len(seen) == 2


@pytest.mark.parametrize("options", [("--timeout", "3"), ("--runtime", "python3.12")], ids=lambda options: options[0])
def test_another_function(house, options):
    house.zip("f", f=HANDLER + "def handler(event, context): return answer(event)")
    manifest = house.put("list.csv", b"in,a\n")
    command = (manifest, "--handler", "f.zip")
    first = house.batch(*command)
    process = house.start(*command, *options)
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["jobId"] != first["jobId"]
