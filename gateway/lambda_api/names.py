"""Which function and which version a caller means.

Facts, from botocore's Lambda model (``NamespacedFunctionName``, ``NumericLatestPublishedOrAliasQualifier``) and from
recordings of the real service (localstack/localstack@8b9a79f0, recorded 2025-11):

- A function is named by its name, ``name:qualifier``, ``account:function:name`` or its ARN; SDKs percent-encode the
  colons, so the name is decoded before it comes here.
- The patterns stand in the answer of a violation as AWS writes them; several violations make one answer.
- A qualifier in the name must equal the one in the query when both are given.
- A name that is too long for a function is simply not found, and so is a qualifier that nobody published.
- A missing function without any qualifier is reported as ``…:$LATEST`` since 2025.
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.invocation import FunctionReference
from gateway.lambda_api.errors import ApiError, validation_error, violation

_NAME_PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER_PATTERN: Final = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
_NAME: Final = re.compile(_NAME_PATTERN, re.ASCII)
_QUALIFIER: Final = re.compile(_QUALIFIER_PATTERN, re.ASCII)
_REGION, _ACCOUNT, _FUNCTION, _SUFFIX = 3, 9, 11, 13
_NAME_MAX: Final = 256
_QUALIFIER_MAX: Final = 128


def _constraints(value: str, member: str, longest: int, pattern: tuple[re.Pattern[str], str]) -> list[str]:
    broken = []
    if not pattern[0].fullmatch(value):
        broken.append(violation(value, member, f"satisfy regular expression pattern: {pattern[1]}"))
    if len(value) > longest:
        broken.append(violation(value, member, f"have length less than or equal to {longest}"))
    return broken


def name_violations(name: str) -> list[str]:
    """The constraints that a decoded ``FunctionName`` breaks, in AWS's words; empty when it is a name."""
    return _constraints(name, "functionName", _NAME_MAX, (_NAME, _NAME_PATTERN))


def qualifier_violations(qualifier: str | None) -> list[str]:
    """The constraints that the ``Qualifier`` of the query breaks; empty when it is none or a good one."""
    if qualifier is None:
        return []
    return _constraints(qualifier, "qualifier", _QUALIFIER_MAX, (_QUALIFIER, _QUALIFIER_PATTERN))


def resolve(
    name: str, qualifier: str | None, region: str, account: str, broken: Sequence[str] = ()
) -> FunctionReference:
    """Read a decoded function name and the query's ``Qualifier`` for the service of one region and account.

    ``broken`` are the constraints that other members of the same request violate; all are reported together.

    Raises:
        ApiError: The exact refusal: constraints, another region or account, or two different qualifiers.
    """
    broken = [*name_violations(name), *qualifier_violations(qualifier), *broken]
    matched = _NAME.fullmatch(name)
    if broken or matched is None:
        raise validation_error(*broken)
    suffix: str | None = matched[_SUFFIX]
    if suffix is not None and qualifier is not None and suffix != qualifier:
        raise ApiError(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    named_region = (matched[_REGION] or "").rstrip(":")
    if named_region and named_region != region:
        raise ApiError(
            "ResourceNotFoundException",
            f"Functions from '{named_region}' are not reachable in this region ('{region}')",
        )
    if matched[_ACCOUNT] and matched[_ACCOUNT].rstrip(":") != account:
        raise ApiError("AccessDeniedException", None)
    return FunctionReference(matched[_FUNCTION], qualifier if suffix is None else suffix)


def not_found(reference: FunctionReference, region: str, account: str) -> ApiError:
    """The answer when nothing is registered under ``reference``."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{reference.name}"
    return ApiError("ResourceNotFoundException", f"Function not found: {arn}:{reference.qualifier or '$LATEST'}")
