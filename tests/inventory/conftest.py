# SPDX-License-Identifier: Apache-2.0
import itertools
import sys

import pytest

from reports import Folder, OnServer

sys.path.append(str(Folder.REPO / "tests/s3"))
from server import server  # noqa: E402, F401


@pytest.fixture(params=["folder", "ceph"])
def store(request, tmp_path):
    """Somewhere to put objects, and to have an inventory of them written."""
    if request.param == "folder":
        return Folder(tmp_path)
    return OnServer(request.getfixturevalue("server"))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture(scope="session")
def counter():
    return itertools.count()


@pytest.fixture
def bucket(store, counter):
    return store.new_bucket(f"source-{next(counter)}")
