"""The header ``X-Amzn-Trace-Id`` as a load balancer writes it.

Facts, from the AWS ELB user guide ("Request tracing for your Application Load Balancer")

- A request without it gets ``Root=<trace id>``.
- With a ``Root`` a ``Self`` is put in front; an old ``Self`` gets the new value; other fields are kept.
- When the request's headers are over 7 KB the whole value becomes a new ``Root``.
- Text without ``Root`` is kept behind a new ``Root`` (captured from a real load balancer by laravel/vapor-core, 2020).
"""

from typing import Final

MAX_HEADERS_BYTES: Final = 7 * 1024
"""Header bytes up to which a client's fields are kept."""


def extended(incoming: str, trace_id: str) -> str:
    """The value that the function gets.

    Args:
        incoming: The client's value, "" when there was none.
        trace_id: A fresh one, ``1-<8 hex of epoch seconds>-<24 hex>``.
    """
    if not incoming:
        return f"Root={trace_id}"
    fields = [field for field in (part.strip() for part in incoming.split(";")) if field]
    if not fields:
        return f"Root={trace_id}"
    names = [field.partition("=")[0] for field in fields]
    # An old Self is another load balancer's: replaced where it stands.
    if "Self" in names:
        fields[names.index("Self")] = f"Self={trace_id}"
    elif "Root" in names:
        fields.insert(0, f"Self={trace_id}")
    else:
        fields.insert(0, f"Root={trace_id}")
    return ";".join(fields)
