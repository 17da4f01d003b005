"""The query string, split and never decoded.

Facts, captured from real load balancers (2018-2022) and told by the AWS ELB user guide ("Lambda functions as targets")

- ``&`` separates, ``;`` does not; empty segments are left out.
- The first ``=`` ends the key; a key without one has the value "".
- Percent-escapes and ``+`` stay as the client wrote them, so differently spelled keys stay apart.
"""


def pairs(raw_query: bytes) -> list[tuple[str, str]]:
    """Keys and values as they came, in arrival order.

    Raises:
        UnicodeDecodeError: The query holds bytes that are not UTF-8.
    """
    found: list[tuple[str, str]] = []
    for segment in raw_query.decode().split("&"):
        if segment:
            key, _, value = segment.partition("=")
            found.append((key, value))
    return found


def grouped(raw_query: bytes) -> dict[str, list[str]]:
    """Key → all of its values in arrival order; raises as `pairs` does."""
    values: dict[str, list[str]] = {}
    for key, value in pairs(raw_query):
        values.setdefault(key, []).append(value)
    return values
