"""The host names of a WebSocket API."""

from typing import Final

from gateway.config.doors import WebSocketApiSettings
from gateway.configuration import AccountRegion
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.front_door import execute_api_domain

_LONGEST: Final = 253
"""Characters of a host name (RFC 1035, 2.3.4)."""


def call_back_names(settings: WebSocketApiSettings, account_region: AccountRegion) -> tuple[str, ...]:
    """Under which names functions call the API back, in lower case: its custom domain if any, and its own name."""
    region, account = account_region
    own = execute_api_domain(WebSocketApi(account_id=account, region=region).api_id, region)
    given = settings.domain_name.lower()
    return tuple(dict.fromkeys((*([given] if _is_host_name(given) else []), own)))


def _is_host_name(name: str) -> bool:
    labels = name.split(".")
    return len(name) <= _LONGEST and all(it and it.isascii() and it.replace("-", "").isalnum() for it in labels)
