# SPDX-License-Identifier: Apache-2.0
"""A worker process, talked to as the dispatcher does it, on a storage folder of its own."""
import copy
import json
import os
import pathlib
import resource
import subprocess

import pytest

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
SANITIZED = any(
    word in pathlib.Path(PROGRAM).read_bytes() for word in (b"__asan_init", b"__tsan_init")
)  # what a sanitizer maps for itself would count as memory
TUTORIAL = json.loads((REPO / "job-json/tutorial.json").read_text())
LIMIT = 60  # seconds; nothing here may take longer


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Two seconds of 360p with sound."""
    path = tmp_path_factory.mktemp("clip") / "tiny.mp4"
    command = "ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=640x360:r=25:d=2"
    command += " -f lavfi -i sine=d=2 -preset ultrafast -bitexact"
    subprocess.run([*command.split(), path], check=True)
    return path


def settings_of(uri, destination):
    """The tutorial's, with another input, and groups at DESTINATION/0/, /1/, /2/."""
    settings = copy.deepcopy(TUTORIAL.get("Settings", TUTORIAL))
    settings["Inputs"][0]["FileInput"] = uri
    for number, group in enumerate(settings["OutputGroups"]):
        kind = next(v for k, v in group["OutputGroupSettings"].items() if k != "Type")
        kind["Destination"] = f"{destination}/{number}/"
    return settings


class Worker:
    """Started by the constructor, which hands it the job."""

    def __init__(self, folder, settings, metadata=(), options=(), memory_mib=0):
        def limit():
            if memory_mib:
                resource.setrlimit(resource.RLIMIT_DATA, (memory_mib << 20, memory_mib << 20))

        self.storage = folder / "storage"
        self.said = []
        self.process = subprocess.Popen(
            [PROGRAM, "worker", "--storage", self.storage, "--speed", "draft", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=limit,
        )
        job = {"startTime": 1767268800000000, "settings": settings}
        job["rest"] = {"userMetadata": dict(metadata)}
        text = json.dumps(job).encode()
        self.tell(b"%d\n%s" % (len(text), text))

    def tell(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def hear(self):
        """The next line, or None at the end."""
        line = self.process.stdout.readline()
        self.said.append(json.loads(line) if line else None)
        return self.said[-1]

    def hear_until(self, kind, **members):
        """Answers what is asked for on the way, but not what is waited for."""
        while (line := self.hear()) is not None:
            if line["type"] == kind and members.items() <= line.items():
                return line
            if line["type"] == "objects":
                self.tell(b"recorded\n")
        raise AssertionError(f"no {kind}: {self.said}, {self.process.stderr.read()}")

    def wait(self):
        """The exit status, once everything is heard that it says."""
        while self.hear() is not None:
            if self.said[-1]["type"] == "objects":
                self.tell(b"recorded\n")
        return self.process.wait(LIMIT)

    def kill(self, number):
        self.process.send_signal(number)

    def close(self):
        self.process.stdin.close()

    def end(self):
        self.process.kill()
        self.process.wait()

    def files(self):
        """Everything that is in the storage, unfinished uploads included."""
        return sorted(
            str(path.relative_to(self.storage))
            for path in self.storage.rglob("*")
            if path.is_file() and self.storage / "in" not in path.parents
        )

    def kinds(self):
        return [line["type"] for line in self.said if line]


@pytest.fixture
def start(tmp_path, clip):
    """Starts a worker on a job like the tutorial's; the clip is s3://in/tiny.mp4."""
    workers = []

    def start(uri="s3://in/tiny.mp4", metadata=(), options=(), memory_mib=0):
        source = tmp_path / "storage/in"
        source.mkdir(parents=True, exist_ok=True)
        if not (source / "tiny.mp4").exists():
            os.link(clip, source / "tiny.mp4")
        settings = settings_of(uri, "s3://out")
        workers.append(Worker(tmp_path, settings, metadata, options, memory_mib))
        return workers[-1]

    yield start
    for worker in workers:
        worker.end()
