# SPDX-License-Identifier: Apache-2.0
"""Lambda and what its functions print, as boto3 and awscli see it; every error by its name."""
import base64
import hashlib
import json
import re
import sqlite3
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from conftest import client_of, zip_of
from program import AUTHORIZATION, KEY, SECRET, Serve

ROLE = "arn:aws:iam::111122223333:role/lambda"
ARN = "arn:aws:lambda:us-east-1:111122223333:function:"
MAIN = """
import json, os, sys, time

def handler(event, context):
    print("got", json.dumps(event))
    if event == "raise":
        raise ValueError("as told")
    if isinstance(event, dict) and "touch" in event:
        with open(event["touch"], "a") as file:
            file.write(context.aws_request_id + "\\n")
        if event.get("raise"):
            raise ValueError("as told")
    if isinstance(event, dict) and "sleep" in event:
        time.sleep(event["sleep"])
    if isinstance(event, dict) and "size" in event:
        return "a" * event["size"]
    return {
        "event": event, "word": os.environ.get("WORD"), "id": context.aws_request_id,
        "custom": context.client_context.custom if context.client_context else None,
    }
"""
CODE = zip_of(main=MAIN)
SIGNED = {"Authorization": AUTHORIZATION.replace("/mediaconvert/", "/lambda/")}


@pytest.fixture(scope="module")
def functions(client):
    return client("lambda", read_timeout=30)


@pytest.fixture(scope="module")
def create(functions, new_name):
    """Makes a function; what it answers."""

    def create(**more):
        request = {
            "FunctionName": new_name(), "Runtime": "python3.11", "Role": ROLE, "Handler": "main.handler",
            "Code": {"ZipFile": CODE}, "Timeout": 10,
        }
        return functions.create_function(**request | more)

    return create


@pytest.fixture(scope="module")
def name(create):
    """The name of a function that nobody changes."""
    return create(Environment={"Variables": {"WORD": "hush"}})["FunctionName"]


@pytest.fixture(scope="module")
def create_again(new_name):
    def create(functions):
        name = new_name()
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="main.handler", Code={"ZipFile": CODE}
        )
        return name

    return create


def refused(call, code, status, exception=ClientError, **request):
    with pytest.raises(exception) as caught:
        call(**request)
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    return response["Error"]["Message"]


def configuration(answer):
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"}


def without(answer, *names):
    return {k: v for k, v in configuration(answer).items() if k not in names}


def until(true, seconds=20):
    end = time.time() + seconds
    while not (found := true()) and time.time() < end:
        time.sleep(0.1)
    return found


# --- functions ---


def test_create(functions, create):
    made = create(
        Description="a \"b\" ü", MemorySize=256, Timeout=120, Environment={"Variables": {"AB": "1", "B_2": ""}},
        Tags={"k": "v"}, Architectures=["arm64"], EphemeralStorage={"Size": 1024}, PackageType="Zip",
        TracingConfig={"Mode": "Active"}, Layers=[], DeadLetterConfig={"TargetArn": ""}, Publish=False,
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
    )
    name = made["FunctionName"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == ARN + name and made["Version"] == "$LATEST"
    assert made["CodeSize"] == len(CODE)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(CODE).digest()).decode()
    assert made["Description"] == "a \"b\" ü" and made["MemorySize"] == 256 and made["Timeout"] == 120
    assert made["Environment"] == {"Variables": {"AB": "1", "B_2": ""}}
    assert made["Architectures"] == ["arm64"] and made["EphemeralStorage"] == {"Size": 1024}
    assert made["TracingConfig"] == {"Mode": "Active"} and made["PackageType"] == "Zip"
    assert made["State"] == "Active" and made["LastUpdateStatus"] == "Successful"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    for waiter in ("function_exists", "function_active", "function_active_v2", "function_updated"):
        functions.get_waiter(waiter).wait(FunctionName=name)
    got = functions.get_function(FunctionName=name)
    assert got["Configuration"] == configuration(made)
    assert got["Tags"] == {"k": "v"} and "Concurrency" not in got
    assert configuration(functions.get_function_configuration(FunctionName=name)) == configuration(made)
    functions.delete_function(FunctionName=name)
    refused(functions.get_function, "ResourceNotFoundException", 404, FunctionName=name)


