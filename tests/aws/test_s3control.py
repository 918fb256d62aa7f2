# SPDX-License-Identifier: Apache-2.0
"""S3 Batch Operations' jobs, as boto3 and awscli see them; every way to get the account's host."""
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import uuid
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError
from conftest import client_of
from program import AUTHORIZATION, KEY, REPO, SECRET

ACCOUNT = "111122223333"
NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/batch"
MANIFEST = b"videos,one.mp4\nvideos,two%20words.mp4\n"
HEADERS = {
    "Authorization": AUTHORIZATION.replace("/mediaconvert/", "/s3/"),
    "x-amz-account-id": ACCOUNT,
    "Content-Type": "application/xml",
}


@pytest.fixture(scope="module", autouse=True)
def names():
    """Of this machine, as the module that is shipped finds them."""
    spec = importlib.util.spec_from_file_location("shipped", REPO / "share/python/sitecustomize.py")
    shipped = importlib.util.module_from_spec(spec)
    found = list(sys.meta_path)
    spec.loader.exec_module(shipped)
    sys.meta_path[:] = found
    shipped.teach_names()


@pytest.fixture(scope="module")
def manifest(serve):
    """ObjectArn and ETag of one."""
    bucket = serve.folder / "buckets/manifests"
    bucket.mkdir(parents=True)
    (bucket / "a b.csv").write_bytes(MANIFEST)
    return {"ObjectArn": "arn:aws:s3:::manifests/a b.csv", "ETag": hashlib.md5(MANIFEST).hexdigest()}


@pytest.fixture(scope="module")
def control(client):
    return client("s3control")


@pytest.fixture
def request_(manifest):
    """Of a job that ends at once."""
    return {
        "AccountId": ACCOUNT,
        "ConfirmationRequired": False,
        "Operation": {"LambdaInvoke": {"FunctionArn": "noop"}},
        "Report": {
            "Bucket": "arn:aws:s3:::reports", "Format": "Report_CSV_20180820", "Enabled": True,
            "Prefix": "some/where", "ReportScope": "AllTasks",
        },
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": manifest,
        },
        "Priority": 10,
        "RoleArn": ROLE,
        "ClientRequestToken": str(uuid.uuid4()),
    }


def describe(control, job):
    return control.describe_job(AccountId=ACCOUNT, JobId=job)["Job"]


def wait(control, job, *states, seconds=20):
    end = time.time() + seconds
    while (found := describe(control, job))["Status"] not in states:
        assert time.time() < end, found
        time.sleep(0.05)
    return found


def refused(control, code, call, status=400, **request):
    with pytest.raises(ClientError) as caught:
        getattr(control, call)(AccountId=ACCOUNT, **request)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert response["Error"]["Message"] and response["ResponseMetadata"]["RequestId"]
    if code.endswith("Exception"):
        assert isinstance(caught.value, getattr(control.exceptions, code))
    return response["Error"]["Message"]


# --- jobs ---


def test_a_job(control, request_, manifest):
    request_ |= {"Description": "two <objects> & an é", "Tags": [{"Key": "team", "Value": "blue"}]}
    job = control.create_job(**request_)["JobId"]
    assert re.fullmatch("[0-9a-f-]{36}", job)
    found = wait(control, job, "Complete")
    for name in "CreationTime", "TerminationDate":
        assert abs(found.pop(name).timestamp() - time.time()) < 60
    assert found.pop("ProgressSummary") == {
        "TotalNumberOfTasks": 2, "NumberOfTasksSucceeded": 2, "NumberOfTasksFailed": 0,
        "Timers": {"ElapsedTimeInActiveSeconds": 0},
    }
    assert found == {
        "JobId": job,
        "ConfirmationRequired": False,
        "Description": "two <objects> & an é",
        "JobArn": f"arn:aws:s3:us-east-1:{ACCOUNT}:job/{job}",
        "Status": "Complete",
        "Manifest": {"Spec": request_["Manifest"]["Spec"], "Location": manifest},
        "Operation": {"LambdaInvoke": {"FunctionArn": "noop"}},
        "Priority": 10,
        "Report": request_["Report"],
        "RoleArn": ROLE,
    } | {key: found[key] for key in found if key == "FailureReasons" and not found[key]}


