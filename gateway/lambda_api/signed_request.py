"""A request that is signed with AWS Signature Version 4: what it says of its signature, and what was signed.

Facts, from the AWS IAM user guide ("Create a signed AWS API request"), botocore's signer, which the tests compare with,
and texts of real services in public reports and emulators

- A signature stands in ``Authorization`` or in the query of a presigned URL, never in both.
- Of header lines with one name the values are joined with a comma; runs of spaces count as one.
- The path is taken without empty and dot segments and percent-encoded once more (``%3A`` becomes ``%253A``).
- AWS encodes the query anew, botocore takes it as it is written; the two differ only where it was not written as AWS
  would, and either is taken here.
- A part of ``Authorization`` without an equal-sign is named before the parts that are missing (public reports of
  bearer tokens that met a signature check).
- A parameter that is given twice is refused; what AWS says to that is not known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

from gateway.lambda_api.errors import ApiError
from gateway.types import HeaderList

ALGORITHM: Final = "AWS4-HMAC-SHA256"

_PRESIGNED: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
_UNRESERVED: Final = "-_.~"


class GivenSignature(NamedTuple):
    """What a request says of its signature.

    Attributes:
        access_key: The id of the key.
        scope: What stands behind it: day, region, service and ``aws4_request``, with slashes between.
        stamp: When it was made, ``20260131T235959Z``; "" when nothing says.
        names: The names of the signed headers, in lower case and in their order.
        signature: 64 hexadecimal digits, when it is one.
        expires: Of a presigned URL the seconds for which it is good, as it has them; "" otherwise.
    """

    access_key: str
    scope: str
    stamp: str
    names: tuple[str, ...]
    signature: str
    expires: str = ""


class SignedRequest(NamedTuple):
    """A request as its signature sees it; ``lines`` have each name once, in lower case."""

    method: str
    path: bytes
    query: bytes
    lines: Mapping[str, str]

    def given(self) -> GivenSignature:
        """Where it is signed, and how.

        Raises:
            ApiError: It is not signed, or parts are missing.
        """
        authorization = self.lines.get("authorization", "")
        if all(key != b"X-Amz-Algorithm" for key, _ in _pairs(self.query)):
            stamp = self.lines.get("x-amz-date") or self.lines.get("date", "")
            return _of_authorization(authorization, stamp)
        if authorization:
            text = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
            raise ApiError("InvalidSignatureException", text)
        return _of_query(self.query)

    def canonical(self, names: Sequence[str], payload_hash: str) -> Iterator[bytes]:
        """The canonical requests that may have been signed; every one of ``names`` must be there."""
        headers = "".join(f"{name}:{self.lines[name]}\n" for name in names)
        rest = f"\n{headers}\n{';'.join(names)}\n{payload_hash}".encode("latin-1")
        path = quote(_without_dots(self.path), safe="/" + _UNRESERVED).encode()
        pairs = [pair for pair in _pairs(self.query) if pair[0] != b"X-Amz-Signature"]
        for query in dict.fromkeys((_query(map(_encoded, pairs)), _query(pairs))):
            yield b"%b\n%b\n%b%b" % (self.method.encode("latin-1"), path, query, rest)


def signed_request(method: str, target: tuple[bytes, bytes], headers: HeaderList) -> SignedRequest:
    """A request with this raw path and raw query; the names of ``headers`` are in lower case."""
    lines: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), b" ".join(raw_value.split()).decode("latin-1")
        lines[name] = f"{lines[name]},{value}" if name in lines else value
    return SignedRequest(method, *target, lines)


def _of_authorization(header: str, stamp: str) -> GivenSignature:
    if not header:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = header.partition(" ")
    pairs = [part.strip().partition("=") for part in rest.split(",")]
    for name, equals, _ in pairs if rest else ():
        if not equals:
            text = f"'{name}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
            raise ApiError("IncompleteSignatureException", text)
    parts = {name: value for name, _, value in pairs}
    texts = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not stamp:
        texts.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if texts or len(parts) < len(pairs):
        raise ApiError("IncompleteSignatureException", " ".join([*texts, f"Authorization={header}"]))
    _check_algorithm(algorithm)
    return _given(parts, stamp)


def _of_query(query: bytes) -> GivenSignature:
    found = [(unquote(key), unquote(value)) for key, value in (map(bytes.decode, pair) for pair in _ascii(query))]
    parts = {key.removeprefix("X-Amz-"): value for key, value in found if key.startswith("X-Amz-")}
    texts = [
        f"AWS query-string parameters must include '{name}'."
        for name in _PRESIGNED
        if [key for key, value in found if value].count(name) != 1
    ]
    if texts:
        raise ApiError("IncompleteSignatureException", " ".join([*texts, "Re-examine the query-string parameters."]))
    _check_algorithm(parts["Algorithm"])
    return _given(parts, parts["Date"])


def _ascii(query: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The pairs that can be of a signature."""
    return (pair for pair in _pairs(query) if pair[0].isascii() and pair[1].isascii())


def _check_algorithm(algorithm: str) -> None:
    if algorithm != ALGORITHM:
        text = f"Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). "
        raise ApiError("IncompleteSignatureException", text)


def _given(parts: Mapping[str, str], stamp: str) -> GivenSignature:
    credential = parts["Credential"]
    access_key, _, scope = credential.partition("/")
    if scope.count("/") != 3:
        example = "e.g. keyid/date/region/service/term"
        text = f"Credential must have exactly 5 slash-delimited elements, {example}, got '{credential}'"
        raise ApiError("IncompleteSignatureException", text)
    names = tuple(parts["SignedHeaders"].lower().split(";"))
    return GivenSignature(access_key, scope, stamp, names, parts["Signature"], parts.get("Expires", ""))


def _pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    """Keys and values of a query as they are written, in their order."""
    return [(key, value) for key, _, value in (part.partition(b"=") for part in query.split(b"&"))] if query else []


def _encoded(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    key, value = (quote(unquote_to_bytes(part), safe=_UNRESERVED).encode() for part in pair)
    return key, value


def _query(pairs: Iterator[tuple[bytes, bytes]] | list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(b"%b=%b" % pair for pair in sorted(pairs))


def _without_dots(path: bytes) -> bytes:
    """The path without empty segments, ``.`` and ``..``; a slash at the end stays."""
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    return b"/" + b"/".join(kept) + (b"/" if kept and path.endswith(b"/") else b"")