def test_defaults(create):
    made = create()
    assert made["MemorySize"] == 128 and made["Description"] == "" and "Environment" not in made
    assert made["Architectures"] == ["x86_64"] and made["EphemeralStorage"] == {"Size": 512}
    assert made["TracingConfig"] == {"Mode": "PassThrough"}
    assert made["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}


@pytest.mark.parametrize("form", ["{}", "111122223333:function:{}", ARN + "{}", ARN + "{}:$LATEST", "{}:$LATEST"])
def test_names(functions, name, form):
    assert functions.get_function(FunctionName=form.format(name))["Configuration"]["FunctionName"] == name
    answer = functions.invoke(FunctionName=form.format(name), Payload=b"1")
    assert json.load(answer["Payload"])["event"] == 1


def test_qualifier(functions, name):
    answer = functions.get_function_configuration(FunctionName=name, Qualifier="$LATEST")
    assert answer["FunctionArn"] == f"{ARN}{name}:$LATEST"
    message = refused(functions.invoke, "ResourceNotFoundException", 404, FunctionName=name, Qualifier="7")
    assert message == f"Function not found: {ARN}{name}:7"
    message = refused(functions.get_function, "ResourceNotFoundException", 404, FunctionName=f"{name}:PROD")
    assert message == f"Function not found: {ARN}{name}:PROD"


def test_not_found(functions):
    none = functions.exceptions.ResourceNotFoundException
    zip_file = {"ZipFile": CODE}
    for call, more in [
        (functions.get_function, {}), (functions.get_function_configuration, {}), (functions.invoke, {}),
        (functions.delete_function, {}), (functions.update_function_code, zip_file),
        (functions.update_function_configuration, {"Timeout": 5}), (functions.get_function_concurrency, {}),
        (functions.put_function_concurrency, {"ReservedConcurrentExecutions": 1}),
        (functions.delete_function_concurrency, {}), (functions.list_versions_by_function, {}),
    ]:
        message = refused(call, "ResourceNotFoundException", 404, none, FunctionName="nobody", **more)
        assert message == f"Function not found: {ARN}nobody"
    foreign = "arn:aws:lambda:eu-west-1:111122223333:function:nobody"
    assert foreign in refused(functions.invoke, "ResourceNotFoundException", 404, none, FunctionName=foreign)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"Runtime": "cobol"}, "cobol"),
        ({"Handler": "no dot here"}, "andler"),
        ({"Timeout": 901}, "900"),
        ({"MemorySize": 10241}, "10240"),
        ({"Role": "arn:aws:iam::1:role/x"}, "'role' failed to satisfy constraint"),
        ({"Code": {"ZipFile": b"no zip"}}, "zip"),
        ({"Code": {}}, "Please provide a source for function code"),
        ({"Code": {"ZipFile": CODE, "S3Key": "k"}}, "Please do not provide other FunctionCode parameters"),
        ({"Code": {"ImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/a"}}, "container images are not run here"),
        ({"Code": {"S3Bucket": "none", "S3Key": "k"}}, "GetObject. S3 Error Code: NoSuchKey"),
        ({"Code": {"S3Bucket": "`none", "S3Key": "k"}}, "GetObject. S3 Error Message: .* is no bucket's name"),
        ({"Code": {"S3Bucket": "none", "S3Key": "k", "S3ObjectVersion": "1"}}, "S3ObjectVersion is not supported"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "AWS_REGION"),
        ({"Publish": True}, "Publish is not supported here"),
        ({"PackageType": "Image"}, "container images are not run here"),
        ({"Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:a:1"]}, "Layers is not supported here"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:q"}}, "DeadLetterConfig is not supported"),
        ({"Architectures": ["riscv"]}, r"'architectures' failed .* \[x86_64, arm64\]"),
        ({"EphemeralStorage": {"Size": 10241}}, "'ephemeralStorage' failed"),
        ({"FunctionName": "builtin"}, "'builtin' is taken"),
    ],
)
def test_refused(functions, create, change, message):
    said = refused(create, "InvalidParameterValueException", 400,
                   functions.exceptions.InvalidParameterValueException, **change)
    assert re.search(message, said)


