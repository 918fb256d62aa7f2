# SPDX-License-Identifier: Apache-2.0
"""Inventory configurations of buckets, as boto3 and awscli put them; the reports that come of them."""
import gzip
import json
import os
import subprocess
import time
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError
from conftest import client_of
from program import AUTHORIZATION

HEADERS = {"Authorization": AUTHORIZATION.replace("/mediaconvert/", "/s3/"), "Content-Type": "application/xml"}
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture(scope="module")
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(serve, new_name):
    name = new_name()
    (serve.folder / "buckets" / name).mkdir(parents=True)
    (serve.folder / "buckets" / name / "a b.mp4").write_bytes(b"123")
    return name


def configuration(**changes):
    plain = {
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::inventories", "Format": "CSV", "Prefix": "some/where"}},
        "IsEnabled": True,
        "Id": "daily",
        "IncludedObjectVersions": "Current",
        "OptionalFields": ["Size", "LastModifiedDate", "StorageClass"],
        "Schedule": {"Frequency": "Daily"},
    }
    return {key: value for key, value in (plain | changes).items() if value is not None}


def put(s3, bucket, id="daily", **changes):
    return s3.put_bucket_inventory_configuration(Bucket=bucket, Id=id, InventoryConfiguration=configuration(Id=id, **changes))


def get(s3, bucket, id="daily"):
    return s3.get_bucket_inventory_configuration(Bucket=bucket, Id=id)


def wait(s3, bucket, header, id="daily"):
    """What the answer says of the report."""
    end = time.time() + 10
    while True:
        headers = get(s3, bucket, id)["ResponseMetadata"]["HTTPHeaders"]
        if f"x-mediaconvert-local-{header}" in headers:
            return headers[f"x-mediaconvert-local-{header}"]
        assert time.time() < end, headers
        time.sleep(0.05)


def refused(code, status, call, *arguments, **request):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **request)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    return response["Error"]["Message"]


def read(serve, uri):
    return (serve.folder / "buckets" / uri.removeprefix("s3://")).read_bytes()


def test_a_report_at_once(serve, s3, bucket):
    put(s3, bucket)
    uri = wait(s3, bucket, "manifest")
    assert uri.startswith(f"s3://inventories/some/where/{bucket}/daily/2")
    manifest = json.loads(read(serve, uri))
    assert (manifest["sourceBucket"], manifest["destinationBucket"]) == (bucket, "arn:aws:s3:::inventories")
    (file,) = manifest["files"]
    row = gzip.decompress(read(serve, f"s3://inventories/{file['key']}")).decode()
    assert row.startswith(f'"{bucket}","a%20b.mp4","3","20') and row.endswith('Z","STANDARD"\n')


EVERYTHING = configuration(
    Destination={"S3BucketDestination": {
        "AccountId": "111122223333", "Bucket": "arn:aws-cn:s3:::inventories", "Format": "CSV", "Prefix": "a/<b>",
        "Encryption": {"SSEKMS": {"KeyId": "arn:aws:kms:us-east-1:111122223333:key/k"}},
    }},
    Filter={"Prefix": "a & b/"}, IsEnabled=False, Schedule={"Frequency": "Weekly"},
    OptionalFields=["ETag", "ObjectLockMode", "Size"],
)  # fmt: skip


def test_given_back(s3, bucket):
    for wanted in (
        configuration(), EVERYTHING, configuration(OptionalFields=None),
        configuration(Destination={"S3BucketDestination": {
            "Bucket": "arn:aws:s3:::inventories", "Format": "CSV", "Encryption": {"SSES3": {}}}}),
    ):  # fmt: skip
        s3.put_bucket_inventory_configuration(Bucket=bucket, Id="daily", InventoryConfiguration=wanted)
        assert get(s3, bucket)["InventoryConfiguration"] == wanted
        (listed,) = s3.list_bucket_inventory_configurations(Bucket=bucket)["InventoryConfigurationList"]
        assert listed == wanted


def test_filter_and_encryption_and_unknown_fields(serve, s3, bucket):
    (serve.folder / "buckets" / bucket / "in").mkdir()
    (serve.folder / "buckets" / bucket / "in/one").write_bytes(b"")
    put(s3, bucket, Filter={"Prefix": "in/"}, OptionalFields=["ReplicationStatus", "Size"])
    manifest = json.loads(read(serve, wait(s3, bucket, "manifest")))
    assert manifest["fileSchema"] == "Bucket, Key, Size, ReplicationStatus"
    rows = gzip.decompress(read(serve, f"s3://inventories/{manifest['files'][0]['key']}")).decode()
    assert rows == f'"{bucket}","in/one","0",""\n'
    assert f"bucket={bucket}" in serve.log.read_text() and "empty=ReplicationStatus" in serve.log.read_text()


