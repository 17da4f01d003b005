"""A running gateway: reloading, further functions, its ports and its logs."""

import json
import re
import shlex
import socket
import stat
import sys
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from gateway.limits.sandbox import _may_mount
from tests.cli.serving import DEADLINE_S, Served, answer, refused, serving
from tests.cli.test_serve import wait_for
from tests.targets.hosting import state

SAYS = "def handler(event, context): return {{'statusCode': 200, 'body': {!r}}}\n"


def says(folder: Path, text: str, name: str = "app") -> None:
    """Code that answers with this text."""
    (folder / f"{name}.py").write_text(SAYS.format(text))


def until(served: Served, expected: tuple[int, str | None]) -> None:
    """Ask until the answer is this one; None takes any body."""
    deadline = time.monotonic() + DEADLINE_S
    found = served.get("/")
    while (found[0], found[1] if expected[1] is not None else None) != expected:
        assert time.monotonic() < deadline, (found, served.log)
        found = served.get("/")


def test_the_collector_is_spared(tmp_path: Path) -> None:
    """What is there when serving begins is never looked through again, and what comes later is, but seldom."""
    (tmp_path / "app.py").write_text(
        "import gc\n"
        "def handler(event, context):\n"
        "    found = gc.isenabled(), gc.get_freeze_count() > 10_000, gc.get_threshold()[0]\n"
        "    return {'statusCode': 200, 'body': repr(found)}\n"
    )
    with serving(tmp_path, "app.handler", "--in-process") as served:
        assert served.get("/") == (200, "(True, True, 10000)")


def zip_says(folder: Path, text: str) -> None:
    """A zip file with such code, put in the place of the one before."""
    with zipfile.ZipFile(folder / "app.part", "w") as archive:
        archive.writestr("app.py", f"def handler(event, context): return {{'statusCode': 200, 'body': {text!r}}}\n")
    (folder / "app.part").replace(folder / "app.zip")


def test_reload(tmp_path: Path) -> None:
    """A saved file's code answers next; broken code answers 502 and shows why, until the next save repairs it."""
    says(tmp_path, "first")
    with serving(tmp_path, "app.handler", "--reload") as served:
        assert served.get("/") == (200, "first")
        says(tmp_path, "second")
        assert served.logged("reloading: app.py")
        until(served, (200, "second"))
        (tmp_path / "app.py").write_text("def handler(:\n")
        until(served, (502, None))
        assert served.logged("Runtime.UserCodeSyntaxError")
        says(tmp_path, "repaired")
        until(served, (200, "repaired"))


def test_reload_of_a_zip_file(tmp_path: Path) -> None:
    """A new zip file in the place of the old one is loaded, each time; other files beside it are not looked at."""
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "gateway.toml").write_text(FILE.replace("[target", 'code = "../dist/app.zip"\n[target', 1))
    dist = tmp_path / "dist"
    dist.mkdir()
    zip_says(dist, "first")
    with serving(tmp_path / "gateway", "gateway.toml", "--reload") as served:
        assert served.get("/") == (200, "first")
        for text in ("second", "third"):
            (dist / "other.zip").write_text(text)
            zip_says(dist, text)
            until(served, (200, text))
    assert not any("other.zip" in line for line in served.log)


def test_reload_starts_with_broken_code(tmp_path: Path) -> None:
    """With ``--reload`` code that cannot be loaded is no reason not to start."""
    (tmp_path / "app.py").write_text("import no_such_module\n")
    with serving(tmp_path, "app.handler", "--reload") as served:
        assert served.logged("No module named 'no_such_module'")
        assert served.get("/")[0] == 502
        says(tmp_path, "repaired")
        until(served, (200, "repaired"))


def test_reload_lets_requests_finish(tmp_path: Path) -> None:
    """A request that runs while a file is saved ends with the code that it began with."""
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "app.py").write_text(
        "import os, time\n"
        "def handler(event, context):\n"
        f"    open({str(outside / 'began')!r}, 'w').close()\n"
        f"    while not os.path.exists({str(outside / 'go')!r}): time.sleep(0.01)\n"
        "    return {'statusCode': 200, 'body': 'old'}\n"
    )
    with serving(inside, "app.handler", "--reload", "--timeout", "30") as served:
        connection = served.send("/")
        wait_for(outside / "began")
        says(inside, "new")
        assert served.logged("reloading")
        until(served, (200, "new"))
        (outside / "go").touch()

        assert answer(connection) == (200, "old")


