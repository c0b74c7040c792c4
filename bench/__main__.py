"""`python -m bench [P1 P6 …] [--quick]`: measure, and print the table of ratios.

Exit code 0 whether goals are reached or not: the table says it. 1 when a side fails.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import credit, http, imports, pages
from bench.figure import HEADER, Figure
from bench.ground import Ground, prepared_ground


@dataclass(frozen=True)
class Size:
    members: int
    rounds: int
    seconds: float


FULL = Size(members=100_000, rounds=5, seconds=4)
QUICK = Size(members=200, rounds=1, seconds=0.2)

Measure = Callable[..., Iterator[Figure]]
FIGURES: dict[str, Measure] = {
    "P1": credit.measure_p1,
    "P3": http.measure_p3,
    "P6": credit.measure_p6,
    "P7": http.measure_p7,
    "P9": imports.measure_p9,
    "P13": pages.measure_p13,
    "P14": pages.measure_p14,
}


def measure(ground: Ground, codes: list[str], size: Size) -> Iterator[Figure]:
    for code in codes:
        yield from FIGURES[code](ground, rounds=size.rounds, seconds=size.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios of two sides taken in turns.")
    parser.add_argument(
        "codes", nargs="*", metavar="FIGURE", help=f"any of {' '.join(FIGURES)}; all when none is named"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    chosen = parser.parse_args()
    unknown = [code for code in chosen.codes if code not in FIGURES]
    if unknown:
        parser.error(f"no such figure: {' '.join(unknown)}; there are {' '.join(FIGURES)}")
    size = QUICK if chosen.quick else FULL
    print(f"{size.rounds} rounds of {size.seconds} s a side, medians; {os.cpu_count()} processors\n\n{HEADER}")
    with prepared_ground(size.members) as ground:
        for figure in measure(ground, chosen.codes or list(FIGURES), size):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
