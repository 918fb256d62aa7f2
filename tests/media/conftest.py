# SPDX-License-Identifier: Apache-2.0
"""What the media tests share: jobs run once, real media where there is some."""
import itertools
import os
import pathlib
import shutil

import pytest
from outputs import Outputs
from program import REPO, Run

MEDIA_DIR = pathlib.Path(os.environ.get("MEDIA_DIR", REPO.parent / "shared/media"))


@pytest.fixture(scope="session")
def media():
    """The folder of real media."""
    if not MEDIA_DIR.is_dir():
        pytest.skip(f"no real media in {MEDIA_DIR}; MEDIA_DIR says where they are")
    return MEDIA_DIR


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory, request):
    """Makes folders that go when all tests have passed."""
    base, count = tmp_path_factory.mktemp("runs"), itertools.count()
    yield lambda: base / str(next(count))
    if not request.session.testsfailed:
        shutil.rmtree(base)


@pytest.fixture(scope="session")
def run(new_folder):
    """Runs the tutorial's job on a file, once for each set of options."""
    runs = {}

    def run(source, *options):
        if (source, options) not in runs:
            runs[source, options] = Run(source, new_folder(), options).wait()
        return runs[source, options]

    return run


@pytest.fixture(scope="session")
def outputs(run):
    """The parsed outputs of such a run, which must have completed."""
    parsed = {}

    def outputs(source, *options):
        if (source, options) not in parsed:
            parsed[source, options] = Outputs(run(source, *options).completed(), source.stem)
        return parsed[source, options]

    return outputs
