"""Promotions at the desk: from the choice of a kind to what came of it, without a script."""

import re

import pytest

from loyalty import promotions
from tests.api.samples import make_purchase

PAGE = "/partner/promotions"
FORM = {"name": "Сто баллов", "points": "100", "min_amount": "500", "budget": "1 000", "audience": "all"}


def make(browser, kind="fixed", **changes):
    sent = {name: value for name, value in (FORM | {"deed": ""} | changes).items() if value is not None}
    return browser.post(f"{PAGE}/new?kind={kind}", **sent)


@pytest.fixture
def stored(app, cast):
    def read():
        with app.app_context():
            return promotions.list_promotions(cast.ours.partner_id)[0]

    return read


def test_kinds_are_offered_with_words_and_lead_to_their_forms(desk, words):
    manager = desk("manager")
    page = manager.get(f"{PAGE}/new")
    kinds = re.findall(r"\?kind=(\w+)", page.text)
    assert len(kinds) == 8
    assert "двойные баллы по будням с 14:00 до 17:00" in words(page)
    for kind in kinds:
        form = manager.get(f"{PAGE}/new?kind={kind}")
        assert form.status_code == 200
        assert "Ещё условия" in words(form)
    hours = manager.get(f"{PAGE}/new?kind=happy_hours").text
    assert 'name="since"' in hours
    assert len(re.findall(r'<input[^>]*name="days"[^>]*type="checkbox"', hours)) == 7


def test_a_promotion_is_tried_kept_switched_on_and_stopped(desk, words, cast, stored):
    manager = desk("manager")
    make_purchase(cast.ours)
    tried = manager.post(f"{PAGE}/try?kind=fixed", **FORM)
    assert "Сколько бы это стоило за последние 90 дней" in words(tried)
    made = make(manager)
    assert made.status_code == 303
    page = words(manager.get(made.headers["Location"]))
    assert "Баллы в подарок: 100 баллов" in page.replace("\xa0", " ")
    assert "чек от 500 ₽" in page.replace("\xa0", " ")
    assert "это цена, а не эффект" in page
    one = f"{PAGE}/{stored().id}"
    assert manager.post(f"{one}/edit", **FORM | {"name": "Сотня", "points": "150"}).status_code == 303
    assert (stored().name, stored().terms["points"], stored().terms["budget"]) == ("Сотня", 150, 1000)
    assert manager.post(f"{one}/on").status_code == 303
    make_purchase(cast.ours)
    page = words(manager.get(one))
    assert "Это описание, а не эффект" in page
    assert "Сотня" in words(manager.get(f"{PAGE}?state=on"))
    assert "Остановить «Сотня»?" in words(manager.get(f"{one}/stop"))
    assert manager.post(f"{one}/stop").status_code == 303
    assert stored().state == "stopped"
    refused = manager.post(f"{one}/edit", **FORM)
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("kind", "changes", "terms"),
    [
        ("multiplier", {"points": None, "factor": "1,5"}, {"factor": "1.5"}),
        ("category", {"points": None, "percent": "10", "categories": "окрашивание\nстрижка"}, {"rate": "0.1"}),
        (
            "happy_hours",
            {"days": ["1", "2"], "since": "9:00", "until": "12:00"},
            {"hours": [{"days": [1, 2], "since": "09:00", "until": "12:00"}]},
        ),
        ("birthday", {"before": "3", "after": "5"}, {"birthday": [3, 5]}),
        ("welcome", {}, {"visit": "first"}),
        ("second_visit", {"within_days": "30"}, {"visit": "second", "within_days": 30}),
        ("return", {"within_days": "60"}, {"visit": "return", "within_days": 60}),
        ("fixed", {"audience": "tier", "tiers": "Серебро"}, {"audience": "tier", "tiers": ["Серебро"]}),
    ],
)
def test_each_kind_is_made_from_its_form_and_shown_there_again(desk, stored, kind, changes, terms):
    manager = desk("manager")
    made = make(manager, kind, **changes)
    assert made.status_code == 303, made.text
    row = stored()
    assert (row.kind, {name: row.terms[name] for name in terms}) == (kind, terms)
    form = manager.get(f"{PAGE}/{row.id}/edit")
    assert form.status_code == 200
    again = manager.post(f"{PAGE}/{row.id}/edit", **{k: v for k, v in (FORM | changes).items() if v is not None})
    assert again.status_code == 303
    assert stored().terms == row.terms


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        ("fixed", {"points": "-5"}, "Введите целое число от 1 до 1 000 000."),
        ("fixed", {"budget": "-1"}, "Введите целое число баллов больше нуля."),
        ("happy_hours", {"since": "25:00", "until": "12:00", "days": "1"}, "Выберите дни и введите оба часа"),
        ("fixed", {"ends_on": "2020-01-01"}, "Последний день не может быть раньше первого"),
        ("fixed", {"points": None}, "Заполните что-то одно"),
        ("category", {"categories": ""}, "Назовите хотя бы одну категорию"),
        ("fixed", {"starts_on": "2026-99-99"}, "Введите день."),
        ("fixed", {"ends_on": "9999-12-31"}, "Последний день не может быть раньше первого"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk, words, kind, changes, sentence):
    refused = make(desk("manager"), kind, **changes)
    assert refused.status_code == 422
    assert sentence in words(refused)


