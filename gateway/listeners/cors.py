"""CORS of the configuration as listeners answer it."""

from gateway.config import doors
from gateway.translation.cors import Cors


def cors_of(given: doors.CorsSettings | None) -> Cors | None:
    """The same in the words of translation; a ``max_age`` of 0 is not told to browsers."""
    if given is None:
        return None
    return Cors(
        allow_origins=given.allow_origins,
        allow_methods=given.allow_methods,
        allow_headers=given.allow_headers,
        expose_headers=given.expose_headers,
        max_age=given.max_age or None,
        allow_credentials=given.allow_credentials,
    )
