# SPDX-License-Identifier: Apache-2.0
import itertools

import pytest
from server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ceph") / "ceph")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def new_name():
    """Bucket names that nobody has had yet."""
    count = itertools.count()
    return lambda: f"bucket-{next(count)}"
