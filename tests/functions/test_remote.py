"""Functions that run elsewhere."""

import pytest

from gateway.functions.remote import remote_function
from gateway.invocation import Invocation, Returned
from tests.targets.http_server import answering, ok


@pytest.mark.anyio
async def test_emulators_of_a_group_are_one_function() -> None:
    """Calls go to each in turn."""
    async with answering(ok(b"1")) as one, answering(ok(b"2")) as two:
        function = remote_function([f"rie:{one.url}", f"rie:{two.url}"])
        await function.start()
        outcomes = [await function.invoke(Invocation(b"{}", "id")) for _ in range(2)]
        await function.aclose()

    assert outcomes == [Returned(b"1"), Returned(b"2")]
    assert function.configuration.name == "function"


def test_a_function_on_aws_has_its_own_arn() -> None:
    """What front doors tell of it is right."""
    arn = "arn:aws:lambda:eu-west-1:210987654321:function:far"
    assert remote_function([f"{arn}:live"]).configuration.arn == arn
