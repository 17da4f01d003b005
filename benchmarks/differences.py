"""How much figures scatter, and whether two sets of them differ."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


def spread(figures: Sequence[float]) -> float:
    """How far figures of one thing lie apart, as a part of their median.

    It is the range without the highest fifth: what else a machine does only ever adds, and one figure that it spoilt
    must not hide a difference.
    """
    kept = sorted(figures)[: len(figures) - len(figures) // 5]
    return (kept[-1] - kept[0]) / statistics.median(figures)


class Difference(NamedTuple):
    """Two sets of figures of which the lower is the better.

    Attributes:
        old: The median.
        new: The median.
        spread: The larger of the two.
    """

    old: float
    new: float
    spread: float

    @property
    def ratio(self) -> float:
        """New over old."""
        return self.new / self.old

    @property
    def is_none(self) -> bool:
        """Whether the medians are no further apart than figures of one set are."""
        return abs(self.ratio - 1) <= self.spread

    @property
    def verdict(self) -> str:
        """In words."""
        if self.is_none:
            return "none"
        percent = abs(self.ratio - 1) * 100
        return f"slower by {percent:.0f} %" if self.ratio > 1 else f"faster by {percent:.0f} %"


def difference(old: Sequence[float], new: Sequence[float]) -> Difference:
    """Compare figures of the same thing; both must be positive."""
    return Difference(statistics.median(old), statistics.median(new), max(spread(old), spread(new)))
