# SPDX-License-Identifier: Apache-2.0
"""Jobs from S3 to S3 on a real server, read back by clients that are not ours."""
import http.server
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from hashlib import sha256

import pytest
from server import PROGRAM, REPO, TOOLS, call, command_of_run

sys.path.append(str(REPO / "tests/faults"))
from proxy import Proxy  # noqa: E402

HLS = "/OutputGroups/0/Outputs/{}/OutputSettings/HlsSettings/SegmentModifier="
UNDATED = [word for output in range(3) for word in ("--set", HLS.format(output))]
# One MP4 of more than three parts.
LARGE = ["--set", "/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings/"
         "MaxBitrate=40000000", "--set", "/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/"
         "H264Settings/QvbrSettings/QvbrQualityLevel=10", "--speed", "draft"]  # fmt: skip


def test_calls(server):
    """What calls.c asserts; then the keys that it has written, with another client's eyes."""
    result = call([TOOLS / "s3_calls"], server.environment())
    assert result.exit == 0, result.stdout + result.stderr
    keys = server.keys_in("keys")
    assert len(keys) > 20 and "a//b" in keys and max(map(len, map(str.encode, keys))) == 1024
    for key in keys:
        assert server.get("keys", key).decode() == f"s3://keys/{key}"


@pytest.fixture(scope="module")
def tutorial(server, clips, tmp_path_factory):
    """The tutorial's job from S3 to S3 and from folder to folder: the bucket and the folder."""
    clip, folder = clips / "fps2997.mp4", tmp_path_factory.mktemp("folder")
    bucket, source = server.new_bucket("tutorial"), server.put("clips", "a b/é+%.mp4", clip.read_bytes())
    (folder / "clips/a b").mkdir(parents=True)
    (folder / "clips/a b/é+%.mp4").write_bytes(clip.read_bytes())
    command = command_of_run("tutorial.json", source, f"s3://{bucket}/x y/Default", "--speed", "draft", *UNDATED)
    on_server = call(command, server.environment()).completed()
    in_folder = call([*command, "--storage", folder], server.environment()).completed()
    return bucket, folder / bucket, on_server.json, in_folder.json


def test_same_bytes_as_in_a_folder(server, tutorial):
    bucket, folder, on_server, in_folder = tutorial
    files = [path for path in folder.rglob("*") if path.is_file()]
    hashes = {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}
    assert len(files) > 10
    assert server.hashes(bucket) == hashes
    for report in (on_server, in_folder):
        report.pop("timing", None)
        report["objects"].sort(key=lambda made: made["uri"])
    assert on_server == in_folder
    assert not server.uploads(bucket)


def test_content_types(server, tutorial):
    types = {
        ".m3u8": "application/vnd.apple.mpegurl",
        ".ts": "video/MP2T",
        ".aac": "audio/aac",
        ".mp4": "video/mp4",
        ".jpg": "image/jpeg",
    }
    for key in server.keys_in(tutorial[0]):
        head = server.client.head_object(Bucket=tutorial[0], Key=key)
        assert head["ContentType"].lower() == types[os.path.splitext(key)[1]].lower(), key


def test_aws_cli_reads_back(server, tutorial, tmp_path):
    bucket, folder, *_ = tutorial
    command = ["/usr/bin/aws", "--endpoint-url", server.endpoint, "s3", "cp", "--recursive", "--no-progress", "--quiet",
               f"s3://{bucket}/", tmp_path]  # fmt: skip
    result = call(command, server.environment(AWS_DEFAULT_REGION="us-east-1"))
    assert result.exit == 0, result.stderr
    subprocess.run(["diff", "-r", folder, tmp_path], check=True)


def test_large_object(server, clips, new_name):
    """Several parts in, several parts out, the index of the MP4 in front."""
    source = server.put("clips", "hard.mp4", (clips / "hard.mp4").read_bytes())
    bucket = server.new_bucket(new_name())
    with Proxy(server.address) as proxy:
        command = command_of_run("mp4.json", source, f"s3://{bucket}", *LARGE)
        call(command, server.environment(proxy.endpoint)).completed()
    (key,) = server.keys_in(bucket)
    body = server.get(bucket, key)
    assert server.client.head_object(Bucket=bucket, Key=key)["ETag"].strip('"').split("-")[1] >= "3"
    assert body.find(b"moov") < body.find(b"mdat")
    assert proxy.received["GET"] <= 1.05 * (clips / "hard.mp4").stat().st_size + 4096


