# SPDX-License-Identifier: Apache-2.0
from server import server  # noqa: F401
