"""What the function of a WebSocket route gives back, read as strictly on every route.

Facts:

- The integration is REST's Lambda proxy: a result with other members (reported: middyjs/middy issue 1219), or one that
  is no object (reported: michalkvasnicak/aws-lambda-graphql pull request 48), is malformed whether or not the route
  sends anything back.  That the members have REST's types too is inferred.
- A plain status on a one-way route does not matter (API Gateway developer guide, apigateway-websocket-api).
"""

from typing import NamedTuple

from gateway.errors import BadResult
from gateway.translation.payload_v1 import Lines, multi_value_lines, result_members
from gateway.translation.payload_v2 import body_bytes, header_lines
from gateway.translation.result_text import flag, status_code


class RouteResult(NamedTuple):
    """A result as parts of an answer.

    Attributes:
        status: The status code, None without one.
        lines: Its headers.
        body: The text, None without one.
        encoded: The text is base64.
    """

    status: int | None
    lines: Lines
    body: str | None
    encoded: bool

    def raw(self) -> bytes:
        """The bytes of the body; raises `BadResult` when they are not what ``isBase64Encoded`` says."""
        return body_bytes(self.body or "", encoded=self.encoded)


def read_result(payload: bytes) -> RouteResult:
    """The result of a route's function.

    Raises:
        BadResult: It is malformed.
    """
    result = result_members(payload)
    given, body = result.get("statusCode"), result.get("body")
    if body is not None and not isinstance(body, str):
        raise BadResult("/body", "a string", body)
    single = header_lines(result.get("headers"))
    return RouteResult(
        None if given is None else status_code(given),
        multi_value_lines(result.get("multiValueHeaders"), single, multi_first=True),
        body,
        flag(result.get("isBase64Encoded"), "/isBase64Encoded"),
    )