@pytest.mark.parametrize("wrong", ["a b", "a/b", "a" * 65, "ü"])
def test_names_that_are_none(functions, create, wrong):
    for call in (create, functions.get_function):
        message = refused(call, "ValidationException", 400, FunctionName=wrong)
        assert "'functionName' failed to satisfy constraint" in message


def test_it_exists(functions, create, name):
    conflict = functions.exceptions.ResourceConflictException
    message = refused(create, "ResourceConflictException", 409, conflict, FunctionName=name)
    assert message == f"Function already exist: {name}"


def test_list(new_serve):
    functions = client_of(new_serve(), "lambda")
    assert functions.list_functions()["Functions"] == []
    for name in "edcba":
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="main.handler", Code={"ZipFile": CODE}
        )
    paginator = functions.get_paginator("list_functions")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    assert [[f["FunctionName"] for f in page["Functions"]] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert len(functions.list_functions(FunctionVersion="ALL")["Functions"]) == 5
    assert [f["Version"] for f in functions.list_versions_by_function(FunctionName="a")["Versions"]] == ["$LATEST"]
    refused(functions.list_functions, "InvalidParameterValueException", 400, Marker="none of ours")


# --- updates ---


def test_update_configuration(functions, create):
    made = create(Environment={"Variables": {"WORD": "old"}}, Description="d", EphemeralStorage={"Size": 600})
    name = made["FunctionName"]
    changed = functions.update_function_configuration(
        FunctionName=name, Timeout=20, Environment={"Variables": {"WORD": "new"}}, RevisionId=made["RevisionId"]
    )
    assert changed["Timeout"] == 20 and changed["RevisionId"] != made["RevisionId"]
    same = ("Timeout", "Environment", "RevisionId", "LastModified")
    assert without(changed, *same) == without(made, *same)
    assert json.load(functions.invoke(FunctionName=name)["Payload"])["word"] == "new"
    refused(
        functions.update_function_configuration, "PreconditionFailedException", 412,
        functions.exceptions.PreconditionFailedException, FunctionName=name, Timeout=1, RevisionId=made["RevisionId"],
    )
    cleared = functions.update_function_configuration(FunctionName=name, Environment={"Variables": {}}, Description="")
    assert "Environment" not in cleared and cleared["Description"] == "" and cleared["EphemeralStorage"] == {"Size": 600}
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def test_updates_at_once(functions, create):
    """None of them is lost, whatever they change."""
    made = create()
    name, arn = made["FunctionName"], made["FunctionArn"]
    calls = [lambda i=i: functions.tag_resource(Resource=arn, Tags={f"k{i}": "v"}) for i in range(8)]
    calls += [
        lambda: functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7),
        lambda: functions.update_function_configuration(FunctionName=name, Timeout=33),
        lambda: functions.update_function_configuration(FunctionName=name, MemorySize=333),
        lambda: functions.update_function_configuration(FunctionName=name, EphemeralStorage={"Size": 999}),
        lambda: functions.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "Active"}),
    ]
    with ThreadPoolExecutor(6) as pool:  # as many as the server takes at once, and none waits
        for done in [pool.submit(call) for call in calls]:
            done.result()
    got = functions.get_function(FunctionName=name)
    assert got["Tags"] == {f"k{i}": "v" for i in range(8)}
    assert got["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    found = got["Configuration"]
    assert (found["Timeout"], found["MemorySize"], found["EphemeralStorage"]) == (33, 333, {"Size": 999})
    assert found["TracingConfig"] == {"Mode": "Active"}


def test_what_was_answered_can_be_given_back(serve, create):
    name = create()["FunctionName"]

    def send(method, body=b""):
        status, _, answer = serve.send(method, f"/2015-03-31/functions/{name}/configuration", SIGNED, body)
        return status, json.loads(answer)

    logging = send("GET")[1]["LoggingConfig"]  # which botocore before 1.32 does not know
    assert logging == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    status, answer = send("PUT", json.dumps({"LoggingConfig": logging}).encode())
    assert (status, answer["LoggingConfig"]) == (200, logging)
    for wrong in ({"LogGroup": "/aws/lambda/another"}, {"LogFormat": "JSON"}, {"SystemLogLevel": "INFO"}):
        assert send("PUT", json.dumps({"LoggingConfig": wrong}).encode())[0] == 400


def test_update_code(functions, create):
    name = create()["FunctionName"]
    code = zip_of(main="def handler(event, context):\n    return 'second'\n")
    sha = base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert json.load(functions.invoke(FunctionName=name)["Payload"])["event"] == {}
    assert functions.update_function_code(FunctionName=name, ZipFile=code, DryRun=True)["CodeSha256"] == sha
    assert json.load(functions.invoke(FunctionName=name)["Payload"])["event"] == {}
    changed = functions.update_function_code(FunctionName=name, ZipFile=code, Architectures=["arm64"])
    assert changed["CodeSha256"] == sha and changed["CodeSize"] == len(code)
    assert changed["Architectures"] == ["arm64"]
    assert json.load(functions.invoke(FunctionName=name)["Payload"]) == "second"
    wrong = functions.exceptions.InvalidParameterValueException
    update = functions.update_function_code
    refused(update, "InvalidParameterValueException", 400, wrong, FunctionName=name, ZipFile=b"PK")
    refused(update, "InvalidParameterValueException", 400, wrong, FunctionName=name, ZipFile=code, Publish=True)
    refused(update, "PreconditionFailedException", 412, FunctionName=name, ZipFile=CODE, RevisionId="no")
    assert json.load(functions.invoke(FunctionName=name)["Payload"]) == "second"


def test_code_from_a_bucket(serve, functions, create):
    bucket = serve.folder / "buckets/code"
    bucket.mkdir(parents=True)
    (bucket / "function one.zip").write_bytes(CODE)
    made = create(Code={"S3Bucket": "code", "S3Key": "function one.zip"})
    assert made["CodeSize"] == len(CODE)
    assert json.load(functions.invoke(FunctionName=made["FunctionName"], Payload=b"2")["Payload"])["event"] == 2


def test_code_can_be_had_back(functions, locked, name):
    code = functions.get_function(FunctionName=name)["Code"]
    assert code["RepositoryType"] == "S3"
    with urllib.request.urlopen(code["Location"]) as answer:
        assert answer.read() == CODE and answer.headers["Content-Type"] == "application/zip"
    # also where calls must be signed: the URL is
    client = client_of(locked, "lambda")
    client.create_function(
        FunctionName="a", Runtime="python3.11", Role=ROLE, Handler="main.handler", Code={"ZipFile": CODE}
    )
    url = client.get_function(FunctionName="a")["Code"]["Location"]
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == CODE
    for wrong in (url.split("?")[0], url[:-1] + ("1" if url[-1] == "0" else "0")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong)
        assert caught.value.code == 403


# --- concurrency and tags ---


def test_concurrency(functions, create):
    name = create()["FunctionName"]
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)
    put = functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    assert functions.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    throttled = functions.exceptions.TooManyRequestsException
    refused(functions.invoke, "TooManyRequestsException", 429, throttled, FunctionName=name)
    functions.delete_function_concurrency(FunctionName=name)
    assert functions.invoke(FunctionName=name)["StatusCode"] == 200


