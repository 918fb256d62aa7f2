# SPDX-License-Identifier: Apache-2.0
"""Runs the program on a storage folder of its own and says what came of it."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
TUTORIAL = REPO / "job-json/tutorial.json"
NOON, NOON_STAMP = "1767268800", "20260101T120000"  # the clock of every run, for $dt$

LIMIT = 60  # seconds; no input may take longer
SANITIZED = 99  # exit status when a sanitizer finds something: no failed job has that
ENV = {
    "SOURCE_DATE_EPOCH": NOON,
    "ASAN_OPTIONS": f"exitcode={SANITIZED}",
    "UBSAN_OPTIONS": f"exitcode={SANITIZED}:halt_on_error=1:print_stacktrace=1",
}


def setting(values):
    """The options that change the job at these JSON pointers."""
    return [word for pointer, value in values.items() for word in ("--set", f"{pointer}={value}")]


HLS = "/OutputGroups/0/Outputs/{}/OutputSettings/HlsSettings/SegmentModifier"
UNDATED = setting({HLS.format(output): "" for output in range(3)})


class Run:
    """One process, started by the constructor, and its outcome after wait()."""

    def __init__(self, source, folder, options=(), job=TUTORIAL, wrapper=(), env=()):
        self.folder, self.storage = pathlib.Path(folder), pathlib.Path(folder) / "storage"
        self.storage.mkdir(parents=True)
        command = [*wrapper, PROGRAM, "run", job, "--input", source, "--storage", self.storage]
        command += "--destination s3://out/bbb/Default --progress none --json".split()
        self.started = time.monotonic()
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            self.process = subprocess.Popen(
                list(map(str, [*command, *options])),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                env={**os.environ, **ENV, **dict(env)},
            )

    def wait(self, limit=LIMIT):
        killer = threading.Timer(limit, os.killpg, (self.process.pid, signal.SIGKILL))
        killer.start()
        _, status, usage = os.wait4(self.process.pid, 0)
        killer.cancel()
        self.exit = self.process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self.started
        self.peak_mb = usage.ru_maxrss / 1024  # of the largest process, children included
        return self

    @property
    def stdout(self):
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text()

    @property
    def result(self):
        return json.loads(self.stdout)

    @property
    def files(self):
        """Every file in the storage folder, unfinished ones included: {bucket/key: path}"""
        return {
            str(path.relative_to(self.storage)): path
            for path in self.storage.rglob("*")
            if not path.is_dir()
        }

    def completed(self):
        assert self.exit == 0, f"exit status {self.exit} after {self.seconds:.0f} s\n{self.stderr}"
        assert self.files, "nothing was made"
        return self
