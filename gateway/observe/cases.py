"""A recording as cases of the project's own suite: the files under tests/data/flavours.

The suite has two shapes of file, one for the load balancer and one for API Gateway and Function URLs; a file proves
either an event or a response, so a recording gives up to two of them.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from gateway.listener_types import listener_type_of, named_flavour
from gateway.loading import load
from gateway.observe.recording import Recording, body_members, plain, plain_lines
from gateway.translation.default_names import DEFAULT_TARGET_GROUP_ARN
from gateway.translation.messages import Request, Response
from gateway.types import Json


def event_case(recording: Recording, why: str, evidence: str) -> dict[str, Json] | None:
    """The case that this request makes this event; None when the function was not invoked."""
    if recording.event is None or recording.arrival is None:
        return None
    case = _opening(recording, why, evidence)
    case |= _format_of(recording).comparison(recording)
    case["event"] = recording.event
    return case


def response_case(recording: Recording, why: str, evidence: str) -> dict[str, Json] | None:
    """The case that this result makes this response; None when there is no result."""
    response = recording.response
    if recording.payload is None or response is None or recording.streamed or recording.arrival is None:
        return None
    case = _opening(recording, why, evidence)
    case["payload"] = recording.payload.decode()
    case["response"] = _format_of(recording).response(response)
    return case


def authorizer_of(event: Json) -> Json:
    """``requestContext.authorizer``, None without one."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context.get("authorizer") if isinstance(context, dict) else None


def _opening(recording: Recording, why: str, evidence: str) -> dict[str, Json]:
    form = _format_of(recording)
    return {
        "why": why,
        "source": recording.source,
        "evidence": evidence,
        "options": form.options(recording),
        "request": form.request(recording.transformed or recording.request),
        "arrival": None if recording.arrival is None else dict(recording.arrival._asdict()),
    }


def _format_of(recording: Recording) -> "CaseFormat":
    form: CaseFormat = load(listener_type_of(recording.flavour).cases)
    return form


def _alb_options(recording: Recording) -> dict[str, Json]:
    # One folder of cases holds both modes.
    shown: dict[str, Json] = {"target_group_arn": DEFAULT_TARGET_GROUP_ARN, "multi_value_headers": False}
    return {**shown, **recording.options, **named_flavour(recording.flavour).options}


def _api_options(recording: Recording) -> dict[str, Json]:
    return dict(recording.options)


def _bytes(_recording: Recording) -> dict[str, Json]:
    """Events of a load balancer are compared byte for byte."""
    return {}


def _values(recording: Recording) -> dict[str, Json]:
    mask: list[Json] = [it.removeprefix("/event") for it in recording.mask if it.startswith("/event/")]
    facts: dict[str, Json] = {"compare": "exact", "mask": mask}
    if (authorizer := authorizer_of(recording.event)) is not None:
        facts["authorizer"] = authorizer
    return facts


def _alb_request(request: Request) -> dict[str, Json]:
    members: dict[str, Json] = {
        "method": request.method,
        "path": plain(request.raw_path),
        "query": plain(request.raw_query),
        "headers": plain_lines(request.headers),
        "body": plain(request.body),
        "client": list(request.client),
        "server": list(request.server),
        "scheme": request.scheme,
        "http_version": request.http_version,
    }
    if request.authority:
        members["authority"] = plain(request.authority)
    if not request.keep_alive:
        members["keep_alive"] = False
    if request.tls is not None:
        members["tls"] = {**request.tls._asdict(), "client_certificate": {"hex": request.tls.client_certificate.hex()}}
    return members


def _request(request: Request) -> dict[str, Json]:
    members: dict[str, Json] = {
        "method": request.method,
        "raw_path": plain(request.raw_path),
        "raw_query": plain(request.raw_query),
        "headers": plain_lines(request.headers),
        **body_members(request.body),
        "client": request.client[0],
    }
    if request.tls is not None:
        members["tls"] = [request.tls.version, request.tls.cipher]
    return members


def _alb_response(response: Response) -> dict[str, Json]:
    assert isinstance(response.body, bytes)  # noqa: S101 - the caller has no streamed one
    return {
        "status": response.status,
        "reason": plain(response.reason),
        "headers": plain_lines(response.headers),
        "body": plain(response.body),
        "close": response.close,
    }


def _response(response: Response) -> dict[str, Json]:
    assert isinstance(response.body, bytes)  # noqa: S101 - the caller has no streamed one
    members: dict[str, Json] = {"status": response.status, "all_lines": plain_lines(response.headers)}
    with suppress(UnicodeDecodeError):  # a case compares text only
        members["body"] = response.body.decode()
    return members


class CaseFormat(NamedTuple):
    """How the files of one listener type's cases are written.

    Attributes:
        options: Of the flavour.
        request: What the client sent.
        response: What it got.
        comparison: How the event is compared, and what is needed to make it again.
    """

    options: Callable[[Recording], dict[str, Json]]
    request: Callable[[Request], dict[str, Json]]
    response: Callable[[Response], dict[str, Json]]
    comparison: Callable[[Recording], dict[str, Json]]


LOAD_BALANCER: Final = CaseFormat(_alb_options, _alb_request, _alb_response, _bytes)
API: Final = CaseFormat(_api_options, _request, _response, _values)