def test_a_form_sent_twice_makes_one_draft(desk, app, cast):
    manager, deed = desk("manager"), "0b9bbf3c-5a0a-4f0e-a5d0-0f9e3d1c9a12"
    with app.app_context():
        before = len(promotions.list_promotions(cast.ours.partner_id, limit=100))
    assert [make(manager, deed=deed).status_code for _ in "12"] == [303, 303]
    with app.app_context():
        assert len(promotions.list_promotions(cast.ours.partner_id, limit=100)) == before + 1


def test_a_cashier_looks_and_changes_nothing(desk, words, stored):
    make(desk("manager"))
    cashier = desk("cashier")
    assert cashier.get(f"{PAGE}/new").status_code == 403
    page = cashier.get(f"{PAGE}/{stored().id}")
    assert "Включить" not in words(page)
    assert "Новая акция" not in words(cashier.get(PAGE))


def test_what_the_form_does_not_show_of_a_draft_stays(app, cast, desk, stored):
    hours = [{"days": [day], "since": "10:00", "until": "12:00"} for day in (1, 2)]
    rule = {"version": 1, "where": {"combinator": "and", "rules": [{"field": "visits", "operator": ">", "value": 3}]}}
    sent = {"name": "Из API", "kind": "happy_hours"}
    sent["terms"] = {"points": 10, "hours": hours, "audience": "rule", "rule": rule}
    manager = cast.ours.staff["manager"]
    made = manager.post("/api/partner/promotions", sent).json
    kept = {"name": "Из API", "points": "20", "days": "1", "since": "10:00", "until": "12:00", "audience": "rule"}
    page = desk("manager")
    assert "Кого выбирает правило" in page.get(f"{PAGE}/{made['id']}/edit").text
    assert page.post(f"{PAGE}/{made['id']}/edit", **kept).status_code == 303
    assert stored().terms == made["terms"] | {"points": 20}


def test_a_promotion_without_a_name_is_asked_for_one(desk):
    assert make(desk("manager"), name=" ").status_code == 422


def test_who_is_chosen_by_a_rule_is_said_in_words_and_counted(desk, words, cast, stored):
    manager = desk("manager")
    make_purchase(cast.ours)
    rule = {
        "audience": "rule",
        "rule_combinator": "and",
        "rule_field": ["visits", "is_vip", ""],
        "rule_operator": [">=", "=", ">="],
        "rule_value": ["1", "нет", ""],
    }
    tried = words(manager.post(f"{PAGE}/try?kind=fixed", **FORM | rule))
    assert "Подходит 1 из" in tried.replace("\xa0", " ")
    made = make(manager, **rule)
    page = words(manager.get(made.headers["Location"])).replace("\xa0", " ")
    assert "для кого: покупок не меньше 1 и VIP: нет" in page and "Подходит 1 из" in page
    assert [one["value"] for one in stored().terms["rule"]["where"]["rules"]] == ["1", False]
    form = manager.get(f"{PAGE}/{stored().id}/edit").text
    assert '<option value="visits" selected>' in form and 'value="нет"' in form
    for wrong in ({"rule_value": ["много", "нет", ""]}, {"rule_field": ["phone", "", ""]}, {"rule_field": []}):
        refused = make(manager, **rule | wrong)
        assert refused.status_code == 422 and "Проверьте правило" in words(refused)


def test_a_list_is_put_together_by_phones_and_says_who_is_nobody(desk, words, cast, stored):
    manager = desk("manager")
    make_purchase(cast.ours)
    make(manager, audience="list")
    one = f"{PAGE}/{stored().id}"
    lines = f"{cast.ours.phone}\n{cast.theirs.phone}\nкто-то\n\n{cast.ours.phone}"
    said = words(manager.post(f"{one}/list", contacts=lines))
    assert "Нашёлся и внесён в список 1 клиент" in said.replace("\xa0", " ")
    assert "кто-то" in said and cast.theirs.phone in said, "another partner's customer is nobody here"
    again = manager.post(f"{one}/list", contacts=cast.ours.phone)
    assert again.status_code == 303 and "Её список: 1 клиент" in words(manager.get(one)).replace("\xa0", " ")
    assert desk("content_manager").post(f"{one}/list", contacts=cast.ours.phone).status_code == 403
    manager.post(f"{one}/list", act="empty")
    assert "Её список: 0 клиентов" in words(manager.get(one)).replace("\xa0", " ")
    make(manager)
    assert manager.post(f"{PAGE}/{stored().id}/list", contacts=cast.ours.phone).status_code == 422


def test_services_and_categories_are_chosen_from_the_catalogue(desk, words, stored):
    manager = desk("manager")
    manager.post("/partner/services/new", name="Стрижка", price="1500", category="Волосы", deed="")
    made = make(
        manager,
        "category",
        points=None,
        percent="10",
        catalogue=["category:Волосы", "service:Стрижка"],
        categories="Ногти",
    )
    assert made.status_code == 303
    assert (stored().terms["categories"], stored().terms["services"]) == (["Ногти", "Волосы"], ["Стрижка"])
    assert "за: Ногти, Волосы, Стрижка" in words(manager.get(made.headers["Location"]))
    form = manager.get(f"{PAGE}/{stored().id}/edit").text
    assert form.count("checked") >= 2 and ">Ногти</textarea>" in form.replace("\r\n", "").replace("\n", "")
