"""Percent-encoding: paths and queries, decoded once, the way each API Gateway front door needs them.

Facts:

- Queries of REST and HTTP APIs and of Function URLs arrive decoded and ``+`` is a space (recorded:
  localstack/localstack@8b9a79f0, 2024; aws/aws-lambda-dotnet@f5e639feb, 2025).
- A wrong escape stays as it is: ``/pa2%Fth/1`` (recorded: localstack/localstack@8b9a79f0, Function URL, 2025).
- Escapes that do not make UTF-8 become U+FFFD; not recorded anywhere, chosen because JSON has no raw bytes.
"""

from urllib.parse import unquote_to_bytes


def ascii_path(raw: bytes) -> str:
    """A raw path as text, still encoded; bytes that do not belong into a URL are encoded, so the text is ASCII."""
    if raw.isascii():
        return raw.decode("ascii")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def decode_path(raw: bytes) -> str:
    """A raw path decoded once; ``+`` stays."""
    if b"%" not in raw and raw.isascii():
        return raw.decode("ascii")
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def decode_pairs(raw_query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query, decoded, in order; a name without ``=`` has the value ""."""
    if b"%" not in raw_query and b"+" not in raw_query and raw_query.isascii():
        parts = [text.partition("=") for text in raw_query.decode("ascii").split("&") if text]
        return [(name, value) for name, _, value in parts]
    pairs = []
    for part in raw_query.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def _decode(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return decode_path(raw)
