"""What REST APIs and Function URLs refuse of any request: too many bytes of header values, characters of the query.

Facts:

- The values of all header lines of a REST API have 10240 bytes together (API Gateway developer guide, quotas).
- Above about 10 KB of headers a Function URL answers with Lambda's text for events that are too large (reported three
  times: anomalyco/sst issue 5705, 2025, says over 10 KB of cookies), against the Lambda developer guide, which
  says 1 MB.  What counts exactly, and the status, is not known: here the values count, as on REST APIs, and it is 413.
- Plain ``{``, ``}`` and ``|`` are not supported in the query of a REST API, they must be percent-encoded (API Gateway
  developer guide, api-gateway-known-issues; the status 400 is reported: yezyilomo/django-restql issue 279, 2021).
- Plain ``[`` and ``]`` in the query of a Function URL bring 400 (one transcript).
"""

from typing import Final

from gateway.translation.gateway_response import Cause, Refused
from gateway.types import HeaderList

MAX_HEADER_VALUES: Final = 10240


def check_header_values(headers: HeaderList, cause: Cause) -> None:
    """Raise `Refused` with ``cause`` when the values of all header lines have more than 10240 bytes."""
    if sum([len(value) for _, value in headers]) > MAX_HEADER_VALUES:
        raise Refused(cause, f"header values are over {MAX_HEADER_VALUES} bytes")


def check_query(raw_query: bytes, refused: bytes) -> None:
    """Raise `Refused` when a query has one of these characters as it is."""
    if raw_query and raw_query.translate(None, refused) != raw_query:
        raise Refused(Cause.QUERY, f"one of {' '.join(refused.decode())}")
