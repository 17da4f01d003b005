"""Handlers of tests/test_clock_jumps.py."""

import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Set the wall clock as the path says, as an offset in seconds, and tell what remained before and after."""
    before = context.get_remaining_time_in_millis()
    offset = event["pathParameters"]["seconds"]
    began = time.time()
    with open(os.environ["FAKETIME_TIMESTAMP_FILE"], "w") as file:
        file.write(f"{offset}\n")
    jump = round(time.time() - began)
    return {"statusCode": 200, "body": f"{jump} {before} {context.get_remaining_time_in_millis()}"}


def guard(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Allow whatever is asked for; the id of the invocation tells whether the answer came from a cache."""
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    return {
        "principalId": context.aws_request_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }


def principal(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell who was let in."""
    authorizer = event["requestContext"].get("authorizer", {"principalId": "nobody"})
    return {"statusCode": 200, "body": authorizer["principalId"]}
