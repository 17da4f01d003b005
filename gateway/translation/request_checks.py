"""What REST APIs and Function URLs refuse of any request: too many bytes of header values, characters of the query.

Facts:

- The values of all header lines of a REST API have 10240 bytes together (API Gateway developer guide, quotas).
- Above about 10 KB of headers a Function URL answers with Lambda's text for events that are too large (reported three
  times: anomalyco/sst issue 5705, 2025, says over 10 KB of cookies), against the Lambda developer guide, which
  says 1 MB.  What counts exactly, and the status, is not known: here the values count, as on REST APIs, and it is 413.
"""

from typing import Final

from gateway.translation.gateway_response import Cause, Refused
from gateway.types import HeaderList

_MAX_HEADER_VALUES: Final = 10240


def check_header_values(headers: HeaderList, cause: Cause) -> None:
    """Raise `Refused` with ``cause`` when the values of all header lines have more than 10240 bytes."""
    if sum([len(value) for _, value in headers]) > _MAX_HEADER_VALUES:
        raise Refused(cause, f"header values are over {_MAX_HEADER_VALUES} bytes")
