"""A function whose answer the last part of the path names; of a WebSocket message, its body."""

import json
import os
import time

RESULTS = {
    "ok": {"statusCode": 200, "body": "fine"},
    "described": {"statusCode": 201, "statusDescription": "201 Made", "headers": {"Content-Type": "text/plain", "X-One": "1", "X-Two": "2"}, "body": "made", "isBase64Encoded": False},
    "single": {"statusCode": 200, "headers": {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "a=1", "X-B": "b"}, "body": "<p>ä</p>"},
    "several": {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["text/plain"], "Set-Cookie": ["a=1", "b=2"], "X-B": ["b"]}, "body": "two cookies"},
    "both": {"statusCode": 200, "headers": {"X-A": "1", "X-B": "2"}, "multiValueHeaders": {"X-B": ["3", "4"], "X-C": ["5"]}, "body": "both"},
    "cookies": {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "headers": {"X-A": "1,2"}, "body": "cookies"},
    "binary": {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "iVBORw0KGgo=", "isBase64Encoded": True},
    "bad-base64": {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
    "text": "just text",
    "number": 7,
    "null": None,
    "list": [1, 2],
    "object": {"hello": "world"},
    "no-status": {"body": "x"},
    "text-status": {"statusCode": "201", "body": "text"},
    "word-status": {"statusCode": "fine", "body": "word"},
    "status-0": {"statusCode": 0, "body": "0"},
    "status-99": {"statusCode": 99, "body": "99"},
    "status-100": {"statusCode": 100, "body": "100"},
    "status-204": {"statusCode": 204, "body": "no content"},
    "status-304": {"statusCode": 304, "headers": {"ETag": '"x"'}, "body": "not modified"},
    "status-600": {"statusCode": 600, "body": "600"},
    "status-float": {"statusCode": 200.0, "body": "float"},
    "body-null": {"statusCode": 200, "body": None},
    "body-object": {"statusCode": 200, "body": {"a": 1}},
    "body-none": {"statusCode": 200},
    "header-number": {"statusCode": 200, "headers": {"X-N": 1}, "body": "n"},
    "header-true": {"statusCode": 200, "headers": {"X-T": True}, "body": "t"},
    "header-null": {"statusCode": 200, "headers": {"X-Null": None}, "body": "null"},
    "header-lines": {"statusCode": 200, "headers": {"X-A": "1\r\nX-Forged: yes"}, "body": "lines"},
    "header-name": {"statusCode": 200, "headers": {"X A": "1"}, "body": "name"},
    "length": {"statusCode": 200, "headers": {"Content-Length": "2", "Transfer-Encoding": "chunked"}, "body": "length"},
    "hop": {"statusCode": 200, "headers": {"Connection": "close", "Keep-Alive": "timeout=5", "Server": "mine", "Date": "never", "Via": "me"}, "body": "hop"},
    "extra": {"statusCode": 200, "body": "extra", "other": 1},
    "denied": {"statusCode": 403, "body": "no"},
    "large": {"statusCode": 200, "body": "x" * 1_100_000},
}


def handler(event, context):
    """Answer one event."""
    context_of = event.get("requestContext", {})
    if context_of.get("eventType") == "MESSAGE":
        name = json.loads(event["body"]).get("name", "ok")
    elif context_of.get("eventType") == "CONNECT":
        name = (event.get("queryStringParameters") or {}).get("name", "ok")
    else:
        name = (event.get("rawPath") or event.get("path") or event.get("name", "")).rpartition("/")[2]
    if name == "event":
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
    if name == "raise":
        raise LookupError("no such pet")
    if name == "exit":
        os._exit(3)
    if name == "timeout":
        time.sleep(60)
    if name == "no-json":
        return {1, 2}
    return RESULTS.get(name, {"statusCode": 200, "body": "fine"})


def authorize(event, context):
    """Let ``me`` in: a policy for a REST API, a yes or no for an HTTP API."""
    token = event.get("authorizationToken") or event["headers"]["authorization"]
    if token == "fail":
        raise LookupError("no such token")
    if "methodArn" not in event:
        return {"isAuthorized": token == "me", "context": {"who": token}}
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if token == "me" else "Deny", "Resource": event["methodArn"]}
    return {"principalId": token, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "context": {"n": 1}}
