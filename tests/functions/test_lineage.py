"""The recursion guard."""

import pytest

from gateway.functions.lineage import INVOCATIONS, advance, function_mark

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"
MARK = "a87bd80c"


@pytest.mark.parametrize(
    ("given", "expected", "invocations"),
    [
        (ROOT, f"{ROOT};Lineage=1:{MARK}:0", 1),
        ("", f"Lineage=1:{MARK}:0", 1),
        (f"{ROOT};Sampled=0;Lineage=1:{MARK}:0", f"{ROOT};Sampled=0;Lineage=1:{MARK}:1", 2),
        (f"{ROOT};Lineage=1:{MARK}:3;Sampled=1", f"{ROOT};Sampled=1;Lineage=1:{MARK}:4", 5),
        (f"{ROOT};lineage={MARK}:1", f"{ROOT};Lineage=1:{MARK}:2", 3),
        (f"{ROOT};Lineage=68fd508a:5|c512fbe3:2", f"{ROOT};Lineage=68fd508a:5|c512fbe3:2|1:{MARK}:0", 1),
        (f"{ROOT};Lineage=68fd508a:5|{MARK}:2", f"{ROOT};Lineage=68fd508a:5|1:{MARK}:3", 4),
        (f"{ROOT};Lineage=1:{MARK}:x", f"{ROOT};Lineage=1:{MARK}:x|1:{MARK}:0", 1),
    ],
)
def test_a_dispatch_is_counted(given: str, expected: str, invocations: int) -> None:
    """The newest and the documented older form are read; other functions and fields stay as they are."""
    assert advance(given, MARK) == (expected, invocations)


def test_a_chain_ends_after_its_invocations() -> None:
    """Sixteen pass, the next one is a loop."""
    trace = ROOT
    for _ in range(INVOCATIONS):
        step = advance(trace, MARK)
        trace = step.trace_id
        assert not step.is_loop

    assert advance(trace, MARK).is_loop


def test_functions_have_different_marks() -> None:
    """Eight hexadecimal digits, the same for the same ARN."""
    marks = {function_mark(f"arn:aws:lambda:us-east-1:123456789012:function:{name}") for name in ("a", "b", "a")}

    assert len(marks) == 2
    assert all(len(mark) == 8 and int(mark, 16) >= 0 for mark in marks)