def test_tags(functions, create):
    arn = create(Tags={"a": "1", "b": "2"})["FunctionArn"]
    assert functions.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2"}
    functions.tag_resource(Resource=arn, Tags={"b": "3", "ü &": "x"})
    functions.untag_resource(Resource=arn, TagKeys=["a", "none"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "3", "ü &": "x"}
    refused(functions.list_tags, "ResourceNotFoundException", 404, Resource=ARN + "nobody")
    many = {f"k{i}": "" for i in range(49)}
    refused(functions.tag_resource, "InvalidParameterValueException", 400, Resource=arn, Tags=many)


# --- Invoke ---


def test_invoke(functions, name):
    event = {"ü": [1, None, "x"], "deep": {"a": True}}
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer and "LogResult" not in answer
    said = json.load(answer["Payload"])
    assert said["event"] == event and said["word"] == "hush"
    assert said["id"] == answer["ResponseMetadata"]["RequestId"]


def test_log_tail_and_context(functions, name):
    context = base64.b64encode(json.dumps({"custom": {"a": "ü"}}).encode()).decode()
    answer = functions.invoke(FunctionName=name, Payload=b'"p"', LogType="Tail", ClientContext=context)
    assert json.load(answer["Payload"])["custom"] == {"a": "ü"}
    log = base64.b64decode(answer["LogResult"]).decode()
    assert 'got "p"' in log and "START RequestId: " + answer["ResponseMetadata"]["RequestId"] in log
    for wrong in ("no base64", base64.b64encode(b"{").decode(), base64.b64encode(b"[]").decode()):
        message = refused(functions.invoke, "InvalidRequestContentException", 400, FunctionName=name, ClientContext=wrong)
        assert message == "Client context must be a valid Base64-encoded JSON object."


def test_function_errors(functions, name):
    answer = functions.invoke(FunctionName=name, Payload=b'"raise"')
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    said = json.load(answer["Payload"])
    assert said["errorType"] == "ValueError" and said["errorMessage"] == "as told" and said["stackTrace"]


def test_time_out(functions, create):
    name = create(Timeout=1)["FunctionName"]
    answer = functions.invoke(FunctionName=name, Payload=b'{"sleep": 20}')
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in json.load(answer["Payload"])["errorMessage"]


def test_dry_run(functions, name):
    answer = functions.invoke(FunctionName=name, InvocationType="DryRun", Payload=b'"raise"')
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""


@pytest.mark.parametrize("payload", [b"{", b"no", b"{}{}", b"'a'", b"\xff"])
def test_payloads_that_are_none(functions, name, payload):
    for how in ("RequestResponse", "Event"):
        message = refused(
            functions.invoke, "InvalidRequestContentException", 400,
            functions.exceptions.InvalidRequestContentException, FunctionName=name, Payload=payload, InvocationType=how,
        )
        assert message.startswith("Could not parse request body into json: ")


def test_large_payloads(functions, name):
    large = functions.exceptions.RequestTooLargeException
    request = {"FunctionName": name, "InvocationType": "Event"}
    message = refused(functions.invoke, "RequestTooLargeException", 413, large, **request, Payload=b" " * 1048577)
    assert message == "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    refused(functions.invoke, "RequestTooLargeException", 413, large, FunctionName=name, Payload=b" " * 6291457)
    text = json.dumps("a" * 2000000).encode()
    assert json.load(functions.invoke(FunctionName=name, Payload=text)["Payload"])["event"] == "a" * 2000000
    answer = functions.invoke(FunctionName=name, Payload=b'{"size": 7000000}')
    assert answer["FunctionError"] and "response" in json.load(answer["Payload"])["errorMessage"].lower()


def test_words_that_are_none(functions, name):
    for more in ({"InvocationType": "Later"}, {"LogType": "All"}):
        message = refused(functions.invoke, "InvalidParameterValueException", 400, FunctionName=name, **more)
        assert "Member must satisfy enum value set" in message


def test_builtin_is_for_batch_jobs(functions):
    message = refused(functions.invoke, "InvalidParameterValueException", 400, FunctionName="builtin")
    assert message == "'builtin' can only be invoked by batch jobs"


ENVIRONMENT = "import os\n\ndef handler(event, context):\n    return dict(os.environ)\n"


def environment_of(serve, name="environment"):
    functions = client_of(serve, "lambda")
    functions.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="main.handler", Timeout=10,
        Code={"ZipFile": zip_of(main=ENVIRONMENT)},
    )
    return json.load(functions.invoke(FunctionName=name)["Payload"])