def test_confirmation(control, request_):
    """Which is required where nothing is said of it."""
    del request_["ConfirmationRequired"]
    job = control.create_job(**request_)["JobId"]
    found = wait(control, job, "Suspended")
    assert found["ConfirmationRequired"] and found["SuspendedCause"] and found["SuspendedDate"]
    answer = control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Ready", StatusUpdateReason="fine by me")
    assert (answer["JobId"], answer["StatusUpdateReason"]) == (job, "fine by me")
    assert answer["Status"] in ("Ready", "Active", "Completing", "Complete")
    assert wait(control, job, "Complete")["StatusUpdateReason"] == "fine by me"
    message = refused(control, "JobStatusException", "update_job_status", JobId=job, RequestedJobStatus="Cancelled")
    assert "Complete" in message


def test_cancel(control, request_):
    request_["ConfirmationRequired"] = True
    job = control.create_job(**request_)["JobId"]
    wait(control, job, "Suspended")
    answer = control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Cancelled")
    assert answer["Status"] in ("Cancelling", "Cancelled")
    wait(control, job, "Cancelled")
    refused(control, "JobStatusException", "update_job_status", JobId=job, RequestedJobStatus="Ready")


def test_priority(control, request_):
    request_["ConfirmationRequired"] = True
    job = control.create_job(**request_)["JobId"]
    answer = control.update_job_priority(AccountId=ACCOUNT, JobId=job, Priority=2147483647)
    assert (answer["JobId"], answer["Priority"]) == (job, 2147483647)
    assert describe(control, job)["Priority"] == 2147483647
    control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Cancelled")
    wait(control, job, "Cancelled")
    refused(control, "BadRequestException", "update_job_priority", JobId=job, Priority=1)


def test_tags(control, request_):
    request_ |= {"ConfirmationRequired": True, "Tags": [{"Key": "team", "Value": "blue"}, {"Key": "é _.:/=+-@", "Value": ""}]}
    job = control.create_job(**request_)["JobId"]

    def tags():
        found = control.get_job_tagging(AccountId=ACCOUNT, JobId=job)["Tags"]
        return sorted((tag["Key"], tag["Value"]) for tag in found)

    assert tags() == [("team", "blue"), ("é _.:/=+-@", "")]
    control.put_job_tagging(AccountId=ACCOUNT, JobId=job, Tags=[{"Key": "team", "Value": "red"}])
    assert tags() == [("team", "red")]
    control.put_job_tagging(AccountId=ACCOUNT, JobId=job, Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(50)])
    assert len(tags()) == 50
    refused(control, "TooManyTagsException", "put_job_tagging", JobId=job, Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(51)])
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert "'a' is there twice" in refused(control, "BadRequestException", "put_job_tagging", JobId=job, Tags=twice)
    control.delete_job_tagging(AccountId=ACCOUNT, JobId=job)
    assert tags() == []


def test_no_such_job(control):
    job = str(uuid.uuid4())
    for call, more in (
        ("describe_job", {}), ("update_job_status", {"RequestedJobStatus": "Ready"}), ("update_job_priority", {"Priority": 1}),
        ("get_job_tagging", {}), ("put_job_tagging", {"Tags": []}), ("delete_job_tagging", {}),
    ):  # fmt: skip
        assert job in refused(control, "NotFoundException", call, 404, JobId=job, **more)


def test_the_same_token(control, request_):
    job = control.create_job(**request_)["JobId"]
    assert control.create_job(**request_)["JobId"] == job
    message = refused(control, "IdempotencyException", "create_job", **{k: v for k, v in request_.items() if k != "AccountId"} | {"Description": "another"})
    assert "ClientRequestToken" in message


