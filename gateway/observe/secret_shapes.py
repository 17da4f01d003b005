"""Secrets that show by their shape, whatever name they have, and secret parts of URLs in any text.

Every pattern runs in linear time: what may repeat is bounded, or ends at the first character of another kind, and what
begins with a letter begins only where a word does.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote, unquote

from gateway.observe.secret_names import Place, is_secret_name

OnSecret: TypeAlias = Callable[[str], str]
"""Takes a secret and gives what is written instead."""

_BEGIN: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2}))"
_SHAPES: Final = re.compile(
    rf"{_BEGIN}(?:"
    r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)+"  # a JSON Web Token (RFC 7519) or encrypted one (RFC 7516)
    r"|A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Z0-9])"  # AWS: access key ids
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"  # GitHub, GitLab
    r"|xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9]{8,}"  # Stripe
    r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}"  # Google
    r"|sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{20,}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hvs\.[A-Za-z0-9_-]{16,}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}"
    r"|dop_v1_[a-f0-9]{16,}|PMAK-[a-f0-9-]{16,}"
    r")"
    # A private key in PEM (RFC 7468), to its end or that of the text.
    r"|-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----).)*(?:-----END [A-Z0-9 ]{0,40}-----)?",
    re.DOTALL,
)
_SCHEME: Final = re.compile(
    r"(?<![A-Za-z0-9])(Bearer|Basic|DPoP|Negotiate|Token)( +|%20)([A-Za-z0-9+/._~=-]{6,})", re.IGNORECASE
)
_NAME: Final = re.compile(r"[?&#;]([^?&#;=\s\"'<>]{1,200})=")
_VALUE: Final = re.compile(r"[^&#\s\"'<>]*")
_ENCODED: Final = re.compile(r"[^?&#;\s\"'<>]*%3[Dd][^?&#;\s\"'<>]*")
_USER: Final = re.compile(r"://([^\s/@:\"'<>]{0,200}):([^\s/@\"'<>]{1,200})@")


def without_shapes(text: str, secret: OnSecret) -> str:
    """A text without what looks like a secret, and without the secret parts of URLs in it."""
    if "=" in text:
        text = _without_parameters(text, secret)
    if "://" in text:
        text = _USER.sub(lambda found: f"://{found[1]}:{secret(found[2])}@", text)
    text = _SHAPES.sub(lambda found: secret(found[0]), text)
    return _SCHEME.sub(lambda found: _credentials(found, secret), text)


def _without_parameters(text: str, secret: OnSecret, depth: int = 2) -> str:
    """A secret's value goes to its end; in every other one a URL may stand, encoded or not, with its own parameters."""
    parts: list[str] = []
    done = position = 0
    while (found := _NAME.search(text, position)) is not None:
        position = found.end()
        if is_secret_name(found[1], Place.FIELD):
            value = _VALUE.match(text, position)
            changed = secret(value[0]) if value else ""
        else:
            value = _ENCODED.match(text, position)
            changed = _without_encoded(value[0], secret, depth - 1) if value and depth else ""
        if value and changed and changed != value[0]:
            parts += (text[done:position], changed)
            done = position = value.end()
    return "".join((*parts, text[done:])) if parts else text


def _without_encoded(value: str, secret: OnSecret, depth: int) -> str:
    """A value that may be a URL, as a part of another one."""
    plain = unquote(value)
    changed = _without_parameters(plain, secret, depth)
    return value if changed == plain else quote(changed, safe="")


def _credentials(found: re.Match[str], secret: OnSecret) -> str:
    """Words such as "Basic authentication" are none: a token has digits, and base64 of a password a colon."""
    scheme, space, value = found.groups()
    known = _has_colon(value) if scheme.lower() == "basic" else any(letter.isdigit() for letter in value)
    return f"{scheme}{space}{secret(value)}" if known else found[0]


def _has_colon(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return False
