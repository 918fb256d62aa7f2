# SPDX-License-Identifier: Apache-2.0
"""Notifications that objects were put, in the shapes of AWS, MinIO and Ceph: each upload is handled once."""
import copy
import json
import re
import sys
import time

import pytest
from program import REPO, Serve

sys.path.append(str(REPO / "tests/s3"))

TOKEN = "a-token-of-webhooks"
PATH = "/webhooks/uploads"
BEARER = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}

AWS = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "awsRegion": "us-west-2",
    "eventTime": "1970-01-01T00:00:00.000Z",
    "eventName": "ObjectCreated:Put",
    "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
    "s3": {
        "s3SchemaVersion": "1.0",
        "configurationId": "testConfigRule",
        "bucket": {"name": "videos", "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::videos"},
        "object": {"key": "red+flower.jpg", "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0055AED6DCD90281E5"},
    },
}

MINIO = {
    "EventName": "s3:ObjectCreated:Put",
    "Key": "videos/in here/red flower.mp4",
    "Records": [
        {
            "eventVersion": "2.0",
            "eventSource": "minio:s3",
            "awsRegion": "",
            "eventTime": "2026-01-01T12:00:00.000Z",
            "eventName": "s3:ObjectCreated:Put",
            "userIdentity": {"principalId": "minioadmin"},
            "requestParameters": {"principalId": "minioadmin", "region": "", "sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-id-2": "dd9025bab4ad464b", "x-amz-request-id": "17A", "x-minio-deployment-id": "9b", "x-minio-origin-endpoint": "http://127.0.0.1:9000"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "Config",
                "bucket": {"name": "videos", "ownerIdentity": {"principalId": "minioadmin"}, "arn": "arn:aws:s3:::videos"},
                "object": {
                    "key": "in+here%2Fred+flower.mp4", "size": 3, "eTag": "900150983cd24fb0d6963f7d28e17f72", "contentType": "video/mp4",
                    "userMetadata": {"content-type": "video/mp4"}, "sequencer": "17A4D1B2C3D4E5F6",
                },
            },
            "source": {"host": "127.0.0.1", "port": "", "userAgent": "MinIO (linux; amd64)"},
        }
    ],
}  # fmt: skip

TEST_EVENT = {
    "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2014-10-13T15:57:02.089Z", "Bucket": "videos",
    "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
}  # fmt: skip


def message(key="a.mp4", mark="1", bucket="videos", **changes):
    record = copy.deepcopy(AWS)
    record["s3"]["bucket"]["name"] = bucket
    record["s3"]["object"] |= {"key": key, "sequencer": mark}
    return {"Records": [record | changes]}


@pytest.fixture
def serve(tmp_path):
    """Uploads do nothing, successfully."""
    serve = Serve(tmp_path / "serve", "--upload-token", TOKEN, "--upload-handler", "noop", "--log-level", "debug")
    yield serve
    assert serve.stop() == 0
    assert TOKEN not in serve.log.read_text()


@pytest.mark.parametrize("path", [PATH, PATH + "/", "/webhooks", "/2017-08-29/queues"])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_token_is_not_in_the_log(serve, method, path):
    for name in ("token", "%74oken", "X-Amz-Signature"):
        serve.send(method, f"{path}?{name}={TOKEN}", BEARER, b"{}")
    assert f"target={path} " in serve.log.read_text()


def send(serve, told, headers=BEARER, path=PATH):
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    status, _, answer = serve.send("POST", path, headers, text)
    return status, json.loads(answer)


def handled(serve, event="upload-handled"):
    """Bucket and key of each, as the log has them."""
    lines = [line for line in serve.log.read_text().splitlines() if f"event={event} " in line]
    return [re.search(r'bucket=("?)(.*?)\1 key=("?)(.*?)\3 (?:result|why)=', line).group(2, 4) for line in lines]


def wait(serve, count, event="upload-handled", seconds=10):
    end = time.time() + seconds
    while len(found := handled(serve, event)) < count:
        assert time.time() < end, serve.log.read_text()
        time.sleep(0.02)
    return found


