"""Handlers that the tests of this folder call."""

import logging
import os
from typing import Any


def echo(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The request's body and content type, as they came."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        headers[name.lower()] = values[-1]
    kind = headers.get("content-type", "text/plain")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": kind},
        **({"multiValueHeaders": {"Content-Type": [kind]}} if "multiValueHeaders" in event else {}),
        "body": event.get("body") or "",
        "isBase64Encoded": event["isBase64Encoded"],
    }


def talk(_event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's context
    """Print, log, and tell what the context and the environment say."""
    print("printed")
    logging.getLogger("shop").warning("logged")
    return {"statusCode": 200, "body": f"{context.function_name} {os.environ.get('TABLE')}"}


def fail(_event: object, _context: object) -> dict[str, Any]:
    """Raise."""
    raise LookupError("no such pet")