def test_list(control, request_):
    made = []
    for number in range(5):
        request_ |= {"ClientRequestToken": str(uuid.uuid4()), "ConfirmationRequired": number < 3, "Description": f"d{number}"}
        made.append(control.create_job(**request_)["JobId"])
    for job in made:
        wait(control, job, "Suspended", "Complete")
    pages = [control.list_jobs(AccountId=ACCOUNT, MaxResults=2)]
    while "NextToken" in pages[-1]:
        pages.append(control.list_jobs(AccountId=ACCOUNT, MaxResults=2, NextToken=pages[-1]["NextToken"]))
    listed = [job["JobId"] for page in pages for job in page["Jobs"]]
    assert all(len(page["Jobs"]) == 2 for page in pages[:-1])
    assert listed[:5] == made[::-1] and len(set(listed)) == len(listed)
    suspended = control.list_jobs(AccountId=ACCOUNT, JobStatuses=["Suspended"])["Jobs"]
    assert [job["JobId"] for job in suspended][:3] == made[2::-1]
    assert {job["Status"] for job in suspended} == {"Suspended"}
    both = control.list_jobs(AccountId=ACCOUNT, JobStatuses=["Suspended", "Complete"], MaxResults=5)
    assert [job["JobId"] for job in both["Jobs"]] == made[::-1] and both["NextToken"]
    newest = both["Jobs"][0]
    assert (newest["Operation"], newest["Description"], newest["Priority"]) == ("LambdaInvoke", "d4", 10)
    assert newest["CreationTime"] <= newest["TerminationDate"]
    assert newest["ProgressSummary"]["NumberOfTasksSucceeded"] == 2
    refused(control, "InvalidNextTokenException", "list_jobs", NextToken="none")


# --- requests, byte by byte ---


def body(manifest, **changes):
    """A request as clients write it; `changes` are of its parts."""
    parts = {
        "ConfirmationRequired": "false",
        "Operation": "<LambdaInvoke><FunctionArn>noop</FunctionArn></LambdaInvoke>",
        "Report": "<Enabled>false</Enabled>",
        "Manifest": "<Spec><Format>S3BatchOperations_CSV_20180820</Format><Fields><member>Bucket</member><member>Key</member>"
        f"</Fields></Spec><Location><ObjectArn>{manifest['ObjectArn']}</ObjectArn><ETag>{manifest['ETag']}</ETag></Location>",
        "Priority": "10",
        "RoleArn": ROLE,
        "ClientRequestToken": str(uuid.uuid4()),
    } | changes
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items() if value is not None)
    return f'<CreateJobRequest xmlns="{NAMESPACE}">{inside}</CreateJobRequest>'


def send(serve, text, headers=HEADERS, path="/v20180820/jobs", method="POST", **more):
    status, headers, answer = serve.send(method, path, headers, text.encode() if isinstance(text, str) else text, **more)
    assert headers["content-type"] == "application/xml"
    assert headers["x-amz-request-id"] == headers["x-amzn-requestid"]
    return status, ElementTree.fromstring(answer)


def error_of(root):
    """Code and message; the shape is the one that AWS's clients know."""
    assert root.tag == f"{{{NAMESPACE}}}ErrorResponse"
    assert root.find(f"{{{NAMESPACE}}}RequestId").text
    error = root.find(f"{{{NAMESPACE}}}Error")
    return error.find(f"{{{NAMESPACE}}}Code").text, error.find(f"{{{NAMESPACE}}}Message").text


def test_answer_is_what_the_model_says(serve, manifest):
    status, root = send(serve, body(manifest))
    assert (status, root.tag) == (200, f"{{{NAMESPACE}}}CreateJobResult")
    (job,) = root
    assert job.tag == f"{{{NAMESPACE}}}JobId"
    status, root = send(serve, "", path=f"/v20180820/jobs/{job.text}", method="GET")
    assert status == 200
    created = root.find(f"{{{NAMESPACE}}}Job/{{{NAMESPACE}}}CreationTime").text
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)


