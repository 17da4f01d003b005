"""What tests of Lambda handlers use: clients, events, verdicts.  Everything public is here."""

from gateway.testing.client import AsyncLambdaTransport, LambdaTransport, async_lambda_client, lambda_client
from gateway.testing.events import make_event
from gateway.testing.exchange import Exchange
from gateway.testing.flavours import FLAVOURS, each_flavour
from gateway.testing.verdicts import (
    assert_alb_multi_result,
    assert_alb_result,
    assert_event_shape,
    assert_http_result,
    assert_http_v1_result,
    assert_rest_result,
    assert_result,
    assert_url_result,
    assert_websocket_result,
    verdict,
)
from gateway.translation.verdict import Verdict

__all__ = [
    "FLAVOURS",
    "AsyncLambdaTransport",
    "Exchange",
    "LambdaTransport",
    "Verdict",
    "assert_alb_multi_result",
    "assert_alb_result",
    "assert_event_shape",
    "assert_http_result",
    "assert_http_v1_result",
    "assert_rest_result",
    "assert_result",
    "assert_url_result",
    "assert_websocket_result",
    "async_lambda_client",
    "each_flavour",
    "lambda_client",
    "make_event",
    "verdict",
]
