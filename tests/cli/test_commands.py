# SPDX-License-Identifier: Apache-2.0
"""The command line: help, mistakes, exit statuses, what goes to stdout and what to stderr."""
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import time

import pytest

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
JOB = REPO / "job-json/tutorial.json"
COMMANDS = [
    "run", "validate", "plan", "probe", "settings", "serve", "batch", "inventory", "logs", "worker",
]


@pytest.fixture(scope="module")
def clip():
    subprocess.run([REPO / "fixtures/make.sh"], check=True, cwd=REPO)
    return REPO / "build/fixtures/no_audio.mp4"


@pytest.fixture
def call(tmp_path):
    """Runs the program in an empty folder."""

    def call(*words, stdin=None):
        return subprocess.run(
            [PROGRAM, *words], cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=60
        )

    return call


def test_help_lists_every_command(call):
    for word in ("--help", "-h", "help"):
        answer = call(word)
        assert answer.returncode == 0 and answer.stderr == ""
        assert re.findall(r"^  (\w+) ", answer.stdout, re.M) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(call, command):
    answer = call(command, "--help")
    assert answer.returncode == 0 and answer.stderr == ""
    assert answer.stdout.startswith(f"Usage: mediaconvert-local {command} ")
    assert "--help" in answer.stdout
    assert all(len(line) <= 100 for line in answer.stdout.splitlines())


def test_version(call):
    number = re.search(r"VERSION (\S+) LANGUAGES", (REPO / "CMakeLists.txt").read_text())[1]
    assert call("--version").stdout == f"mediaconvert-local {number}\n"


# words, what stderr says
REFUSED = [
    ([], "which command?"),
    (["transcode"], "no command 'transcode'"),
    (["validat"], "did you mean 'validate'?"),
    (["--json"], "no option '--json'"),
    (["run"], "which JOB.json?"),
    (["run", "a", "b"], "only one JOB.json: 'a' and 'b'"),
    (["run", "--inptu", "x", "a"], "no option '--inptu'; did you mean '--input'?"),
    (["run", "--inptu=x", "a"], "no option '--inptu'; did you mean '--input'?"),
    (["run", "-x", "a"], "no option '-x'"),
    (["run", "a", "--input"], "--input needs a value"),
    (["run", "--json=1", "a"], "--json takes no value"),
    (["run", "--speed", "fast", "a"], "--speed takes one of normal, draft, not 'fast'"),
    (["run", "--threads", "0", "a"], "--threads takes a number from 1 to 1024, not '0'"),
    (["run", "--threads=2x", "a"], "not '2x'"),
    (["serve", "--threads", "1025"], "--threads takes a number from 1 to 1024, not '1025'"),
    (["run", "--progress", "", "a"], "--progress takes one of auto, bar, json, none, not ''"),
    (["run", "none.json"], "cannot open 'none.json'"),
    (["run", "--", "--help"], "cannot open '--help'"),
    (["run", JOB, "--set", "/a"], "--set takes /POINTER=VALUE, not '/a'"),
    (["run", JOB, "--set", "/OutputGroups=x"], "outputGroups"),
    (["run", JOB, "--destination", "/tmp"], "--destination '/tmp'"),
    (["plan", JOB, "--set=/NoSuchSetting=1"], '"NoSuchSetting" is not a member'),
    (["settings", "NoSuchStructure"], "NoSuchStructure"),
]


