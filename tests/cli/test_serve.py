"""``gateway serve`` from the outside."""

import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.serving import DEADLINE_S, answer, refused, serving


def test_ready_line_and_answers(tmp_path: Path) -> None:
    """One line with the address and the target, then requests are answered; SIGTERM ends it with code 0."""
    with serving(tmp_path, "host.alb") as served:
        assert served.ready.endswith("-> host.alb (Application Load Balancer)\n")
        assert served.get("/a/b") == (200, "/a/b")
        served.process.terminate()
        assert served.end() == 0

    assert not [line for line in served.log if "Traceback" in line]


@pytest.mark.parametrize("target", ["src/app.handler", "src.app.handler", "src.app:handler"])
def test_targets(tmp_path: Path, target: str) -> None:
    """A handler is found from the current folder, however it is written."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): return {'statusCode': 200, 'body': 'found'}")

    with serving(tmp_path, target) as served:
        assert served.get("/") == (200, "found")


def test_multi_value_headers(tmp_path: Path) -> None:
    """``--as alb-multi`` is the other mode of a target group."""
    source = "def handler(event, context): return {'statusCode': 200, 'body': event['multiValueHeaders']['host'][0]}"
    (tmp_path / "app.py").write_text(source)

    with serving(tmp_path, "app.handler", "--as", "alb-multi") as served:
        assert "(Application Load Balancer, multi-value headers)" in served.ready
        assert served.get("/") == (200, f"h:{served.port}")


def test_the_ready_line_of_https(tmp_path: Path) -> None:
    """The address can be clicked as it stands, and a line tells which authority to trust."""
    (tmp_path / "gateway.toml").write_text(
        """
        [[listeners]]
        type = "alb"
        port = 0
        protocol = "HTTPS"
        default_actions = [{ type = "fixed-response", status_code = 200 }]
        """
    )

    with serving(tmp_path, "gateway.toml", XDG_CACHE_HOME=str(tmp_path)) as served:
        assert served.ready.startswith(f"Ready: https://127.0.0.1:{served.port} ")
        assert served.logged(f"curl --cacert {tmp_path}/lambda-http-gateway/local-ca.pem")


def test_https_without_a_file(tmp_path: Path) -> None:
    """One option puts a handler behind TLS, whatever the listener; who trusts the local authority can call it."""
    with serving(tmp_path, "host.alb", "--as", "rest", "--https", XDG_CACHE_HOME=str(tmp_path)) as served:
        assert served.ready.startswith(f"Ready: https://127.0.0.1:{served.port} ")
        trust = ssl.create_default_context(cafile=tmp_path / "lambda-http-gateway" / "local-ca.pem")
        assert httpx.get(f"https://localhost:{served.port}/a", verify=trust, trust_env=False).text == "/a"


FILES = {
    "raises.py": "x = 1\nraise ValueError('no')\n",
    "broken.py": "x = 1\ndef f(:\n",
    "imports.py": "\nimport no_such_module\n",
    "number.py": "handler = 5\n",
    "bad.env": "A=1\nnonsense\n",
}

REFUSALS = [
    (["nowhere.handler"], "Unable to import module 'nowhere': No module named 'nowhere'"),
    (["host.missing"], "Handler 'missing' missing on module 'host'"),
    (["number.handler"], "number.handler is not callable: it is of type int ({folder}/number.py)"),
    (
        ["broken.handler"],
        "Syntax error in module 'broken': invalid syntax (broken.py, line 2) ({folder}/broken.py, line 2)",
    ),
    (["raises.handler"], "ValueError: no ({folder}/raises.py, line 2)"),
    (
        ["imports.handler"],
        "Unable to import module 'imports': No module named 'no_such_module' ({folder}/imports.py, line 2)",
    ),
    (["host"], "'host' does not name a handler; write MODULE.FUNCTION, such as app.handler"),
    (["host.py"], "host.py is a file; name the handler in it, such as host.handler"),
    (
        ["host.alb", "-e", "AWS_REGION=x"],
        "environment variable AWS_REGION: Lambda reserves this name; choose another one",
    ),
    (["host.alb", "--account", "12"], "--account 12: write an account of twelve digits, such as '123456789012'"),
    (["host.alb", "--env-file", "bad.env"], "bad.env, line 2: no equals sign; allowed: NAME=value"),
    (
        ["host.alb", "--env-file", "gone.env"],
        "--env-file gone.env: it cannot be read ([Errno 2] No such file or directory: 'gone.env')",
    ),
    (["host.alb", "-e", "NOT_SET_HERE"], "--env NOT_SET_HERE: it is not set here; write --env NOT_SET_HERE=VALUE"),
    (
        ["host.alb", "--host", "192.0.2.1"],
        (
            "cannot listen on 192.0.2.1 port 0: error while attempting to bind on address ('192.0.2.1', 0): "
            "cannot assign requested address; "
            "use --host with an address of this machine"
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSALS, ids=[" ".join(arguments) for arguments, _ in REFUSALS])
def test_refusals(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot work ends with one message and code 2, without a ready line or a traceback of ours."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    code, out, err = refused(tmp_path, [*arguments, "--port", "0", "-q"])

    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("gateway: ")] == [
        f"gateway: error: {message.format(folder=tmp_path)}"
    ]


@pytest.mark.parametrize("option", [["--timeout", "0"], ["--memory", "64"], ["--as", "nlb"], ["--environments", "0"]])
def test_bad_options(tmp_path: Path, option: list[str]) -> None:
    """An option out of its range is named."""
    code, out, err = refused(tmp_path, ["host.alb", *option])

    assert (code, out) == (2, "")
    assert f"Invalid value for '{option[0]}'" in err


def test_busy_port(tmp_path: Path) -> None:
    """A busy port is named, with what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = refused(tmp_path, ["host.alb", "-p", str(port)])

    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"gateway: error: port {port} on 127.0.0.1 is in use: stop the program that listens there, "
        "or use --port with another one"
    )


