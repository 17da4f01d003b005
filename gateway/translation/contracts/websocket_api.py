"""WebSocket API: its verdicts about ``$connect``, and the shape of its events."""

from typing import Final, NoReturn

from gateway.errors import UsageError
from gateway.translation.contracts.contract import DEVELOPER_GUIDE, Contract, Event
from gateway.translation.contracts.payload_v1 import LISTS, OBJECT, RESULT, TEXTS, unpaired
from gateway.translation.shape import FLAG, TEXT, WHOLE, ListOf, MapOf, Members


def _is_websocket(_event: Event, context: Event) -> bool:
    return "connectionId" in context


def _no_request(_event: Event) -> NoReturn:
    raise UsageError("this is an event of a WebSocket API, which has no HTTP request behind each event")


_CONTEXT: Final = Members(
    {
        **dict.fromkeys(
            (
                "routeKey",
                "eventType",
                "extendedRequestId",
                "requestTime",
                "messageDirection",
                "stage",
                "requestId",
                "domainName",
                "connectionId",
                "apiId",
            ),
            TEXT,
        ),
        "connectedAt": WHOLE,
        "requestTimeEpoch": WHOLE,
        "identity": Members({"sourceIp": TEXT}, closed=False),
    },
    {"authorizer": OBJECT, "messageId": TEXT, "disconnectStatusCode": WHOLE, "disconnectReason": TEXT},
)
_EVENT: Final = Members(
    {"requestContext": _CONTEXT, "isBase64Encoded": FLAG},
    {
        "headers": MapOf(TEXT),
        "multiValueHeaders": MapOf(ListOf(TEXT)),
        "queryStringParameters": TEXTS,
        "multiValueQueryStringParameters": LISTS,
        "stageVariables": TEXTS,
        "body": TEXT,
    },
)

CONNECT: Final = Contract(
    source=DEVELOPER_GUIDE + "apigateway-websocket-api-route-keys-connect-disconnect.html",
    members=RESULT,
    shape=_EVENT,
    recognises=_is_websocket,
    rebuild=_no_request,
    misfits=unpaired,
)
