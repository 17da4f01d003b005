"""The Lambda service of one account in one region: the only way to run a function.

Whoever wants one run holds a `FunctionReference` and asks at each call.  So functions can be made, replaced and removed
while requests flow: each invocation runs to its end on the function that it met.
"""

from collections.abc import Iterable

from gateway.configuration import AccountRegion, FunctionConfiguration
from gateway.functions.asynchronous import AsynchronousInvocations
from gateway.functions.function import Function
from gateway.functions.registry import LATEST, Registry
from gateway.invocation import FunctionReference, Invocation, Outcome, Unavailable
from gateway.tasks import Tasks


class LambdaService:
    """Functions by reference.

    Args:
        functions: The first ones; see `Registry` for what they have in common.
        account_region: Where all of them are.

    Attributes:
        functions: Those that there are; the service starts and stops them.
    """

    def __init__(self, functions: Iterable[Function] = (), account_region: AccountRegion = AccountRegion()) -> None:  # noqa: B008 - a value
        self.functions = Registry(functions, account_region)
        self._found = self.functions.found
        self._events = AsynchronousInvocations(self.invoke, self.configuration)
        self._draining = Tasks("the end of a function")

    @property
    def account_region(self) -> AccountRegion:
        """Where the functions are."""
        return self.functions.account_region

    async def invoke(self, reference: FunctionReference, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, or to the begin of its stream; without such a function it is `Unavailable`."""
        function = self._found.get(reference) or self.functions.find(reference)  # nearly always the first
        if function is None:
            return Unavailable("ResourceNotFoundException", f"Function not found: {self._qualified_arn(reference)}")
        return await function.invoke(invocation)

    def accept(self, reference: FunctionReference, invocation: Invocation) -> bool:
        """Begin an invocation whose caller does not wait; False when too many events wait already.

        While it is throttled, or the service fails, it is tried again; an error of the function ends it.
        """
        return self._events.accept(reference, invocation)

    def configuration(self, reference: FunctionReference) -> FunctionConfiguration | None:
        """What a reference leads to now, None when there is no such function."""
        function = self.functions.find(reference)
        return None if function is None else function.configuration

    def arn(self, reference: FunctionReference) -> str:
        """The function's ARN without a qualifier, whether or not it is there."""
        configuration = self.configuration(reference)
        if configuration is not None:
            return configuration.arn
        region, account = self.account_region
        return f"arn:aws:lambda:{region}:{account}:function:{reference.name}"

    def lineage(self, reference: FunctionReference) -> str:
        """The part of a trace header that begins a chain of calls with a function, "" when it is not there."""
        function = self._found.get(reference) or self.functions.find(reference)
        return "" if function is None else function.lineage

    def renew(self, reference: FunctionReference) -> None:
        """Load a function's code anew; invocations in flight end with what they began with."""
        if (function := self.functions.find(reference)) is not None:
            function.renew()

    def put(self, function: Function, reference: FunctionReference | None = None) -> None:
        """Invoke this function from now on; the one that it replaces stops when its invocations have ended.

        Arguments and errors as for `Registry.put`; the function has been started.
        """
        self._drain(self.functions.put(function, reference))

    def remove(self, reference: FunctionReference) -> None:
        """Invoke a function no longer; it stops when its invocations have ended."""
        self._drain(self.functions.remove(reference))

    def abandon(self) -> None:
        """Drop the accepted events now."""
        self._events.abandon()

    async def settle(self) -> None:
        """Wait for every event that runs, those that running events send included; what waits goes on waiting."""
        await self._events.settle()

    async def aclose(self) -> None:
        """Stop every function, when all events that run and all that is replaced have ended."""
        self._events.close()
        await self.settle()
        await self._draining.wait()
        for function in self.functions.everything():
            await function.aclose()

    def _drain(self, function: Function | None) -> None:
        if function is not None:
            self._draining.start(function.drain())

    def _qualified_arn(self, reference: FunctionReference) -> str:
        return f"{self.arn(reference)}:{reference.qualifier or LATEST}"
