# SPDX-License-Identifier: Apache-2.0
import subprocess

import pytest
from house import REPO, House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    for process in house.processes:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def clips():
    folder = REPO / "build/fixtures"
    subprocess.run([REPO / "fixtures/make.sh", folder], check=True)
    return folder
