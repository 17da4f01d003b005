"""REST API: its verdicts, the shape of its events, and the request behind one."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.translation.contracts.contract import DEVELOPER_GUIDE, Contract, Event
from gateway.translation.contracts.payload_v1 import (
    CONTEXT,
    MEMBERS,
    OBJECT,
    RESULT,
    callers_members,
    request_of,
    unpaired,
)
from gateway.translation.contracts.rebuilt import API_TAKEN, Rebuilt, api_options, of_context, taken_from
from gateway.translation.front_door import NO_BASE_PATH
from gateway.translation.messages import Arrival
from gateway.translation.shape import TEXT, Members
from gateway.types import Json


def from_rest(event: Mapping[str, Any]) -> Rebuilt:
    """The request behind a REST API's event."""
    context = event["requestContext"]
    edge = _edge(event)
    request, trace_id = request_of(event, context["path"], edge)
    options = api_options(context, event["headers"].get("Host", ""))
    options |= {"stage": context["stage"], "deployment_id": context.get("deploymentId", "")}
    if event.get("stageVariables"):
        options["stage_variables"] = event["stageVariables"]
    options["routes"] = [f"ANY {event['resource']} {context.get('operationName', '')}".strip()]
    options |= _addressing(event, context)
    if event["isBase64Encoded"]:
        options["binary_media_types"] = ["*/*"]
    arrival = Arrival(context["requestId"], context["requestTimeEpoch"], trace_id)
    mask = of_context("extendedRequestId", "resourceId", *callers_members(context["identity"]))
    if edge:
        mask += of_context("identity/sourceIp")
    if "customDomain" not in context:  # nobody knows since when it is there
        mask += of_context("customDomain")
    return Rebuilt("rest", options, request, arrival, mask, taken_from(_TAKEN, options))


_TAKEN: Final = {
    **API_TAKEN,
    "stage": of_context("stage"),
    "deployment_id": of_context("deploymentId"),
    "base_path": of_context("customDomain/basePathMatched"),
    "stage_variables": ("/event/stageVariables",),
    "routes": ("/event/resource", *of_context("resourcePath", "operationName")),
    "binary_media_types": ("/event/isBase64Encoded",),
}


def _edge(event: Mapping[str, Any]) -> str:
    """The address of CloudFront in front of an edge-optimised API, "" for other APIs.

    It is the last one of X-Forwarded-For, and ``sourceIp`` is the one before (a capture of 2023, an API of AWS SAM).
    """
    addresses = ", ".join(event["multiValueHeaders"].get("X-Forwarded-For", ())).split(", ")
    source_ip = event["requestContext"]["identity"]["sourceIp"]
    return addresses[-1] if addresses[-2:-1] == [source_ip] and addresses[-1] != source_ip else ""


def _addressing(event: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Json]:
    """What the URL's path begins with: a stage, a custom domain's base path, both or nothing."""
    if event["path"] != context["path"]:
        return {"addressing": "execute-api"}
    inner = event["resource"]
    for name, value in (event["pathParameters"] or {}).items():
        inner = inner.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    prefix = context["path"].rstrip("/").removesuffix(inner.rstrip("/")).strip("/")
    if "customDomain" in context:
        matched = context["customDomain"]["basePathMatched"]
        base_path = "" if matched == NO_BASE_PATH else matched
        with_stage = prefix == f"{base_path}/{context['stage']}".removeprefix("/")
        return _mapped("domain-stage" if with_stage else "domain", base_path)
    base_path, slash, last = prefix.rpartition("/")
    if slash and last == context["stage"]:
        return _mapped("domain-stage", base_path)
    return _mapped("domain", prefix)


def _mapped(addressing: str, base_path: str) -> dict[str, Json]:
    return {"addressing": addressing, "base_path": base_path} if base_path else {"addressing": addressing}


def _is_rest(event: Event, context: Event) -> bool:
    """An event of format 1.0 that has no ``version``; a WebSocket's may have ``resource`` and ``httpMethod``, too."""
    return "version" not in event and {"resource", "httpMethod"} <= event.keys() and "connectionId" not in context


REST: Final = Contract(
    source=DEVELOPER_GUIDE + "set-up-lambda-proxy-integrations.html",
    members=RESULT,
    shape=Members(
        {
            **MEMBERS,
            "requestContext": Members(
                {**CONTEXT, "deploymentId": TEXT},
                {
                    "authorizer": OBJECT,
                    "customDomain": Members({"basePathMatched": TEXT}),
                    "operationName": TEXT,
                },
            ),
        }
    ),
    recognises=_is_rest,
    rebuild=from_rest,
    reports={
        "statusCode": "recorded from AWS: aws/aws-lambda-dotnet@f5e639feb, 2025",
        "": "recorded from AWS: localstack/localstack@8b9a79f0, 2024",
    },
    misfits=unpaired,
)
