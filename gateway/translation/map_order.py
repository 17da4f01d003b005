"""The order of members in maps that REST and WebSocket APIs make: that of a ``HashMap`` of Java.

Facts: ``requestContext``, the ``identity`` of REST APIs and what a Lambda authorizer adds come so in every capture that
kept AWS's order (2018-2025).  The twelve members of ``identity`` are ordered otherwise than the thirteen and fourteen
with an API key, since a map of more than twelve has 32 buckets.  The rest is what Java documents of
``String.hashCode``, and the buckets of ``HashMap``.
"""

from collections.abc import Mapping
from functools import lru_cache

from gateway.types import Json


def in_map_order(members: Mapping[str, Json]) -> dict[str, Json]:
    """The members by bucket; those of one bucket stay as they are."""
    buckets = 16
    while len(members) * 4 > buckets * 3:
        buckets *= 2
    return dict(sorted(members.items(), key=lambda member: _spread(member[0]) % buckets))


@lru_cache(maxsize=128)  # an API's maps have the same names again and again
def _spread(name: str) -> int:
    code = 0
    units = name.encode("utf-16-be", "surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ code >> 16
