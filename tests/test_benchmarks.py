"""The benchmarks measure what they say, and refuse to measure what does not work; no figure is looked at."""

import pytest

from benchmarks.differences import difference, spread


def test_the_spread_is_the_range_without_the_highest_fifth() -> None:
    """One run that something else slowed down does not hide what the others say."""
    assert spread([10.0, 10.2, 9.9, 10.1, 30.0]) == pytest.approx((10.2 - 9.9) / 10.1)


def test_a_few_figures_are_all_kept() -> None:
    """Less than five have no fifth."""
    assert spread([1.0, 2.0, 3.0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([10.0, 10.1, 10.2, 10.1, 10.0], [11.1, 11.2, 11.0, 11.1, 11.3], "slower by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [9.1, 9.0, 9.2, 9.1, 9.1], "faster by 10 %"),
        ([10.0, 10.1, 10.2, 10.1, 10.0], [10.1, 10.2, 10.1, 10.2, 10.1], "none"),
        ([10.0, 14.0, 12.0, 11.0, 13.0], [13.0, 13.1, 13.2, 13.1, 13.0], "none"),
        ([13.0, 13.1, 13.2, 13.1, 13.0], [10.0, 14.0, 12.0, 11.0, 13.0], "none"),
    ],
)
def test_a_difference_below_the_spread_is_none(old: list[float], new: list[float], verdict: str) -> None:
    """The wider of the two spreads counts."""
    assert difference(old, new).verdict == verdict


def test_a_difference_has_both_medians_and_their_ratio() -> None:
    """New over old."""
    found = difference([1.0, 2.0, 3.0], [4.0, 3.0, 5.0])

    assert (found.old, found.new, found.ratio) == (2.0, 4.0, 2.0)
