"""``type = "rest_api"``: a REST API of API Gateway, as the file writes it."""

from typing import Literal

from gateway.config.listeners.listener import ListenerKeys


class RestApiModel(ListenerKeys):
    """A REST API in front of one function."""

    type: Literal["rest_api"]
    function: str
    """The name of a function of this file."""
    stage: str = "prod"
    """The stage; the first part of every path."""
    binary_media_types: tuple[str, ...] = ()
    """Media types whose bodies are passed as base64."""
