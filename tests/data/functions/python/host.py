"""Handlers for the tests of the function host; each does one thing."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time

calls = 0


def returns(event, context):
    global calls
    calls += 1
    return {"event": event, "id": context.aws_request_id, "calls": calls, "pid": os.getpid()}


def raises(event, context):
    raise LookupError("böse")


def returns_null(event, context):
    return None


def returns_bytes(event, context):
    return b"\x00\xff"


def returns_text(event, context):
    """A string of so many bytes of JSON."""
    return "x" * (event["bytes"] - 2)


def returns_no_json(event, context):
    return {"a": {1}}


def measures(event, context):
    """How long the event was."""
    return len(event)


def exits(event, context):
    os._exit(event)


def leaves(event, context):
    sys.exit(event)


def kills_itself(event, context):
    os.kill(os.getpid(), signal.SIGKILL)


def reads_address_0(event, context):
    ctypes.string_at(0)


def prints(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    sys.stdout.write("no line end")
    return "printed"


def sleeps(event, context):
    time.sleep(event)
    return os.getpid()


def waits(event, context):
    """Its name, as soon as somebody opens the named pipe of the event, if there is one."""
    if "pipe" in event:
        open(event["pipe"]).close()
    return event["name"]


def writes(event, context):
    """Bytes to descriptors: those of the event, or all from 3 on that this process has."""
    data = bytes.fromhex(event["hex"])
    for name in event.get("descriptors") or os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2:
                os.write(int(name), data)
        except OSError:
            pass
    if "stays" in event:
        signal.pause()
    return "written"


def writes_later(event, context):
    """The same on a thread, as soon as somebody opens the named pipe of the event."""

    def write():
        open(event["pipe"]).close()
        writes(event, context)

    threading.Thread(target=write).start()
    return "begun"


def lists_descriptors(event, context):
    """What the descriptors of a program are that is given all of this process's."""
    command = ["/bin/sh", "-c", "for fd in /proc/$$/fd/*; do readlink $fd; done"]
    return subprocess.run(command, close_fds=False, stdout=subprocess.PIPE, text=True).stdout.split()


def forks_as_c_does(event, context):
    """The process id, from this process and from its copy, which Python does not know of."""
    child = ctypes.CDLL(None).fork()
    if child:
        os.waitpid(child, 0)
    return os.getpid()


def remains(event, context):
    return context.get_remaining_time_in_millis()


def keeps(event, context):
    """Adds a line to a file in /tmp and returns all lines; ``exit`` crashes afterwards."""
    path = os.path.join(os.environ["TMPDIR"], "kept")
    with open(path, "a") as file:
        file.write(f"{event}\n")
    if event == "exit":
        os._exit(1)
    with open(path) as file:
        return file.read().split()


def starts_a_child(event, context):
    """The process id of a child that never ends by itself."""
    child = subprocess.Popen(["sleep", "600"])
    if event == "exit":
        os._exit(1)
    return child.pid


def describes(event, context):
    """What the handler meets."""
    return {
        "arn": context.invoked_function_arn,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "client": context.client_context and context.client_context.custom,
        "identity": context.identity.cognito_identity_id,
        "memory": context.memory_limit_in_mb,
        "folder": os.getcwd(),
        "argv": sys.argv[1:],
        "path": sys.path[0],
        "variables": dict(os.environ),
    }


not_callable = 5


def alb(event, context):
    """A front door's answer that says what came."""
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": event["path"]}


def alb_slow(event, context):
    """The same after as many seconds as the query says; the marker file says that it began."""
    parameters = event["queryStringParameters"]
    if "marker" in parameters:
        open(parameters["marker"], "w").close()
    time.sleep(float(parameters.get("seconds", "0")))
    return alb(event, context)


def alb_pid(event, context):
    """The worker's process id, after 5 ms of work."""
    time.sleep(0.005)
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": str(os.getpid())}


def alb_event(event, context):
    """A load balancer's answer that holds the event."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
