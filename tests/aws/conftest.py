# SPDX-License-Identifier: Apache-2.0
"""One server for all tests of a module, called as AWS is."""
import io
import os
import pathlib
import subprocess
import sys
import zipfile

import boto3
import pytest
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serve"))
from program import KEY, SECRET, Serve  # noqa: E402


def stop(serve):
    assert serve.stop() == 0
    assert "level=error" not in serve.log.read_text()


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """A server that takes any key."""
    serve = Serve(tmp_path_factory.mktemp("aws"), "--queue-delay", "86400", "--event-retry", "1")
    yield serve
    stop(serve)


@pytest.fixture
def new_serve(tmp_path_factory):
    """Starts a server of the test's own."""
    all = []

    def start():
        all.append(Serve(tmp_path_factory.mktemp("own"), "--queue-delay", "86400", "--event-retry", "1"))
        return all[-1]

    yield start
    for serve in all:
        stop(serve)


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A server that wants signatures."""
    serve = Serve(tmp_path_factory.mktemp("locked"), "--queue-delay", "86400", key=True)
    yield serve
    stop(serve)


def client_of(serve, name, key=KEY, secret=SECRET, **more):
    """boto3's client of a service, for that server; each call is made once."""
    return boto3.client(
        name, region_name="us-east-1", endpoint_url=serve.url, aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}, **more),
    )


@pytest.fixture(scope="module")
def client(serve):
    return lambda name, **more: client_of(serve, name, **more)


@pytest.fixture
def awscli(serve, tmp_path):
    """Runs /usr/bin/aws, as somebody who has set the endpoint."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment = plain | {
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", "HOME": str(tmp_path),
    }

    def run(*words, check=True, **options):
        return subprocess.run(
            ["/usr/bin/aws", "--endpoint-url", serve.url, *map(str, words)], env=environment,
            capture_output=True, text=True, timeout=60, check=check, cwd=tmp_path, **options,
        )

    return run


def zip_of(**files):
    """The bytes of a zip: zip_of(main="…") has main.py in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return out.getvalue()
