"""CORS answers."""

import pytest

from gateway.translation.cors import Cors, without_cors
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.messages import Request
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST

PREFLIGHT = [(b"Origin", b"https://a.example"), (b"Access-Control-Request-Method", b"PUT")]
CORS = Cors(("https://a.example", "https://b.example"), ("GET", "PUT"), ("x-one", "x-two"), ("x-out",), 300)


def _asking(*headers: tuple[bytes, bytes], method: str = "GET") -> Request:
    return REQUEST._replace(method=method, headers=headers)


@pytest.mark.parametrize(
    ("cors", "origin", "lines"),
    [
        (
            CORS,
            b"https://a.example",
            [
                (b"access-control-allow-origin", b"https://a.example"),
                (b"vary", b"origin"),
                (b"access-control-expose-headers", b"x-out"),
            ],
        ),
        (CORS, b"https://evil.example", []),
        (Cors(("*",)), b"https://a.example", [(b"access-control-allow-origin", b"*")]),
        (Cors(("https://a.example",)), b"https://a.example", [(b"access-control-allow-origin", b"https://a.example")]),
        (
            Cors(("https://*",)),
            b"https://x.example",
            [(b"access-control-allow-origin", b"https://x.example"), (b"vary", b"origin")],
        ),
        (Cors(("https://*",)), b"http://x.example", []),
        (Cors(), b"https://a.example", []),
    ],
)
def test_lines(cors: Cors, origin: bytes, lines: list[tuple[bytes, bytes]]) -> None:
    """Only an allowed origin gets lines; vary stands where the answer depends on the origin."""
    assert cors.lines(_asking((b"origin", origin))) == lines


def test_bare_preflight() -> None:
    """Only what is configured is answered."""
    asking = _asking(*PREFLIGHT, method="OPTIONS")

    assert Cors(("*",), allow_credentials=True).preflight_lines(asking) == [
        (b"access-control-allow-origin", b"https://a.example"),
        (b"vary", b"origin"),
        (b"access-control-allow-credentials", b"true"),
    ]
    assert Cors(("https://b.example",)).preflight_lines(asking) == []


def test_no_origin_no_lines() -> None:
    """A request from outside a browser gets none."""
    assert CORS.lines(_asking()) == []


def test_http_api_preflight() -> None:
    """An HTTP API answers a preflight itself: 204, no body, its own lines."""
    response = HttpApi(cors=CORS).preflight(_asking(*PREFLIGHT, method="OPTIONS"), ARRIVAL)

    assert response is not None
    assert (response.status, response.body) == (204, b"")
    assert [name for name, _ in response.headers] == [
        b"Date",
        b"Connection",
        b"access-control-allow-origin",
        b"vary",
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-max-age",
        b"apigw-requestid",
    ]
    assert (b"access-control-allow-methods", b"GET,PUT") in response.headers


def test_function_url_preflight_is_a_200() -> None:
    """A Function URL answers a preflight with 200 and without the function."""
    response = FunctionUrl(cors=CORS).preflight(_asking(*PREFLIGHT, method="OPTIONS"), ARRIVAL)

    assert response is not None
    assert (response.status, response.body) == (200, b"")
    assert (b"access-control-max-age", b"300") in response.headers


@pytest.mark.parametrize("flavour", [HttpApi(), FunctionUrl()])
def test_without_configuration_the_function_answers(flavour: HttpApi | FunctionUrl) -> None:
    """OPTIONS goes on to the routes."""
    assert flavour.preflight(_asking(*PREFLIGHT, method="OPTIONS"), ARRIVAL) is None


@pytest.mark.parametrize("request_", [_asking(*PREFLIGHT), _asking(PREFLIGHT[0], method="OPTIONS")])
def test_not_every_request_is_a_preflight(request_: Request) -> None:
    """A preflight is OPTIONS with Origin and Access-Control-Request-Method."""
    assert HttpApi(cors=CORS).preflight(request_, ARRIVAL) is None


def test_function_url_adds_to_the_functions_lines() -> None:
    """Configured lines stand beside the function's own, unlike on HTTP APIs."""
    payload = b'{"statusCode":200,"headers":{"access-control-allow-origin":"mine"}}'
    asking = _asking(PREFLIGHT[0])

    url = FunctionUrl(cors=CORS).decode(payload, asking, ARRIVAL)
    api = HttpApi(cors=CORS).decode(payload, asking, ARRIVAL)

    assert [value for name, value in url.headers if name.lower() == b"access-control-allow-origin"] == [
        b"mine",
        b"https://a.example",
    ]
    assert [value for name, value in api.headers if name.lower() == b"access-control-allow-origin"] == [
        b"https://a.example"
    ]


def test_without_cors() -> None:
    """Every access-control line goes, nothing else."""
    assert without_cors([(b"Access-Control-Max-Age", b"1"), (b"x", b"y")]) == [(b"x", b"y")]
