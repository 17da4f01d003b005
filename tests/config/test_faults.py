"""Messages about what was probably meant; whole messages are tested with whole files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config.faults import faults_of, meant
from gateway.config.model import FileModel
from gateway.types import Json


@pytest.mark.parametrize(
    ("found", "expected"),
    [("hander", "; did you mean 'handler'?"), ("xyz", ""), (True, "")],
)
def test_meant(found: object, expected: str) -> None:
    """Only what is close is offered."""
    assert meant(found, ["handler", "timeout"]) == expected


KEYS = (
    *("functions", "target_groups", "listeners", "f", "rules", "conditions", "actions", "values", "attributes"),
    *("handler", "timeout", "cors", "health_check", "transforms", "rewrites", "target_groups", "certificates"),
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
TYPES = st.sampled_from(
    ["alb", "http_api", "function_url", "forward", "redirect", "fixed-response", "url-rewrite", "x"]
)
FIELDS = st.sampled_from(["path-pattern", "query-string", "source-ip", "http-header", "x"])
DATA: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda table, kind, field: {**table, "type": kind, "field": field},
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
            TYPES,
            FIELDS,
        )
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["functions", "target_groups", "listeners"]), DATA, min_size=1))
def test_any_data_has_messages(data: dict[str, Json]) -> None:
    """Whatever is wrong, it can be told: each fault has a place in the data and a text."""
    try:
        FileModel.model_validate(data)
    except ValidationError as error:
        faults = list(faults_of(error, FileModel, data))
        assert faults
        assert all(fault.message and "pydantic" not in fault.message for fault in faults)
