"""Why a body is not JSON, in the parser's words."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lambda_api.jackson import refusal

CASES = json.loads((Path(__file__).parent.parent / "data/lambda_api/not_json.json").read_text())
SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
JSON_LIKE = st.text(alphabet='{}[]",:019.eE+-truefalsn \n\\u\tä/', min_size=1, max_size=12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_mistake_has_its_text_and_place(case: dict[str, Any]) -> None:
    """Text, line and column are those of the parser."""
    expected = f"{case['text']}\n at {SOURCE.format(case['line'], case['column'])}"

    assert refusal(bytes.fromhex(case["body_hex"])) == expected, case["why"]


def no_constant(name: str) -> None:
    """Python's parser takes NaN and Infinity unless it is told not to."""
    raise ValueError(name)


def is_json(text: str) -> bool:
    """What Python's own parser says."""
    try:
        json.loads(text, parse_constant=no_constant)
    except ValueError:
        return False
    return True


@settings(deadline=None)
@given(JSON_LIKE)
def test_it_refuses_what_is_not_json(text: str) -> None:
    """An independent parser draws the same line between JSON and the rest."""
    assert (refusal(text.encode()) is None) == is_json(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(VALUES, st.booleans(), st.sampled_from((None, 1, "\t")))
def test_it_accepts_every_document(value: object, ascii_only: bool, indent: int | str | None) -> None:
    """Whatever a JSON encoder writes is accepted, escaped or not, indented or not."""
    assert refusal(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize(("depth", "accepted"), [(1000, True), (1001, False)])
def test_nesting_has_a_limit(depth: int, accepted: bool) -> None:
    """The parser's default: a thousand open scopes; its text for more has no location."""
    text = refusal(b"[" * depth + b"]" * depth)

    assert (text is None) == accepted
    if text is not None:
        limit = "(1000, from `StreamReadConstraints.getMaxNestingDepth()`)"
        assert text == f"Document nesting depth (1001) exceeds the maximum allowed {limit}"
