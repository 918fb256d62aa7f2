# SPDX-License-Identifier: Apache-2.0
"""The operations that Debian's botocore knows, called by it."""
import datetime
import json
import shutil
import time

import pytest
from program import AUTHORIZATION, Serve

ROLE = "arn:aws:iam::111122223333:role/MediaConvert"
ARN = "arn:aws:mediaconvert:us-east-1:111122223333:"
SIGNED = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}


def pages(call, member, **query):
    """All of a list, and how many pages it took."""
    found, count, token = [], 0, {}
    while True:
        answer = call(**query, **token)
        found += answer[member]
        count += 1
        if not answer.get("NextToken"):
            return found, count
        token = {"NextToken": answer["NextToken"]}


def refused(exception, call, **request):
    with pytest.raises(exception) as caught:
        call(**request)
    return caught.value.response["Error"]["Message"]


# --- jobs ---


def test_create_job(client, settings):
    answer = client.create_job(
        Role=ROLE, Settings=settings(), Priority=-7, UserMetadata={"título": "ümläut 漢字", "": ""},
        StatusUpdateInterval="SECONDS_12", AccelerationSettings={"Mode": "PREFERRED"},
        BillingTagsSource="JOB", Tags={"k": "v"}, SimulateReservedQueue="DISABLED",
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    job = answer["Job"]
    assert job["Arn"] == f"{ARN}jobs/{job['Id']}"
    assert job["Queue"] == f"{ARN}queues/Default"
    assert job["Status"] == "SUBMITTED" and job["Priority"] == -7
    assert job["UserMetadata"] == {"título": "ümläut 漢字", "": ""}
    assert job["StatusUpdateInterval"] == "SECONDS_12"
    assert job["AccelerationSettings"] == {"Mode": "PREFERRED"}
    assert job["Settings"] == settings() and job["Role"] == ROLE
    assert abs(job["CreatedAt"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() < 60
    assert client.get_job(Id=job["Id"])["Job"] == job
    tags = client.list_tags_for_resource(Arn=job["Arn"])["ResourceTags"]
    assert tags == {"Arn": job["Arn"], "Tags": {"k": "v"}}


def test_wire_is_lower_camel_case_with_epoch_seconds(serve, settings):
    request = {"Role": ROLE, "Settings": settings(), "ClientRequestToken": "é"}
    body = json.dumps(request).encode()  # as people write job.json
    status, headers, answer = serve.send("POST", "/2017-08-29/jobs", SIGNED, body)
    job = json.loads(answer)["job"]
    assert status == 201 and headers["content-type"] == "application/json"
    assert isinstance(job["createdAt"], int) and job["timing"]["submitTime"] == job["createdAt"]
    assert job["clientRequestToken"] == "é" and job["role"] == ROLE
    assert set(job["settings"]) == {"inputs", "outputGroups"}
    assert "Audio Selector 1" in job["settings"]["inputs"][0]["audioSelectors"]


def test_same_token_is_the_same_job(client, settings):
    request = {"Role": ROLE, "Settings": settings(), "ClientRequestToken": "again"}
    first, second = client.create_job(**request)["Job"], client.create_job(**request)["Job"]
    assert first["Id"] == second["Id"]
    assert client.create_job(Role=ROLE, Settings=settings())["Job"]["Id"] != first["Id"]


def test_refused_settings_name_every_place(client, settings):
    wrong = settings()
    output = wrong["OutputGroups"][0]["Outputs"][0]
    del output["AudioDescriptions"][0]["CodecSettings"]["AacSettings"]["SampleRate"]
    output["VideoDescription"]["CodecSettings"]["H264Settings"]["GopBReference"] = "MAYBE"
    message = refused(client.exceptions.BadRequestException, client.create_job, Role=ROLE, Settings=wrong)
    assert (
        "/outputGroups/0/outputs/0/audioDescriptions/0/codecSettings/aacSettings: "
        "sampleRate is a required property" in message.split(" | ")
    )
    assert "gopBReference: Should be equal to one of the allowed values" in message


@pytest.mark.parametrize(
    "more, words",
    [
        ({"UserMetadata": {str(i): "" for i in range(11)}}, "userMetadata"),
        ({"UserMetadata": {"k": "v" * 257}}, "userMetadata"),
        ({"ClientRequestToken": "t" * 65}, "clientRequestToken"),
        ({"Priority": 51}, "priority"),
        ({"HopDestinations": [{"WaitMinutes": 0}]}, "waitMinutes"),
        ({"Tags": {str(i): "" for i in range(51)}}, "tags"),
    ],
)
def test_refused_requests(serve, settings, more, words):
    client = serve.client(parameter_validation=False)
    message = refused(
        client.exceptions.BadRequestException, client.create_job, Role=ROLE, Settings=settings(), **more
    )
    assert words in message


def test_queue_that_is_not_there(client, settings):
    refused(client.exceptions.NotFoundException, client.create_job, Role=ROLE, Settings=settings(), Queue="nowhere")


def test_cancel(client, settings):
    job = client.create_job(Role=ROLE, Settings=settings())["Job"]
    answer = client.cancel_job(Id=job["Id"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    job = client.get_job(Id=job["Id"])["Job"]
    assert job["Status"] == "CANCELED" and job["Timing"]["FinishTime"]
    refused(client.exceptions.ConflictException, client.cancel_job, Id=job["Id"])
    refused(client.exceptions.NotFoundException, client.cancel_job, Id="1515368087458-qnoxtd")


def test_list_jobs(client, settings, new_name):
    queue = client.create_queue(Name=new_name(), Status="PAUSED")["Queue"]
    ids = [
        client.create_job(Role=ROLE, Settings=settings(), Queue=queue["Arn"])["Job"]["Id"]
        for _ in range(25)
    ]
    client.cancel_job(Id=ids[3])
    for name in (queue["Name"], queue["Arn"]):
        found, count = pages(client.list_jobs, "Jobs", Queue=name)
        assert [job["Id"] for job in found] == ids[::-1] and count == 2
    found, count = pages(client.list_jobs, "Jobs", Queue=queue["Name"], Order="ASCENDING", MaxResults=7)
    assert [job["Id"] for job in found] == ids and count == 4
    found, _ = pages(client.list_jobs, "Jobs", Queue=queue["Name"], Status="CANCELED")
    assert [job["Id"] for job in found] == [ids[3]]
    assert refused(client.exceptions.BadRequestException, client.list_jobs, NextToken="no token")
    assert client.get_queue(Name=queue["Name"])["Queue"]["SubmittedJobsCount"] == 24


@pytest.mark.parametrize("query", ["maxResults=0", "maxResults=21", "maxResults=x", "order=UP", "status=DONE"])
def test_list_refuses(serve, query):
    status, headers, body = serve.send("GET", f"/2017-08-29/jobs?{query}", SIGNED)
    assert status == 400 and headers["x-amzn-errortype"] == "BadRequestException"
    assert query.split("=")[0] in json.loads(body)["message"]


def test_search_jobs(serve, settings):
    request = {"role": ROLE, "settings": settings()}
    request["settings"]["Inputs"][0]["FileInput"] = "s3://media/find me.mp4"
    status, _, body = serve.send("POST", "/2017-08-29/jobs", SIGNED, json.dumps(request).encode())
    assert status == 201
    status, _, answer = serve.send("GET", "/2017-08-29/search?inputFile=find%20me", SIGNED)
    assert status == 200
    assert [job["id"] for job in json.loads(answer)["jobs"]] == [json.loads(body)["job"]["id"]]


def test_jobs_query(serve, client, settings, new_name):
    queue = new_name()
    client.create_queue(Name=queue, Status="PAUSED")
    ids = [client.create_job(Role=ROLE, Settings=settings(), Queue=queue)["Job"]["Id"] for _ in range(5)]
    query = {
        "filterList": [
            {"key": "queue", "values": ["another", queue]},
            {"key": "status", "values": ["SUBMITTED"]},
            {"key": "videoCodec", "values": ["H_264"]},
            {"key": "fileInput", "values": ["clip"]},
        ],
        "maxResults": 3,
        "order": "ASCENDING",
    }
    found = []
    for _ in range(2):
        status, _, body = serve.send("POST", "/2017-08-29/jobsQueries", SIGNED, json.dumps(query).encode())
        assert status == 201
        path = f"/2017-08-29/jobsQueries/{json.loads(body)['id']}"
        status, _, body = serve.send("GET", path, SIGNED)
        answer = json.loads(body)
        assert status == 200 and answer["status"] == "COMPLETE"
        found.append([job["id"] for job in answer["jobs"]])
        query["nextToken"] = answer.get("nextToken")
    assert found == [ids[:3], ids[3:]]
    assert serve.send("GET", "/2017-08-29/jobsQueries/none", SIGNED)[0] == 404


@pytest.mark.parametrize(
    "query, words",
    [
        ({"maxResults": "x"}, "maxResults"),
        ({"maxResults": "3"}, "maxResults"),
        ({"maxResults": 0}, "maxResults"),
        ({"maxResults": [1]}, "maxResults"),
        ({"order": 1}, "Order"),
        ({"filterList": "x"}, "filterList"),
        ({"filterList": [1]}, "filterList/0"),
        ({"filterList": [{"key": "queue", "values": ["x" * 101]}]}, "characters"),
        ({"filterList": [{"key": "queue", "values": ["a"] * 101}]}, "at most 100"),
        ({"filterList": [{"key": "queue", "values": []}] * 11}, "10 items"),
    ],
)
def test_jobs_query_refuses(serve, query, words):
    status, headers, body = serve.send("POST", "/2017-08-29/jobsQueries", SIGNED, json.dumps(query).encode())
    assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
    assert words in json.loads(body)["message"]


def test_what_a_jobs_query_finds(serve, settings, new_name):
    """A codec where it is one, not where a word is the same; names with all that JSON escapes."""
    def ask(*filters):
        query = {"filterList": [{"key": key, "values": [value]} for key, value in filters]}
        status, _, body = serve.send("POST", "/2017-08-29/jobsQueries", SIGNED, json.dumps(query).encode())
        assert status == 201, body
        _, _, body = serve.send("GET", f"/2017-08-29/jobsQueries/{json.loads(body)['id']}", SIGNED)
        return [job["id"] for job in json.loads(body)["jobs"]]

    name = 'q"\\ ü漢🎬' + new_name()
    request = {"role": ROLE, "settings": settings(), "jobEngineVersion": "2017-08-29"}
    request["settings"]["Inputs"][0]["FileInput"] = f"s3://media/{name}.mp4"
    request["userMetadata"] = {"codec": "AAC", "x": '"codec":"PASSTHROUGH"'}
    status, _, body = serve.send("POST", "/2017-08-29/jobs", SIGNED, json.dumps(request).encode())
    assert status == 201, body
    found, mine = [json.loads(body)["job"]["id"]], ("fileInput", name)
    assert ask(mine) == found
    assert ask(mine, ("videoCodec", "H_264")) == found == ask(mine, ("audioCodec", "AAC"))
    assert ask(mine, ("videoCodec", "AAC")) == [] == ask(mine, ("audioCodec", "H_264"))
    assert ask(mine, ("videoCodec", "PASSTHROUGH")) == [] == ask(mine, ("audioCodec", "PASSTHROUGH"))
    assert ask(mine, ("jobEngineVersionRequested", "2017-08-29")) == found
    assert ask(mine, ("jobEngineVersionRequested", "2018-08-29")) == []
    assert ask(("fileInput", "ü" * 100)) == []


# --- characters ---


@pytest.mark.parametrize("sign", ["a", "ü", "漢", "🎬"])
def test_limits_are_in_characters(serve, settings, new_name, sign):
    def send(path, more):
        request = more if path == "queues" else {"role": ROLE, "settings": settings()} | more
        return serve.send("POST", f"/2017-08-29/{path}", SIGNED, json.dumps(request).encode())[0]

    for length, status in ((128, 201), (129, 400)):
        assert send("queues", {"name": new_name(), "tags": {sign * length: ""}}) == status
        assert send("jobs", {"userMetadata": {sign * length: ""}}) == status
    for length, status in ((256, 201), (257, 400)):
        assert send("queues", {"name": new_name(), "tags": {"k": sign * length}}) == status
        assert send("jobs", {"userMetadata": {"k": sign * length}}) == status
    for length, status in ((64, 201), (65, 400)):
        assert send("jobs", {"clientRequestToken": sign * length}) == status


# --- queues ---


def test_queues(client, new_name):
    name = new_name()
    made = client.create_queue(Name=name, Description="Schlange é", Tags={"a": "b"})["Queue"]
    assert made["Arn"] == f"{ARN}queues/{name}"
    assert (made["Type"], made["Status"], made["PricingPlan"]) == ("CUSTOM", "ACTIVE", "ON_DEMAND")
    assert client.get_queue(Name=name)["Queue"] == made
    changed = client.update_queue(Name=name, Status="PAUSED")["Queue"]
    assert changed["Status"] == "PAUSED" and changed["Description"] == "Schlange é"
    refused(client.exceptions.ConflictException, client.create_queue, Name=name)
    assert client.delete_queue(Name=name)["ResponseMetadata"]["HTTPStatusCode"] == 202
    refused(client.exceptions.NotFoundException, client.get_queue, Name=name)
    refused(client.exceptions.ConflictException, client.delete_queue, Name="Default")


def test_reserved_queue(client, new_name):
    plan = {"Commitment": "ONE_YEAR", "RenewalType": "EXPIRE", "ReservedSlots": 3}
    name = new_name()
    queue = client.create_queue(Name=name, PricingPlan="RESERVED", ReservationPlanSettings=plan)["Queue"]
    assert queue["PricingPlan"] == "RESERVED"
    assert plan.items() <= queue["ReservationPlan"].items()
    refused(client.exceptions.BadRequestException, client.create_queue, Name=new_name(), PricingPlan="RESERVED")


def test_what_an_update_of_a_queue_leaves(serve, client, new_name):
    plan = {"Commitment": "ONE_YEAR", "RenewalType": "EXPIRE", "ReservedSlots": 3}
    name = new_name()

    def update(**members):
        status, _, body = serve.send("PUT", f"/2017-08-29/queues/{name}", SIGNED, json.dumps(members).encode())
        assert status == 200, body
        return json.loads(body)["queue"]

    client.create_queue(Name=name, PricingPlan="RESERVED", ReservationPlanSettings=plan)
    queue = update(maximumConcurrentFeeds=5)
    assert queue["maximumConcurrentFeeds"] == 5 and queue["reservationPlan"]["reservedSlots"] == 3
    queue = update(reservationPlanSettings=plan | {"ReservedSlots": 4})
    assert queue["maximumConcurrentFeeds"] == 5 and queue["reservationPlan"]["reservedSlots"] == 4


def test_default_queue_is_the_systems(client):
    queue = client.get_queue(Name="Default")["Queue"]
    assert queue["Type"] == "SYSTEM" and queue["Arn"] == f"{ARN}queues/Default"


def test_list_queues(client):
    names = [f"listed-{i:02d}" for i in range(22)]
    for name in reversed(names):
        client.create_queue(Name=name)
    found, count = pages(client.list_queues, "Queues", ListBy="NAME")
    found = [queue["Name"] for queue in found]
    assert count >= 2 and found == sorted(found) and set(names) | {"Default"} <= set(found)
    found, _ = pages(client.list_queues, "Queues", MaxResults=5, Order="DESCENDING")
    assert [queue["Name"] for queue in found][:22] == names


def test_concurrent_jobs(tmp_path):
    """Of six at once a queue has two for itself; a reserved one has its own slots."""
    serve = Serve(tmp_path, "--concurrent", "6")
    client = serve.client()
    plan = {"Commitment": "ONE_YEAR", "RenewalType": "EXPIRE", "ReservedSlots": 3}

    def ask():
        answer = json.loads(serve.send("GET", "/2017-08-29/queues?maxResults=1", SIGNED)[2])
        return answer["totalConcurrentJobs"], answer["unallocatedConcurrentJobs"]

    assert ask() == (6, 6)
    client.create_queue(Name="reserved", PricingPlan="RESERVED", ReservationPlanSettings=plan)
    for i in range(20):
        client.create_queue(Name=f"q{i}")
    for name, count, left in [("zz-two", 2, 4), ("z-seven", 7, 0)]:
        body = json.dumps({"name": name, "concurrentJobs": count}).encode()
        assert serve.send("POST", "/2017-08-29/queues", SIGNED, body)[0] == 201
        assert ask() == (6, left)
    assert serve.stop() == 0


# --- templates and presets ---


def preset_of(settings):
    output = settings["OutputGroups"][0]["Outputs"][0]
    return {k: output[k] for k in ("ContainerSettings", "VideoDescription", "AudioDescriptions")}


def test_presets(client, settings, new_name):
    name = new_name()
    made = client.create_preset(Name=name, Settings=preset_of(settings()), Category="Kätegorie")["Preset"]
    assert made["Arn"] == f"{ARN}presets/{name}" and made["Type"] == "CUSTOM"
    assert made["Settings"] == preset_of(settings())
    assert client.get_preset(Name=name)["Preset"] == made
    changed = client.update_preset(Name=name, Description="")["Preset"]
    assert changed["Settings"] == made["Settings"] and changed["Category"] == "Kätegorie"
    found, _ = pages(client.list_presets, "Presets", Category="Kätegorie")
    assert [preset["Name"] for preset in found] == [name]
    refused(client.exceptions.ConflictException, client.create_preset, Name=name, Settings=preset_of(settings()))
    assert client.delete_preset(Name=name)["ResponseMetadata"]["HTTPStatusCode"] == 202
    refused(client.exceptions.NotFoundException, client.get_preset, Name=name)
    assert client.list_presets(ListBy="SYSTEM")["Presets"] == []


def test_job_templates(client, settings, new_name):
    name = new_name()
    stored = settings()
    for source in stored["Inputs"]:
        del source["FileInput"]
    made = client.create_job_template(Name=name, Settings=stored, Priority=3, Category="c")["JobTemplate"]
    assert made["Arn"] == f"{ARN}jobTemplates/{name}" and made["Settings"] == stored
    assert client.get_job_template(Name=name)["JobTemplate"] == made
    changed = client.update_job_template(Name=name, Priority=9)["JobTemplate"]
    assert changed["Priority"] == 9 and changed["Settings"] == stored
    found, _ = pages(client.list_job_templates, "JobTemplates", ListBy="CREATION_DATE")
    assert name in [template["Name"] for template in found]

    job = client.create_job(Role=ROLE, JobTemplate=name, Settings={"Inputs": [{"FileInput": "s3://media/a.mp4"}]})["Job"]
    assert job["Settings"]["OutputGroups"] == stored["OutputGroups"] and job["Priority"] == 9
    assert job["Settings"]["Inputs"][0]["AudioSelectors"] == stored["Inputs"][0]["AudioSelectors"]
    assert job["JobTemplate"] == made["Arn"]
    client.delete_job_template(Name=name)
    refused(
        client.exceptions.NotFoundException, client.create_job, Role=ROLE, JobTemplate=name,
        Settings={"Inputs": [{"FileInput": "s3://media/a.mp4"}]},
    )


def test_job_overrides_template_and_preset(client, settings, new_name):
    preset, template = new_name(), new_name()
    client.create_preset(Name=preset, Settings=preset_of(settings()))
    stored = settings()
    del stored["Inputs"]
    stored["OutputGroups"][0]["Outputs"] = [{"Preset": preset, "NameModifier": "_a"}]
    client.create_job_template(Name=template, Settings=stored)
    job = client.create_job(
        Role=ROLE,
        JobTemplate=f"{ARN}jobTemplates/{template}",
        Settings={
            "Inputs": settings()["Inputs"],
            "OutputGroups": [
                {
                    "OutputGroupSettings": {"FileGroupSettings": {"Destination": "s3://mine/x/"}},
                    "Outputs": [{"VideoDescription": {"Width": 640, "Height": 360}}],
                }
            ],
        },
    )["Job"]
    group = job["Settings"]["OutputGroups"][0]
    assert group["OutputGroupSettings"]["FileGroupSettings"]["Destination"] == "s3://mine/x/"
    output = group["Outputs"][0]
    assert output["NameModifier"] == "_a" and "Preset" not in output
    assert (output["VideoDescription"]["Width"], output["VideoDescription"]["Height"]) == (640, 360)
    want = preset_of(settings())
    assert output["VideoDescription"]["CodecSettings"] == want["VideoDescription"]["CodecSettings"]
    assert output["AudioDescriptions"] == want["AudioDescriptions"]


def test_wrong_presets_and_templates(client, settings, new_name):
    wrong = preset_of(settings())
    wrong["VideoDescription"]["Width"] = 1 << 30
    message = refused(client.exceptions.BadRequestException, client.create_preset, Name=new_name(), Settings=wrong)
    assert "width: Should be less than or equal to" in message
    changed = settings()
    changed["OutputGroups"][0]["Outputs"][0] = {"Preset": "none of that name"}
    refused(client.exceptions.NotFoundException, client.create_job, Role=ROLE, Settings=changed)


# --- the account ---


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "111122223333.localhost:{}", "[::1]:{}"])
def test_endpoint_is_the_callers(serve, host):
    host = host.format(serve.port)
    status, _, body = serve.send("POST", "/2017-08-29/endpoints", SIGNED, b"{}", host=host)
    assert status == 200
    assert json.loads(body) == {"endpoints": [{"url": f"http://{host}"}]}


def test_endpoint_of_a_proxy(serve):
    target = "http://mediaconvert.us-east-1.amazonaws.com/2017-08-29/endpoints"
    status, _, body = serve.send("POST", target, SIGNED, b"{}", host="mediaconvert.us-east-1.amazonaws.com")
    assert status == 200
    assert json.loads(body) == {"endpoints": [{"url": "http://mediaconvert.us-east-1.amazonaws.com"}]}


def test_describe_endpoints(serve, client):
    assert client.describe_endpoints(Mode="GET_ONLY")["Endpoints"] == [{"Url": serve.url}]


def test_tags(client, new_name):
    arn = client.create_queue(Name="mit Leerzeichen / ü " + new_name())["Queue"]["Arn"]
    client.tag_resource(Arn=arn, Tags={"a": "1", "b": "", "ü": "漢"})
    client.tag_resource(Arn=arn, Tags={"a": "2"})
    assert client.list_tags_for_resource(Arn=arn)["ResourceTags"]["Tags"] == {"a": "2", "b": "", "ü": "漢"}
    client.untag_resource(Arn=arn, TagKeys=["a", "ü", "none"])
    assert client.list_tags_for_resource(Arn=arn)["ResourceTags"]["Tags"] == {"b": ""}
    refused(client.exceptions.NotFoundException, client.list_tags_for_resource, Arn=f"{ARN}queues/none")


def test_policy(client, settings):
    assert client.get_policy()["Policy"]["S3Inputs"] == "ALLOWED"
    policy = {"HttpInputs": "DISALLOWED", "HttpsInputs": "ALLOWED", "S3Inputs": "DISALLOWED"}
    assert client.put_policy(Policy=policy)["Policy"] == policy
    assert client.get_policy()["Policy"] == policy
    message = refused(client.exceptions.BadRequestException, client.create_job, Role=ROLE, Settings=settings())
    assert "policy" in message
    client.delete_policy()
    assert client.get_policy()["Policy"]["S3Inputs"] == "ALLOWED"


def test_certificates(client):
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/a-b-c"
    assert client.associate_certificate(Arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert client.disassociate_certificate(Arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 202
    refused(client.exceptions.NotFoundException, client.disassociate_certificate, Arn=arn)


def test_versions(serve):
    status, _, body = serve.send("GET", "/2017-08-29/versions", SIGNED)
    assert status == 200 and json.loads(body)["versions"][0]["version"]


def test_resource_share(serve, client, settings):
    job = client.create_job(Role=ROLE, Settings=settings())["Job"]["Id"]
    body = json.dumps({"jobId": job, "supportCaseId": "case-1"}).encode()
    assert serve.send("POST", "/2017-08-29/resourceShares", SIGNED, body)[0] == 202
    _, _, answer = serve.send("GET", f"/2017-08-29/jobs/{job}", SIGNED)
    assert json.loads(answer)["job"]["shareStatus"] == "SHARED"
    body = json.dumps({"jobId": "none", "supportCaseId": "case-1"}).encode()
    assert serve.send("POST", "/2017-08-29/resourceShares", SIGNED, body)[0] == 404


# --- what is no operation ---


def test_unknown_paths_and_methods(serve):
    status, headers, _ = serve.send("GET", "/2017-08-29/none", SIGNED)
    assert status == 404 and headers["x-amzn-errortype"] == "NotFoundException"
    assert headers["x-amzn-requestid"]
    status, headers, _ = serve.send("PATCH", "/2017-08-29/jobs", SIGNED)
    assert status == 405 and headers["allow"] == "POST, GET"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"a":1,}', b"[" * 100000, b'"s"', b"null"])
def test_bodies_that_are_no_request(serve, body):
    for path in ("jobs", "queues", "presets", "jobTemplates", "tags", "probe", "jobsQueries"):
        status, headers, answer = serve.send("POST", f"/2017-08-29/{path}", SIGNED, body)
        assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException") or status == 413
        assert json.loads(answer)["message"]


def test_health(serve):
    assert serve.send("GET", "/healthz")[0] == 200
    status, headers, body = serve.send("GET", "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    assert b'mediaconvert_jobs{status="SUBMITTED"}' in body
    assert b'mediaconvert_http_requests_total{status="201"}' in body


def test_it_all_survives_a_restart(tmp_path, settings):
    serve = Serve(tmp_path, "--queue-delay", "86400")
    job = serve.client().create_job(Role=ROLE, Settings=settings())["Job"]
    serve.client().create_queue(Name="q")
    serve.stop()
    serve.start()
    assert serve.client().get_job(Id=job["Id"])["Job"] == job
    assert serve.client().get_queue(Name="q")
    serve.stop()


# --- jobs that run ---


@pytest.fixture(scope="module")
def running(tmp_path_factory, clips):
    folder = tmp_path_factory.mktemp("running")
    (folder / "buckets/media").mkdir(parents=True)
    shutil.copy(clips / "cfr25.mp4" if (clips / "cfr25.mp4").exists() else next(clips.glob("*.mp4")), folder / "buckets/media/clip.mp4")
    serve = Serve(folder, "--speed", "draft", "--events-file", "events.ndjson")
    yield serve
    assert serve.stop() == 0


def wait(client, job, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        job = client.get_job(Id=job["Id"])["Job"]
        if job["Status"] not in ("SUBMITTED", "PROGRESSING"):
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def test_job_from_end_to_end(running, settings):
    client = running.client()
    job = wait(client, client.create_job(Role=ROLE, Settings=settings())["Job"])
    assert job["Status"] == "COMPLETE", job
    details = job["OutputGroupDetails"][0]["OutputDetails"][0]
    assert details["DurationInMs"] > 0 and details["VideoDetails"]["WidthInPx"] == 1280
    assert (running.folder / "buckets/outputs/mp4/clip.mp4").stat().st_size > 1000
    deadline = time.time() + 5
    while time.time() < deadline:
        lines = (running.folder / "events.ndjson").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        mine = [e["detail"]["status"] for e in events if e["detail"]["jobId"] == job["Id"]]
        if "COMPLETE" in mine:
            break
        time.sleep(0.1)
    assert mine[-1] == "COMPLETE" and set(mine[:-1]) == {"PROGRESSING", "INPUT_INFORMATION"}


def test_job_without_its_input(running, settings):
    client = running.client()
    changed = settings()
    changed["Inputs"][0]["FileInput"] = "s3://media/none.mp4"
    job = wait(client, client.create_job(Role=ROLE, Settings=changed)["Job"])
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1404) and "none.mp4" in job["ErrorMessage"]


def test_probe(running):
    body = json.dumps({"inputFiles": [{"fileUrl": "s3://media/clip.mp4"}]}).encode()
    status, _, answer = running.send("POST", "/2017-08-29/probe", SIGNED, body)
    assert status == 200
    result = json.loads(answer)["probeResults"][0]
    assert result["container"]["format"] == "mp4" and result["container"]["tracks"]
    for url, expected in [("s3://media/none.mp4", 400), ("file:///etc/passwd", 400), ("-x", 400)]:
        body = json.dumps({"inputFiles": [{"fileUrl": url}]}).encode()
        assert running.send("POST", "/2017-08-29/probe", SIGNED, body)[0] == expected
