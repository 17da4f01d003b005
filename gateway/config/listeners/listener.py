"""The keys that every listener has."""

from gateway.config.strict import Port, Strict


class ListenerKeys(Strict):
    """Where a listener listens."""

    port: Port
    """The port; 0 takes a free one."""
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for every interface."""
