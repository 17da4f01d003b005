"""Lambda services of functions that a test has made."""

from collections.abc import Mapping

from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference
from gateway.listeners.context import ListenerContext
from gateway.listeners.iam import Verify


def service_of(functions: Mapping[str, Function]) -> LambdaService:
    """A service that finds each function by the name that the test gives it."""
    service = LambdaService()
    for name, function in functions.items():
        service.put(function, FunctionReference(name))
    return service


def listener_context(
    functions: Mapping[str, Function], *, dev_headers: bool = False, verify: Verify | None = None
) -> ListenerContext:
    """What listeners in front of these functions are built with."""
    service = service_of(functions)
    return ListenerContext(service, dev_headers=dev_headers, verify=None if verify is None else lambda _: verify)


def called(function: Function) -> tuple[LambdaService, FunctionReference]:
    """A service with one function, and what finds it there."""
    return service_of({"f": function}), FunctionReference("f")
