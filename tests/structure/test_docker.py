# SPDX-License-Identifier: Apache-2.0
"""What can be told of the Dockerfile and of docker-compose.yml where no engine is."""
import http.server
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading

import pytest
import yaml

REPO = pathlib.Path(__file__).parents[2]
BUILD = REPO / "build/release"
PROGRAM, MEDIA = BUILD / "bin/mediaconvert-local", BUILD / "libexec/mediaconvert-local-media"
INSTALLED = pathlib.Path("/usr/local")  # where the image has them
IGNORED = (REPO / ".dockerignore").read_text().split("\n")
COMPOSE = yaml.safe_load((REPO / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
SERVERS = ["minio", "rustfs"]

# What the runtime stage installs besides the packages of the libraries that are linked.
NOT_LINKED = {"ca-certificates"}  # OpenSSL reads its file
# In each Debian, whatever else is installed.
IN_THE_BASE = {"libc6"}


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


# --- the Dockerfile ---


class Stage:
    def __init__(self, image, name, below):
        self.image, self.name, self.below, self.steps = image, name, below, []

    def all(self, instruction):
        """The arguments of these instructions, those of the stage below first."""
        inherited = self.below.all(instruction) if self.below else []
        return inherited + [words for name, words in self.steps if name == instruction]


def read_stages():
    text = re.sub(r"^\s*#.*\n", "", (REPO / "Dockerfile").read_text(), flags=re.M)
    stages = []
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        name, _, words = line.partition(" ")
        if name == "FROM":
            image, _, stage = words.partition(" AS ")
            below = next((s for s in stages if s.name == image), None)
            stages.append(Stage(image, stage, below))
        elif name:
            stages[-1].steps.append((name, words))
    return stages


STAGES = read_stages()
BY_NAME = {stage.name: stage for stage in STAGES}
IMAGES = {"default": STAGES[-1], "runtime": BY_NAME["runtime"], "functions": BY_NAME["functions"]}


def installed_by(stage):
    """The packages that its RUN lines name, without those of the stages below."""
    lines = [words for name, words in stage.steps if name == "RUN"]
    named = [re.search(r"apt-get install ([^&]+)", line) for line in lines]
    return [word for found in named if found for word in found[1].split() if word[0] != "-"]


def linked_packages():
    """The packages of the libraries that the two programs name, be they linked or opened later on;
    not of those that these need."""
    packages, paths = set(), {}
    for name, path in re.findall(r"(\S+) \(.*\) => (/\S+)", output_of("/sbin/ldconfig", "-p")):
        paths.setdefault(name, path)
    for program in (PROGRAM, MEDIA):
        names = re.findall(rb"\0(lib[\w-]+\.so\.\d+)(?=\0)", program.read_bytes())
        for path in (paths[name.decode()] for name in names):
            # /lib is /usr/lib, and a package lists either
            both = [path, "/usr" + path] if not path.startswith("/usr") else [path, path[4:]]
            owner = subprocess.run(["dpkg", "-S", *both], capture_output=True, text=True).stdout
            assert owner, f"no package has {path}"
            packages.add(owner.split(":")[0])
    return packages


def is_ignored(path):
    """.dockerignore's last line that fits decides; ours have no wildcards but the first."""
    ignored = False
    for line in IGNORED:
        pattern = line.removeprefix("!")
        if pattern == "*" or (pattern and (path == pattern or path.startswith(pattern + "/"))):
            ignored = not line.startswith("!")
    return ignored


def test_stages():
    assert [stage.name for stage in STAGES[:-1]] == ["build", "runtime", "functions"]
    assert STAGES[-1].below is BY_NAME["functions"].below is BY_NAME["runtime"]
    assert {stage.image for stage in STAGES if not stage.below} == {"debian:12-slim"}


def test_what_is_built():
    """tools/install.sh is the one place with the names of what building needs."""
    runs = " ".join(BY_NAME["build"].all("RUN"))
    assert "tools/install.sh build " in runs + " "
    assert "cmake --preset release" in runs and "cmake --build --preset release" in runs
    assert not installed_by(BY_NAME["build"])


def test_runtime_packages_are_what_is_linked():
    if "VERSION_CODENAME=bookworm" not in pathlib.Path("/etc/os-release").read_text():
        pytest.skip("the packages of this system are not those of Debian 12")
    packages = installed_by(BY_NAME["runtime"])
    assert set(packages) == linked_packages() - IN_THE_BASE | NOT_LINKED
    assert packages == sorted(set(packages))


@pytest.mark.parametrize("name", ["runtime", "functions"])
def test_packages_exist(name):
    known = output_of("apt-cache", "pkgnames").split()
    assert not set(installed_by(BY_NAME[name])) - set(known)


def test_python_is_in_one_image_only():
    assert installed_by(BY_NAME["functions"]) == ["python3", "python3-boto3"]
    assert not [word for word in installed_by(BY_NAME["runtime"]) if "python" in word]
    assert not STAGES[-1].steps


@pytest.mark.parametrize("image", IMAGES)
def test_image(image):
    image = IMAGES[image]
    user, group = image.all("USER")[-1].split(":")
    assert int(user) and int(group)
    assert image.all("WORKDIR") == image.all("VOLUME") == ["/work"]
    assert image.all("ENTRYPOINT") == ['["mediaconvert-local"]']
    assert 'image.licenses="GPL-3.0-or-later"' in image.all("LABEL")[-1]
    assert len(image.all("HEALTHCHECK")) == 1


def test_what_is_copied():
    copied = []
    for stage in STAGES:
        for name, words in stage.steps:
            if name == "COPY" and not words.startswith("--from=build /installed"):
                copied += words.split()[:-1]
    assert not [path for path in copied if not (REPO / path).exists() or is_ignored(path)]
    assert {line[1:] for line in IGNORED if line.startswith("!")} == set(copied)
    assert is_ignored("build") and is_ignored(".git") and is_ignored(".env")


# --- the health check ---


def as_it_is(prefix):
    pass


def without_media_program(prefix):
    (prefix / "libexec/mediaconvert-local-media").unlink()


def without_library(prefix):
    """It asks for a library that no system has."""
    media = prefix / "libexec/mediaconvert-local-media"
    media.write_bytes(media.read_bytes().replace(b"\0libavcodec.so.", b"\0libnocodec.so."))


def with_bad_job(prefix):
    (prefix / "share/mediaconvert-local/tutorial.json").write_text('{"Inputs": 1}')


@pytest.mark.parametrize(
    "change, status",
    [(as_it_is, 0), (without_media_program, 1), (without_library, 1), (with_bad_job, 1)],
)
def test_health_check(tmp_path, change, status):
    prefix = tmp_path / "local"
    for source, folder in ((PROGRAM, "bin"), (MEDIA, "libexec")):
        (prefix / folder).mkdir(parents=True)
        shutil.copy(source, prefix / folder)
    words = next(w for w in BY_NAME["runtime"].all("COPY") if "tutorial.json" in w)
    *sources, folder = words.split()
    target = prefix / pathlib.Path(folder).relative_to(INSTALLED)
    target.mkdir(parents=True)
    for source in sources:
        shutil.copy(REPO / source, target)
    change(prefix)
    _, command = BY_NAME["runtime"].all("HEALTHCHECK")[0].split("CMD ")
    ran = subprocess.run(
        ["sh", "-c", command.replace(f"{INSTALLED}/", f"{prefix}/")],
        env={"PATH": f"{prefix}/bin:/usr/bin:/bin"},
        capture_output=True,
    )
    assert ran.returncode == status, ran.stderr


# --- docker-compose.yml ---


def with_defaults(value):
    """As docker compose puts it where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def variables_that_the_program_reads():
    """getenv() and what calls it."""
    names = set()
    for source in (REPO / "src").rglob("*.c"):
        names.update(re.findall(r'(?:getenv|environment)\("([A-Z_0-9]+)"\)', source.read_text()))
    return names


def test_services():
    assert set(SERVICES) == {*SERVERS, "buckets", "mediaconvert-local"}
    assert OURS == ["buckets", "mediaconvert-local"]


@pytest.mark.parametrize("name", SERVERS)
def test_server(name):
    service = SERVICES[name]
    image, _, tag = service["image"].rpartition(":")
    assert image and re.search(r"\d", tag), "which version?"
    assert service["profiles"] == [name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["networks"]["default"]["aliases"] == ["s3"]
    assert [with_defaults(port) for port in service["ports"]] == [
        "127.0.0.1:9000:9000",
        "127.0.0.1:9001:9001",
    ]
    assert [volume.split(":")[0] for volume in service["volumes"]] == [name]
    assert name in COMPOSE["volumes"]


def test_one_server_unless_told():
    """`--profile` takes the place of COMPOSE_PROFILES, so it is always one server."""
    assert "COMPOSE_PROFILES=minio\n" in (REPO / ".env").read_text()
    for name in SERVERS:
        assert SERVICES["buckets"]["depends_on"][name] == {
            "condition": "service_healthy",
            "required": False,
        }
    assert "profiles" not in SERVICES["buckets"]


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        condition = how["condition"]
        assert condition in ("service_healthy", "service_completed_successfully")
        assert condition != "service_healthy" or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", OURS)
def test_ours(name):
    service = SERVICES[name]
    assert service["build"]["target"] in IMAGES
    assert (REPO / service["build"]["context"]).samefile(REPO)
    assert not {"user", "privileged", "cap_add"} & set(service)
    assert "image" not in service  # else compose may look for it in a registry


def test_variables():
    """All of one account; and no name is misspelt."""
    ours = SERVICES["mediaconvert-local"]["environment"]
    assert {"AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= set(ours)
    assert not set(ours) - variables_that_the_program_reads()
    assert SERVICES["buckets"]["environment"] == {
        **ours,
        "BUCKETS": SERVICES["buckets"]["environment"]["BUCKETS"],
    }
    assert ours["AWS_ENDPOINT_URL_S3"] == "http://s3:9000"
    keys = {ours["AWS_ACCESS_KEY_ID"], ours["AWS_SECRET_ACCESS_KEY"]}
    for name in SERVERS:
        secrets = {
            value
            for variable, value in SERVICES[name]["environment"].items()
            if re.search(r"_(?:USER|PASSWORD|ACCESS_KEY|SECRET_KEY)$", variable)
        }
        assert secrets == keys
    # shorter ones are refused by the servers
    assert all(len(with_defaults(key)) >= 8 for key in keys)
    assert all(re.fullmatch(r"[\w-]+", with_defaults(key)) for key in keys)


def test_buckets_are_the_documented_ones():
    names = SERVICES["buckets"]["environment"]["BUCKETS"].split()
    assert names == [f"tutorial-bucket-{number}" for number in (1, 2, 3)]
    readme = (REPO / "README.md").read_text()
    assert not [name for name in names if name not in readme]


def test_documented_commands():
    """Their services, targets and profiles exist, and the program takes their options."""
    documents = [REPO / name for name in ("README.md", "Dockerfile", "docker-compose.yml")]
    text = "\n".join(document.read_text() for document in documents)
    text = re.sub(r" \\\n[# ]*", " ", text)
    for command in re.findall(r"\bdocker (?:compose|build|run) [^\n`]*", text):
        words = shlex.split(command.split("  ")[0])
        if "--profile" in words:
            profile = words[words.index("--profile") + 1]
            assert profile in (*SERVERS, "*"), command
        if "--target" in words:
            assert words[words.index("--target") + 1] in BY_NAME, command
        if words[1] == "compose" and "run" in words:
            service = [word for word in words[words.index("run") + 1 :] if word[0] != "-"][0]
            assert service in SERVICES, command
        if words.count("run") == 2:
            job = words[len(words) - words[::-1].index("run")]
            assert job == "JOB.json" or (REPO / job).exists(), command


class Buckets(http.server.BaseHTTPRequestHandler):
    """Answers as MinIO does."""

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path in self.server.buckets:
            code = b"BucketAlreadyOwnedByYou"
            self.answer(409, b"<Error><Code>" + code + b"</Code><Message>it is</Message></Error>")
        else:
            self.server.buckets.append(self.path)
            self.answer(200)

    def do_HEAD(self):
        self.answer(200 if self.path in self.server.buckets else 404)

    def log_message(self, *_):
        pass


def test_buckets_are_made_once():
    service = SERVICES["buckets"]
    assert service["entrypoint"] == ["python3", "-c"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Buckets)
    server.buckets = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: with_defaults(value) for name, value in service["environment"].items()}
    environment["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{server.server_port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    for _ in range(2):
        output_of(sys.executable, "-c", *service["command"], env=plain | environment)
    server.shutdown()
    assert server.buckets == [f"/{name}" for name in environment["BUCKETS"].split()]
