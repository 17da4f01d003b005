"""Transforms: rewriting the host and the URL of a request between its rule and its target.

Facts, from the AWS ELB user guide (transforms for listener rules) unless said otherwise

- They run after the rule has matched and change nothing about which rule it is.
- No match of the pattern: the request goes on unchanged.  A match that cannot be carried out: 500.
- ``url-rewrite`` sees path and query together, so ``$`` stands behind the query (measured on AWS, 2025).
- A group that the pattern does not have is replaced by nothing, not by an error (same measurement).
- The path is percent-decoded on the way, ``%3A`` becomes ``:`` (kubernetes-sigs/aws-load-balancer-controller, issue
  4579, 2026).  Which escapes stay is not known: those that would change the URL's meaning do here, as in nginx.

Only the first match is replaced; AWS does not say.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.config.regex import Regex, compile_regex
from gateway.config.transforms import HostHeaderRewrite, TransformSettings, UrlRewrite
from gateway.errors import GatewayError
from gateway.translation.messages import Request

_GROUP: Final = re.compile(r"\$(\d+)")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_HOST: Final = re.compile(rb"[!-.0-~]+")
_URL: Final = re.compile(rb"/[!-~]*")
_MAX_URL: Final = 16 * 1024


class TransformFailed(GatewayError):
    """The rewritten host or URL is not one; the load balancer answers 500."""


class Rewriter(NamedTuple):
    """A compiled rewrite: ``parts`` are texts, and numbers of groups between them."""

    regex: Regex
    parts: tuple[bytes | int, ...]

    def rewrite(self, subject: bytes) -> bytes | None:
        """The subject with the first match replaced; None without a match."""
        found = self.regex.search(subject)
        if found is None:
            return None
        known = self.regex.groups
        texts = (
            part if isinstance(part, bytes) else (found[part] or b"") if part <= known else b"" for part in self.parts
        )
        return subject[: found.start()] + b"".join(texts) + subject[found.end() :]


class Transform(NamedTuple):
    """The transforms of one rule."""

    host: Rewriter | None
    url: Rewriter | None

    def apply(self, request: Request) -> Request:
        """The request as its target gets it.

        Raises:
            TransformFailed: A pattern matched, but what came out is no host or no URL.
        """
        if self.host is not None:
            request = _with_host(request, self.host)
        if self.url is not None:
            request = _with_url(request, self.url)
        return request


def compile_transforms(transforms: Sequence[TransformSettings]) -> Transform | None:
    """The transforms of a rule; None when it has none."""
    host = next((_rewriter(it) for it in transforms if isinstance(it, HostHeaderRewrite)), None)
    url = next((_rewriter(it) for it in transforms if isinstance(it, UrlRewrite)), None)
    return Transform(host, url) if host or url else None


def _rewriter(transform: TransformSettings) -> Rewriter:
    (rewrite,) = transform.rewrites
    pieces = _GROUP.split(rewrite.replace)
    parts = tuple(int(piece) if odd % 2 else piece.encode() for odd, piece in enumerate(pieces))
    return Rewriter(compile_regex(rewrite.regex, captures=True), parts)


def _with_host(request: Request, rewriter: Rewriter) -> Request:
    """The port, which is no part of the domain name, is put back behind the new name."""
    headers = list(request.headers)
    place = next((index for index, (name, _) in enumerate(headers) if name.lower() == b"host"), None)
    host = request.authority or (headers[place][1] if place is not None else b"")
    name, port = _split_port(host)
    rewritten = rewriter.rewrite(name)
    if rewritten is None:
        return request
    if not _HOST.fullmatch(rewritten):
        raise TransformFailed(f"host-header-rewrite: {rewritten!r} is not a host name")
    rewritten += port
    if place is None:
        headers.insert(0, (b"Host", rewritten))
    else:
        headers[place] = (headers[place][0], rewritten)
    return request._replace(headers=headers, authority=rewritten if request.authority else b"")


def _split_port(host: bytes) -> tuple[bytes, bytes]:
    name, colon, port = host.rpartition(b":")
    return (name, colon + port) if colon and port.isdigit() and not name.endswith(b":") else (host, b"")


def _with_url(request: Request, rewriter: Rewriter) -> Request:
    url = decode_path(request.raw_path)
    rewritten = rewriter.rewrite(url + b"?" + request.raw_query if request.raw_query else url)
    if rewritten is None:
        return request
    if not _URL.fullmatch(rewritten) or len(rewritten) > _MAX_URL:
        raise TransformFailed(f"url-rewrite: {rewritten[:80]!r} is not a path with a query")
    path, _, query = rewritten.partition(b"?")
    return request._replace(raw_path=path, raw_query=query)


def decode_path(raw_path: bytes) -> bytes:
    """Decode the escapes of visible ASCII characters, save ``%``, ``?`` and ``#``."""

    def character(escape: re.Match[bytes]) -> bytes:
        code = int(escape[1], 16)
        return bytes([code]) if 0x20 < code < 0x7F and code not in b"%?#" else escape[0]

    return _ESCAPE.sub(character, raw_path)
