# SPDX-License-Identifier: Apache-2.0
"""Runs a Lambda function written in Python: asks the Runtime API for an event, calls the handler with
it, says what it has returned or raised, and asks for the next one.

It speaks HTTP itself, over one connection that stays open: an invocation costs two short requests,
and Python's own client takes longer for each than most handlers do.
"""
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
import types

ROOT = os.environ["LAMBDA_TASK_ROOT"]
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
# Since 3.12 answers have letters as they are, before that escapes.
ESCAPES = os.environ.get("AWS_EXECUTION_ENV", "")[-4:] in ("n3.6", "n3.7", "n3.8", "n3.9", "3.10", "3.11")


class RuntimeApi:
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    def __init__(self, address):
        self.address = address
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def request(self, method, path, body=b"", headers=""):
        """The answer's status, headers (their names in lower case) and body."""
        head = (
            f"{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {self.address}\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        self.socket.sendall(head.encode() + body)
        return self.read_answer()

    def read_answer(self):
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, body = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        if len(body) < size:
            parts = [body]
            missing = size - len(body)
            while missing > 0:
                parts.append(self.receive())
                missing -= len(parts[-1])
            body = b"".join(parts)
        self.rest = body[size:]
        return int(status.split(" ")[1]), headers, body[:size]

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            sys.exit("the Runtime API is gone")
        return data

    def next(self):
        status, headers, body = self.request("GET", "invocation/next")
        if status != 200:
            sys.exit(f"the Runtime API answers {status}")
        return headers, body

    def say_result(self, request_id, body):
        self.request("POST", f"invocation/{request_id}/response", body, "Content-Type: application/json\r\n")

    def say_error(self, path, error):
        self.request(
            "POST",
            f"{path}/error",
            json.dumps(error).encode(),
            "Content-Type: application/vnd.aws.lambda.error+json\r\n"
            f"Lambda-Runtime-Function-Error-Type: {error['errorType'].encode('ascii', 'replace').decode()}\r\n",
        )


class Context:
    """What a handler is given beside its event."""

    def __init__(self, request_id, arn, deadline_ms, client_context):
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = types.SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = client_context
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return f"LambdaContext({vars(self)})"


def client_context_of(text):
    if not text:
        return None
    said = json.loads(text)
    client = said.get("client")
    return types.SimpleNamespace(
        custom=said.get("custom"), env=said.get("env"), client=types.SimpleNamespace(**client) if client else None
    )


# --- logging ---


class RequestFilter(logging.Filter):
    """Gives each record the id of the request that is under way."""

    request_id = ""

    def filter(self, record):
        record.aws_request_id = self.request_id
        return True


class Handler(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record))


def set_up_logging():
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = Handler()
    handler.setFormatter(formatter)
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)


def set_up_streams():
    """Lines go out when they are whole, and nothing that a handler prints is an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        except AttributeError:  # before Python 3.7
            pass


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # closed by the function, say
            pass


# --- errors ---


class Fault(Exception):
    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


def error_of(fault, request_id):
    """What the Runtime API is told, and what is printed."""
    kind, message, trace = fault.kind, str(fault), fault.trace
    lines = f"[ERROR] {kind}: {message}".split("\n")
    if trace:
        lines.append("Traceback (most recent call last):")
        lines.extend(line for entry in trace for line in entry.rstrip("\n").split("\n"))
    try:
        print("\r".join(lines))  # one event
    except Exception:  # the function has closed stdout
        pass
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def fault_of(error):
    """Of what a handler has raised, without our own frames."""
    try:
        message = str(error)
    except Exception:
        message = ""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return Fault(type(error).__name__, message, traceback.format_list(frames))


# --- the function ---


def load_handler(name):
    path, dot, function = name.rpartition(".")
    if not dot or not path:
        raise Fault(
            "Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        )
    try:
        module = importlib.import_module(path.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{path}': {error}")
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text or ""}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{path}': {error}", trace)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
        raise Fault(type(error).__name__, str(error), traceback.format_list(own))
    try:
        return getattr(module, function)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{path}'")


def plain(value):
    """What json does not know, but Lambda's own does."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def marshal(value):
    try:
        return json.dumps(value, ensure_ascii=ESCAPES, default=plain).encode()
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}")


def unmarshal(body):
    try:
        return json.loads(body.decode())
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}")


def invoke(api, handler, headers, body):
    request_id = headers["lambda-runtime-aws-request-id"]
    RequestFilter.request_id = request_id
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
    fault = None
    try:
        context = Context(
            request_id,
            headers.get("lambda-runtime-invoked-function-arn", ""),
            int(headers["lambda-runtime-deadline-ms"]),
            client_context_of(headers.get("lambda-runtime-client-context")),
        )
        result = marshal(handler(unmarshal(body), context))
    except Fault as error:
        fault = error
    except Exception as error:  # SystemExit ends the process, as it does on Lambda
        fault = fault_of(error)
    if fault:
        error = error_of(fault, request_id)
    flush()
    if fault:
        api.say_error(f"invocation/{request_id}", error)
    else:
        api.say_result(request_id, result)


def main():
    sys.path[0] = ROOT  # where this file's folder was
    set_up_streams()
    set_up_logging()
    api = RuntimeApi(API)
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Fault as fault:
        error = error_of(fault, "")
        flush()
        api.say_error("init", error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        invoke(api, handler, headers, body)


if __name__ == "__main__":
    main()