@pytest.fixture(scope="session")
def large_clip(tmp_path_factory):
    """Noise with sound: several times what a reader keeps of an object."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    command = "ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=640x360:r=25:d=8,noise=alls=100:allf=t"
    command += " -f lavfi -i sine=d=8 -preset ultrafast -b:v 40M -minrate 40M -maxrate 40M -bufsize 4M"
    subprocess.run([*command.split(), "-pix_fmt", "yuv420p", path], check=True)
    return path


TINY = [word for group, output in [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)] for side, size in [("Width", 64), ("Height", 36)]
        for word in ("--set", f"/OutputGroups/{group}/Outputs/{output}/VideoDescription/{side}={size}")]  # fmt: skip
KEPT = 8 << 20  # bytes, by s3/remote.c


@pytest.mark.parametrize("name, options", [
    ("moov_last.mp4", []), ("moov_first.mp4", ["-movflags", "+faststart"]), ("transport.ts", [])])
def test_no_byte_is_read_twice(server, large_clip, new_name, name, options):
    clip = large_clip.parent / name
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", large_clip, "-c", "copy", *options, clip]
    subprocess.run(command, check=True)
    body = clip.read_bytes()
    assert len(body) > 3 * KEPT
    source, bucket = server.put("clips", f"large/{name}", body), server.new_bucket(new_name())
    with Proxy(server.address) as proxy:
        command = command_of_run("tutorial.json", source, f"s3://{bucket}", "--speed", "draft", *TINY)
        call(command, server.environment(proxy.endpoint)).completed()
    assert proxy.received["GET"] <= 1.05 * len(body)


def test_canned_acl_and_storage_class(server, clips, new_name):
    source = server.put("clips", "mono.mp4", (clips / "mono.mp4").read_bytes())
    at = "/OutputGroups/0/OutputGroupSettings/FileGroupSettings/DestinationSettings/S3Settings"
    public, private = server.new_bucket(new_name()), server.new_bucket(new_name())
    for bucket, acl in (public, "PUBLIC_READ"), (private, "BUCKET_OWNER_READ"):
        options = ["--speed", "draft", "--set", f"{at}/AccessControl/CannedAcl={acl}"]
        options += ["--set", f"{at}/StorageClass=STANDARD"]
        call(command_of_run("mp4.json", source, f"s3://{bucket}", *options), server.environment()).completed()

    (key,) = server.keys_in(public)
    url = f"{server.endpoint}/{{}}/{key}"
    assert urllib.request.urlopen(url.format(public)).read() == server.get(public, key)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.format(private))


def test_encryption(server, clips, new_name):
    """It is asked for; a server that does not do it, as Ceph's gateway, is told on."""
    source, bucket = server.put("clips", "mono.mp4", (clips / "mono.mp4").read_bytes()), server.new_bucket(new_name())
    at = "/OutputGroups/0/OutputGroupSettings/FileGroupSettings/DestinationSettings/S3Settings/Encryption"
    options = ["--speed", "draft", "--set", f"{at}/EncryptionType=SERVER_SIDE_ENCRYPTION_S3"]
    with Proxy(server.address) as proxy:
        result = call(command_of_run("mp4.json", source, f"s3://{bucket}", *options), server.environment(proxy.endpoint))
    (put,) = [r for r in proxy.heads if r.first.startswith("PUT")]
    assert put.get("x-amz-server-side-encryption") == "AES256"
    (key,) = server.keys_in(bucket)
    encrypted = server.client.head_object(Bucket=bucket, Key=key).get("ServerSideEncryption")
    infos = result.completed().json["messages"]["info"]
    assert encrypted or any("may not be encrypted" in info for info in infos), infos


def test_presigned_input(server, clips, new_name):
    """An https:// input, but for the s."""
    server.put("clips", "mono.mp4", (clips / "mono.mp4").read_bytes())
    url = server.client.generate_presigned_url("get_object", {"Bucket": "clips", "Key": "mono.mp4"})
    bucket = server.new_bucket(new_name())
    call(command_of_run("mp4.json", url, f"s3://{bucket}", "--speed", "draft"), server.environment()).completed()
    assert server.keys_in(bucket) == ["mp4/mono.mp4"]
    gone = call(command_of_run("mp4.json", f"{server.endpoint}/clips/mono.mp4", f"s3://{bucket}"), server.environment())
    assert gone.exit == 1 and "ErrorCode 3403: HTTP Forbidden" in gone.stderr