@pytest.mark.parametrize(
    "words, says",
    REFUSED,
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_refused(call, tmp_path, words, says):
    answer = call(*words)
    assert answer.returncode == 2 and answer.stdout == ""
    assert says in answer.stderr
    assert not list(tmp_path.iterdir())


# words, the ErrorCode
FAILED = [
    (["run", JOB, "--input", "none.mp4"], 1404),
    (["run", JOB, "--input", "s3://none/none.mp4"], 1404),
    (["run", JOB, "--input", "/usr"], 1056),
    (["run", JOB, "--input", JOB], 1010),
    (["plan", JOB, "--input", "none.mp4"], 1404),
    (["probe", "none.mp4"], 1404),
    (["probe", JOB], 1010),
]


@pytest.mark.parametrize(
    "words, code", FAILED, ids=lambda value: value if isinstance(value, int) else value[0]
)
def test_failed(call, tmp_path, words, code):
    answer = call(*words)
    assert answer.returncode == 1 and answer.stdout == ""
    assert re.search(rf"^error: ErrorCode {code}: [A-Z][\w ]+: \S", answer.stderr, re.M)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", [["run", JOB, "--input"], ["plan", JOB, "--input"], ["probe"]], ids=lambda words: words[0]
)
def test_failed_in_json(call, words):
    answer = call(*words, "none.mp4", "--json")
    assert answer.returncode == 1 and "none.mp4" in answer.stderr and "input '" not in answer.stderr
    result = json.loads(answer.stdout)
    assert (result["status"], result["errorCode"]) == ("ERROR", 1404) and result["errorMessage"]


def test_refused_in_json(call):
    answer = call("run", "-", "--json", stdin="{}")
    assert answer.returncode == 2
    result = json.loads(answer.stdout)
    assert result["status"] == "REFUSED" and result["findings"][0]["severity"] == "error"


@pytest.mark.parametrize("command", ["run", "plan"])
def test_unreadable_in_json(call, command):
    answer = call(command, "none.json", "--json")
    assert answer.returncode == 2 and "error: cannot open 'none.json'" in answer.stderr
    result = json.loads(answer.stdout)
    assert result["status"] == "REFUSED" and "none.json" in result["findings"][0]["message"]


@pytest.mark.parametrize("words", [["run", JOB, "-i"], ["plan", JOB, "-i"], ["probe"]], ids=lambda w: w[0])
def test_no_control_characters(call, words):
    answer = call(*words, "/no\x1b[2J.mp4")
    assert answer.returncode and "\x1b" not in answer.stderr
    assert "?[2J" in answer.stderr or "Should NOT have control characters" in answer.stderr


def test_no_control_characters_in_the_table(call, clip):
    words = ["run", REPO / "job-json/mp4.json", "-i", clip, "-d", "s3://out/a\x9b2J", "--speed=draft"]
    answer = call(*words)
    assert answer.returncode == 0, answer.stderr
    assert "\x9b" not in answer.stdout + answer.stderr and "s3://out/a?2J/" in answer.stdout


each_command = pytest.mark.parametrize("words", [["run", JOB, "-i"], ["plan", JOB, "-i"], ["probe"]], ids=lambda w: w[0])


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "B")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
@each_command
def test_endpoint_of_the_environment(call, monkeypatch, clip, keys, name, words):
    """It is used, which shows where it is none; a folder that is asked for comes before it."""
    monkeypatch.setenv(name, "ftp://localhost")
    answer = call(*words, clip)
    assert answer.returncode == 2 and "'ftp://localhost'" in answer.stderr
    answer = call(*words, "s3://a/none.mp4", "--storage", ".")
    assert answer.returncode == 1 and "ErrorCode 1404" in answer.stderr


@each_command
def test_two_storages(call, keys, words):
    answer = call(*words, "s3://a/none.mp4", "--storage", ".", "--s3-endpoint", "http://localhost")
    assert answer.returncode == 2 and "not both" in answer.stderr


def test_reader_of_progress_that_leaves(clip, tmp_path):
    """`--progress json 2>&1 | head -1` cancels the run, which leaves nothing behind."""
    words = ["run", JOB, "--input", clip, "-d", "s3://out/a", "--progress", "json"]
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen([PROGRAM, *words], cwd=tmp_path, stdout=write, stderr=write)
    os.close(write)
    assert process.wait(60) == 1
    assert not list(tmp_path.iterdir())


