# SPDX-License-Identifier: Apache-2.0
"""A Lambda function that S3 Batch Operations invokes for each video: it submits job.json to
MediaConvert with this video as input, its outputs below s3://$DestinationBucket/NAME/Default."""
import json
import os
import pathlib
import urllib.parse

import boto3

SETTINGS = {"HLS_GROUP_SETTINGS": "HlsGroupSettings", "FILE_GROUP_SETTINGS": "FileGroupSettings"}


def settings_for(bucket, key):
    settings = json.loads(pathlib.Path("job.json").read_text())
    settings["Inputs"][0]["FileInput"] = f"s3://{bucket}/{key}"
    for group in settings["OutputGroups"]:
        target = group["OutputGroupSettings"][SETTINGS[group["OutputGroupSettings"]["Type"]]]
        path = urllib.parse.urlparse(target["Destination"]).path
        target["Destination"] = f"s3://{os.environ['DestinationBucket']}/{pathlib.PurePath(key).stem}/Default{path}"
    return settings


def handler(event, context):
    task, = event["tasks"]
    bucket, key = task["s3BucketArn"].rpartition(":")[2], urllib.parse.unquote_plus(task["s3Key"])
    print(f"{bucket}/{key}")
    client = boto3.client("mediaconvert")
    client = boto3.client("mediaconvert", endpoint_url=client.describe_endpoints()["Endpoints"][0]["Url"])
    job = client.create_job(Role=os.environ["MediaConvertRole"], Settings=settings_for(bucket, key),
                            UserMetadata={"input": f"s3://{bucket}/{key}"})["Job"]  # fmt: skip
    result = {"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": job["Id"]}
    return {"invocationSchemaVersion": event["invocationSchemaVersion"], "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event["invocationId"], "results": [result]}  # fmt: skip
