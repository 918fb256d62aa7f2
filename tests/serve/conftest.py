# SPDX-License-Identifier: Apache-2.0
import copy
import json

import pytest
from program import REPO, Serve


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