FILE = """
[functions.app]
handler = "app.handler"
[target_groups.app]
function = "app"
[[listeners]]
type = "alb"
port = 0
default_actions = [{ type = "forward", target_groups = [{ target_group = "app" }] }]
"""
FIXED = '[{ type = "fixed-response", status_code = 418, content_type = "text/plain", message_body = "tea" }]'


def test_reload_of_the_configuration(tmp_path: Path) -> None:
    """A saved configuration holds at once; a wrong one is refused in the log, and the old one stays."""
    says(tmp_path, "app")
    file = tmp_path / "gateway.toml"
    file.write_text(FILE)
    with serving(tmp_path, "gateway.toml", "--reload") as served:
        assert served.get("/") == (200, "app")
        changed = re.sub(r"(?m)^default_actions = .*$", f"default_actions = {FIXED}", FILE)
        file.write_text(changed)
        until(served, (418, "tea"))
        file.write_text(changed.replace("418", "17"))
        assert served.logged("the old configuration stays: ")
        assert served.get("/") == (418, "tea")
        file.write_text(FILE)
        until(served, (200, "app"))


def control_port(served: Served) -> int:
    """The port of the Invoke API."""
    assert served.logged("Invoke API: http://127.0.0.1:")
    line = next(line for line in served.log if "Invoke API: " in line)
    return int(line.rpartition(":")[2])


def test_functions_and_control_port(tmp_path: Path) -> None:
    """The first function is behind the port, all of them can be invoked."""
    says(tmp_path, "first", "one")
    says(tmp_path, "second", "two")
    arguments = ["one.handler", "--function", "other=two.handler", "--control-port", "0"]
    with serving(tmp_path, *arguments) as served:
        port = control_port(served)
        assert served.get("/") == (200, "first")
        assert [json.loads(served.invoke(port, name)[1])["body"] for name in ("one", "other")] == ["first", "second"]


def test_default_control_port_is_taken(tmp_path: Path) -> None:
    """Nobody asked for port 3001: a gateway that cannot have it only says so."""
    says(tmp_path, "first")
    taken = None
    for _ in range(100):
        try:
            taken = socket.create_server(("127.0.0.1", 3001))
            break
        except OSError:  # another test's gateway, which gives it back, or somebody's own, which is as good
            time.sleep(0.02)
    try:
        with serving(tmp_path, "app.handler") as served:
            assert served.logged("the Invoke API is off: port 3001 is in use; --control-port gives it another one")
            assert served.get("/") == (200, "first")
    finally:
        if taken:
            taken.close()


def test_access_log(tmp_path: Path) -> None:
    """A line is added to the file for each request."""
    says(tmp_path, "hi")
    log = tmp_path / "access.log"
    log.write_text("kept\n")
    with serving(tmp_path, "app.handler", "--access-log", "access.log") as served:
        served.get("/a")
        served.process.terminate()
        served.end()

    kept, line = log.read_text().splitlines()
    assert kept == "kept"
    fields = shlex.split(line)
    assert (fields[8], fields[9], fields[12]) == ("200", "200", "GET http://h:%d/a HTTP/1.1" % served.port)  # noqa: UP031


def test_a_new_access_log_is_the_users_alone(tmp_path: Path) -> None:
    """Its lines have whole queries, and with them what people put there."""
    with serving(tmp_path, "host.alb", "--access-log", "access.log") as served:
        served.process.terminate()
        served.end()

    assert stat.S_IMODE((tmp_path / "access.log").stat().st_mode) == 0o600


def test_json_log(tmp_path: Path) -> None:
    """The platform's lines are JSON, one for each event, as Lambda's JSON log format has them."""
    says(tmp_path, "hi")
    with serving(tmp_path, "app.handler", "--log-format", "json") as served:
        served.get("/")
        assert served.logged("platform.report")

    events = [json.loads(line) for line in served.log if line.startswith("{")]
    assert [event["type"] for event in events] == ["platform.initStart", "platform.start", "platform.report"]


