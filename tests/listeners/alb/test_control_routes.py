"""What a load balancer publishes on the control port, beside what other listeners do."""

import itertools
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.applications import Starlette

from gateway.app import Gateway
from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.doors import FunctionUrlSettings, WebSocketApiSettings
from gateway.config.rules import Forward, TargetGroupTuple
from gateway.config.settings import AlbSettings, HealthCheckSettings, Settings, TargetGroupSettings
from gateway.hosting import HostOptions
from gateway.lambda_api.signature import SignatureCheck
from gateway.listener_options import ListenerOptions
from gateway.listeners.alb.authenticate import Authentication
from gateway.listeners.alb.authentication_keys import AuthenticationKeys
from gateway.listeners.alb.control_routes import control_routes
from gateway.listeners.alb.listener import AlbSteps
from gateway.translation.alb_attributes import AlbAttributes
from gateway.types import Json
from tests.gateways import NO_CHECKS, function
from tests.listeners.alb.doubles import alb_listener, routing
from tests.listeners.alb.identity_provider import SIGNER
from tests.listeners.alb.stacks import alb
from tests.targets.hosting import FUNCTIONS, Log, eventually
from tests.targets.http_server import answering, ok

pytestmark = pytest.mark.anyio

CHECKS = HealthCheckSettings(
    enabled=True, path="/", interval=5, timeout=2, healthy_threshold=2, unhealthy_threshold=1, matcher="200"
)


def servers(name: str, url: str, checks: HealthCheckSettings = CHECKS) -> TargetGroupSettings:
    """A target group of one HTTP server."""
    attributes = {key: attribute.default for key, attribute in TARGET_GROUP.items()}
    return TargetGroupSettings(name, "", (url,), attributes, checks)


def load_balancer(*groups: TargetGroupSettings) -> Settings:
    """One listener in front of target groups."""
    attributes = {key: attribute.default for key, attribute in LISTENER.items()}
    forward = Forward(tuple(TargetGroupTuple(group.name) for group in groups))
    return Settings(FUNCTIONS, {}, {group.name: group for group in groups}, (AlbSettings(0, (forward,), attributes),))


def signatures(service: str) -> SignatureCheck:
    """What checks signatures for a service."""
    return SignatureCheck({"AKIDEXAMPLE": "secret"}, "us-east-1", service=service)


@asynccontextmanager
async def controlled(settings: Settings, *, strict: bool = False) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    """A gateway with a control port, and its client."""
    options = ListenerOptions(verify=lambda service: signatures(service).check)
    gateway = Gateway(settings, HostOptions(os.environ, Log().append), options if strict else None)
    control = gateway.add_control_port("127.0.0.1", 0, signatures("lambda") if strict else None)
    await gateway.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{control.port}") as client:
            yield gateway, client
    finally:
        await gateway.stop(0)


def steps_of(gateway: Gateway) -> AlbSteps:
    """What answers the first listener's requests now."""
    steps = gateway.ports[0].listener.steps
    assert isinstance(steps, AlbSteps)
    return steps


async def health(gateway: Gateway, client: httpx.AsyncClient) -> dict[str, Json]:
    """The states of the first listener's targets."""
    answer = await client.get(f"/_gateway/target-health/{gateway.servers[0].port}")
    groups: dict[str, Json] = answer.json()
    return groups


def described(url: str, **state: str) -> Json:
    """A group of one target, in the words of DescribeTargetHealth."""
    return {"TargetHealthDescriptions": [{"Target": {"Id": url}, "TargetHealth": {**state}}]}


async def test_states_of_targets() -> None:
    """By target group: who answers is healthy, who does not is not and has the reason; without checks nobody knows."""
    async with answering(ok()) as down:
        pass
    async with answering(ok()) as up:
        settings = load_balancer(servers("up", up.url), servers("down", down.url), servers("off", up.url, NO_CHECKS))
        async with controlled(settings) as (gateway, client):
            checkers = steps_of(gateway).checkers
            await eventually(lambda: all("initial" not in str(checkers[name].described()) for name in ("up", "down")))
            states = await health(gateway, client)

    assert states["up"] == described(up.url, State="healthy")
    assert "'State': 'unhealthy', 'Reason': 'Target." in str(states["down"])
    assert "'State': 'unavailable'" in str(states["off"])


async def test_states_after_the_configuration_changed() -> None:
    """The page shows the target groups of the new one."""
    old, new = (load_balancer(servers(name, "http://127.0.0.1:1", NO_CHECKS)) for name in ("old", "new"))
    async with controlled(old) as (gateway, client):
        before = await health(gateway, client)
        await gateway.reconfigure(new)
        after = await health(gateway, client)

    assert (list(before), list(after)) == (["old"], ["new"])


async def test_an_unknown_page_says_what_is_there() -> None:
    """Also for the port of no load balancer."""
    async with controlled(
        Settings(FUNCTIONS, {"f": function("f", "host.alb")}, {}, (FunctionUrlSettings(0, "f"),))
    ) as (
        gateway,
        client,
    ):
        answer = await client.get(f"/_gateway/target-health/{gateway.servers[0].port}")

    assert answer.status_code == 404
    assert "GET /_gateway/target-health/PORT" in answer.text


async def test_connections_of_a_websocket_api() -> None:
    """They are known under its stage; nobody is connected here."""
    functions = {"f": function("f", "host.alb")}
    async with controlled(Settings(FUNCTIONS, functions, {}, (WebSocketApiSettings(0, function="f"),))) as (_, client):
        answer = await client.get("/prod/@connections/abc")

    assert answer.status_code == 410


async def test_strict_mode() -> None:
    """Targets ask for a signature as Lambda does, connections as API Gateway does."""
    balancer = load_balancer(servers("off", "http://127.0.0.1:1", NO_CHECKS))
    listeners = (*balancer.listeners, WebSocketApiSettings(0, function="f"))
    settings = replace(balancer, functions={"f": function("f", "host.alb")}, listeners=listeners)
    async with controlled(settings, strict=True) as (gateway, client):
        targets = f"/_gateway/target-health/{gateway.servers[0].port}"
        connection = "/prod/@connections/abc"
        asked = itertools.product((targets, connection), ("", "lambda", "execute-api"))
        statuses = [(await client.get(path, headers=signature(client, path, name))).status_code for path, name in asked]

    assert statuses == [403, 200, 403, 403, 403, 410]


def signature(client: httpx.AsyncClient, path: str, service: str) -> dict[str, str]:
    """A signature for a service, none for none."""
    if not service:
        return {}
    request = AWSRequest("GET", str(client.base_url.join(path)))
    SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


async def test_public_key() -> None:
    """With authentication actions the key is there under its id, and takes no signature; other ids are not there."""
    keys = AuthenticationKeys.generate()
    authentication = Authentication(keys, AlbAttributes(), SIGNER)
    subject = alb_listener(replace(routing(alb(), {}), authentication=authentication))
    published = control_routes(subject, 80)
    app = Starlette(routes=[it.route for it in published])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as client:
        found, other = [await client.get(f"/{key_id}") for key_id in (keys.key_id, uuid.uuid4())]
    await subject.aclose()

    assert [it.service for it in published] == ["lambda", ""]
    assert (found.status_code, found.content) == (200, keys.public_pem)
    assert other.status_code == 404


def test_no_public_key_without_authentication() -> None:
    """Then there are the states of its targets only, under the listener's port."""
    published = control_routes(alb_listener(routing(alb(), {})), 80)

    assert [(it.route.path, it.service) for it in published] == [("/_gateway/target-health/80", "lambda")]
