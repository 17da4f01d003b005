"""Handlers that do one thing each; the Node.js twins are in ``../node/behaviours.mjs``."""

import os
import signal
import sys
import time

calls = 0


def returns(event, context):
    global calls
    calls += 1
    return {"event": event, "requestId": context.aws_request_id, "calls": calls}


def raises(event, context):
    raise ValueError("böse")


def returns_null(event, context):
    return None


def returns_bytes(event, context):
    """A JSON string of ``event["bytes"]`` bytes, quotes included."""
    return "x" * (event["bytes"] - 2)


def sleeps(event, context):
    time.sleep(event["seconds"])
    return "awake"


def exits(event, context):
    os._exit(event["status"])


def kills_itself(event, context):
    os.kill(os.getpid(), signal.SIGKILL)


def prints(event, context):
    print("to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    return "printed"


def returns_no_json(event, context):
    return object()


def writes_scratch(event, context):
    return {"home": os.getcwd(), "tmp": os.environ["TMPDIR"], "trace": os.environ.get("_X_AMZN_TRACE_ID")}