def test_run(call, clip, tmp_path):
    answer = call(
        "run",
        JOB,
        "--input",
        clip,
        "--destination",
        "s3://out/a",
        "--speed",
        "draft",
        "--progress=none",
    )
    assert answer.returncode == 0, answer.stderr
    assert "error" not in answer.stderr
    assert "s3://out/a/HLS/\n" in answer.stdout
    assert re.search(r"^\d+ objects, .*, in ./buckets; ", answer.stdout, re.M)
    made = [path for path in (tmp_path / "buckets").rglob("*") if path.is_file()]
    assert int(re.search(r"^(\d+) objects", answer.stdout, re.M)[1]) == len(made)


def test_run_in_json(call, clip, tmp_path):
    answer = call(
        "run",
        JOB,
        f"--input={clip}",
        "-d",
        "s3://out/a",
        "--speed=draft",
        "--json",
        "--progress",
        "json",
    )
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert result["status"] == "COMPLETE"
    assert [group["type"] for group in result["outputGroupDetails"]] == [
        "HLS_GROUP",
        "FILE_GROUP",
        "FILE_GROUP",
    ]
    files = [path for path in (tmp_path / "buckets").rglob("*") if path.is_file()]
    made = {f"s3://{path.relative_to(tmp_path / 'buckets')}": path.stat().st_size for path in files}
    assert made and {item["uri"]: item["bytes"] for item in result["objects"]} == made
    progress = [json.loads(line) for line in answer.stderr.splitlines() if line.startswith("{")]
    assert progress and progress[-1]["percent"] == 100
    assert [p["percent"] for p in progress] == sorted(p["percent"] for p in progress)


def run_on_terminal(*words, at=()):
    """What it writes to a terminal of 60 columns, and its exit status; signals at these seconds."""
    child, terminal = pty.fork()
    if not child:
        os.environ.update(TERM="xterm", COLUMNS="60")
        os.execv(PROGRAM, [str(PROGRAM), *map(str, words)])
    output, started, at = b"", time.monotonic(), list(at)
    os.set_blocking(terminal, False)
    while True:
        if at and time.monotonic() - started > at[0]:
            os.kill(child, signal.SIGINT)
            at.pop(0)
        try:
            block = os.read(terminal, 65536)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        except OSError:
            break
        output += block
    return output.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_bar_on_a_terminal_only(call, clip, tmp_path):
    words = ["run", JOB, "--input", clip, "-d", "s3://out/a", "--storage", tmp_path / "b"]
    output, status = run_on_terminal(*words)
    assert status == 0
    assert re.search(r"\r *\d+% \[#* *\] .* fps .*x .* left\x1b\[K", output)
    assert "\r\x1b[K" in output, "the bar is not removed"
    assert "%" not in call(*words).stderr


def test_interrupted(clip, tmp_path):
    long = clip.with_name("hard.mp4")
    output, status = run_on_terminal(
        "run", JOB, "--input", long, "-d", "s3://out/a", "--storage", tmp_path / "b", at=[0.3]
    )
    assert status == 1 and "canceled" in output
    assert not list(tmp_path.iterdir())


def test_pipe_that_closes(clip):
    """`| head` ends it without a word."""
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen([PROGRAM, "settings"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert process.communicate()[1] == b""
    assert process.returncode == -signal.SIGPIPE


def test_full_disk():
    with open("/dev/full", "wb") as full:
        answer = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert answer.returncode == 1 and "No space left" in answer.stderr


def test_probe(call, clip):
    assert "h264" in call("probe", clip).stdout
    (found,) = json.loads(call("probe", clip, "--json").stdout)["probeResults"]
    assert found["container"]["format"] == "mp4"
    assert found["metadata"]["eTag"] == hashlib.md5(clip.read_bytes()).hexdigest()


def test_plan(call, clip):
    words = ["plan", JOB, "--input", clip, "-d", "s3://out/a", "--threads", "2"]
    assert call(*words).stdout == call(*words).stdout != ""
    assert json.loads(call(*words, "--json").stdout)
