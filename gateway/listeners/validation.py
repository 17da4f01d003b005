"""Request validation of a REST API.

Facts (API Gateway developer guide, api-gateway-method-request-validation; recorded:
localstack/localstack@8b9a79f0, 2024):

- Missing parameters are named in one message, headers first, then the path, then the query.
- A body is held against the model of its media type, without parameters; a type without a model is not checked, and
  a request without a Content-Type counts as ``application/json``.
- The body of a request that needs one may not be empty.
"""

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final

import orjson

from gateway.config import apis
from gateway.errors import UsageError
from gateway.listeners.linear_schema import linear_validator
from gateway.translation.gateway_response import Cause, Refused
from gateway.types import Json

_WHERE: Final = (
    ("method.request.header.", "headers"),
    ("method.request.path.", "pathParameters"),
    ("method.request.querystring.", "queryStringParameters"),
)
_JSON_TYPE: Final = "application/json"
_AT_ONCE: Final = 8 * 1024
"""Bytes of a body that are checked in the event loop: 20 ms in the worst case; jsonschema takes seconds for 1 MB."""
_ERRORS: Final = 100
"""Of so many errors the one to tell is chosen; each costs as much as ten good values."""


class RequestValidator:
    """What one method asks of its requests.

    Args:
        route: The method.
        models: The API's models.

    Raises:
        UsageError: jsonschema is not installed, or a model is no JSON Schema.
    """

    def __init__(self, route: apis.RestRoute, models: apis.Models) -> None:
        needed = [name for name, required in route.request_parameters.items() if required]
        self._needed = [
            (member, name.removeprefix(prefix))
            for prefix, member in _WHERE
            for name in needed
            if name.startswith(prefix)
        ]
        self._checks_parameters = route.validate_request_parameters
        self._bodies: dict[str, Callable[[bytes], str]] = {}
        if route.validate_request_body:
            self._bodies = {
                kind.lower(): _body_check(name, models[name]) for kind, name in route.request_models.items()
            }

    async def check(self, event: Mapping[str, Json], body: bytes) -> None:
        """Check one request by its proxy event and its raw body; a long body does not hold up other requests.

        Raises:
            Refused: It lacks a parameter, or its body does not fit.
        """
        if self._checks_parameters:
            missing = [name for member, name in self._needed if not _value(event[member], name, member)]
            if missing:
                text = f"Missing required request parameters: [{', '.join(missing)}]"
                raise Refused(Cause.PARAMETERS_MISSING, text, message=text)
        if self._bodies:
            content_type = _value(event["headers"], "content-type", "headers")
            check = self._bodies.get(content_type.partition(";")[0].strip().lower() or _JSON_TYPE)
            if check is None:
                return
            problem = check(body) if len(body) <= _AT_ONCE else await asyncio.to_thread(check, body)
            if problem:
                raise Refused(Cause.BODY_INVALID, problem)


def _value(member: Json, name: str, where: str) -> str:
    """A value of a map of the event, "" when it is absent; names of headers in any spelling."""
    if not isinstance(member, dict):
        return ""
    found = member.get(name)
    if found is None and where == "headers":
        found = next((value for key, value in member.items() if key.lower() == name.lower()), None)
    return found if isinstance(found, str) else ""


def _body_check(name: str, schema: Mapping[str, Json]) -> Callable[[bytes], str]:
    """What tells why a body does not fit a model, "" when it does."""
    try:
        import jsonschema  # noqa: PLC0415 - only APIs with models need it
    except ImportError:
        raise UsageError(
            "validating request bodies needs jsonschema; install lambda-http-gateway[validation]"
        ) from None
    # Models are draft 4 unless they say otherwise (API Gateway developer guide, models-mappings-models).
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft4Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise UsageError(f"the model {name!r} is no JSON Schema: {error.message}") from None
    try:
        validator = linear_validator(kind, schema)
    except UsageError as error:
        raise UsageError(f"the model {name!r}: {error}") from None

    def problem(body: bytes) -> str:
        try:
            errors = validator.iter_errors(orjson.loads(body))
            error = jsonschema.exceptions.best_match(islice(errors, _ERRORS))
        except orjson.JSONDecodeError as not_json:
            return f"the body is not JSON: {not_json}"
        except RecursionError:
            return "it is nested too deeply"
        return "" if error is None else f"{error.json_path}: {error.message}"

    return problem