def test_aws(serve):
    assert send(serve, {"Records": [AWS]}) == (200, {"accepted": 1, "repeated": 0, "ignored": 0})
    assert wait(serve, 1) == [("videos", "red flower.jpg")]
    metrics = serve.send("GET", "/metrics")[2].decode()
    assert 'mediaconvert_uploads{status="succeeded"} 1\n' in metrics
    assert 'mediaconvert_uploads{status="waiting"} 0\n' in metrics


def test_minio(serve):
    assert send(serve, MINIO) == (200, {"accepted": 1, "repeated": 0, "ignored": 0})
    assert wait(serve, 1) == [("videos", "in here/red flower.mp4")]


@pytest.mark.parametrize("headers, path", [
    (BEARER, PATH),
    ({"Authorization": TOKEN}, PATH),
    ({}, f"{PATH}?token={TOKEN}"),
])  # fmt: skip
def test_ways_to_give_the_token(serve, headers, path):
    assert send(serve, message(), headers, path)[0] == 200


@pytest.mark.parametrize("headers, path", [
    ({}, PATH),
    ({"Authorization": "Bearer another-token"}, PATH),
    ({"Authorization": f"Bearer {TOKEN}x"}, PATH),
    ({"Authorization": f"Bearer {TOKEN[:-1]}"}, PATH),
    ({}, f"{PATH}?token="),
    ({}, PATH + "?token=another-token"),
    (BEARER | {"Origin": "http://example.com"}, PATH),
    (BEARER | {"Sec-Fetch-Site": "cross-site"}, PATH),
])  # fmt: skip
def test_without_the_token(serve, headers, path):
    assert send(serve, message(), headers, path)[0] == 403


def test_no_token_is_configured(tmp_path):
    serve = Serve(tmp_path / "serve")
    for headers in {}, BEARER, {"Authorization": "Bearer "}:
        assert send(serve, message(), headers)[0] == 403
    assert send(serve, message(), {}, f"{PATH}?token=")[0] == 403
    assert serve.stop() == 0


def test_other_events(serve):
    assert send(serve, TEST_EVENT) == (200, {"accepted": 0, "repeated": 0, "ignored": 0})
    several = {"Records": [
        *message("removed", eventName="ObjectRemoved:Delete")["Records"],
        *message("restored", eventName="s3:ObjectRestore:Completed")["Records"],
        *message("parts", eventName="ObjectCreated:CompleteMultipartUpload")["Records"],
        *message("copied", eventName="s3:ObjectCreated:Copy", eventVersion="2.6")["Records"],
    ]}  # fmt: skip
    assert send(serve, several) == (200, {"accepted": 2, "repeated": 0, "ignored": 2})
    assert sorted(wait(serve, 2)) == [("videos", "copied"), ("videos", "parts")]
    assert send(serve, {"Records": []}) == (200, {"accepted": 0, "repeated": 0, "ignored": 0})


def test_once_each(serve):
    """Told again it is the same upload; put again it is another one."""
    assert send(serve, message(mark="1"))[1]["accepted"] == 1
    assert send(serve, message(mark="1"))[1] == {"accepted": 0, "repeated": 1, "ignored": 0}
    assert send(serve, message(mark="2"))[1]["accepted"] == 1
    assert send(serve, message(mark="1", bucket="others"))[1]["accepted"] == 1
    twice = {"Records": message("twice")["Records"] * 2}
    assert send(serve, twice)[1] == {"accepted": 1, "repeated": 1, "ignored": 0}
    wait(serve, 4)
    serve.stop()
    serve.start()
    assert send(serve, message(mark="1"))[1]["repeated"] == 1
    time.sleep(0.3)
    assert len(handled(serve)) == 4


def test_without_a_sequencer(serve):
    told = message()
    del told["Records"][0]["s3"]["object"]["sequencer"]
    assert send(serve, told)[1]["accepted"] == 1
    assert send(serve, told)[1]["repeated"] == 1


@pytest.mark.parametrize("key, meant", [
    ("a%2Bb", "a+b"), ("a+b", "a b"), ("a%20b", "a b"), ("%C3%A9", "é"), ("a%2525", "a%25"), ("..%2F..%2Fetc", "../../etc"),
    ("a" * 1024, "a" * 1024),
])  # fmt: skip
def test_keys(serve, key, meant):
    assert send(serve, message(key))[0] == 200
    assert wait(serve, 1) == [("videos", meant)]


