"""The steps of a request to an HTTP API, payload formats 2.0 and 1.0."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.config import apis
from gateway.errors import Fault
from gateway.listeners.api_steps import REJECTIONS, ApiSteps, route_to, routed
from gateway.listeners.authorizing import Authorizing, Question
from gateway.listeners.iam import Verify, caller_of
from gateway.listeners.integration import LambdaIntegration
from gateway.listeners.outcomes import payload_of
from gateway.listeners.pipeline import PortNeeds, RequestState
from gateway.listeners.usage_plans import TokenBucket
from gateway.translation.authorizers import Endpoint
from gateway.translation.flavour import Limits
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.gateway_response import Cause
from gateway.translation.jwt_authorizer import claims_and_scopes
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import DEFAULT, RouteMatch
from gateway.types import Json

# The limit of 10240 bytes is one for request line and header values together.
_REJECTIONS: Final = {**REJECTIONS, 414: Cause.HEADERS_TOO_LARGE}


class Flavours:
    """Both payload formats of one API: the same routes, ids and refusals."""

    def __init__(self, options: Mapping[str, object]) -> None:
        self.v2 = HttpApi(**options)  # type: ignore[arg-type]
        self.v1 = HttpApiV1(**options)  # type: ignore[arg-type]

    def of(self, version: str) -> HttpApi | HttpApiV1:
        """The flavour of a payload format version."""
        return self.v1 if version == "1.0" else self.v2


@dataclass(frozen=True, slots=True)
class HttpMethod:
    """One route.

    Attributes:
        settings: As configured.
        version: Its payload format version.
        integration: Its function.
        authorizer: None lets everybody in.
        member: Where payload 2.0 shows what the authorizer said: ``jwt`` or ``lambda``.
        authorizer_version: The version of the event that the authorizer gets.
        bucket: The route's own throttling.
        granted: ``requestContext.authorizer`` of every request, instead of an authorizer's.
    """

    settings: apis.HttpRoute
    version: str
    integration: LambdaIntegration
    authorizer: Authorizing | None = None
    member: str = "lambda"
    authorizer_version: str = "2.0"
    bucket: TokenBucket | None = None
    granted: Mapping[str, Json] | None = None


class HttpApiSteps(ApiSteps):
    """An HTTP API.

    Args:
        flavours: Its options and routes.
        methods: By the names of the flavours' routes.
        bucket: The stage's throttling.
        verify: Checks signatures under ``AWS_IAM``; None believes them.
        version: The payload format version of routes without one of their own.

    Attributes:
        flavour: That version's.
    """

    port = PortNeeds(http2=True)

    def __init__(
        self,
        flavours: Flavours,
        methods: Mapping[str, HttpMethod],
        bucket: TokenBucket | None = None,
        verify: Verify | None = None,
        version: str = "2.0",
    ) -> None:
        super().__init__(bucket, _REJECTIONS)
        self.flavours = flavours
        self.flavour = flavours.of(version)
        self._methods = methods
        self._verify = verify

    @property
    def limits(self) -> Limits:
        """What the API takes."""
        return self.flavours.v2.limits

    def preflight(self, state: RequestState) -> Response | None:
        """Answer a CORS preflight."""
        return self.flavours.v2.preflight(state.request, state.arrival)

    def route(self, state: RequestState) -> None:
        """Find the route; raises `Refused` when there is none."""
        route_to(self.flavours.v2.route(state.request), self._methods, state)

    async def authorize(self, state: RequestState) -> None:
        """Ask the route's authorizer, or who signed; raises `Refused` for who may not pass."""
        method: HttpMethod = state.method
        if method.granted is not None:
            state.match = routed(state)._replace(authorizer=method.granted)
        elif state.knobs is not None and state.knobs.claims is not None:
            given = claims_and_scopes(state.knobs.claims, method.settings.authorization_scopes or None)
            state.match = routed(state)._replace(authorizer=_shown(given, "jwt", method.version))
        elif method.settings.authorization_type == "AWS_IAM":
            caller = caller_of(state.request, self.flavours.v2.account_id, self._verify)
            if method.version == "1.0":
                state.match = routed(state)._replace(identity=caller.identity())
            else:
                state.match = routed(state)._replace(authorizer=caller.authorizer())
        elif method.authorizer is not None:
            grant = await method.authorizer.ask(self._question(method, state))
            shown = _shown(grant.authorizer, method.member, method.version)
            state.match = routed(state)._replace(authorizer=shown)

    def _question(self, method: HttpMethod, state: RequestState) -> Question:
        request, match = state.request, routed(state)
        event = self.flavours.of(method.authorizer_version).event(request, state.arrival, match)
        arn = self._route_arn(event, request, match)
        return Question(event, arn, request.client[0], request, method.settings.authorization_scopes)

    def _route_arn(self, event: Mapping[str, Json], request: Request, match: RouteMatch) -> str:
        flavour = self.flavours.v2
        path = match.path if match.stage == DEFAULT else match.path.removeprefix(f"/{match.stage}")
        endpoint = Endpoint(flavour.region, flavour.account_id, flavour.api_id, match.stage)
        return endpoint.seen_in(event).method_arn(request.method, path)

    async def integrate(self, state: RequestState) -> Response:
        """Invoke the function."""
        method: HttpMethod = state.method
        request, arrival = state.request, state.arrival
        flavour = self.flavours.of(method.version)
        outcome = await method.integration.invoke(flavour.encode(request, arrival, state.match), state)
        return flavour.decode(payload_of(outcome), request, arrival)

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """The API's own answer."""
        return self.flavours.v2.refuse(fault, request, arrival)

    def needs(self, step: str) -> bool:
        """CORS costs nothing where the functions answer for themselves."""
        return step != "preflight" or self.flavours.v2.cors is not None


def _shown(authorizer: dict[str, Json], member: str, version: str) -> dict[str, Json]:
    """What an authorizer said, where the payload format shows it."""
    if version == "1.0":
        # Behind a Lambda authorizer both members of a JWT authorizer are null (public event of August 2024).
        return authorizer if member == "jwt" else {"claims": None, "scopes": None, **authorizer}
    return {member: authorizer or None}