def test_runtime_client_ric(tmp_path: Path) -> None:
    """AWS's own client for Python runs the handler over the Runtime API."""
    (tmp_path / "app.py").write_text(
        "import sys\n"
        "def handler(event, context): return {'statusCode': 200, 'body': str('awslambdaric' in sys.modules)}\n"
    )
    with serving(tmp_path, "app.handler", "--runtime-client", "ric", "--python", sys.executable) as served:
        assert served.get("/") == (200, "True")


def test_layer(tmp_path: Path) -> None:
    """What a layer has in ``python`` can be imported."""
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "brought.py").write_text("WORD = 'layer'\n")
    (tmp_path / "app.py").write_text(
        "import brought\ndef handler(event, context): return {'statusCode': 200, 'body': brought.WORD}\n"
    )
    with serving(tmp_path, "app.handler", "--layer", "layer") as served:
        assert served.get("/") == (200, "layer")


RUNTIME = """
import json, os, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as asked:
        request_id = asked.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(asked)
    answer = {"statusCode": 200, "body": os.environ["_HANDLER"] + event["path"]}
    urllib.request.urlopen(base + request_id + "/response", json.dumps(answer).encode()).close()
"""


def test_command(tmp_path: Path) -> None:
    """Any program that speaks the Runtime API is a function."""
    (tmp_path / "loop.py").write_text(RUNTIME)
    with serving(tmp_path, "main", "--command", f"{sys.executable} loop.py") as served:
        assert served.get("/x") == (200, "main/x")


NAMED = """
import urllib.request
opener = urllib.request.build_opener()
opener.addheaders = [("Host", "runtime.test")]
urllib.request.install_opener(opener)
"""


def test_who_may_call(tmp_path: Path) -> None:
    """``--allow-host`` holds for the Runtime API too, and listeners answer everybody."""
    (tmp_path / "loop.py").write_text(NAMED + RUNTIME)
    allowed = ["--allow-host", "runtime.test", "--allow-origin", "http://localhost:5173"]
    program = ["--command", f"{sys.executable} loop.py", "--control-port", "0"]
    with serving(tmp_path, "main", *program, *allowed) as served:
        port = control_port(served)
        assert served.get("/x", "Host: evil.example", "Origin: https://evil.example") == (200, "main/x")
        event = b'{"path": "/y"}'
        assert served.invoke(port, "function", event, "Host: runtime.test")[0] == 200
        assert served.invoke(port, "function", event, "Host: a", "Origin: http://localhost:5173")[0] == 403
        assert served.invoke(port, "function", event, "Host: localhost", "Origin: http://localhost:5173")[0] == 200
        assert served.invoke(port, "function", event, "Host: localhost", "Origin: http://localhost:5174")[0] == 403
        assert served.logged("/invocations' -> 403: the header Origin is 'http://localhost:5174', and ")


@pytest.mark.parametrize(
    ("option", "given"), [("--allow-host", "http://a"), ("--allow-host", "a:80"), ("--allow-origin", "localhost")]
)
def test_who_nobody_is(tmp_path: Path, option: str, given: str) -> None:
    """What is no host and no origin is one line and code 2."""
    code, out, err = refused(tmp_path, ["host.alb", option, given])

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"gateway: error: {option} {given}: write ")


def test_signing_key(tmp_path: Path) -> None:
    """In strict mode everything on the control port asks for a signature."""
    with serving(tmp_path, "host.alb", "--control-port", "0", "--signing-key", "AKIDEXAMPLE=secret") as served:
        port = control_port(served)
        answers = [served.invoke(port, "host"), answer(served.send("/_gateway/health", "Host: localhost", port=port))]

    assert answers == [(403, '{"message":"Missing Authentication Token"}')] * 2


def test_freeze(tmp_path: Path) -> None:
    """Between invocations the environment's processes are stopped; they answer all the same."""
    with serving(tmp_path, "host.alb_pid", "--freeze") as served:
        _, pid = served.get("/")
        while state(int(pid)) != "T":  # a signal takes its moment, and the test its time limit
            time.sleep(0.001)
        assert served.get("/") == (200, pid)


