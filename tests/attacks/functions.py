"""The functions that the attacked gateway serves, as files of a folder."""

from pathlib import Path
from typing import Final

APP: Final = """
import json


def handler(event, context):
    if not isinstance(event, dict):
        return {"statusCode": 200, "body": "no object"}
    request = event.get("requestContext")
    if isinstance(request, dict) and "connectionId" in request:
        return message(event)
    path = event.get("rawPath") or event.get("path") or ""
    if not isinstance(path, str):
        return {"statusCode": 200, "body": "no path"}
    if path.startswith("/raise"):
        raise ValueError("on purpose")
    if path.startswith("/large"):
        return {"statusCode": 200, "body": "x" * 300_000}
    if path.startswith("/mirror"):
        return mirrored(event)
    body = event.get("body")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain"},
        "body": json.dumps([path[:100], len(body) if isinstance(body, str) else 0]),
    }


def message(event):
    body = event.get("body") or ""
    if "raise" in body:
        raise ValueError("on purpose")
    return {"statusCode": 200, "body": "heard " + str(len(body))}


def mirrored(event):
    lines = event.get("multiValueHeaders") or {}
    single = event.get("headers") or {}
    found = [value for name, values in lines.items() if name.lower() == "x-mirror" for value in values]
    found += [value for name, value in single.items() if name.lower() == "x-mirror"]
    named = {"X-Mirror-%d" % number: value for number, value in enumerate(found[:5])}
    if "multiValueHeaders" in event:
        return {"statusCode": 200, "multiValueHeaders": {name: [value] for name, value in named.items()}, "body": "x"}
    return {"statusCode": 200, "headers": named, "body": "x"}


def authorizer(event, context):
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = event.get("authorizationToken") or headers.get("authorization") or ""
    allowed = "allow" in token
    if event.get("version") == "2.0":
        return {"isAuthorized": allowed, "context": {"token": token[:50]}}
    effect = "Allow" if allowed else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": "*"}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""

RUNTIME: Final = """
import http.client
import os

HOST = os.environ["AWS_LAMBDA_RUNTIME_API"]
with open("runtime-api", "w") as file:
    file.write(HOST)
BEGIN = "/2018-06-01/runtime/invocation/"
connection = http.client.HTTPConnection(HOST)
while True:
    connection.request("GET", BEGIN + "next")
    response = connection.getresponse()
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    response.read()
    head = b'{"statusCode":200,"headers":{"Content-Type":"text/plain"}}' + bytes(8)
    connection.request(
        "POST",
        BEGIN + request_id + "/response",
        body=iter([head, b"one ", b"two ", b"three"]),
        headers={
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Transfer-Encoding": "chunked",
            "Content-Type": "application/vnd.awslambda.http-integration-response",
        },
        encode_chunked=True,
    )
    connection.getresponse().read()
"""
"""A runtime that streams every answer, and tells where its Runtime API is."""


def write_functions(folder: Path) -> None:
    """Write them; the runtime's code stands in a folder of its own, where it tells where its Runtime API is."""
    (folder / "app.py").write_text(APP)
    (folder / "runtime").mkdir()
    (folder / "runtime" / "runtime.py").write_text(RUNTIME)
