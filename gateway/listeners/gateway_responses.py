"""The gateway responses of a REST API that its configuration changes."""

from collections.abc import Mapping

from gateway.config import apis
from gateway.errors import Fault
from gateway.listeners.proxying import parameter_lines
from gateway.translation.custom_response import customized, response_type
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.front_door import bare_host
from gateway.translation.gateway_response import REST, Refused, gateway_response
from gateway.translation.headers import first_value
from gateway.translation.identifiers import extended_request_id, shown_api_id
from gateway.translation.messages import Arrival, Request, Response


def as_configured(
    response: Response,
    fault: Fault,
    configured: Mapping[str, apis.GatewayResponseSettings],
    flavour: RestApi,
    request: Request | None,
    arrival: Arrival,
) -> Response:
    """An API's own answer with the status, lines and body that its configuration gives it.

    Args:
        response: As AWS has it by default.
        fault: What it answers.
        configured: By response type; ``DEFAULT_4XX`` and ``DEFAULT_5XX`` stand for the types without one of their own.
        flavour: The API.
        request: None for bytes that were none.
        arrival: Gives the ids.
    """
    kind = response_type(fault)
    given = configured.get(kind) or configured.get(f"DEFAULT_{response.status // 100}XX")
    if given is None:
        return response
    template = next(iter(given.response_templates.items()), None)
    lines = parameter_lines(dict(given.response_parameters))
    message = (fault.message if isinstance(fault, Refused) else "") or gateway_response(fault, REST).message or ""
    context = {
        "error.message": message,
        "error.responseType": kind,
        "error.validationErrorString": fault.detail if kind == "BAD_REQUEST_BODY" else "",
        "requestId": arrival.request_id,
        "extendedRequestId": extended_request_id(arrival.request_id),
        "apiId": _api_id(flavour, request),
        "accountId": flavour.account_id,
        "stage": flavour.stage,
        "httpMethod": request.method if request else "",
        "identity.sourceIp": request.client[0] if request else "",
    }
    return customized(response, given.status_code, lines, template, context)


def _api_id(flavour: RestApi, request: Request | None) -> str:
    """What an event of the request would have."""
    host = b"" if request is None else request.authority or first_value(request.headers, b"host")
    return shown_api_id(flavour.domain_name or bare_host(host.decode("latin-1")), flavour.api_id)
