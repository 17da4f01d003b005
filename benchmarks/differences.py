"""How much figures scatter, and whether two sets of them differ."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


def spread(figures: Sequence[float]) -> float:
    """How far figures of one thing lie apart, as a part of their median.

    It is the range without the fifth that is furthest from the median: one figure that something else spoilt must not
    hide a difference.
    """
    middle = statistics.median(figures)
    kept = sorted(figures, key=lambda figure: abs(figure - middle))[: len(figures) - len(figures) // 5]
    return (max(kept) - min(kept)) / middle


class Difference(NamedTuple):
    """Two sets of figures of which the lower is the better.

    Attributes:
        old: The median.
        new: The median.
        ratio: New over old, the median of all pairs.
        spread: That of the pairs' ratios.
    """

    old: float
    new: float
    ratio: float
    spread: float

    @property
    def is_none(self) -> bool:
        """Whether the ratio is no further from one than the pairs are from each other."""
        return abs(self.ratio - 1) <= self.spread

    @property
    def verdict(self) -> str:
        """In words."""
        if self.is_none:
            return "none"
        percent = abs(self.ratio - 1) * 100
        return f"slower by {percent:.0f} %" if self.ratio > 1 else f"faster by {percent:.0f} %"


def difference(old: Sequence[float], new: Sequence[float]) -> Difference:
    """Compare figures of the same thing, all positive; those in one place were measured together."""
    ratios = [after / before for before, after in zip(old, new, strict=True)]
    return Difference(statistics.median(old), statistics.median(new), statistics.median(ratios), spread(ratios))
