"""The smallest handler behind a load balancer."""

import json


def handler(event, context):
    body = {"hello": event["path"], "request": context.aws_request_id}
    return {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }
