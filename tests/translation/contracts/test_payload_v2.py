"""What events of payload format 2.0 have in common."""

import pytest

from gateway.translation.contracts.payload_v2 import is_of_function_url, other_version


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"domainName": "x.lambda-url.eu-west-1.on.aws"}, True),
        ({"domainName": "example.com", "accountId": "anonymous"}, True),
        ({"domainName": "localhost", "domainPrefix": "abc", "apiId": "abc"}, True),
        ({"domainName": "abc.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc", "apiId": "abc"}, False),
        ({"domainName": "localhost", "domainPrefix": "localhost", "apiId": "abc"}, False),
    ],
)
def test_whose_event_it_is(context: dict[str, str], expected: bool) -> None:
    """The host, the caller or the prefix of the host tells a function URL from an HTTP API."""
    assert is_of_function_url(context) is expected


def test_another_version_is_a_misfit() -> None:
    """A missing one too."""
    assert [misfit.pointer for misfit in other_version({"version": "1.0"})] == ["/version"]
    assert [*other_version({"version": "2.0"})] == []
    assert len([*other_version({})]) == 1
