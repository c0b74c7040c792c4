from __future__ import annotations

import pytest

from loyalty import widget_funnel
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from tests.factories import make_site

PAGE = "/partner/widget/stats"


@pytest.fixture
def count(app, cast):
    def record(house, **steps):
        with app.app_context(), transaction():
            partner = db.session.get_one(Partner, house.partner_id)
            for step, times in steps.items():
                widget_funnel.record(partner, step, utcnow(), times=times)

    return record


def test_without_figures_the_page_says_what_is_missing(app, desk, cast, words):
    owner = desk("owner")
    assert "Ни один ваш сайт пока не подтверждён" in words(owner.get(PAGE))
    with app.app_context(), transaction():
        make_site(cast.ours.partner_id, "https://shop.example", utcnow())
    assert "как только на вашем сайте откроют страницу с кодом" in words(owner.get(PAGE))


def test_each_step_is_told_with_its_share_of_the_one_before(desk, cast, count, words):
    count(cast.ours, shown=1200, opened=300, signed_in=60)
    count(cast.theirs, shown=7777)
    page = desk("owner").get(f"{PAGE}?days=7")
    said = words(page)
    assert "Показан 1 200" in said
    assert "Открыт 300 25 % от шага раньше" in said
    assert "Вход по коду 60 20 % от шага раньше" in said
    assert "7 777" not in said
    assert "<svg" in page.text


def test_the_days_are_taken_along_as_a_table(desk, cast, count):
    count(cast.ours, shown=12)
    answer = desk("owner").get(f"{PAGE}/export.csv?days=7")
    lines = answer.get_data(as_text=True).splitlines()
    assert (answer.mimetype, len(lines)) == ("text/csv", 8)
    assert sum(int(line.split(",")[1]) for line in lines[1:]) == 12
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_period_that_is_none_is_the_usual_one(desk, count, cast):
    count(cast.ours, shown=1)
    page = desk("owner").get(f"{PAGE}?days=400").text
    assert 'href="/partner/widget/stats?days=30" aria-current="page"' in page
