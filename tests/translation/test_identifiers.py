"""Derived ids."""

import pytest

from gateway.translation.identifiers import extended_request_id, is_aws_host, response_trace, short_id, shown_api_id


def test_short_ids() -> None:
    """Lower-case letters and digits, of the asked length, the same for the same seed."""
    assert short_id("a") == short_id("a") != short_id("b")
    assert len(short_id("a")) == 10
    assert short_id("a", 32).isalnum()
    assert len(short_id("a", 32)) == 32
    assert short_id("a").islower()


@pytest.mark.parametrize(
    ("domain_name", "shown"),
    [
        ("abc.lambda-url.us-east-1.on.aws", "abc"),
        ("Abc.execute-api.eu-west-1.amazonaws.com", "Abc"),
        ("abc.execute-api.cn-north-1.amazonaws.com.cn", "abc"),
        ("abc.execute-api.eu-west-1.amazonaws.com.example.com", "own"),
        ("a.b.lambda-url.us-east-1.on.aws", "own"),
        ("localhost", "own"),
    ],
)
def test_shown_api_ids(domain_name: str, shown: str) -> None:
    """A host that AWS gives names the API; any other says nothing of it."""
    assert shown_api_id(domain_name, "own") == shown
    assert is_aws_host(domain_name) == (shown != "own")


def test_extended_request_id() -> None:
    """Fifteen characters and one equals sign, as recorded."""
    assert len(extended_request_id("one")) == 16
    assert extended_request_id("one").endswith("=")
    assert extended_request_id("one") != extended_request_id("two")


def test_response_trace() -> None:
    """Root, Parent, Sampled and Lineage in the recorded order; what the client sent comes back."""
    fresh = response_trace("Root=1-2-3", "id", "api")
    sent = response_trace("Self=9;Root=1-2-3;Parent=53995c3f42cd8ad8;Sampled=1", "id", "api")

    names = [field.partition("=")[0] for field in fresh.split(";")]
    assert names == ["Root", "Parent", "Sampled", "Lineage"]
    assert fresh.startswith("Root=1-2-3;Parent=")
    assert len(fresh.split(";")[1]) == len("Parent=") + 16
    assert sent.startswith("Root=1-2-3;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:")
