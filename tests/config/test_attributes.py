"""The tables of attributes agree with AWS's own model of its API."""

import re

import pytest
from botocore.session import Session

from gateway.config.attributes import LISTENER, TARGET_GROUP, Attribute, defaults


def documented(*shapes: str) -> set[str]:
    """The attribute keys that the API model's documentation names."""
    model = Session().get_service_model("elbv2")
    texts = [model.shape_for(shape).members["Key"].documentation for shape in shapes]
    return {key for text in texts for key in re.findall(r"<code>([a-z0-9_]+(?:\.[a-z0-9_]+)+)</code>", text)}


def test_every_listener_attribute_is_aws_s() -> None:
    """No attribute is made up."""
    assert set(LISTENER) <= documented("LoadBalancerAttribute", "ListenerAttribute")


def test_every_target_group_attribute_is_aws_s() -> None:
    """No attribute is made up."""
    assert set(TARGET_GROUP) <= documented("TargetGroupAttribute")


def test_no_routing_attribute_is_missing() -> None:
    """Everything that AWS lets a listener do to requests and responses can be named."""
    known = documented("LoadBalancerAttribute", "ListenerAttribute")

    assert {key for key in known if key.startswith("routing.")} <= set(LISTENER)


@pytest.mark.parametrize("attribute", [*LISTENER.values(), *TARGET_GROUP.values()])
def test_defaults_are_allowed(attribute: Attribute) -> None:
    """A default lies in its range and among its choices."""
    if attribute.maximum:
        assert attribute.minimum <= int(attribute.default) <= attribute.maximum
    assert not attribute.choices or attribute.default in attribute.choices


def test_defaults() -> None:
    """Every key has its default."""
    assert defaults(LISTENER)["routing.http.request.x_amzn_tls_version.header_name"] == "X-Amzn-Tls-Version"
    assert set(defaults(TARGET_GROUP)) == set(TARGET_GROUP)