def test_keys_for_aws_are_no_functions(new_serve, tmp_path, monkeypatch):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[default]\naws_access_key_id = REAL\naws_secret_access_key = real\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    serve = new_serve()
    found = environment_of(serve)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("local", "local")
    assert found["AWS_ENDPOINT_URL"] == found["AWS_ENDPOINT_URL_LAMBDA"] == serve.url
    assert found["AWS_ENDPOINT_URL_S3_CONTROL"] == f"http://localhost:{serve.port}"
    assert "AWS_ENDPOINT_URL_S3" not in found
    assert "REAL" not in str(found)


def test_functions_have_the_keys_of_the_server(locked):
    found = environment_of(locked)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == (KEY, SECRET)


def test_trace_id(serve, functions, new_name, tmp_path):
    name, file = new_name(), tmp_path / "trace"
    text = "import os\n\ndef handler(event, context):\n    trace = os.environ['_X_AMZN_TRACE_ID']\n"
    text += "    if event:\n        open(event, 'w').write(trace)\n    return trace\n"
    functions.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="main.handler", Code={"ZipFile": zip_of(main=text)}
    )
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=3995c3f42cd8ad8;Sampled=1"

    def send(trace, event="", **more):
        headers = SIGNED | {"X-Amzn-Trace-Id": trace} | more
        return serve.send("POST", f"/2015-03-31/functions/{name}/invocations", headers, json.dumps(event).encode())

    assert json.loads(send(trace)[2]) == trace
    assert json.loads(send("a" * 513)[2]).startswith("Root=1-")
    assert send(trace, str(file), **{"X-Amz-Invocation-Type": "Event"})[0] == 202
    assert until(file.exists) and until(file.read_text) == trace


