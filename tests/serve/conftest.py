# SPDX-License-Identifier: Apache-2.0
import copy
import itertools
import json
import subprocess

import pytest
from program import REPO, Serve


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left():
    """Servers of tests that have failed do not live on."""
    yield
    for process in Serve.all:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """A server whose jobs wait for ever: it is asked, and runs nothing."""
    serve = Serve(tmp_path_factory.mktemp("serve"), "--queue-delay", "86400", "--log-level", "debug")
    yield serve
    assert serve.stop() == 0
    assert "level=error" not in serve.log.read_text()


@pytest.fixture(scope="session")
def locked(tmp_path_factory):
    """A server that wants signatures."""
    serve = Serve(tmp_path_factory.mktemp("locked"), "--queue-delay", "86400", key=True)
    yield serve
    assert serve.stop() == 0


@pytest.fixture(scope="session")
def client(serve):
    return serve.client()


@pytest.fixture(scope="session")
def settings():
    """Settings of a job, to be changed as one likes."""
    text = (REPO / "job-json/mp4.json").read_text()
    return lambda: copy.deepcopy(json.loads(text))


@pytest.fixture(scope="session")
def new_name():
    count = itertools.count()
    return lambda: f"name-{next(count)}"


@pytest.fixture(scope="session")
def clips():
    folder = REPO / "build/fixtures"
    subprocess.run([REPO / "fixtures/make.sh", folder], check=True)
    return folder
