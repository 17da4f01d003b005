"""The prelude of a streamed response: JSON metadata, eight NUL bytes, then the body.

Facts:

- A function that streams announces metadata with the content type
  ``application/vnd.awslambda.http-integration-response``; with any other the response is a 200 and the stream its body
  (aws/aws-lambda-nodejs-runtime-interface-client, aws/aws-lambda-go lambdaurl).
- The keys are ``statusCode``, ``headers``, ``cookies``, all optional, and ``multiValueHeaders`` behind a REST API; the
  delimiter stands in the first 16 KB (API Gateway developer guide, response-streaming-lambda-configure).
- AWS's client for Node.js sends no metadata when nothing was written; the answer is 200 ``application/octet-stream``.
"""

from typing import Final, NamedTuple

from gateway.errors import BadResult
from gateway.translation.payload_v1 import multi_value_lines
from gateway.translation.payload_v2 import cookie_values, header_lines
from gateway.translation.result import load_result
from gateway.translation.result_text import mapping, sequence, status_code

CONTENT_TYPE: Final = "application/vnd.awslambda.http-integration-response"
DELIMITER: Final = b"\0" * 8
LIMIT: Final = 16 * 1024


class Prelude(NamedTuple):
    """What a function said before the first byte of its body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    cookies: list[bytes]
    body: bytes = b""
    """The bytes of the body that had arrived with the delimiter."""


def plain_prelude(content_type: str) -> Prelude:
    """The prelude of a stream without metadata: 200 and the content type that the function announced."""
    return Prelude(200, [(b"Content-Type", content_type.encode("latin-1", "replace"))], [])


class PreludeParser:
    """Reads a prelude as its bytes arrive, in pieces of any size."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Prelude | None:
        """The prelude once the delimiter is there, None before.

        Raises:
            BadResult: The metadata is no acceptable JSON, or the delimiter is not in the first 16 KB.
        """
        # A delimiter may straddle two pieces: look again at the last seven bytes.
        start = max(0, len(self._held) - len(DELIMITER) + 1)
        self._held += data
        at = self._held.find(DELIMITER, start)
        if at >= 0 and at + len(DELIMITER) <= LIMIT:
            return read_prelude(self._held[:at], self._held[at + len(DELIMITER) :])
        if at >= 0 or len(self._held) >= LIMIT:
            raise BadResult("", "eight NUL bytes within the first 16 KB", "<none>")
        return None

    def finish(self) -> Prelude:
        """The stream has ended before the delimiter: one without a byte is an empty 200.

        Raises:
            BadResult: Says how many bytes there were.
        """
        if not self._held:
            return plain_prelude("application/octet-stream")
        raise BadResult("", "metadata and eight NUL bytes", f"<the end after {len(self._held)} bytes>")


def read_prelude(metadata: bytes, body: bytes = b"") -> Prelude:
    """Metadata as a prelude; ``multiValueHeaders`` counts wherever it is given."""
    result = mapping(load_result(metadata), "")
    single = header_lines(result.get("headers"))
    return Prelude(
        200 if result.get("statusCode") is None else status_code(result["statusCode"]),
        multi_value_lines(result.get("multiValueHeaders"), single, multi_first=True),
        cookie_values(sequence(result.get("cookies"), "/cookies")),
        body,
    )
