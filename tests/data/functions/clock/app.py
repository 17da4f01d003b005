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
