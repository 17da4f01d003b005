"""The Extensions API, call by call."""

import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation
from gateway.targets.runtime_api.extensions import Extensions
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.server import RuntimeApi
from tests.targets.runtime_api.client import RawClient, Reply
from tests.targets.runtime_api.test_server import Heard

pytestmark = pytest.mark.anyio
REGISTER = "/2020-01-01/extension/register"
NEXT = "/2020-01-01/extension/event/next"
UNKNOWN = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
OFFER = Offer(Invocation(b"{}", "id"), "arn", "a1", 7)


class Served:
    """An Extensions API with one client."""

    def __init__(self, client: RawClient, extensions: Extensions) -> None:
        self.client = client
        self.extensions = extensions

    async def register(self, name: str, events: object, headers: str = "") -> Reply:
        """Register and wait for the answer."""
        named = f"Lambda-Extension-Name: {name}\r\n" if name else ""
        self.client.post(REGISTER, json.dumps({"events": events}).encode(), named + headers)
        return await self.client.reply()


@contextlib.asynccontextmanager
async def serving(*external: str) -> AsyncIterator[Served]:
    """Open and close; these external extensions are expected."""
    api = RuntimeApi(Heard())
    extensions = Extensions(FunctionConfiguration("f", "app.handler"), external, lambda: None)
    api.routes.update(extensions.routes)
    async with RawClient(await api.listen()) as client:
        yield Served(client, extensions)
        api.close()


async def test_register_and_next() -> None:
    """An event waits for the extension or the extension for the event; each has its own identifier."""
    async with serving("ext") as served:
        before = served.extensions.registered
        registered = await served.register("ext", ["INVOKE", "SHUTDOWN"])
        me = f"Lambda-Extension-Identifier: {registered.headers['lambda-extension-identifier']}\r\n"
        served.extensions.invoke(OFFER)
        served.client.get(NEXT, me)
        first = await served.client.reply()
        served.client.get(NEXT, me)
        served.client.get("/2018-06-01/ping")
        served.extensions.shutdown("spindown", 9)

        assert (before, served.extensions.registered, served.extensions.shutdown_ms) == (False, True, 2000)
    assert json.loads(registered.body) == {
        "functionName": "f",
        "functionVersion": "$LATEST",
        "handler": "app.handler",
    }
    assert json.loads(first.body) == {
        "eventType": "INVOKE",
        "deadlineMs": 7,
        "requestId": "id",
        "invokedFunctionArn": "arn",
    }
    assert len(first.headers["lambda-extension-event-identifier"]) == 36


@pytest.mark.parametrize(
    ("name", "events", "error_type", "message"),
    [
        ("", ["INVOKE"], "Extension.InvalidExtensionName", "Empty extension name"),
        ("ext", ["OTHER"], "Extension.InvalidEventType", "OTHER: this extension can subscribe to INVOKE, SHUTDOWN"),
        ("inner", ["SHUTDOWN"], "Extension.InvalidEventType", "SHUTDOWN: this extension can subscribe to INVOKE"),
        ("ext", "INVOKE", "InvalidRequestFormat", 'expected an object with "events", a list of strings'),
    ],
)
async def test_register_refused(name: str, events: object, error_type: str, message: str) -> None:
    """Each refusal is 403 with its type."""
    async with serving("ext") as served:
        reply = await served.register(name, events)

    assert reply.status == 403
    assert json.loads(reply.body) == {"errorMessage": message, "errorType": error_type}


async def test_register_twice() -> None:
    """A name is taken once."""
    async with serving() as served:
        await served.register("inner", ["INVOKE"])
        reply = await served.register("inner", ["INVOKE"])

        assert served.extensions.shutdown_ms == 500
    assert json.loads(reply.body)["errorType"] == "Extension.InvalidExtensionState"


async def test_ten_extensions() -> None:
    """The eleventh is refused."""
    async with serving() as served:
        replies = [await served.register(f"inner{number}", []) for number in range(11)]

    assert [reply.status for reply in replies] == [200] * 10 + [403]
    assert json.loads(replies[-1].body) == {
        "errorMessage": "Extension limit (10) reached",
        "errorType": "Extension.TooManyExtensions",
    }


async def test_registration_closes() -> None:
    """After the init phase no internal extension can join."""
    async with serving() as served:
        served.extensions.closed = True
        reply = await served.register("inner", [])

    assert json.loads(reply.body)["errorType"] == "Extension.RegistrationClosed"


@pytest.mark.parametrize(
    ("headers", "error_type", "message"),
    [
        ("", "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"),
        (
            "Lambda-Extension-Identifier: x\r\n",
            "Extension.InvalidExtensionIdentifier",
            "Invalid Lambda-Extension-Identifier",
        ),
        (
            f"Lambda-Extension-Identifier: {UNKNOWN}\r\n",
            "Extension.UnknownExtensionIdentifier",
            f"Unknown extension {UNKNOWN}",
        ),
    ],
)
async def test_next_refused(headers: str, error_type: str, message: str) -> None:
    """A caller has to say who it is."""
    async with serving() as served:
        served.client.get(NEXT, headers)
        reply = await served.client.reply()

    assert reply.status == 403
    assert json.loads(reply.body) == {"errorMessage": message, "errorType": error_type}


async def test_error_needs_its_type() -> None:
    """An error report without a type is refused; the first one with a type is kept."""
    async with serving() as served:
        registered = await served.register("inner", [])
        me = f"Lambda-Extension-Identifier: {registered.headers['lambda-extension-identifier']}\r\n"
        served.client.post("/2020-01-01/extension/exit/error", b"{}", me)
        refused = await served.client.reply()
        typed = me + "Lambda-Extension-Function-Error-Type: Extension.First\r\n"
        served.client.post("/2020-01-01/extension/exit/error", b"{}", typed)
        accepted = await served.client.reply()

        assert served.extensions.error_type == "Extension.First"
    assert json.loads(refused.body)["errorType"] == "Extension.MissingHeader"
    assert (accepted.status, json.loads(accepted.body)) == (202, {"status": "OK"})
