"""Handlers that do one thing each; the Node.js twins are in ``../node/behaviours.mjs``."""

import os
import signal
import sys
import time
import warnings

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


def says(event, context):
    print(event["name"], flush=True)


def sleeps(event, context):
    if "name" in event:
        says(event, context)
    time.sleep(event["seconds"])
    return "awake"


def exits(event, context):
    if "name" in event:
        says(event, context)
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


def copy_this_process():
    """As ``os.fork``, without its warning of threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def forks(event, context):
    """Its name; from this process and from a copy of it when the event says so."""
    if event.get("forks"):
        copy_this_process()
    return event["name"]


late = 0


def answers_late(event, context):
    """The first invocation leaves a copy of this process, which answers when the second one runs and is waited for."""
    global late
    if event["name"] == "second":
        open(event["pipe"], "w").close()
        os.waitpid(late, 0)
    elif event["name"] == "first":
        late = copy_this_process()
        if not late:
            signal.alarm(30)  # should there be no second one
            open(event["pipe"]).close()
    return event["name"]
