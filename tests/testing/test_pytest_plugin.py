"""The plugin, run as users run it: in projects of their own."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HANDLER = """
import os

def handler(event, context):
    return {"statusCode": 200, "body": f"{os.getpid()} {os.environ.get('TABLE')} {event['headers'].get('host')}"}

def slow(event, context):
    while True:
        pass
"""
OPTIONS = ("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:randomly")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a handler."""
    pytester.makepyfile(app=HANDLER)
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """The tests of a project, in a process of their own."""
    return project.runpytest_subprocess(*OPTIONS, "-W", "error", *options, timeout=60)


def test_a_server_for_one_handler(project: pytest.Pytester) -> None:
    """Arguments and markers say what is served; the same arguments give the same server."""
    project.makepyfile(
        """
        import httpx, pytest

        pytestmark = pytest.mark.gateway(environment={"TABLE": "pets"})

        def test_arguments(gateway_server):
            server = gateway_server("app.handler", as_="rest")
            response = httpx.get(server.url)
            assert "x-amz-apigw-id" in response.headers
            assert response.text.split()[1] == "pets"
            assert gateway_server("app.handler", as_="rest") is server
            assert gateway_server("app.handler") is not server

        @pytest.mark.gateway("app.handler", as_="alb", environment={"TABLE": "own"})
        def test_marker(gateway_server):
            response = httpx.get(gateway_server().url)
            assert response.headers["server"] == "awselb/2.0"
            assert response.text.split()[1] == "own"

        @pytest.mark.gateway("app.slow", timeout=1)
        def test_timeout(gateway_server):
            assert httpx.get(gateway_server().url).status_code == 502

        def test_nothing_to_serve(gateway_server):
            with pytest.raises(pytest.fail.Exception, match="needs a handler"):
                gateway_server()
        """
    )

    run(project).assert_outcomes(passed=4)


def test_a_server_for_a_module(project: pytest.Pytester) -> None:
    """All tests of a module share one server and its worker."""
    project.makepyfile(
        """
        import httpx, pytest

        pytestmark = pytest.mark.gateway("app.handler")
        seen = set()

        @pytest.mark.parametrize("turn", range(3))
        def test_one_worker(module_gateway_server, turn):
            server = module_gateway_server()
            seen.add((server.url, httpx.get(server.url).text))
            assert len(seen) == 1
        """
    )

    run(project).assert_outcomes(passed=3)


def test_a_whole_configuration(project: pytest.Pytester) -> None:
    """A configuration file gives all its listeners; relative to the project's folder."""
    project.path.joinpath("gateway.toml").write_text(
        """
        [functions.shop]
        handler = "app.handler"
        [target_groups.shop]
        function = "shop"
        [[listeners]]
        type = "alb"
        port = 0
        default_actions = [{ type = "forward", target_groups = [{ target_group = "shop" }] }]
        """
    )
    project.makepyfile(
        """
        import httpx

        def test_stack(gateway_server):
            server = gateway_server("gateway.toml")
            assert len(server.ports) == 1
            assert httpx.get(server.url).status_code == 200
        """
    )

    run(project).assert_outcomes(passed=1)


def test_nothing_is_left_after_a_failing_test(project: pytest.Pytester) -> None:
    """The worker process is gone, and the handler's output is in the report."""
    project.makepyfile(
        noisy="""
        import os

        def handler(event, context):
            print("from the handler")
            return {"statusCode": 200, "body": str(os.getpid())}
        """,
        test_fails="""
        import httpx, pathlib, time

        def test_fails(gateway_server):
            server = gateway_server("noisy.handler")
            pathlib.Path("pid").write_text(httpx.get(server.url).text)
            deadline = time.monotonic() + 10
            while "from the handler" not in server.log and time.monotonic() < deadline:
                time.sleep(0.01)
            assert False
        """,
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Captured stderr call*", "from the handler"])
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), 0)


def test_a_handler_that_cannot_be_loaded(project: pytest.Pytester) -> None:
    """The error is the server's own, and no thread stays."""
    project.makepyfile(
        """
        import threading, pytest
        from gateway.errors import UsageError

        def test_missing(gateway_server):
            with pytest.raises(UsageError, match="Handler 'missing' missing on module 'app'"):
                gateway_server("app.missing")
            assert [thread.name for thread in threading.enumerate()] == ["MainThread"]
        """
    )

    run(project).assert_outcomes(passed=1)


def test_with_xdist(project: pytest.Pytester) -> None:
    """Tests that run at once have ports of their own."""
    project.makepyfile(
        """
        import httpx, pytest

        @pytest.mark.parametrize("turn", range(4))
        @pytest.mark.gateway("app.handler")
        def test_port(gateway_server, turn):
            server = gateway_server()
            assert httpx.get(server.url).text.endswith(f":{server.ports[0]}")
        """
    )

    run(project, "-n", "2").assert_outcomes(passed=4)


def test_in_asynchronous_tests(project: pytest.Pytester) -> None:
    """Servers and clients work under pytest-asyncio and under anyio's plugin, on asyncio."""
    project.makepyfile(
        """
        import httpx, pytest
        from gateway.testing import async_lambda_client
        from app import handler

        async def check(server):
            async with httpx.AsyncClient() as client, async_lambda_client(handler) as inner:
                assert (await client.get(server.url)).status_code == 200
                assert (await inner.get("/")).text.endswith("gateway.test")

        @pytest.mark.asyncio
        async def test_asyncio(gateway_server):
            await check(gateway_server("app.handler"))

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_anyio(gateway_server):
            await check(gateway_server(handler))
        """
    )

    run(project).assert_outcomes(passed=2)


def test_nothing_is_imported_before_it_is_used(project: pytest.Pytester) -> None:
    """Coverage of the package itself is right, and other projects' tests start as fast as before."""
    project.makeconftest(
        """
        import sys

        def pytest_configure(config):
            loaded = {name for name in sys.modules if name.split(".")[0] == "gateway"}
            assert loaded == {"gateway", "gateway.testing", "gateway.testing.pytest_plugin"}, loaded
        """
    )
    project.makepyfile("def test_nothing(): pass")

    run(project).assert_outcomes(passed=1)


def test_the_marker_is_known(project: pytest.Pytester) -> None:
    """``pytest --markers`` explains it, and strict markers accept it."""
    run(project, "--markers").stdout.fnmatch_lines(["@pytest.mark.gateway(target, *, as_='alb', timeout=3,*"])
