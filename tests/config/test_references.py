"""Names that lead nowhere are found in data of any shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.references import reference_faults
from gateway.config.source import FileFault

KEYS = ("functions", "target_groups", "listeners", "rules", "actions", "default_actions", "type", "function", "routes")
DATA = st.recursive(
    st.none() | st.sampled_from(["redirect", "a", "", 1, "jwt-validation"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(DATA)
def test_any_data_is_read(data: object) -> None:
    """Data of a wrong shape, which the model refuses, does not stop the search for names."""
    assert all(isinstance(fault, FileFault) for fault in reference_faults(data))


@pytest.mark.parametrize(
    ("protocol", "action", "path"),
    [
        ("HTTPS", {"type": "redirect", "protocol": "HTTP"}, "protocol"),
        ("HTTPS", {"type": "redirect", "protocol": "HTTPS"}, None),
        ("HTTP", {"type": "redirect", "protocol": "HTTP"}, None),
        (None, {"type": "authenticate-oidc"}, "type"),
        ("HTTPS", {"type": "authenticate-oidc"}, None),
    ],
)
def test_protocols(protocol: str | None, action: dict[str, str], path: str | None) -> None:
    """Actions must fit their listener's protocol."""
    data = {"listeners": [{"protocol": protocol, "rules": [{"actions": [action]}]}]}
    places = [fault.path for fault in reference_faults(data)]

    assert places == ([("listeners", 0, "rules", 0, "actions", 0, path)] if path else [])