REFUSED = {
    "wrong secret": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "s3://clips/x.mp4", 1401, "SignatureDoesNotMatch"),
    "wrong key": ({"AWS_ACCESS_KEY_ID": "NOBODY"}, "s3://clips/x.mp4", 1401, "InvalidAccessKeyId"),
    "no object": ({}, "s3://clips/none.mp4", 1404, "NoSuchKey"),
    "no bucket": ({}, "s3://no-such-bucket/x.mp4", 1404, "NoSuchBucket"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_once(server, case):
    changes, source, code, why = REFUSED[case]
    with Proxy(server.address) as proxy:
        server.put("clips", "x.mp4", b"x")
        result = call([PROGRAM, "probe", source], server.environment(proxy.endpoint, **changes))
    assert result.exit == 1
    assert f"ErrorCode {code}: " in result.stderr and why in result.stderr and source in result.stderr
    assert "request id tx" in result.stderr
    assert len(proxy.requests) == 1


def test_no_server(server, tmp_path):
    environment = server.environment("http://127.0.0.1:9")
    started = time.monotonic()
    result = call([PROGRAM, "probe", "s3://clips/x.mp4"], environment)
    assert result.exit == 1 and "ErrorCode 3451: HTTP Connection Error" in result.stderr
    assert time.monotonic() - started < 20
    nobody = {k: v for k, v in environment.items() if "KEY" not in k}
    result = call([PROGRAM, "probe", "s3://clips/x.mp4"], {**nobody, "HOME": str(tmp_path)})
    assert "ErrorCode 1401" in result.stderr and "AWS_ACCESS_KEY_ID" in result.stderr


def test_certificates(server, tmp_path):
    """Only a server whose certificate is known gets a request; that it is not is no passing fault."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]  # fmt: skip
    subprocess.run(request, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    source = server.put("clips", "x.mp4", b"x")
    with Proxy(server.address, tls=tls) as proxy:
        unknown = call([PROGRAM, "probe", source], server.environment(proxy.endpoint))
        assert unknown.exit == 1 and "ErrorCode 3451" in unknown.stderr and "certificate" in unknown.stderr
        assert "tries" not in unknown.stderr and not proxy.requests
        known = call([PROGRAM, "probe", source], server.environment(proxy.endpoint, AWS_CA_BUNDLE=str(certificate)))
        assert "ErrorCode 1010" in known.stderr and proxy.requests


def test_options(server, clips, tmp_path):
    source = server.put("clips", "mono.mp4", (clips / "mono.mp4").read_bytes())
    without = {k: v for k, v in server.environment().items() if "ENDPOINT" not in k}
    by_option = call([PROGRAM, "probe", source, "--s3-endpoint", server.endpoint], without)
    by_variable = call([PROGRAM, "probe", source], {**without, "AWS_ENDPOINT_URL": server.endpoint})
    in_folder = call([PROGRAM, "probe", source, "--storage", tmp_path], server.environment())
    port = server.endpoint.rsplit(":", 1)[1]
    in_host = call([PROGRAM, "probe", source, "--s3-virtual-host", "--s3-endpoint",
                    f"http://localhost:{port}"], without)  # fmt: skip
    assert by_option.completed().stdout == by_variable.completed().stdout
    assert in_folder.exit == 1 and "1404" in in_folder.stderr
    assert in_host.completed().stdout == by_option.stdout  # libcurl knows where *.localhost is


def test_failed_job_leaves_nothing(server, clips, new_name):
    source = server.put("clips", "damaged.ts", (clips / "transport.ts").read_bytes()[:700000])
    bucket = server.new_bucket(new_name())
    options = ["--speed", "draft", "--set", "/OutputGroups/1/Outputs/0/NameModifier=" + "x" * 250]
    result = call(command_of_run("tutorial.json", source, f"s3://{bucket}/{'k' * 800}", *options), server.environment())
    assert result.exit == 1, result.stdout
    assert not server.keys_in(bucket) and not server.uploads(bucket)


def start(server, bucket, source):
    command = list(map(str, command_of_run("mp4.json", source, f"s3://{bucket}", *LARGE)))
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment())


def wait_for_upload(server, bucket, process):
    while not server.uploads(bucket):
        assert process.poll() is None, "it ended before it had uploaded a part"
        time.sleep(0.05)


def test_stopped_and_killed(server, clips, new_name):
    source, bucket = server.put("clips", "hard.mp4", (clips / "hard.mp4").read_bytes()), server.new_bucket(new_name())
    stopped = start(server, bucket, source)
    wait_for_upload(server, bucket, stopped)
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(20) != 0
    assert not server.keys_in(bucket) and not server.uploads(bucket)

    killed = start(server, bucket, source)
    wait_for_upload(server, bucket, killed)
    killed.kill()
    killed.wait()
    assert server.uploads(bucket) and not server.keys_in(bucket)
    assert start(server, bucket, source).wait(60) == 0
    assert server.keys_in(bucket) and not server.uploads(bucket)


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers reads and writes of small objects in one region, and keeps what was asked."""

    def answer(self):
        self.server.requests.append((self.command, self.path, self.headers))
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        here = "/eu-west-1/s3/" in self.headers["Authorization"]
        reading = here and self.command == "GET" and "Range" in self.headers
        self.send_response(206 if reading else 200 if here else 301)
        self.send_header("x-amz-bucket-region", "eu-west-1")
        self.send_header("Content-Length", "3" if reading else "0")
        self.send_header("ETag", '"900150983cd24fb0d6963f7d28e17f72"')
        if reading:
            self.send_header("Content-Range", "bytes 0-2/3")
        self.end_headers()
        self.wfile.write(b"abc" if reading else b"")

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


def signed_by_curl(server, request, keys, **changes):
    """The Authorization of the same request, with the same date, when curl signs it."""
    method, path, headers = request
    signed = re.search("SignedHeaders=([^,]+)", headers["Authorization"])[1].split(";")
    words = ["curl", "-sS", "-q", "--noproxy", "*", "--path-as-is", "-X", method, "--aws-sigv4", "aws:amz:eu-west-1:s3"]
    words += ["--user", ":".join(keys), f"http://{headers['Host']}{path}"]
    for name in signed:
        if name != "host":
            words += ["-H", f"{name}: {changes.get(name, headers[name])}"]
    subprocess.run(words, check=True, capture_output=True)
    return server.requests.pop()[2]["Authorization"]


RECORDED = {"AWS_ACCESS_KEY_ID": "CURLKEY", "AWS_SECRET_ACCESS_KEY": "curl/secret+key", "AWS_SESSION_TOKEN": "to/k+=="}


@pytest.fixture
def recorder(tmp_path):
    """With transfer(), which reads an object and writes it to another bucket: the requests of that."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        environment = {**RECORDED, "AWS_ENDPOINT_URL_S3": endpoint, "HOME": str(tmp_path)}

        def transfer(region):
            server.requests = []
            command = [TOOLS / "s3_transfer", "s3://from/a b/+%é~.mp4", "s3://to/x//y.mp4"]
            result = call(command, {**environment, "AWS_REGION": region})
            assert result.exit == 0, result.stderr
            return server.requests[:]

        server.transfer = transfer
        yield server
        server.shutdown()


def test_curl_signs_the_same(recorder):
    """What we send, signed again by curl: an object read and written, with a session token."""
    requests = recorder.transfer("eu-west-1")
    paths = [f"{method} {path}" for method, path, _ in requests]
    assert paths == ["GET /from/a%20b/%2B%25%C3%A9~.mp4", "PUT /to/x//y.mp4"]
    keys = RECORDED["AWS_ACCESS_KEY_ID"], RECORDED["AWS_SECRET_ACCESS_KEY"]
    for request in requests:
        assert signed_by_curl(recorder, request, keys) == request[2]["Authorization"]
        others = [signed_by_curl(recorder, request, (keys[0], "another")),
                  signed_by_curl(recorder, request, keys, **{"x-amz-content-sha256": "0" * 64})]  # fmt: skip
        assert request[2]["Authorization"] not in others


def test_other_region(recorder):
    """Each bucket is asked for where it is said to be, and once only where it is not."""
    requests = [(method, headers["Authorization"]) for method, _, headers in recorder.transfer("us-east-1")]
    regions = [(method, authorization.split("/")[2]) for method, authorization in requests]
    there = ["us-east-1", "eu-west-1"]
    assert regions == [(method, region) for method in ("GET", "PUT") for region in there]
