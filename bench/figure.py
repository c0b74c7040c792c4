"""One measured figure: two sides taken in turns, their medians, the ratio and the goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Side = Callable[[], float]
"""Measures one side once."""


@dataclass(frozen=True)
class Figure:
    """`ours` and `theirs` are the values of each round, in the order they were taken.

    `goal` is what the ratio of the medians should reach, or, where `less_is_better`, should not exceed; `why` explains a
    goal that is missed.
    """

    code: str
    what: str
    against: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    goal: float
    unit: str = "/s"
    why: str = ""
    less_is_better: bool = False

    @property
    def ratio(self) -> float:
        return median(self.ours) / median(self.theirs)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest ratio of a single round."""
        ratios = [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]
        return min(ratios), max(ratios)

    @property
    def is_reached(self) -> bool:
        return self.ratio <= self.goal if self.less_is_better else self.ratio >= self.goal

    def __str__(self) -> str:
        low, high = self.spread
        line = (
            f"{self.code:3}  {self.what:44.44}  {median(self.ours):9,.0f}  {median(self.theirs):9,.0f}{self.unit:3}"
            f"  {self.ratio:6.2f}  ({low:.2f}…{high:.2f})  {'≤' if self.less_is_better else '≥'} {self.goal:.2f}"
        )
        if self.is_reached:
            return f"{line}  reached"
        return f"{line}  missed by {abs(1 - self.ratio / self.goal):.0%}: {self.why}"


HEADER = f"{'':3}  {'what':44}  {'ours':>9}  {'theirs':>9}     {'ratio':>6}  (each round)   goal"


def alternate(rounds: int, ours: Side, theirs: Side) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Both sides in turns; the side that begins changes each round, so that neither always meets the warmer machine."""
    mine, others = [], []
    for turn in range(rounds):
        for values, side in ((mine, ours), (others, theirs))[:: 1 if turn % 2 == 0 else -1]:
            values.append(side())
    return tuple(mine), tuple(others)
