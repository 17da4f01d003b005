"""What transforms make of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.transforms import Transform, TransformFailed, decode_path
from gateway.types import Json
from tests.listeners.alb.stacks import alb, request, rows, rule, table

ANYTHING: Json = {"field": "path-pattern", "values": ["*"]}


def transform_of(*transforms: Json) -> Transform:
    """A compiled transform from the words of the file."""
    transform = compile_rules(alb([rule(ANYTHING, transforms=list(transforms))])).rules[0].transform
    assert transform is not None
    return transform


def rewrite(kind: str, regex: str, replace: str) -> Json:
    """A transform in the words of the file."""
    return {"type": kind, "rewrites": [{"regex": regex, "replace": replace}]}


@pytest.mark.parametrize("row", rows("transforms"), ids=lambda row: row["why"])
def test_transform(row: dict[str, Json]) -> None:
    """A transform rewrites what its pattern finds and leaves the rest alone."""
    rewritten = transform_of(row["transform"]).apply(request(table(row["before"])))

    assert rewritten == request(table(row["after"])), row["why"]


def test_both_transforms_together() -> None:
    """A rule may rewrite host and URL."""
    both = transform_of(rewrite("url-rewrite", "^/a", "/b"), rewrite("host-header-rewrite", "^(.*)$", "c.com"))

    assert both.apply(request({"path": "/a"})) == request({"path": "/b", "host": "c.com"})


def test_host_of_an_absolute_target() -> None:
    """With an absolute-form target the authority is rewritten, and the Host line with it."""
    transform = transform_of(rewrite("host-header-rewrite", "a", "b"))
    rewritten = transform.apply(request({"host": "x.com", "authority": "a.com"}))

    assert (rewritten.authority, rewritten.headers) == (b"b.com", [(b"Host", b"b.com")])


def test_host_without_a_host_line() -> None:
    """A request that named no host gets one when the pattern matches nothing at all."""
    transform = transform_of(rewrite("host-header-rewrite", "^$", "b.com"))

    assert transform.apply(request({"headers": []})).headers == [(b"Host", b"b.com")]


@pytest.mark.parametrize(
    ("kind", "replace"),
    [
        ("url-rewrite", "no-slash"),
        ("url-rewrite", ""),
        ("url-rewrite", "/a b"),
        ("url-rewrite", "/é"),
        ("host-header-rewrite", ""),
        ("host-header-rewrite", "a b"),
        ("host-header-rewrite", "a/b"),
    ],
)
def test_failure(kind: str, replace: str) -> None:
    """What is no URL or no host is a failure, which the client sees as 500."""
    transform = transform_of(rewrite(kind, "^.*$", replace))

    with pytest.raises(TransformFailed, match=f"{kind}: .* is not a "):
        transform.apply(request({}))


def test_too_long_a_url_is_a_failure() -> None:
    """A URL over 16 KB does not go on."""
    transform = transform_of(rewrite("url-rewrite", "^(.*)$", "$1" * 500))

    with pytest.raises(TransformFailed):
        transform.apply(request({"path": "/" + "a" * 100}))


@given(st.binary())
def test_decoding_never_makes_what_a_url_may_not_hold(raw: bytes) -> None:
    """Decoding adds visible ASCII only and never makes a path longer."""
    decoded = decode_path(raw)

    assert len(decoded) <= len(raw)
    assert not set(decoded) - set(raw) - set(range(0x21, 0x7F))
