"""A binary body and a header with several values, for both modes of a load balancer."""

import base64
import gzip


def handler(event, context):
    body = event["body"].encode()
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    answer = {
        "statusCode": 200,
        "body": base64.b64encode(gzip.compress(body)).decode(),
        "isBase64Encoded": True,
    }
    if "multiValueHeaders" in event:
        return answer | {
            "multiValueHeaders": {
                "Content-Type": ["application/gzip"],
                "Set-Cookie": ["first=1", "second=2"],
            }
        }
    # A map has each name once; names that differ in case are different names, and the same header.
    return answer | {
        "headers": {
            "Content-Type": "application/gzip",
            "Set-Cookie": "first=1",
            "set-cookie": "second=2",
        }
    }