def test_other_ways_to_write_it(serve, manifest):
    """Another order, a prefix, no namespace, comments, CDATA, white space, a declaration, quotes around the ETag."""
    plain = body(manifest)
    head, tail = f'<CreateJobRequest xmlns="{NAMESPACE}">', "</CreateJobRequest>"
    parts = re.findall(r"<(?P<name>[A-Z]\w+)>.*?</(?P=name)>", plain.removeprefix(head).removesuffix(tail))
    assert len(parts) == 7
    inside = plain.removeprefix(head).removesuffix(tail)
    pieces = [f"<{part}>" + inside.split(f"<{part}>", 1)[1].split(f"</{part}>", 1)[0] + f"</{part}>" for part in parts]
    prefixed = re.sub(r"<(/?)([A-Za-z])", r"<\1s:\2", inside)
    ways = [
        head + "".join(reversed(pieces)) + tail,
        "<CreateJobRequest>" + inside + tail,
        f'<s:CreateJobRequest xmlns:s="{NAMESPACE}">{prefixed}</s:CreateJobRequest>',
        '<?xml version="1.0" encoding="UTF-8"?>\n' + head + "\n  " + "\n  ".join(pieces) + "\n" + tail,
        plain.replace("noop", "no<!-- a remark -->op"),
        plain.replace("noop", "<![CDATA[noop]]>"),
        plain.replace("noop", "&#110;oop"),
        plain.replace(manifest["ETag"], f'"{manifest["ETag"]}"'),
    ]
    for way in ways:
        way = re.sub(r"(ClientRequestToken>)[^<]+", lambda m: m[1] + str(uuid.uuid4()), way, count=1)
        status, root = send(serve, way)
        assert status == 200, (way, error_of(root))


INVOKE = "<LambdaInvoke><FunctionArn>noop</FunctionArn>{}</LambdaInvoke>"
ARGUMENTS = "<InvocationSchemaVersion>{}</InvocationSchemaVersion><UserArguments>{}</UserArguments>"
ENTRY = "<entry><key>{}</key><value>{}</value></entry>"
ENABLED = "<Enabled>true</Enabled><Bucket>arn:aws:s3:::r</Bucket>"
PLACE = "<Location><ObjectArn>{}</ObjectArn><ETag>{}</ETag></Location>"
CSV = "<Spec><Format>S3BatchOperations_CSV_20180820</Format><Fields>{}</Fields></Spec>" + PLACE.format("arn:aws:s3:::m/k", "e")
INVENTORY = "<Spec><Format>S3InventoryReport_CSV_20161130</Format>{}</Spec>" + PLACE.format("arn:aws:s3:::m/k", "e")
MEMBERS = "".join("<member>{}</member>".format(name) for name in ("Bucket", "Key"))

