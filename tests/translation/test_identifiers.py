"""Derived ids."""

from gateway.translation.identifiers import extended_request_id, response_trace, short_id


def test_short_ids() -> None:
    """Lower-case letters and digits, of the asked length, the same for the same seed."""
    assert short_id("a") == short_id("a") != short_id("b")
    assert len(short_id("a")) == 10
    assert short_id("a", 32).isalnum()
    assert len(short_id("a", 32)) == 32
    assert short_id("a").islower()


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
