# SPDX-License-Identifier: Apache-2.0
"""Debian's awscli, by every operation that it knows: what people type, and what comes back."""
import json
import os
import pathlib
import subprocess
import sys
import threading

import botocore.session
import pytest
from botocore import xform_name

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serve"))
from program import REPO, Serve  # noqa: E402

AWS = "/usr/bin/aws"
ROLE = "arn:aws:iam::111122223333:role/any"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
SETTINGS = f"file://{REPO}/job-json/mp4.json"


class Cli:
    def __init__(self, serve):
        self.serve = serve
        self.used = set()

    def run(self, operation, *words):
        self.used.add(operation)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
            "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
        }
        command = [AWS, "mediaconvert", operation, "--endpoint-url", self.serve.url, "--output", "json", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def __call__(self, operation, *words):
        done = self.run(operation, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    def refused(self, operation, *words):
        """The name of the refusal, as awscli prints it."""
        done = self.run(operation, *words)
        assert done.returncode not in (0, 2), done
        return done.stderr.split("(", 1)[1].split(")", 1)[0]


@pytest.fixture(scope="module")
def cli(tmp_path_factory):
    serve = Serve(tmp_path_factory.mktemp("awscli"), "--queue-delay", "86400")
    yield Cli(serve)
    assert serve.stop() == 0


def together(*calls):
    """An awscli takes most of a second to start: two of them at a time."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_jobs(cli):
    job = cli("create-job", "--role", ROLE, "--settings", SETTINGS, "--user-metadata", "name=Grüße 漢字")["Job"]
    assert job["Status"] == "SUBMITTED" and job["UserMetadata"] == {"name": "Grüße 漢字"}
    assert cli("get-job", "--id", job["Id"])["Job"] == job
    assert [j["Id"] for j in cli("list-jobs", "--status", "SUBMITTED")["Jobs"]] == [job["Id"]]
    cli("cancel-job", "--id", job["Id"])
    assert cli("get-job", "--id", job["Id"])["Job"]["Status"] == "CANCELED"
    assert cli.refused("cancel-job", "--id", job["Id"]) == "ConflictException"
    assert cli.refused("get-job", "--id", "1515368087458-qnoxtd") == "NotFoundException"
    assert cli.refused("create-job", "--role", ROLE, "--settings", "{}") == "BadRequestException"


def test_queues_and_tags(cli):
    queue = cli("create-queue", "--name", "films", "--status", "PAUSED", "--tags", "a=1,b=2")["Queue"]
    assert queue["Status"] == "PAUSED"
    assert cli("update-queue", "--name", "films", "--status", "ACTIVE")["Queue"]["Status"] == "ACTIVE"
    assert cli("get-queue", "--name", "films")["Queue"]["Arn"] == queue["Arn"]
    # awscli pages by itself: one queue a page
    names = [q["Name"] for q in cli("list-queues", "--page-size", "1")["Queues"]]
    assert sorted(names) == ["Default", "films"]
    cli("tag-resource", "--arn", queue["Arn"], "--tags", "c=")
    cli("untag-resource", "--arn", queue["Arn"], "--tag-keys", "a")
    tags = cli("list-tags-for-resource", "--arn", queue["Arn"])["ResourceTags"]["Tags"]
    assert tags == {"b": "2", "c": ""}
    cli("delete-queue", "--name", "films")
    assert cli.refused("get-queue", "--name", "films") == "NotFoundException"


def test_job_templates(cli):
    settings = json.loads((REPO / "job-json/mp4.json").read_text())
    settings["Inputs"] = []
    cli("create-job-template", "--name", "t", "--category", "c", "--settings", json.dumps(settings))
    assert cli.refused("create-job-template", "--name", "t", "--settings", "{}") == "ConflictException"
    assert cli("get-job-template", "--name", "t")["JobTemplate"]["Settings"] == settings
    assert cli("update-job-template", "--name", "t", "--priority", "7")["JobTemplate"]["Priority"] == 7
    assert [t["Name"] for t in cli("list-job-templates", "--category", "c")["JobTemplates"]] == ["t"]
    cli("delete-job-template", "--name", "t")


def test_presets(cli):
    settings = {"ContainerSettings": {"Container": "MP4"}}
    cli("create-preset", "--name", "p", "--settings", json.dumps(settings))
    assert cli("get-preset", "--name", "p")["Preset"]["Settings"] == settings
    assert cli("update-preset", "--name", "p", "--description", "d")["Preset"]["Description"] == "d"
    assert [p["Name"] for p in cli("list-presets")["Presets"]] == ["p"]
    cli("delete-preset", "--name", "p")


def test_account(cli):
    assert cli("describe-endpoints")["Endpoints"] == [{"Url": cli.serve.url}]
    policy = {"HttpInputs": "DISALLOWED", "HttpsInputs": "ALLOWED", "S3Inputs": "ALLOWED"}
    assert cli("put-policy", "--policy", json.dumps(policy))["Policy"] == policy
    assert cli("get-policy")["Policy"] == policy
    together(lambda: cli("delete-policy"), lambda: cli("associate-certificate", "--arn", CERTIFICATE))
    cli("disassociate-certificate", "--arn", CERTIFICATE)


def test_every_operation_was_used(cli):
    """Comes last. Of all that Debian's botocore knows, which is awscli's own."""
    model = botocore.session.get_session().get_service_model("mediaconvert")
    names = {xform_name(name, "-") for name in model.operation_names}
    assert len(names) >= 28 and not names - cli.used, names - cli.used
