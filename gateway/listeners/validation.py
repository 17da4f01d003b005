"""Request validation of a REST API.

Facts (API Gateway developer guide, api-gateway-method-request-validation; recorded:
localstack/localstack@8b9a79f0, 2024):

- Missing parameters are named in one message, headers first, then the path, then the query.
- A body is held against the model of its media type, without parameters; a type without a model is not checked, and
  a request without a Content-Type counts as ``application/json``.
- The body of a request that needs one may not be empty.
"""

from collections.abc import Callable, Mapping
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
        self._bodies: dict[str, Callable[[Json], str]] = {}
        if route.validate_request_body:
            self._bodies = {
                kind.lower(): _body_check(name, models[name]) for kind, name in route.request_models.items()
            }

    def check(self, event: Mapping[str, Json], body: bytes) -> None:
        """Check one request by its proxy event and its raw body.

        Raises:
            Refused: It lacks a parameter, or its body does not fit.
        """
        if self._checks_parameters:
            missing = [name for member, name in self._needed if not _value(event[member], name, member)]
            if missing:
                text = f"Missing required request parameters: [{', '.join(missing)}]"
                raise Refused(Cause.PARAMETERS_MISSING, text, message=text)
        if self._bodies:
            self._check_body(_value(event["headers"], "content-type", "headers"), body)

    def _check_body(self, content_type: str, body: bytes) -> None:
        media_type = content_type.partition(";")[0].strip().lower() or _JSON_TYPE
        check = self._bodies.get(media_type)
        if check is None:
            return
        try:
            value: Json = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refused(Cause.BODY_INVALID, f"the body is not JSON: {error}") from error
        problem = check(value)
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


def _body_check(name: str, schema: Mapping[str, Json]) -> Callable[[Json], str]:
    """What tells why a value does not fit a model, "" when it does."""
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

    def problem(value: Json) -> str:
        try:
            error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        except RecursionError:
            return "it is nested too deeply"
        return "" if error is None else f"{error.json_path}: {error.message}"

    return problem
