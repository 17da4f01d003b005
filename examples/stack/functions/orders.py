"""Orders; PLACE tells where the function runs."""

import json
import os


def handler(event, context):
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"place": os.environ["PLACE"], "path": event["path"]}),
    }
