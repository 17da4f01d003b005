"""Exchanges that the tests of recording and replay share, and requests drawn for every listener type."""

import json
from typing import Final

from hypothesis import strategies as st

from gateway.listener_types import FLAVOURS
from gateway.observe.flavour_options import options_of
from gateway.observe.recording import Recording
from gateway.translation.flavour import Flavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Arrival, Request, Response

ARRIVAL: Final = Arrival("8af0f750-fdfc-4b2e-bf85-0218623df93e", 1744668620123, "1-67fd87cc-09a86408172acd0726c798d5")
HTTP_FLAVOURS: Final = tuple(name for name, named in FLAVOURS.items() if named.plain_requests)
RESULT: Final = b'{"statusCode":200,"headers":{"Content-Type":"text/plain","Set-Cookie":"a=1; Path=/"},"body":"hi"}'
REQUEST: Final = Request(
    method="POST",
    raw_path=b"/pets/7",
    raw_query=b"page=2&token=abc",
    headers=[
        (b"Host", b"example.com"),
        (b"Authorization", b"Bearer abc.def"),
        (b"Cookie", b"session=abc; theme=dark"),
        (b"Content-Type", b"application/json"),
        (b"Content-Length", b"7"),
    ],
    body=b'{"a":1}',
    client=("192.0.2.1", 50000),
    server=("192.0.2.2", 80),
)


def recorded(name: str = "alb", request: Request = REQUEST, payload: bytes = RESULT) -> Recording:
    """What a recording of this request would be, the result being ``payload``."""
    flavour: Flavour = build_flavour(name)
    response: Response = flavour.decode(payload, request, ARRIVAL)
    return Recording(
        name,
        options_of(flavour),
        request,
        ARRIVAL,
        json.loads(flavour.encode(request, ARRIVAL)),
        {"kind": "returned"},
        payload,
        response,
    )


_NAMES: Final = st.sampled_from(
    b"Accept authorization Authorization Cookie X-Api-Key x-amz-security-token Referer Content-Type X-Forwarded-For "
    b"x-custom X-Custom".split()
)
_VALUES: Final = st.text("ab =;,?&AWS4-HMCSH256Bearer", max_size=24).map(lambda text: text.strip().encode())
_KEYS: Final = st.sampled_from(["a", "token", "Token", "%74oken", "password", "b%5B%5D", ""])
_QUERY: Final = st.lists(st.tuples(_KEYS, st.sampled_from(["", "=", "=1", "=a%2Cb", "=x,y"])), max_size=5)


def requests() -> st.SearchStrategy[Request]:
    """Requests full of what redaction looks for, repeated headers and keys included."""
    return st.builds(
        lambda query, headers, body: Request(
            "POST",
            b"/pets/7",
            "&".join(key + value for key, value in query).encode(),
            [(b"Host", b"example.com"), *headers],
            body,
            ("192.0.2.1", 50000),
            ("192.0.2.2", 443),
        ),
        _QUERY,
        st.lists(st.tuples(_NAMES, _VALUES), max_size=6),
        st.binary(max_size=8),
    )