# --- events ---


def test_event(functions, name, tmp_path):
    file = tmp_path / "touched"
    event = json.dumps({"touch": str(file)}).encode()
    answer = functions.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    assert until(file.exists)
    time.sleep(2.5)
    assert len(file.read_text().splitlines()) == 1  # it went well, so it is over


def test_event_that_fails_is_tried_three_times(serve, functions, name, tmp_path):
    file = tmp_path / "touched"
    event = json.dumps({"touch": str(file), "raise": True}).encode()
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert until(lambda: file.exists() and len(file.read_text().splitlines()) == 3)
    assert until(lambda: "event=invocation-given-up" in serve.log.read_text())
    time.sleep(2.5)
    assert len(file.read_text().splitlines()) == 3


def test_event_that_is_throttled_waits(functions, create, tmp_path):
    name, file = create()["FunctionName"], tmp_path / "touched"
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    event = json.dumps({"touch": str(file)}).encode()
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    time.sleep(1.5)
    assert not file.exists()
    functions.delete_function_concurrency(FunctionName=name)
    assert until(file.exists)


def test_events_survive_the_server(new_serve, create_again, tmp_path):
    serve, file = new_serve(), tmp_path / "touched"
    functions = client_of(serve, "lambda")
    name = create_again(functions)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    event = json.dumps({"touch": str(file)}).encode()
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    serve.stop(9)
    serve.start()
    assert not file.exists()
    client_of(serve, "lambda").delete_function_concurrency(FunctionName=name)
    assert until(file.exists)


def test_events_that_cannot_be_read(tmp_path, create_again):
    """Whoever works them off pauses, and goes on when they can be read again."""
    serve, file = Serve(tmp_path / "serve", "--queue-delay", "86400"), tmp_path / "touched"
    functions = client_of(serve, "lambda")
    name = create_again(functions)
    [database] = (serve.folder / "data").glob("*.db")
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("CREATE TRIGGER no BEFORE UPDATE ON invocations BEGIN SELECT RAISE(ABORT, 'no'); END")
    for _ in range(3):
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"touch": str(file)}).encode())
    time.sleep(2)
    assert 1 <= serve.log.read_text().count("event=invocations") <= 4  # once for each of its threads
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("DROP TRIGGER no")
    assert until(lambda: file.exists() and len(file.read_text().splitlines()) == 3)
    assert serve.stop() == 0


# --- logs ---


@pytest.fixture(scope="module")
def logs(serve):
    return client_of(serve, "logs")


@pytest.fixture(scope="module")
def printed(serve, create_again):
    """The log group of a function that was invoked three times."""
    functions = client_of(serve, "lambda")
    name = create_again(functions)
    for i in range(3):
        functions.invoke(FunctionName=name, Payload=json.dumps(f"event {i} ü").encode())
    return f"/aws/lambda/{name}"


def messages(answer):
    return [event["message"] for event in answer["events"] if event["message"].startswith("got")]


