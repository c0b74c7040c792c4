"""Small pictures drawn here: no library, no script, the colours of the page in both themes, and every number in words too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from web.formats import write_number

_WIDTH, _HEIGHT, _TOP, _FLOOR = 320, 150, 10, 126
_DIGIT = 5.6
"""The width of a digit of the scale."""
_GAP = 3
"""Between the bars of one group."""


@dataclass(frozen=True)
class Bar:
    """A group of the picture: its short name, and a value and a sentence for each series."""

    name: str
    values: tuple[int, ...]
    sentences: tuple[str, ...]


def draw_bars(groups: Sequence[Bar], label: str) -> Markup:
    """Bars side by side in groups, series `s0`, `s1`…; what is below zero has no height. `label` says what it shows."""
    top = round_up(max((value for group in groups for value in group.values), default=0))
    start = len(write_number(top)) * _DIGIT + 8
    step = (_WIDTH - start) / max(len(groups), 1)
    parts = [_line(share, top, start) for share in ((0, 0.5, 1) if top else (0,))]
    for n, group in enumerate(groups):
        left = start + n * step
        width = min((step * 0.72 - _GAP) / max(len(group.values), 1), 22)
        inset = (step - width * len(group.values) - _GAP * (len(group.values) - 1)) / 2
        for series, (value, sentence) in enumerate(zip(group.values, group.sentences, strict=True)):
            height = max(value, 0) / top * (_FLOOR - _TOP) if top else 0
            parts.append(
                f'<rect class="s{series}" x="{left + inset + series * (width + _GAP):.1f}" y="{_FLOOR - height:.1f}" '
                f'width="{width:.1f}" height="{height:.1f}" rx="2"><title>{escape(sentence)}</title></rect>'
            )
        parts.append(f'<text class="name" x="{left + step / 2:.1f}" y="144">{escape(group.name)}</text>')
    # strings are put together plainly, which is four times as quick as Markup.format; what is not ours is escaped above
    inner = Markup("".join(parts))  # noqa: S704
    return Markup('<svg class="bars" role="img" viewBox="0 0 {w} {h}" aria-label="{label}">{inner}</svg>').format(
        w=_WIDTH, h=_HEIGHT, label=label, inner=inner
    )


@dataclass(frozen=True)
class Dot:
    """A step of `draw_dots`: its short name, a value from −100 to 100 with its interval (None: a gap), a sentence, and
    whether it is made of little, which makes it hollow."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    sentence: str
    is_few: bool


def draw_dots(steps: Sequence[Dot], label: str) -> Markup:
    """Values from −100 to 100 in time, each with a line as long as its interval; neighbours are joined, gaps are not."""
    start = len(write_number(-100)) * _DIGIT + 8
    step = (_WIDTH - start) / max(len(steps), 1)

    def height(value: float) -> float:
        return _FLOOR - (min(max(value, -100), 100) + 100) / 200 * (_FLOOR - _TOP)

    parts = [
        f'<path class="grid" d="M{start:.1f} {height(value):.1f}H{_WIDTH}"/>'
        f'<text class="scale" x="{start - 5:.1f}" y="{height(value) + 3.5:.1f}">{write_number(value)}</text>'
        for value in (-100, 0, 100)
    ]
    every, line, places = max(1, math.ceil(len(steps) / 6)), "", []
    for n, one in enumerate(steps):
        x = start + (n + 0.5) * step
        if n % every == 0:
            parts.append(f'<text class="name" x="{x:.1f}" y="144">{escape(one.name)}</text>')
        if one.value is None:
            line = ""
            continue
        places.append(f"{line or 'M'}{x:.1f} {height(one.value):.1f}")
        line = "L"
        kind = "few" if one.is_few else "s0"
        parts.append(
            f'<path class="span" d="M{x:.1f} {height(one.low):.1f}V{height(one.high):.1f}"/>'
            f'<circle class="{kind}" cx="{x:.1f}" cy="{height(one.value):.1f}" r="4"><title>{escape(one.sentence)}</title></circle>'
        )
    parts.insert(0, f'<path class="joined" d="{"".join(places)}"/>' if places else "")  # under the dots
    inner = Markup("".join(parts))  # noqa: S704
    return Markup('<svg class="bars" role="img" viewBox="0 0 {w} {h}" aria-label="{label}">{inner}</svg>').format(
        w=_WIDTH, h=_HEIGHT, label=label, inner=inner
    )


def round_up(value: int) -> int:
    """The next number that is easy to read on an axis and to halve: 2, 4, 10, 20, 40, 100, 200 …; 0 for nothing."""
    if value <= 0:
        return 0
    power = 1
    while True:
        for easy in (2, 4, 10):
            if value <= easy * power:
                return easy * power
        power *= 10


def _line(share: float, top: int, start: float) -> str:
    y = _FLOOR - share * (_FLOOR - _TOP)
    value = write_number(int(top * share))
    return (
        f'<path class="grid" d="M{start:.1f} {y:.1f}H{_WIDTH}"/>'
        f'<text class="scale" x="{start - 5:.1f}" y="{y + 3.5:.1f}">{value}</text>'
    )