def test_disabled_writes_nothing(serve, s3, bucket):
    put(s3, bucket, IsEnabled=False, Destination={"S3BucketDestination": {"Bucket": "arn:aws:s3:::nothing", "Format": "CSV"}})
    time.sleep(0.3)
    assert not (serve.folder / "buckets/nothing").exists()


def test_list_and_delete(s3, bucket):
    assert s3.list_bucket_inventory_configurations(Bucket=bucket)["IsTruncated"] is False
    names = [f"n{number:03}" for number in range(150)]
    for name in reversed(names):
        put(s3, bucket, name, IsEnabled=False)
    first = s3.list_bucket_inventory_configurations(Bucket=bucket)
    assert first["IsTruncated"] and len(first["InventoryConfigurationList"]) == 100
    rest = s3.list_bucket_inventory_configurations(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert not rest["IsTruncated"]
    found = [entry["Id"] for page in (first, rest) for entry in page["InventoryConfigurationList"]]
    assert found == names
    answer = s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="n000")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("NoSuchConfiguration", 404, get, s3, bucket, "n000")
    refused("NoSuchConfiguration", 404, s3.delete_bucket_inventory_configuration, Bucket=bucket, Id="n000")
    refused("InvalidArgument", 400, s3.list_bucket_inventory_configurations, Bucket=bucket, ContinuationToken="none")


def test_replaced(serve, s3, bucket):
    put(s3, bucket, OptionalFields=["Size"])
    wait(s3, bucket, "manifest")
    put(s3, bucket, OptionalFields=["ETag"])
    end = time.time() + 10
    while "ETag" not in json.loads(read(serve, wait(s3, bucket, "manifest")))["fileSchema"]:
        assert time.time() < end
        time.sleep(0.05)


def test_refused(serve, s3, bucket):
    to = configuration()["Destination"]["S3BucketDestination"]
    assert "is no bucket's ARN" in refused("InvalidS3DestinationBucket", 400, put, s3, bucket, Destination={"S3BucketDestination": to | {"Bucket": "inventories"}})
    refused("InvalidS3DestinationBucket", 400, put, s3, bucket, Destination={"S3BucketDestination": to | {"Bucket": "arn:aws:s3:::a/b"}})
    assert "versions cannot be listed" in refused("NotImplemented", 501, put, s3, bucket, IncludedObjectVersions="All")
    assert "CSV" in refused("NotImplemented", 501, put, s3, bucket, Destination={"S3BucketDestination": to | {"Format": "Parquet"}})
    refused("NoSuchBucket", 404, put, s3, "no-such-bucket")
    refused("NoSuchBucket", 404, s3.list_bucket_inventory_configurations, Bucket="no-such-bucket")
    refused("InvalidConfigurationId", 400, put, s3, bucket, "a b")
    refused("NoSuchConfiguration", 404, get, s3, bucket)


def body(**changes):
    parts = {
        "Destination": "<S3BucketDestination><Bucket>arn:aws:s3:::i</Bucket><Format>CSV</Format></S3BucketDestination>",
        "IsEnabled": "false",
        "Id": "daily",
        "IncludedObjectVersions": "Current",
        "Schedule": "<Frequency>Daily</Frequency>",
    } | changes
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items() if value is not None)
    return f"<InventoryConfiguration>{inside}</InventoryConfiguration>".encode()


MALFORMED = [
    ({"Destination": None}, "'Destination' is required"),
    ({"Destination": ""}, "'S3BucketDestination' is required"),
    ({"Destination": "<S3BucketDestination><Format>CSV</Format></S3BucketDestination>"}, "'Bucket' is required"),
    ({"Destination": "<S3BucketDestination><Bucket>b</Bucket><Format>XML</Format></S3BucketDestination>"}, "CSV, ORC, Parquet"),
    ({"IsEnabled": "1"}, "true or false"),
    ({"Id": None}, "'Id' is required"),
    ({"IncludedObjectVersions": "Some"}, "Current, All, not 'Some'"),
    ({"Schedule": "<Frequency>Hourly</Frequency>"}, "Daily, Weekly, not 'Hourly'"),
    ({"OptionalFields": "<Field>Colour</Field>"}, "no inventory field 'Colour'"),
    ({"OptionalFields": "<Field>Size</Field><Field>Size</Field>"}, "'Size' is given twice"),
    ({"Filter": ""}, "'Prefix' is required"),
    ({"Unheard": "of"}, "there is no 'Unheard'"),
]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_malformed(serve, bucket, number):
    changes, message = MALFORMED[number]
    status, headers, answer = serve.send("PUT", f"/{bucket}?inventory&id=daily", HEADERS, body(**changes))
    root = ElementTree.fromstring(answer)
    assert (status, root.tag, root.find("Code").text) == (400, "Error", "MalformedXML")
    assert message in root.find("Message").text


