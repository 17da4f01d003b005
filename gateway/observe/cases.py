"""A recording as cases of the project's own suite: the files under tests/data/flavours.

The suite has two shapes of file, one for the load balancer and one for API Gateway and Function URLs; a file proves
either an event or a response, so a recording gives up to two of them.
"""

from contextlib import suppress

from gateway.observe.recording import Recording, body_members, plain, plain_lines
from gateway.translation.default_names import DEFAULT_TARGET_GROUP_ARN
from gateway.translation.messages import Request, Response
from gateway.types import Json


def event_case(recording: Recording, why: str, evidence: str) -> dict[str, Json] | None:
    """The case that this request makes this event; None when the function was not invoked."""
    if recording.event is None or recording.arrival is None:
        return None
    case = _opening(recording, why, evidence)
    if not is_alb(recording):
        case["compare"] = "exact"
        case["mask"] = [pointer.removeprefix("/event") for pointer in recording.mask if pointer.startswith("/event/")]
        if (authorizer := authorizer_of(recording.event)) is not None:
            case["authorizer"] = authorizer
    case["event"] = recording.event
    return case


def response_case(recording: Recording, why: str, evidence: str) -> dict[str, Json] | None:
    """The case that this result makes this response; None when there is no result."""
    response = recording.response
    if recording.payload is None or response is None or recording.streamed or recording.arrival is None:
        return None
    case = _opening(recording, why, evidence)
    case["payload"] = recording.payload.decode()
    case["response"] = _alb_response(response) if is_alb(recording) else _response(response)
    return case


def is_alb(recording: Recording) -> bool:
    """Whether a load balancer made the event."""
    return recording.flavour.startswith("alb")


def authorizer_of(event: Json) -> Json:
    """``requestContext.authorizer``, None without one."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context.get("authorizer") if isinstance(context, dict) else None


def _opening(recording: Recording, why: str, evidence: str) -> dict[str, Json]:
    options = dict(recording.options)
    request = recording.transformed or recording.request
    if is_alb(recording):
        # One folder of cases holds both modes.
        options.setdefault("target_group_arn", DEFAULT_TARGET_GROUP_ARN)
        options["multi_value_headers"] = recording.flavour == "alb-multi"
    return {
        "why": why,
        "source": recording.source,
        "evidence": evidence,
        "options": options,
        "request": _alb_request(request) if is_alb(recording) else _request(request),
        "arrival": None if recording.arrival is None else dict(recording.arrival._asdict()),
    }


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