def test_refusal_leaves_no_process(tmp_path: Path) -> None:
    """The worker that could not load its handler is gone when the command ends."""
    (tmp_path / "app.py").write_text("import os\nopen('pid', 'w').write(str(os.getpid()))\nhandler = 5\n")
    code, _, _ = refused(tmp_path, ["app.handler", "-p", "0"])

    assert code == 2
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_sigterm_finishes_requests(tmp_path: Path) -> None:
    """A request that runs when SIGTERM comes is answered before the gateway ends; new ones are not taken."""
    with serving(tmp_path, "host.alb_slow") as served:
        marker = tmp_path / "began"
        connection = served.send(f"/slow?seconds=1&marker={marker}")
        wait_for(marker)
        served.process.terminate()
        assert served.logged("stopping when the running requests have ended; Ctrl-C again stops at once")

        assert answer(connection) == (200, "/slow")
        assert served.end() == 0
        with pytest.raises(ConnectionRefusedError):
            served.send("/")


def test_second_interrupt_forces(tmp_path: Path) -> None:
    """With the second Ctrl-C running requests are dropped."""
    with serving(tmp_path, "host.alb_slow", "--timeout", "60") as served:
        marker = tmp_path / "began"
        connection = served.send(f"/slow?seconds=60&marker={marker}")
        wait_for(marker)
        served.process.send_signal(signal.SIGINT)
        assert served.logged("stopping when")
        served.process.send_signal(signal.SIGINT)

        assert served.end() == 0
        with connection:
            assert dropped(connection)

    assert not [line for line in served.log if "Traceback" in line]


def wait_for(file: Path) -> None:
    """Wait until a handler made a file."""
    script = 'while ! [ -e "$1" ]; do sleep 0.02; done'
    subprocess.run(["/bin/sh", "-c", script, "sh", str(file)], check=True, timeout=DEADLINE_S)


