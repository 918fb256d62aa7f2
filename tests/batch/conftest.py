# SPDX-License-Identifier: Apache-2.0
import pytest
from house import House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    for process in house.processes:
        if process.poll() is None:
            process.kill()
            process.wait()
