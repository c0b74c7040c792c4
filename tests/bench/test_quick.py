"""Every figure is taken in its small size, so that the bench still works on the day somebody wants the numbers."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from bench.__main__ import FIGURES, QUICK, measure
from bench.ground import fill
from tests.support import missing


@pytest.fixture(scope="module")
def ground(settings, databases):
    if databases.embedded:
        bin_dir = databases.embedded.bin_dir
    elif found := shutil.which("pgbench"):
        bin_dir = Path(found).parent
    else:
        missing.part("no pgbench on PATH, which the benches compare with")
    url = databases.empty()
    yield fill(dataclasses.replace(settings, log_level="WARNING"), url, bin_dir, QUICK.members)
    databases.drop(url)


@pytest.mark.parametrize("code", FIGURES)
def test_a_figure_is_taken_and_its_ledger_is_sound(code, ground):
    figures = list(measure(ground, [code], QUICK))

    assert {figure.code for figure in figures} == {code}
    assert all(value > 0 for figure in figures for value in (*figure.ours, *figure.theirs))
    assert str(ground.ask("SELECT count(*) FROM membership m WHERE total <> (SELECT coalesce(sum(points), 0)"
                                 " FROM entry e WHERE e.partner_id = m.partner_id AND e.membership_id = m.id)")) == "0"  # fmt: skip
