# SPDX-License-Identifier: Apache-2.0
"""With this folder in PYTHONPATH, code that was written for AWS finds another endpoint through its
environment alone, whatever its version of botocore, and so does Debian's awscli:

- A botocore before 1.31 reads AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, as newer ones do. An
  endpoint_url in the code wins; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS turns this off.
- botocore puts the account before the host's name of S3 Control's endpoint. What comes of this
  machine's names, 111122223333.localhost and 111122223333.127.0.0.1, is found on this machine.

botocore is changed when it is loaded; a program that does not load it is left as it is.
"""
import importlib.abc
import importlib.util
import inspect
import os
import re
import sys

MODULES = ("botocore.session", "awscli.botocore.session")


def configured_endpoint(session, service):
    """What the environment says for a service: its id, "S3 Control", names its variable."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    model = session.get_service_model(service)
    name = model.service_id.replace(" ", "_").replace("-", "_").upper()
    return os.environ.get(f"AWS_ENDPOINT_URL_{name}") or os.environ.get("AWS_ENDPOINT_URL")


def without_account(host):
    """The name behind a dot and an account, if it is this machine's; any name below localhost is."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not isinstance(name, str):
        return host
    if name.lower().endswith(".localhost"):
        return "localhost"
    loopback = re.fullmatch(r"[0-9]{12}\.(127(?:\.[0-9]{1,3}){3})", name)
    return loopback[1] if loopback else host


def teach_names():
    import socket

    plain = socket.getaddrinfo
    if plain.__module__ == __name__:
        return

    def getaddrinfo(host, *args, **kwargs):
        return plain(without_account(host), *args, **kwargs)

    socket.getaddrinfo = getaddrinfo


def teach_endpoints(module):
    package = module.__name__.rpartition(".")[0]
    if hasattr(importlib.import_module(f"{package}.configprovider"), "ConfiguredEndpointProvider"):
        return
    plain = module.Session.create_client
    parameters = inspect.signature(plain)

    def create_client(*args, **kwargs):
        call = parameters.bind(*args, **kwargs)
        session, service = call.arguments["self"], call.arguments["service_name"]
        if not call.arguments.get("endpoint_url"):
            call.arguments["endpoint_url"] = configured_endpoint(session, service)
        return plain(*call.args, **call.kwargs)

    module.Session.create_client = create_client


class Finder(importlib.abc.MetaPathFinder):
    """Finds these modules as the others do, and has them changed once they are loaded."""

    busy = False

    def find_spec(self, name, path=None, target=None):
        if name not in MODULES or self.busy:
            return None
        self.busy = True
        spec = importlib.util.find_spec(name)
        self.busy = False
        if spec is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            teach_names()
            teach_endpoints(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