REFUSED = [
    ({"Operation": None}, "'Operation' is required"),
    ({"Operation": ""}, "one is required: LambdaInvoke"),
    ({"Operation": "<S3PutObjectCopy/>"}, "only LambdaInvoke does"),
    ({"Operation": "<S3ReplicateObject/>"}, "only LambdaInvoke does"),
    ({"Operation": "<Unheard/>"}, "there is no 'Unheard' in it"),
    ({"Operation": "<LambdaInvoke/>"}, "'FunctionArn' is required"),
    ({"Operation": "<LambdaInvoke><FunctionArn/></LambdaInvoke>"}, "1 to 1024 characters, not 0"),
    ({"Operation": "<LambdaInvoke><FunctionArn>a b</FunctionArn></LambdaInvoke>"}, "'a b' does not match"),
    ({"Operation": INVOKE.format("") * 2}, "'LambdaInvoke' is there 2 times"),
    ({"Operation": INVOKE.format("<InvocationSchemaVersion>3.0</InvocationSchemaVersion>")}, "1.0, 2.0, not '3.0'"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("2.0", ""))}, "'entry' is required"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("1.0", ENTRY.format("a", "b")))}, "only InvocationSchemaVersion 2.0"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("2.0", ENTRY.format("a", "b") * 2))}, "'a' is there twice"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("2.0", ENTRY.format("a" * 65, "b")))}, "1 to 64 characters, not 65"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("2.0", ENTRY.format("a", "b" * 1025)))}, "0 to 1024 characters, not 1025"),
    ({"Operation": INVOKE.format(ARGUMENTS.format("2.0", "".join(ENTRY.format(i, "b") for i in range(11))))}, "there 11 times, and may be 10"),
    ({"Report": None}, "'Report' is required"),
    ({"Report": ""}, "'Enabled' is required"),
    ({"Report": "<Enabled>yes</Enabled>"}, "true or false, not 'yes'"),
    ({"Report": "<Enabled>true</Enabled>"}, "has no Bucket"),
    ({"Report": "<Enabled>true</Enabled><Bucket>r</Bucket>"}, "'r' does not match"),
    ({"Report": "<Enabled>true</Enabled><Bucket>arn:aws:s3:::r/k</Bucket>"}, "does not match"),
    ({"Report": ENABLED + "<Format>Report_JSON</Format>"}, "one of Report_CSV_20180820"),
    ({"Report": ENABLED + "<ReportScope>Some</ReportScope>"}, "AllTasks, FailedTasksOnly, not 'Some'"),
    ({"Report": ENABLED + "<Prefix/>"}, "1 to 512 characters, not 0"),
    ({"Report": ENABLED + f"<Prefix>{'p' * 513}</Prefix>"}, "1 to 512 characters, not 513"),
    ({"Manifest": None}, "'Manifest' is required"),
    ({"Manifest": None, "ManifestGenerator": "<S3JobManifestGenerator/>"}, "manifests are not generated here"),
    ({"Manifest": PLACE.format("arn:aws:s3:::m/k", "e")}, "'Spec' is required"),
    ({"Manifest": "<Spec><Format>CSV</Format></Spec>" + PLACE.format("arn:aws:s3:::m/k", "e")}, "not 'CSV'"),
    ({"Manifest": CSV.format("")}, "'member' is required"),
    ({"Manifest": CSV.format("<member>Key</member>")}, "Bucket and Key are required"),
    ({"Manifest": CSV.format("<member>Size</member>")}, "not 'Size'"),
    ({"Manifest": CSV.format(MEMBERS + "<member>Key</member>")}, "'Key' is there twice"),
    ({"Manifest": INVENTORY.format(f"<Fields>{MEMBERS}</Fields>")}, "an inventory says itself"),
    ({"Manifest": CSV.format(MEMBERS).replace("arn:aws:s3:::m/k", "file:///etc/passwd")}, "does not match"),
    ({"Manifest": CSV.format(MEMBERS).replace("arn:aws:s3:::m/k", "arn:aws:s3:::m")}, "does not match"),
    ({"Manifest": CSV.format(MEMBERS).replace("<ETag>e</ETag>", "")}, "'ETag' is required"),
    ({"Priority": None}, "'Priority' is required"),
    ({"Priority": "-1"}, "from 0 to 2147483647, not '-1'"),
    ({"Priority": "2147483648"}, "from 0 to 2147483647"),
    ({"Priority": "99999999999999999999999"}, "from 0 to 2147483647"),
    ({"Priority": "ten"}, "from 0 to 2147483647, not 'ten'"),
    ({"Priority": "<b>1</b>"}, "no element stands in it"),
    ({"RoleArn": None}, "'RoleArn' is required"),
    ({"RoleArn": "role"}, "'role' does not match"),
    ({"RoleArn": f"{ROLE}{'r' * 2048}"}, "1 to 2048 characters"),
    ({"ClientRequestToken": None}, "'ClientRequestToken' is required"),
    ({"ClientRequestToken": ""}, "1 to 64 characters, not 0"),
    ({"ClientRequestToken": "t" * 65}, "1 to 64 characters, not 65"),
    ({"Description": ""}, "1 to 256 characters, not 0"),
    ({"Description": "é" * 257}, "1 to 256 characters, not 257"),
    ({"ConfirmationRequired": "maybe"}, "true or false, not 'maybe'"),
    ({"Tags": "<member><Key>a</Key></member>"}, "'Value' is required"),
    ({"Tags": "<member><Key>a!</Key><Value/></member>"}, "has characters that no tag has"),
    ({"Tags": "<member><Key>aws:a</Key><Value/></member>"}, "is AWS's own"),
    ({"Tags": "".join(f"<member><Key>k{i}</Key><Value/></member>" for i in range(51))}, "at most 50"),
    ({"Unheard": "of"}, "there is no 'Unheard' in it"),
    ({"Report": "text<Enabled>false</Enabled>"}, "only elements stand in it"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(serve, manifest, number):
    changes, message = REFUSED[number]
    status, root = send(serve, body(manifest, **changes))
    code, said = error_of(root)
    assert (status, code) == (400, "BadRequestException")
    assert message in said


def test_longest_values(serve, manifest):
    longest = {
        "Description": "é" * 256,
        "ClientRequestToken": (str(uuid.uuid4()) * 2)[:64],
        "Priority": "2147483647",
        "Report": ENABLED + f"<Prefix>{'p' * 512}</Prefix>",
        "Tags": "".join(f"<member><Key>k{i}</Key><Value>{'v' * 256}</Value></member>" for i in range(50)),
        "Operation": INVOKE.format(ARGUMENTS.format("2.0", "".join(ENTRY.format(str(i) * 64, "b" * 1024) for i in range(10)))),
    }
    status, root = send(serve, body(manifest, **longest))
    assert status == 200, error_of(root)


def test_schema_2(serve, manifest):
    """Debian's boto3 does not know it."""
    arguments = ENTRY.format("a", "1") + ENTRY.format("b &lt;&amp;&gt;", "é")
    operation = INVOKE.format(ARGUMENTS.format("2.0", arguments))
    status, root = send(serve, body(manifest, Operation=operation))
    assert status == 200
    status, _, answer = serve.send("GET", f"/v20180820/jobs/{root[0].text}", HEADERS)
    assert status == 200 and f"<Operation>{operation}</Operation>" in answer.decode()


HOSTILE = {
    "nothing": "",
    "no XML": "{}",
    "half": "<CreateJobRequest><Operation>",
    "another root": "<DeleteEverything/>",
    "a document type": '<!DOCTYPE CreateJobRequest><CreateJobRequest/>',
    "an entity": '<!DOCTYPE a [<!ENTITY e "x">]><CreateJobRequest><Priority>&e;</Priority></CreateJobRequest>',
    "a file": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><CreateJobRequest><Description>&e;</Description></CreateJobRequest>',
    "laughs": "<!DOCTYPE a [<!ENTITY a \"ha\">" + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><CreateJobRequest><Description>&j;</Description></CreateJobRequest>",
    "an unknown entity": "<CreateJobRequest><Priority>&e;</Priority></CreateJobRequest>",
    "deep": "<CreateJobRequest>" + "<a>" * 5000 + "</a>" * 5000 + "</CreateJobRequest>",
    "bytes": b"<CreateJobRequest>\xff\xfe\x00</CreateJobRequest>",
    "an inclusion": '<CreateJobRequest xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></CreateJobRequest>',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(serve, name):
    started = time.time()
    status, root = send(serve, HOSTILE[name])
    code, message = error_of(root)
    assert (status, code) == (400, "BadRequestException") and "root:" not in message
    assert time.time() - started < 2


def test_too_long(serve):
    status, root = send(serve, "<CreateJobRequest>" + " " * 100000)
    assert (status, error_of(root)[0]) == (413, "BadRequestException")


@pytest.mark.parametrize("account", [None, "", "1", "11112222333a", "1111222233334"])
def test_account(serve, account):
    headers = {name: value for name, value in HEADERS.items() if name != "x-amz-account-id"}
    headers |= {} if account is None else {"x-amz-account-id": account}
    for method, path in (
        ("GET", "/v20180820/jobs"), ("POST", "/v20180820/jobs"), ("GET", "/v20180820/jobs/a"), ("GET", "/v20180820/jobs/a/tagging"),
        ("POST", "/v20180820/jobs/a/status"), ("POST", "/v20180820/jobs/a/priority"), ("PUT", "/v20180820/jobs/a/tagging"),
        ("DELETE", "/v20180820/jobs/a/tagging"),
    ):  # fmt: skip
        status, root = send(serve, "", headers, path, method)
        code, message = error_of(root)
        assert (status, code) == (400, "BadRequestException") and "x-amz-account-id" in message


@pytest.mark.parametrize(
    "method, query, code",
    [
        ("GET", "?jobStatuses=Done", "InvalidRequestException"),
        ("GET", "?jobStatuses=Ready&jobStatuses=", "InvalidRequestException"),
        ("GET", "?maxResults=1001", "InvalidRequestException"),
        ("GET", "?maxResults=-1", "InvalidRequestException"),
        ("GET", "?maxResults=", "InvalidRequestException"),
        ("GET", "?nextToken=none", "InvalidNextTokenException"),
        ("POST", "/a/status", "BadRequestException"),
        ("POST", "/a/status?requestedJobStatus=Active", "BadRequestException"),
        ("POST", "/a/status?requestedJobStatus=Ready&statusUpdateReason=", "BadRequestException"),
        ("POST", f"/a/status?requestedJobStatus=Ready&statusUpdateReason={'r' * 257}", "BadRequestException"),
        ("POST", "/a/priority", "BadRequestException"),
        ("POST", "/a/priority?priority=-1", "BadRequestException"),
        ("POST", "/a/priority?priority=2147483648", "BadRequestException"),
    ],
)
def test_queries_refused(serve, method, query, code):
    status, root = send(serve, "", path=f"/v20180820/jobs{query}", method=method)
    assert (status, error_of(root)[0]) == (400, code)


def test_what_else_there_is_of_s3_control(serve):
    status, headers, answer = serve.send("GET", "/v20180820/accesspoint", HEADERS)
    assert status == 501 and b"only batch jobs are here" in answer


# --- where the account's host is ---


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", f"{ACCOUNT}.localhost", f"{ACCOUNT}.127.0.0.1", "[::1]"])
@pytest.mark.parametrize("absolute", [False, True])
def test_hosts(serve, host, absolute):
    authority = f"{host}:{serve.port}"
    path = f"http://{authority}/v20180820/jobs" if absolute else "/v20180820/jobs"
    status, _ = send(serve, "", path=path, method="GET", host=authority)
    assert status == 200


def test_a_foreign_host(serve):
    status, headers, answer = serve.send("GET", "/v20180820/jobs", HEADERS, host=f"{ACCOUNT}.example.com")
    assert status == 403 and b"AccessDenied" in answer


def test_signed(locked):
    control = client_of(locked, "s3control")
    assert control.list_jobs(AccountId=ACCOUNT)["Jobs"] == []
    with pytest.raises(ClientError) as caught:
        client_of(locked, "s3control", secret="another").list_jobs(AccountId=ACCOUNT)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


SCRIPT = """
import boto3, sys
jobs = boto3.client("s3control", *sys.argv[1:]).list_jobs(AccountId="111122223333")
assert jobs["ResponseMetadata"]["HTTPStatusCode"] == 200
"""


def environment(**changes):
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
    return plain | keys | {"AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", "PYTHONDONTWRITEBYTECODE": "1"} | changes


def call(words, **changes):
    return subprocess.run(words, env=environment(**changes), capture_output=True, text=True, timeout=60)


LIST = ["s3control", "list-jobs", "--account-id", ACCOUNT]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("signed", [False, True])
def test_documented_with_our_module(serve, locked, host, signed):
    """PYTHONPATH=share/python and AWS_ENDPOINT_URL: unmodified code and awscli."""
    port = (locked if signed else serve).port
    changes = {"PYTHONPATH": str(REPO / "share/python"), "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    for words in ["/usr/bin/python3", "-c", SCRIPT], ["/usr/bin/aws", *LIST]:
        result = call(words, **changes)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("signed", [False, True])
def test_documented_as_a_proxy(serve, locked, signed):
    """HTTP_PROXY and an endpoint: what resolves no names of its own."""
    port = (locked if signed else serve).port
    proxy, endpoint = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    script = SCRIPT.replace('"s3control"', f'"s3control", endpoint_url="{endpoint}"')
    for words in ["/usr/bin/python3", "-c", script], ["/usr/bin/aws", "--endpoint-url", endpoint, *LIST]:
        result = call(words, HTTP_PROXY=proxy, http_proxy=proxy)
        assert result.returncode == 0, result.stderr


READ_HOSTS = """
import os, socket
hosts = {name: line.split()[0] for line in open(os.environ["HOSTS"]) for name in line.split()[1:]}
resolve = socket.getaddrinfo
open(os.environ["HOSTS"] + ".read", "w").close()
socket.getaddrinfo = lambda host, *more, **named: resolve(hosts.get(host, host), *more, **named)
"""


def test_documented_line_in_hosts(serve, tmp_path):
    """A line in /etc/hosts, here in one that only the command sees; where nobody may mount, in a stand-in's."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {ACCOUNT}.localhost\n")
    inside = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c", inside, "sh"]
    changes = {}
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        # In containers and below chroot nobody may mount; then what asks for names is told there.
        alone, changes = [], {"PYTHONPATH": str(tmp_path), "HOSTS": str(hosts)}
        (tmp_path / "sitecustomize.py").write_text(READ_HOSTS)
    result = call([*alone, "/usr/bin/aws", "--endpoint-url", f"http://localhost:{serve.port}", *LIST], **changes)
    assert result.returncode == 0, result.stderr
    assert not changes or (tmp_path / "hosts.read").exists()


# --- awscli ---


@pytest.fixture
def aws(serve):
    def run(*words, check=True):
        result = call(["/usr/bin/aws", "s3control", *map(str, words), "--account-id", ACCOUNT],
                      PYTHONPATH=str(REPO / "share/python"), AWS_ENDPOINT_URL_S3_CONTROL=f"http://localhost:{serve.port}")  # fmt: skip
        assert not check or result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout.strip() else result

    return run


def test_awscli(aws, control, request_, manifest):
    job = aws("create-job", "--operation", json.dumps(request_["Operation"]), "--report", json.dumps(request_["Report"]),
              "--manifest", json.dumps(request_["Manifest"]), "--priority", 7, "--role-arn", ROLE, "--description", "by hand",
              "--tags", "Key=a,Value=b")["JobId"]  # fmt: skip
    wait(control, job, "Suspended")
    assert aws("describe-job", "--job-id", job)["Job"]["Description"] == "by hand"
    assert aws("get-job-tagging", "--job-id", job)["Tags"] == [{"Key": "a", "Value": "b"}]
    aws("put-job-tagging", "--job-id", job, "--tags", "Key=c,Value=d")
    assert aws("get-job-tagging", "--job-id", job)["Tags"] == [{"Key": "c", "Value": "d"}]
    aws("delete-job-tagging", "--job-id", job)
    assert aws("update-job-priority", "--job-id", job, "--priority", 8)["Priority"] == 8
    assert aws("update-job-status", "--job-id", job, "--requested-job-status", "Ready")["JobId"] == job
    wait(control, job, "Complete")
    assert job in [listed["JobId"] for listed in aws("list-jobs", "--job-statuses", "Complete", "Active")["Jobs"]]
    result = aws("describe-job", "--job-id", "no-such-job", check=False)
    assert result.returncode and "NotFoundException" in result.stderr