def dropped(connection: socket.socket) -> bool:
    """Whether a connection ended without an answer."""
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_variables_reach_the_handler(tmp_path: Path) -> None:
    """``--env`` and ``--env-file`` are the function's variables; those of the shell are not."""
    (tmp_path / "app.py").write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'body': ','.join(os.environ.get(n, '-') for n in ('AA', 'BB', 'CC', 'DD'))}\n"
    )
    (tmp_path / "my.env").write_text("AA=file\nBB=file\n")

    arguments = ["app.handler", "--env-file", "my.env", "-e", "BB=given", "-e", "CC"]
    with serving(tmp_path, *arguments, CC="shell", DD="shell") as served:
        assert served.get("/") == (200, "file,given,shell,-")


def test_region_and_account(tmp_path: Path) -> None:
    """The region of the shell is taken, and said; ARN and variables have it, and the account of the option."""
    (tmp_path / "app.py").write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    group = event['requestContext']['elb']['targetGroupArn']\n"
        "    body = ' '.join([os.environ['AWS_REGION'], context.invoked_function_arn, group])\n"
        "    return {'statusCode': 200, 'body': body}\n"
    )
    with serving(tmp_path, "app.handler", "--account", "210987654321", AWS_DEFAULT_REGION="eu-central-1") as served:
        region, function, group = served.get("/")[1].split()

        assert region == "eu-central-1"
        assert function == "arn:aws:lambda:eu-central-1:210987654321:function:app"
        assert group.startswith("arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/")
        assert served.logged("region eu-central-1, from AWS_DEFAULT_REGION")


def test_reserved_concurrency(tmp_path: Path) -> None:
    """With ``--concurrency 1`` a second request at the same time is throttled: 502, and the log says why."""
    with serving(tmp_path, "host.alb_slow", "--concurrency", "1") as served:
        marker = tmp_path / "began"
        connection = served.send(f"/first?seconds=1&marker={marker}")
        wait_for(marker)
        status, page = served.get("/second")

        assert (status, "502 Bad Gateway" in page) == (502, True)
        assert served.logged(
            "GET /second -> 502: no concurrency was left: ReservedFunctionConcurrentInvocationLimitExceeded"
        )
        assert answer(connection) == (200, "/first")
        assert served.get("/third?seconds=0") == (200, "/third")


def test_in_process(tmp_path: Path) -> None:
    """With ``--in-process`` the handler has the gateway's process id."""
    with serving(tmp_path, "host.alb_pid", "--in-process") as served:
        assert served.get("/") == (200, str(served.process.pid))


def test_without_it_in_another_process(tmp_path: Path) -> None:
    """Otherwise it does not, and its process is gone when the gateway is."""
    with serving(tmp_path, "host.alb_pid") as served:
        status, pid = served.get("/")
        served.process.terminate()
        served.end()

    assert status == 200
    assert int(pid) != served.process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_crash_costs_one_request(tmp_path: Path) -> None:
    """A handler that ends its process costs that request a 502; the next one is served."""
    (tmp_path / "app.py").write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    if event['path'] == '/crash': os._exit(7)\n"
        "    return {'statusCode': 200, 'body': 'fine'}\n"
    )
    with serving(tmp_path, "app.handler") as served:
        assert served.get("/crash")[0] == 502
        assert served.logged("Runtime.ExitError: Runtime exited with error: exit status 7")
        assert served.get("/") == (200, "fine")


def test_log_of_the_handler(tmp_path: Path) -> None:
    """What the handler prints goes to standard error; -v adds INIT_START, START, END and REPORT."""
    source = "def handler(event, context):\n    print('seen', event['path'])\n    return {'statusCode': 200}\n"
    (tmp_path / "app.py").write_text(source)
    with serving(tmp_path, "app.handler", "-v") as served:
        served.get("/x")
        assert served.logged("REPORT RequestId: ")

    lines = [line.split(" ")[0] for line in served.log if not line.startswith("gateway: ")]
    assert lines == ["INIT_START", "START", "seen", "END", "REPORT"]
