# SPDX-License-Identifier: Apache-2.0
"""A function for batch jobs: a key that is too long fails, for good; the others say how long they are."""
import os
import urllib.parse


def handler(event, context):
    task = event["tasks"][0]
    key = urllib.parse.unquote_plus(task["s3Key"])
    well = len(key) <= int(os.environ["LONGEST"])
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [{
            "taskId": task["taskId"],
            "resultCode": "Succeeded" if well else "PermanentFailure",
            "resultString": f"{len(key)} characters",
        }],
    }
