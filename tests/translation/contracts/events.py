"""Requests full of what front doors add and change, and an event made once more from its own request."""

import json

from hypothesis import strategies as st

from gateway.observe.cases import authorizer_of
from gateway.observe.differences import Difference, differences
from gateway.observe.flavour_options import make_flavour
from gateway.translation.messages import Request, Tls
from gateway.translation.rebuild import rebuild
from gateway.types import Json


def again(event: Json) -> list[Difference]:
    """What differs when the event is made once more from its own request."""
    rebuilt = rebuild(event)
    flavour = make_flavour(rebuilt.flavour, rebuilt.options)
    authorizer = authorizer_of(event)
    match = None
    if isinstance(authorizer, dict):
        match = flavour.route(rebuilt.request)._replace(authorizer=authorizer)
    now: Json = json.loads(flavour.encode(rebuilt.request, rebuilt.arrival, match))
    return differences(event, now, "/event", rebuilt.mask)


_NAMES = (
    "host accept Accept x-custom X-Custom cookie content-type content-length x-forwarded-for X-Forwarded-Port "
    "x-forwarded-proto x-amzn-trace-id x-amzn-tls-version x-amzn-tls-cipher-suite expect connection authorization "
    "user-agent x-http-method-override"
)
_names = st.sampled_from(_NAMES.split()).map(str.encode)
_VALUES = (
    "|0|1, 2|1.1.1.1, 2.2.2.2|Root=1-a-b|Self=1;Root=2|Root=1;Self=2|Self=1|CalledFrom=x|Root=1;Parent=2;Sampled=1|"
    "a=1; b=2|text/plain|application/json|100-continue|EXAMPLE.com:8080|[::1]:80"
)
_values = (st.sampled_from(_VALUES.split("|")) | st.text("aä €\u00ff=;,", max_size=8).map(str.strip)).map(str.encode)
_queries = st.lists(st.sampled_from(["a=1", "a=2", "b", "=", "c=%20+", "%zz=%ff", "ä=€", "", "d=e=f"]), max_size=5)
_paths = st.sampled_from(["/", "/a/b", "//a//b/", "/a%2Fb/%zz", "/ä/€", "/a%3Fb", "/%20+~!$'()*", "/a;b=c@d:e"])


def requests() -> st.SearchStrategy[Request]:
    """Requests full of what the front doors add and change."""
    return st.builds(
        lambda method, path, query, headers, body, port, tls: Request(
            method,
            path.encode(),
            "&".join(query).encode(),
            headers,
            body,
            ("2001:db8::1", 50000),
            ("192.0.2.2", port),
            "https" if tls else "http",
            tls=Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256") if tls else None,
        ),
        st.sampled_from(["GET", "POST", "OPTIONS"]),
        _paths,
        _queries,
        st.lists(st.tuples(_names, _values), max_size=6),
        st.binary(max_size=6) | st.just(b"text"),
        st.sampled_from([80, 443, 8080]),
        st.booleans(),
    )
