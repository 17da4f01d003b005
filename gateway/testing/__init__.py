"""What tests of Lambda handlers use: clients, events, verdicts.  Everything public is here."""

from gateway.testing.client import AsyncLambdaTransport, LambdaTransport, async_lambda_client, lambda_client
from gateway.testing.events import make_event
from gateway.testing.exchange import Exchange
from gateway.testing.flavours import FLAVOURS, each_flavour

__all__ = [
    "FLAVOURS",
    "AsyncLambdaTransport",
    "Exchange",
    "LambdaTransport",
    "async_lambda_client",
    "each_flavour",
    "lambda_client",
    "make_event",
]