def changed(path, value):
    told = message()
    *parents, last = path
    at = told["Records"][0]
    for name in parents:
        at = at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return told


RUBBISH = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "another object": {"a": 1},
    "Records of another kind": {"Records": {}},
    "a record of another kind": {"Records": [1]},
    "another test": {"Event": "s3:AnotherEvent"},
    "no eventName": changed(["eventName"], None),
    "an eventName that is none": changed(["eventName"], 1),
    "no eventVersion": changed(["eventVersion"], None),
    "another eventVersion": changed(["eventVersion"], "3.0"),
    "no eventSource": changed(["eventSource"], None),
    "no s3": changed(["s3"], None),
    "s3 of another kind": changed(["s3"], "s3"),
    "no bucket": changed(["s3", "bucket"], None),
    "no bucket's name": changed(["s3", "bucket", "name"], None),
    "an empty name": changed(["s3", "bucket", "name"], ""),
    "a name that leads up": changed(["s3", "bucket", "name"], "../a"),
    "a long name": changed(["s3", "bucket", "name"], "b" * 256),
    "no key": changed(["s3", "object", "key"], None),
    "an empty key": changed(["s3", "object", "key"], ""),
    "a long key": changed(["s3", "object", "key"], "k" * 1025),
    "a NUL in the key": changed(["s3", "object", "key"], "a%00b"),
    "a long sequencer": changed(["s3", "object", "sequencer"], "1" * 257),
    "nothing to tell it by": changed(["s3", "object"], {"key": "a"}),
    "too many": {"Records": message()["Records"] * 1001},
    "EventBridge": {"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    serve = Serve(tmp_path_factory.mktemp("quiet"), "--upload-token", TOKEN, "--upload-handler", "noop")
    yield serve
    assert serve.stop() == 0
    assert not handled(serve)


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish(quiet, name):
    status, answer = send(quiet, RUBBISH[name])
    assert status == 400 and answer["message"]


def test_too_long(quiet):
    assert send(quiet, b" " * (1024 * 1024 + 1))[0] == 413


def test_one_wrong_record_refuses_all(quiet):
    told = {"Records": [*message("fine")["Records"], {}]}
    status, answer = send(quiet, told)
    assert status == 400 and "Records[1]" in answer["message"]


def test_a_thousand(serve):
    records = [message(f"k{number}")["Records"][0] for number in range(1000)]
    for at in range(0, 1000, 500):
        assert send(serve, {"Records": records[at : at + 500]})[1]["accepted"] == 500
    assert len(set(wait(serve, 1000, seconds=60))) == 1000


# --- the handler ---


def jobs(serve):
    return serve.client().list_jobs()["Jobs"]


@pytest.fixture
def builtin(tmp_path):
    """Each upload starts the job of job-json/mp4.json; jobs wait for ever."""
    serve = Serve(
        tmp_path / "serve", "--upload-token", TOKEN, "--job", str(REPO / "job-json/mp4.json"), "--output-bucket", "out",
        "--queue-delay", "86400", "--batch-retry", "50",
    )  # fmt: skip
    yield serve
    serve.stop()


def test_an_upload_starts_a_job(builtin):
    assert send(builtin, MINIO)[0] == 200
    wait(builtin, 1)
    assert send(builtin, MINIO)[1]["repeated"] == 1
    (job,) = jobs(builtin)
    assert job["Settings"]["Inputs"][0]["FileInput"] == "s3://videos/in here/red flower.mp4"
    group = job["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["FileGroupSettings"]
    assert group["Destination"].startswith("s3://out/red flower/Default/")


def test_one_job_each_although_killed(builtin):
    """Messages that were answered are handled, whenever the server is killed, and each once."""
    import signal

    for number in range(40):
        assert send(builtin, message(f"k{number}.mp4"))[0] == 200
        if number % 10 == 9:
            builtin.stop(signal.SIGKILL)
            builtin.start()
            assert send(builtin, message(f"k{number}.mp4"))[1]["repeated"] == 1
    end = time.time() + 30
    while True:
        inputs = [job["Settings"]["Inputs"][0]["FileInput"] for page in pages(builtin) for job in page]
        if len(inputs) >= 40:
            break
        assert time.time() < end, builtin.log.read_text()
        time.sleep(0.1)
    time.sleep(0.5)
    inputs = [job["Settings"]["Inputs"][0]["FileInput"] for page in pages(builtin) for job in page]
    assert sorted(inputs) == sorted(f"s3://videos/k{number}.mp4" for number in range(40))


def pages(serve):
    client, token = serve.client(), {}
    while True:
        page = client.list_jobs(**token)
        yield page["Jobs"]
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def test_an_unknown_function(tmp_path):
    serve = Serve(tmp_path / "serve", "--upload-token", TOKEN, "--upload-handler", "nobody")
    send(serve, message("a.mp4"))
    assert wait(serve, 1, "upload-failed") == [("videos", "a.mp4")]
    assert serve.stop() == 0


def test_what_may_succeed_later_is_tried_again(tmp_path):
    """A function that runs elsewhere, and is not there yet."""
    import http.server
    import threading

    class Function(http.server.BaseHTTPRequestHandler):
        events = []

        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.events.append(event)
            code = "TemporaryFailure" if len(self.events) < 3 else "Succeeded"
            results = [{"taskId": event["tasks"][0]["taskId"], "resultCode": code, "resultString": "fine"}]
            body = json.dumps({"invocationSchemaVersion": "1.0", "invocationId": event["invocationId"], "results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Function) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/2015-03-31/functions/function/invocations"
        serve = Serve(tmp_path / "serve", "--upload-token", TOKEN, "--upload-handler", "far", "--http-function", f"far={url}", "--batch-retry", "20")
        send(serve, message("in+here/é.mp4", mark="7"))
        wait(serve, 1)
        assert serve.stop() == 0
        server.shutdown()
    assert len(Function.events) == 3
    assert len({event["tasks"][0]["taskId"] for event in Function.events}) == 1
    first = Function.events[0]
    assert first["invocationSchemaVersion"] == "1.0"
    task = first["tasks"][0]
    assert (task["s3BucketArn"], task["s3Key"], task["s3VersionId"]) == ("arn:aws:s3:::videos", "in%20here/%C3%A9.mp4", None)
    assert serve.log.read_text().count("event=upload-again") == 2


@pytest.mark.parametrize("options, why", [
    (["--upload-token", "short"], "8 to 256"),
    (["--upload-token", "with a space"], "letters, digits and signs"),
    (["--upload-token", "x" * 257], "8 to 256"),
    (["--upload-token", TOKEN], "uploads need a --job FILE"),
    (["--upload-handler", "noop"], "needs an --upload-token"),
])  # fmt: skip
def test_options(tmp_path, options, why):
    with pytest.raises(AssertionError) as caught:
        Serve(tmp_path / "serve", *options)
    assert why in str(caught.value)


def test_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIACONVERT_LOCAL_UPLOAD_TOKEN", TOKEN)
    serve = Serve(tmp_path / "serve", "--upload-handler", "noop")
    assert send(serve, message())[0] == 200
    assert serve.stop() == 0


# --- a real server that tells us ---


def test_ceph(tmp_path):
    """Ceph's gateway notifies of what is put into a bucket."""
    import boto3
    from server import Server

    ceph = Server(tmp_path / "ceph")
    serve = Serve(tmp_path / "serve", "--upload-token", TOKEN, "--upload-handler", "noop")
    try:
        bucket = ceph.new_bucket("watched")
        sns = boto3.client("sns", **ceph.keys)
        topic = sns.create_topic(Name="uploads", Attributes={"push-endpoint": f"{serve.url}{PATH}?token={TOKEN}"})["TopicArn"]
        ceph.client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
            "TopicConfigurations": [{"Id": "uploads", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}],
        })  # fmt: skip
        keys = ["plain.mp4", "in here/é+%.mp4"]
        for key in keys:
            ceph.put(bucket, key, b"123")
        assert wait(serve, 2) == [(bucket, key) for key in keys]
    finally:
        serve.stop()
        ceph.stop()