def test_filter_log_events(logs, printed):
    answer = logs.filter_log_events(logGroupName=printed, interleaved=True)
    assert messages(answer) == [f'got "event {i} \\u00fc"\n' for i in range(3)]
    first = answer["events"][0]
    assert first["message"].startswith("START RequestId: ") and "[$LATEST]" in first["logStreamName"]
    assert abs(first["timestamp"] / 1000 - time.time()) < 120 and first["ingestionTime"] >= first["timestamp"]
    assert len({event["eventId"] for event in answer["events"]}) == len(answer["events"])
    paginator = logs.get_paginator("filter_log_events")
    pages = list(paginator.paginate(logGroupName=printed, PaginationConfig={"PageSize": 2}))
    assert all(len(page["events"]) <= 2 for page in pages) and len(pages) > 2
    assert [e for page in pages for e in page["events"]] == answer["events"]


def test_filters(logs, printed):
    def ask(**more):
        return logs.filter_log_events(logGroupName=printed, **more)

    assert len(messages(ask(filterPattern='"event 1"'))) == 1
    assert len(messages(ask(filterPattern="got -1"))) == 2
    now = int(time.time() * 1000)
    assert ask(startTime=now + 60000)["events"] == [] and ask(endTime=now - 600000)["events"] == []
    assert len(messages(ask(startTime=now - 600000, endTime=now + 60000))) == 3
    whole = ask()["events"]
    last, stream = whole[-1]["timestamp"], whole[-1]["logStreamName"]
    assert ask(startTime=last, endTime=last)["events"] == [e for e in whole if e["timestamp"] == last]
    of_stream = {"logGroupName": printed, "logStreamName": stream}
    assert logs.get_log_events(**of_stream, startTime=last, endTime=last)["events"] == []
    assert logs.get_log_events(**of_stream, startTime=last, endTime=last + 1)["events"]
    assert ask(endTime=0)["events"] == []
    stream = ask()["events"][0]["logStreamName"]
    assert len(messages(ask(logStreamNames=[stream, "none"]))) == 3 and ask(logStreamNames=["none"])["events"] == []
    assert len(messages(ask(logStreamNamePrefix=stream[:10]))) == 3
    wrong = logs.exceptions.InvalidParameterException
    refused(ask, "InvalidParameterException", 400, wrong, filterPattern="{ $.a = 1 }")
    refused(ask, "InvalidParameterException", 400, wrong, nextToken="none of ours")
    none = logs.exceptions.ResourceNotFoundException
    for group in ("/aws/lambda/nobody", "elsewhere"):
        message = refused(logs.filter_log_events, "ResourceNotFoundException", 400, none, logGroupName=group)
        assert message == "The specified log group does not exist."


def test_groups_and_streams(logs, printed):
    groups = logs.describe_log_groups(logGroupNamePrefix=printed)["logGroups"]
    assert [group["logGroupName"] for group in groups] == [printed]
    assert groups[0]["arn"] == f"arn:aws:logs:us-east-1:111122223333:log-group:{printed}:*"
    assert groups[0]["storedBytes"] > 0 and abs(groups[0]["creationTime"] / 1000 - time.time()) < 120
    assert printed in [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]]
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/codebuild")["logGroups"] == []
    logs.create_log_group(logGroupName="/aws/lambda/another")
    paginator = logs.get_paginator("describe_log_groups")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    assert len(pages) > 1 and printed in [g["logGroupName"] for page in pages for g in page["logGroups"]]
    streams = logs.describe_log_streams(logGroupName=printed, orderBy="LastEventTime", descending=True)["logStreams"]
    assert streams and streams[0]["firstEventTimestamp"] <= streams[0]["lastEventTimestamp"]
    stream = streams[0]["logStreamName"]
    head = logs.get_log_events(logGroupName=printed, logStreamName=stream, startFromHead=True)
    assert len(messages(head)) == 3
    more = logs.get_log_events(logGroupName=printed, logStreamName=stream, nextToken=head["nextForwardToken"])
    assert more["events"] == [] and more["nextForwardToken"] == head["nextForwardToken"]
    tail = logs.get_log_events(logGroupName=printed, logStreamName=stream, limit=2)
    assert tail["events"] == head["events"][-2:]


