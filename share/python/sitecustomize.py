# SPDX-License-Identifier: Apache-2.0
"""Makes a botocore before 1.31 read AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, as newer ones do.

With this folder in PYTHONPATH code that was written for AWS finds another endpoint through its
environment alone. Nothing is imported that the program does not import itself: botocore.session is
changed when it is loaded. An endpoint_url in the code wins; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
turns all of it off.
"""
import importlib.abc
import importlib.util
import os
import sys

MODULE = "botocore.session"


def configured_endpoint(session, service):
    """What the environment says for a service: its id, "S3 Control", names its variable."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    model = session.get_service_model(service)
    name = model.service_id.replace(" ", "_").replace("-", "_").upper()
    return os.environ.get(f"AWS_ENDPOINT_URL_{name}") or os.environ.get("AWS_ENDPOINT_URL")


def teach(module):
    import botocore

    if tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 31):
        return
    plain = module.Session.create_client

    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None,
                      endpoint_url=None, *args, **kwargs):
        endpoint_url = endpoint_url or configured_endpoint(self, service_name)
        return plain(self, service_name, region_name, api_version, use_ssl, verify, endpoint_url, *args, **kwargs)

    module.Session.create_client = create_client


class Finder(importlib.abc.MetaPathFinder):
    """Finds botocore.session as the others do, and has it changed once it is loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            teach(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