def test_limits_in_words(tmp_path: Path) -> None:
    """One line at start says by which means functions are limited; without processes there is nothing to say."""
    with serving(tmp_path, "host.alb", "--control-port", "0", "--no-private-tmp") as served:
        assert served.logged("gateway: limits: memory by ")
        (line,) = [line for line in served.log if "limits:" in line]
    with serving(tmp_path, "host.alb", "--in-process", "--control-port", "0") as served:
        assert served.logged("Invoke API")
        assert not any("limits:" in line for line in served.log)

    assert line.endswith(", CPU share off, /tmp a folder that TMPDIR names")


def test_why_not_other_limits(tmp_path: Path) -> None:
    """The log tells unasked what a function does not find, such as a ``/tmp`` that would hide its code."""
    if not _may_mount():
        pytest.skip("only root may mount")
    if Path("/tmp") not in tmp_path.parents:
        pytest.skip(f"nothing mounted at /tmp hides {tmp_path}")
    with serving(tmp_path, "host.alb", "--control-port", "0", "--private-tmp") as served:
        assert served.logged("gateway: limits: host finds no /tmp of its own, since /tmp/")


@pytest.mark.parametrize("in_file", [True, False])
def test_cpu_share(tmp_path: Path, *, in_file: bool) -> None:
    """The flag is for all functions, the key for one; where it cannot be had, a warning says what to do."""
    (tmp_path / "gateway.toml").write_text(FILE.replace("app.handler", 'host.alb"\ncpu_share = true\ncode = ".'))
    arguments = ["gateway.toml"] if in_file else ["host.alb", "--cpu-share"]
    with serving(tmp_path, *arguments, "--control-port", "0") as served:
        assert served.logged("gateway: limits: memory ")
        (line,) = [line for line in served.log if "limits: memory " in line]
        warned = any("the CPU is not limited, since there are no control groups" in line for line in served.log)

    assert ("no CPU share" if warned else "CPU share on") in line


def test_node(tmp_path: Path) -> None:
    """A JavaScript module is served like a Python one."""
    (tmp_path / "app.mjs").write_text(
        "export const handler = async (event) => ({ statusCode: 200, body: `node ${event.path}` });\n"
    )
    with serving(tmp_path, "app.handler") as served:
        assert served.get("/x") == (200, "node /x")


def test_runtime_of_a_file(tmp_path: Path) -> None:
    """In a configuration file the handler's file tells the runtime, too, and AWS's identifiers are understood."""
    (tmp_path / "node.mjs").write_text("export const handler = async () => ({ statusCode: 200, body: 'node' });\n")
    says(tmp_path, "python")
    other = '[functions.other]\nhandler = "app.handler"\nruntime = "python3.12"\n'
    (tmp_path / "gateway.toml").write_text(FILE.replace("app.handler", "node.handler") + other)
    with serving(tmp_path, "gateway.toml", "--control-port", "0") as served:
        assert served.get("/") == (200, "node")
        assert json.loads(served.invoke(control_port(served), "other")[1])["body"] == "python"


@pytest.mark.skipif(find_spec("debugpy") is not None, reason="debugpy is installed")
def test_debug_without_debugpy(tmp_path: Path) -> None:
    """Who asks for a debugger is told how to install it."""
    code, out, err = refused(tmp_path, ["host.alb", "--port", "0", "--debug", "--python", sys.executable])

    assert (code, out) == (2, "")
    assert err == (
        f"gateway: error: --debug needs debugpy where the handler runs: {sys.executable} -m pip install debugpy\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a handler such as app.handler, a configuration file, or --function NAME=TARGET"),
        (["--function", "app.handler"], "--function app.handler: write NAME=TARGET, such as orders=app.handler"),
        (
            ["host.alb", "--signing-key", "AKID="],
            "--signing-key: write ID=SECRET, an access key id and its secret access key",
        ),
        (["host.alb", "--access-log", "a/b"], "--access-log a/b: it cannot be written (No such file or directory)"),
        (["host.alb", "--in-process", "--runtime", "nodejs"], "--in-process runs Python handlers; host is nodejs"),
        (
            ["host.alb", "--python", "no-python"],
            (
                "--python no-python: it cannot be run as a Python interpreter "
                "([Errno 2] No such file or directory: 'no-python')"
            ),
        ),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot work is one message and code 2."""
    code, out, err = refused(tmp_path, [*arguments, "--port", "0"])

    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"gateway: error: {message}"
