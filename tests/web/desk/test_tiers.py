"""Tiers at the desk: a table that works without a script."""

import pytest

from tests.api.samples import make_purchase
from tests.web.browser import Browser

PAGE = "/partner/tiers"
FORM = {
    "measure": "spent",
    "window": "days",
    "days": "365",
    "name": ["Серебро", "Золото", ""],
    "threshold": ["10 000", "50000", ""],
    "factor": ["1,2", "1,5", ""],
}


def test_tiers_are_set_told_in_words_and_taken_away(desk, words):
    owner = desk("owner")
    assert "Уровней нет" in words(owner.get(PAGE))
    assert owner.post(PAGE, **FORM).status_code == 303
    page = owner.get(PAGE)
    assert "Серебро: от 10 000 ₽ за 365 дней, ×1,2" in words(page).replace("\xa0", " ")
    assert 'value="Золото"' in page.text
    earned = FORM | {"measure": "earned", "window": "year", "falls_on_refund": "y"}
    assert owner.post(PAGE, **earned).status_code == 303
    assert "Серебро: от 10 000 баллов за календарный год" in words(owner.get(PAGE)).replace("\xa0", " ")
    assert owner.post(PAGE, measure="spent", window="ever").status_code == 303
    assert "Уровней нет" in words(owner.get(PAGE))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"threshold": ["50000", "10000", ""]}, "Проверьте уровни"),
        ({"threshold": ["-5", "10000", ""]}, "Проверьте уровни"),
        ({"factor": ["0", "2", ""]}, "Проверьте уровни"),
        ({"name": ["Золото", "Золото", ""]}, "Проверьте уровни"),
        ({"days": "скоро"}, "Введите целое число дней от 1 до 3650."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(desk, words, changes, sentence):
    refused = desk("owner").post(PAGE, **FORM | changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert 'value="Золото"' in refused.text


def test_who_may_not_change_the_programme_sees_the_words_only(desk):
    page = desk("manager").get(PAGE)
    assert page.status_code == 200
    assert 'name="threshold"' not in page.text


def test_customers_and_the_till_see_the_tier_and_what_the_next_one_needs(app, cast, desk, words):
    levels = {"threshold": ["900", "50000", ""], "window": "ever"}
    assert desk("owner").post(PAGE, **FORM | levels).status_code == 303
    make_purchase(cast.ours)
    member = cast.ours.member.customer_id
    told = "Серебро ×1,2; до уровня «Золото» осталось"
    assert told in words(desk("cashier").get(f"/partner/customers/{member}"))
    customer = Browser(app).sign_in(member)
    assert "Серебро" in words(customer.get("/customer"))
    assert told in words(customer.get(f"/customer/loyalty?partner={cast.ours.partner_code}"))
