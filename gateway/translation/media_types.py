"""Which bodies are text and which are base64: the two rules of API Gateway.

Facts:

- HTTP APIs look at the Content-Type alone, never at the bytes.  27 types measured on the real service
  (floci-io/floci pull request 2203, ministackorg/ministack pull request 766): ``text/*``, JSON, XML, JavaScript
  and GraphQL are text unless they name a charset other than UTF-8; everything else, no type at all, and
  ``application/x-www-form-urlencoded`` are base64.  Function URLs show nothing that contradicts the list.
- REST APIs compare with the API's ``binaryMediaTypes``, parameters cut off; ``*/*`` matches everything, and
  ``image/*`` every request of that family (API Gateway developer guide, api-gateway-payload-encodings).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_TEXT: Final = frozenset(
    {"application/graphql", "application/javascript", "application/json", "application/xml"},
)
_UTF8: Final = frozenset({"utf-8", "utf8"})


@lru_cache(maxsize=64)
def is_text(content_type: str) -> bool:
    """Whether HTTP APIs and Function URLs pass a body of this type as text; "" is no Content-Type."""
    media_type, *parameters = content_type.lower().split(";")
    media_type = media_type.strip()
    if not (media_type.startswith("text/") or media_type in _TEXT):
        return False
    return all(_is_utf8(parameter) for parameter in parameters)


def _is_utf8(parameter: str) -> bool:
    """Whether a parameter leaves the type UTF-8 text: it is no charset, or one that says UTF-8."""
    name, _, value = parameter.partition("=")
    return name.strip() != "charset" or value.strip().strip('"') in _UTF8


def is_binary_request(content_type: str, binary_media_types: Iterable[str]) -> bool:
    """Whether a REST API passes a request body of this type as base64."""
    media_type = _bare(content_type)
    family = media_type.partition("/")[0] + "/*"
    return any(entry in {"*/*", media_type, family} for entry in map(str.lower, binary_media_types))


def is_binary_response(accept: str, binary_media_types: Iterable[str]) -> bool:
    """Whether a REST API decodes a base64 result: the *request's* first Accept type names an entry exactly.

    ``Accept: */*`` and ``image/*`` match only an entry spelled the same; ``*/*`` configured matches anything.
    """
    wanted = _bare(accept.partition(",")[0])
    return any(entry == "*/*" or (entry == wanted != "") for entry in map(str.lower, binary_media_types))


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