def test_delete_log_group(logs, serve, create_again):
    functions = client_of(serve, "lambda")
    name = create_again(functions)
    group = f"/aws/lambda/{name}"
    logs.create_log_group(logGroupName=group)
    exists = logs.exceptions.ResourceAlreadyExistsException
    refused(logs.create_log_group, "ResourceAlreadyExistsException", 400, exists, logGroupName=group)
    functions.invoke(FunctionName=name)
    functions.delete_function(FunctionName=name)
    assert logs.filter_log_events(logGroupName=group)["events"]  # the log stays
    logs.delete_log_group(logGroupName=group)
    none = logs.exceptions.ResourceNotFoundException
    refused(logs.delete_log_group, "ResourceNotFoundException", 400, none, logGroupName=group)
    refused(logs.create_log_group, "InvalidParameterException", 400, logGroupName="elsewhere")


@pytest.mark.parametrize(
    "operation, member, value",
    [
        ("describe_log_groups", "accountIdentifiers", ["222233334444"]),
        ("describe_log_groups", "includeLinkedAccounts", True),
        ("create_log_group", "kmsKeyId", "arn:aws:kms:us-east-1:111122223333:key/k"),
        ("create_log_group", "tags", {"a": "b"}),
    ],
)
def test_log_members_that_are_not_heeded(logs, operation, member, value):
    named = {"logGroupName": "/aws/lambda/not-heeded"} if operation == "create_log_group" else {}
    message = refused(getattr(logs, operation), "InvalidParameterException", 400, **named, **{member: value})
    assert message == f"{member} is not supported here"
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/not-heeded")["logGroups"] == []


def test_log_members_that_ask_for_nothing(logs, printed):
    groups = logs.describe_log_groups(logGroupNamePrefix=printed, includeLinkedAccounts=False)
    assert [g["logGroupName"] for g in groups["logGroups"]] == [printed]


def test_what_is_not_done_is_refused(logs, functions):
    refused(logs.describe_metric_filters, "UnknownOperationException", 400)
    refused(functions.list_layers, "ResourceNotFoundException", 404)


# --- awscli, and our own ---


def test_awscli(awscli, tmp_path, printed):
    (tmp_path / "f.zip").write_bytes(CODE)
    function = ("--function-name", "cli")
    awscli(
        "lambda", "create-function", *function, "--runtime", "python3.11", "--role", ROLE, "--handler",
        "main.handler", "--zip-file", "fileb://f.zip",
    )
    awscli("lambda", "wait", "function-active", *function)
    answer = awscli(
        "lambda", "invoke", *function, "--cli-binary-format", "raw-in-base64-out", "--payload", '{"a": 1}', "out.json"
    )
    assert json.loads(answer.stdout)["StatusCode"] == 200
    assert json.loads((tmp_path / "out.json").read_text())["event"] == {"a": 1}
    tail = awscli("logs", "tail", "/aws/lambda/cli", "--since", "10m", "--format", "short").stdout
    assert 'got {"a": 1}' in tail
    failed = awscli("lambda", "get-function", "--function-name", "nobody", check=False)
    assert "(ResourceNotFoundException)" in failed.stderr


def test_logs_command(serve, printed, mediaconvert_local):
    name = printed.rpartition("/")[2]
    read = mediaconvert_local("logs", name, "--data", serve.folder / "data")
    lines = [line for line in read.stdout.splitlines() if " got " in line]
    assert read.returncode == 0 and len(lines) == 3
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z got \"event 0 ", lines[0])
    one = mediaconvert_local("logs", name, "--data", serve.folder / "data", "--filter", '"event 2"', "--since", "10m")
    assert len(one.stdout.splitlines()) == 1
    later = mediaconvert_local("logs", name, "--data", serve.folder / "data", "--since", "2099-01-01T00:00:00Z")
    assert later.returncode == 0 and later.stdout == ""
    for words in (["nobody"], [name, "--since", "yesterday"], [name, "--filter", "[a, b]"]):
        wrong = mediaconvert_local("logs", *words, "--data", serve.folder / "data")
        assert wrong.returncode == 2 and wrong.stderr.startswith("error: ")
