"""What comes of an authentication action: the request goes on, or the load balancer answers by itself."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_response import finished, page_response
from gateway.translation.headers import http_date
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import HeaderList


class Passed(NamedTuple):
    """The request goes on to the next action.

    Attributes:
        request: With what the target is told of the user.
        set_cookies: Lines to add to the answer, whoever gives it.
    """

    request: Request
    set_cookies: HeaderList = ()


class AuthenticationAnswer(NamedTuple):
    """The load balancer answers by itself.

    Attributes:
        error_reason: For the access log, "" when nothing went wrong.
        detail: One line for the gateway's own log, "" when nothing went wrong.
    """

    response: Response
    error_reason: str = ""
    detail: str = ""


class Answers:
    """Makes the answers of one listener."""

    def __init__(self, attributes: AlbAttributes) -> None:
        self._attributes = attributes

    def failure(self, failure: AuthenticationFailure, request: Request, arrival: Arrival) -> AuthenticationAnswer:
        """The page of a failure."""
        return AuthenticationAnswer(self._page(failure.status, b"", (), request, arrival), failure.reason, str(failure))

    def redirect(
        self, location: str, set_cookies: Iterable[tuple[bytes, bytes]], request: Request, arrival: Arrival
    ) -> AuthenticationAnswer:
        """302 to ``location``."""
        return AuthenticationAnswer(self._page(302, location.encode("ascii"), set_cookies, request, arrival))

    def _page(
        self,
        status: int,
        location: bytes,
        set_cookies: Iterable[tuple[bytes, bytes]],
        request: Request,
        arrival: Arrival,
    ) -> Response:
        date = http_date(arrival.epoch_ms)
        page = page_response(status, self._attributes, date, keep_alive=request.keep_alive, location=location)
        lines = finished([*page.headers, *set_cookies], self._attributes, request)
        return page._replace(headers=lines, body=b"" if request.method == "HEAD" else page.body)
