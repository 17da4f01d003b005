"""Bodies: text or base64.

Facts, from the AWS ELB user guide ("Lambda functions as targets") and captures of 2018-2022

- Text goes into the event as it is: ``text/*``, ``application/json``, ``application/javascript``, ``application/xml``.
- Everything else is base64, also forms, ``multipart/*``, ``application/*+json`` and a body without a type.
- Parameters of the media type change nothing; a content coding makes any body base64.
- Base64 is the standard alphabet, padded, without line breaks; in a result it must be exactly that
  (aws/serverless-java-container issue 339: line breaks made a 502).
"""

from functools import lru_cache
from typing import Final

import pybase64

_TEXT_TYPES: Final = frozenset(("application/json", "application/javascript", "application/xml"))


@lru_cache(maxsize=64)
def is_text(content_type: str) -> bool:
    """Whether a body of this content type is passed on as text; "" for a body without a type."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in _TEXT_TYPES or media_type.startswith("text/")


def to_base64(body: bytes) -> bytes:
    """The body in base64; safe inside a JSON string as it stands."""
    return pybase64.b64encode(body)


def from_base64(text: str) -> bytes:
    """The bytes of strict base64.

    Raises:
        ValueError: Another alphabet, white space, or wrong padding.
    """
    return pybase64.b64decode(text, validate=True)