@pytest.mark.parametrize("text", [b"", b"{}", b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><InventoryConfiguration>&e;</InventoryConfiguration>'])
def test_hostile(serve, bucket, text):
    status, headers, answer = serve.send("PUT", f"/{bucket}?inventory&id=daily", HEADERS, text)
    assert status == 400 and b"MalformedXML" in answer and b"root:" not in answer


def test_other_id(serve, bucket):
    status, headers, answer = serve.send("PUT", f"/{bucket}?inventory&id=weekly", HEADERS, body())
    assert status == 400 and b"InvalidArgument" in answer


def test_in_front_of_the_host(serve, bucket):
    host = f"{bucket}.localhost:{serve.port}"
    status, _, answer = serve.send("PUT", "/?inventory&id=daily", HEADERS, body(), host=host)
    assert status == 200 and not answer
    status, _, answer = serve.send("GET", "/?inventory&id=daily", HEADERS, host=host)
    assert status == 200 and ElementTree.fromstring(answer).find(f"{NAMESPACE}Id").text == "daily"
    status, _, answer = serve.send("GET", "/?inventory&id=daily", HEADERS)
    assert status == 400 and b"which bucket?" in answer
    status, _, answer = serve.send("DELETE", "/?inventory&id=daily", HEADERS, host=host)
    assert status == 204


def test_a_failure_is_visible(tmp_path):
    """Logged once, and told with the configuration; putting it again mends it."""
    from program import Serve

    serve = Serve(tmp_path / "serve")
    s3 = client_of(serve, "s3")
    source = serve.folder / "buckets/videos"
    source.mkdir(parents=True)
    (serve.folder / "buckets/inventories").write_text("no folder")
    put(s3, "videos")
    assert "inventories" in wait(s3, "videos", "failure")
    (serve.folder / "buckets/inventories").unlink()
    put(s3, "videos")
    wait(s3, "videos", "manifest")
    assert "x-mediaconvert-local-failure" not in get(s3, "videos")["ResponseMetadata"]["HTTPHeaders"]
    assert serve.log.read_text().count("event=inventory-fails") == 1
    assert serve.stop() == 0


def test_survives_a_restart(tmp_path):
    from program import Serve

    serve = Serve(tmp_path / "serve")
    (serve.folder / "buckets/videos").mkdir(parents=True)
    put(client_of(serve, "s3"), "videos")
    wait(client_of(serve, "s3"), "videos", "manifest")
    serve.stop()
    serve.start()
    assert get(client_of(serve, "s3"), "videos")["InventoryConfiguration"] == configuration()
    assert serve.stop() == 0
    assert serve.log.read_text().count("event=inventory ") == 1


def test_the_rest_of_s3(s3, tmp_path):
    for call in (
        lambda: s3.list_buckets(),
        lambda: s3.list_objects_v2(Bucket="videos"),
        lambda: s3.put_object(Bucket="videos", Key="a/b", Body=b"1"),
        lambda: s3.create_bucket(Bucket="videos"),
        lambda: s3.delete_object(Bucket="videos", Key="a"),
        lambda: s3.get_bucket_location(Bucket="videos"),
    ):
        message = refused("NotImplemented", 501, call)
        assert "files in the folder buckets" in message


def test_signed(locked):
    (locked.folder / "buckets/videos").mkdir(parents=True, exist_ok=True)
    put(client_of(locked, "s3"), "videos", IsEnabled=False)
    assert get(client_of(locked, "s3"), "videos")["InventoryConfiguration"]["Id"] == "daily"
    refused("AccessDenied", 403, get, client_of(locked, "s3", secret="another"), "videos")


def test_awscli(serve, bucket, tmp_path):
    (tmp_path / "configuration.json").write_text(json.dumps(configuration()))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}

    def aws(operation, *words):
        words = ["/usr/bin/aws", "--endpoint-url", f"http://localhost:{serve.port}", "s3api", operation, "--bucket", bucket, *words]
        result = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout.strip() else None

    aws("put-bucket-inventory-configuration", "--id", "daily", "--inventory-configuration", f"file://{tmp_path}/configuration.json")
    assert aws("get-bucket-inventory-configuration", "--id", "daily")["InventoryConfiguration"] == configuration()
    assert len(aws("list-bucket-inventory-configurations")["InventoryConfigurationList"]) == 1
    aws("delete-bucket-inventory-configuration", "--id", "daily")
