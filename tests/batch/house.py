# SPDX-License-Identifier: Apache-2.0
"""Whole batch jobs by `batch`, in a folder of their own; reports read as anybody's code would."""
import csv
import hashlib
import io
import json
import os
import pathlib
import subprocess
import zipfile

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")).resolve()
COLUMNS = ["Bucket", "Key", "VersionId", "TaskStatus", "HTTPStatusCode", "ErrorCode", "ResultMessage"]


class House:
    """A folder with buckets and data."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.processes = []
        self.keys = {}

    def put(self, uri, content):
        """An object in its buckets, or a file beside them; returns what names it."""
        if not uri.startswith("s3://"):
            (self.folder / uri).write_bytes(content)
            return uri
        path = self.folder / "buckets" / uri.removeprefix("s3://")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return uri

    def zip(self, name, **files):
        """NAME.zip of Python modules."""
        with zipfile.ZipFile(self.folder / f"{name}.zip", "w") as archive:
            for module, text in files.items():
                archive.writestr(f"{module}.py", text)
        return f"{name}.zip"

    def words(self, manifest, *options):
        return [PROGRAM, "batch", manifest, "--json", "--batch-retry", "10", *map(str, options)]

    def start(self, manifest, *options):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | self.keys
        process = subprocess.Popen(self.words(manifest, *options), cwd=self.folder, env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def batch(self, manifest, *options, status=0, timeout=120):
        """Runs it to its end; returns what it prints, with stderr as "stderr"."""
        process = self.start(manifest, *options)
        out, err = process.communicate(timeout=timeout)
        assert process.returncode == status, f"exit status {process.returncode}\n{out}\n{err}"
        return (json.loads(out) if out else {}) | {"stderr": err}

    def report(self, result):
        """The rows of a batch job's report, as dicts, in the order of its files; each file is what
        manifest.json says that it is."""
        def read(uri):
            return (self.folder / "buckets" / uri.removeprefix("s3://")).read_bytes()

        text = read(result["report"])
        assert read(result["report"] + ".md5").decode() == hashlib.md5(text).hexdigest()
        manifest = json.loads(text)
        assert manifest["Format"] == "Report_CSV_20180820"
        assert manifest["ReportSchema"] == ("Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, "
                                            "ResultMessage")
        folder = result["report"].rpartition("/")[0]
        rows, named = [], set()
        for part in manifest["Results"]:
            uri = f"s3://{part['Bucket']}/{part['Key']}"
            named.add(uri)
            content = read(uri)
            assert uri.startswith(f"{folder}/results/") and content
            assert len(uri.rpartition("/")[2]) == len("0123456789012345678901234567890123456789.csv")
            assert hashlib.md5(content).hexdigest() == part["MD5Checksum"]
            of_file = [dict(zip(COLUMNS, row, strict=True))
                       for row in csv.reader(io.StringIO(content.decode(), newline=""), strict=True)]
            assert {row["TaskStatus"] for row in of_file} == {part["TaskExecutionStatus"]}
            rows += of_file
        there = (self.folder / "buckets" / folder.removeprefix("s3://") / "results").glob("*")
        assert {f"{folder}/results/{path.name}" for path in there} == named
        return rows


def tasks(result):
    """(total, succeeded, failed)"""
    summary = result["progressSummary"]
    return tuple(summary[name] for name in ("totalNumberOfTasks", "numberOfTasksSucceeded", "numberOfTasksFailed"))


# What a function gets of an event and gives back.
HANDLER = '''
def answer(event, code="Succeeded", text="done", **more):
    result = {"taskId": event["tasks"][0]["taskId"], "resultCode": code, "resultString": text}
    return {"invocationSchemaVersion": event["invocationSchemaVersion"], "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event["invocationId"], "results": [result]} | more
'''
