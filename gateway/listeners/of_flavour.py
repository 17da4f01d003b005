"""Listeners that are described by a flavour instead of settings: those of tests and of recordings."""

from collections.abc import Mapping
from typing import Any

from gateway.invocation import FunctionReference
from gateway.listener_types import flavour_name, listener_type_of
from gateway.listeners.context import ListenerContext
from gateway.listeners.pipeline import PipelineListener
from gateway.loading import load
from gateway.translation.flavour import Flavour


def listener_of(
    flavour: Flavour,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Any] | None = None,
) -> PipelineListener:
    """The listener of a flavour in front of one function; it runs the steps of its type as every other one.

    Args:
        flavour: One of the table of listener types.
        context: What it shares with others.
        function: What it invokes.
        authorizer: ``requestContext.authorizer`` of every request, instead of what an authorizer would say.

    Raises:
        UsageError: The flavour is of no listener type, its type has no authorizers, or an extra is missing.
    """
    row = listener_type_of(flavour_name(flavour))
    listener: PipelineListener = load(row.listener_of)(flavour, context, function, authorizer)
    return listener
