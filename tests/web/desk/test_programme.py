from decimal import Decimal

import pytest

from loyalty import programmes
from loyalty.clock import utcnow
from loyalty.rules import PRESETS
from models import transaction

PAGE = "/partner/programme"
HIDDEN = {"csrf_token", "partner", "next", "language"}


@pytest.fixture
def in_force(app, cast):
    def read():
        with app.app_context():
            return programmes.current_rules(cast.ours.partner_id)

    return read


@pytest.fixture
def put(app, cast):
    """Change the rules past the page."""

    def change(rules) -> int:
        with app.app_context(), transaction():
            return programmes.set_rules(
                cast.ours.partner_id, rules, by=cast.ours.staff["owner"].customer_id, now=utcnow()
            )[0]

    return change


@pytest.fixture
def draft(values):
    """The form as a page shows it, some fields changed."""
    return lambda answer, **changes: {k: v for k, v in values(answer).items() if k not in HIDDEN} | changes


def test_seven_percent_are_saved_and_told(desk, draft, in_force, words):
    owner = desk("owner")
    saved = owner.post(PAGE, **draft(owner.get(PAGE), rate="7"))
    assert (saved.status_code, saved.headers["Location"]) == (303, PAGE)
    version, rules = in_force()
    assert (version, rules.rate) == (2, Decimal("0.07"))
    after = owner.get(PAGE)
    said = words(after)
    assert "Новые правила действуют с этой минуты. Начисление за покупку: 7 % от чека (было: 5 % от чека)." in said
    assert "Версия 2 действует" in said
    assert "Вернуть версию 1" in said


def test_however_much_changes_the_next_page_can_be_told(desk, draft, in_force, words):
    owner = desk("owner")
    everything = {
        "rate": "7",
        "welcome_bonus": "1",
        "vip_factor": "2",
        "birthday_factor": "2",
        "large_factor": "2",
        "combine": "best",
        "point_value": "2",
        "min_spend": "1",
        "max_share": "50",
        "life": "12",
        "bonus_life": "30",
        "pending_days": "14",
        "points_step": "10",
        "categories": "\n".join(f"{n} {'я' * 190}" for n in range(100)),
        "clawback": "pending_only",
        "grace_days": "1",
        "hold_minutes": "1",
    }
    saved = owner.post(PAGE, **draft(owner.get(PAGE), **everything))
    assert saved.status_code == 303
    assert all(len(cookie) < 4000 for cookie in saved.headers.getlist("Set-Cookie"))
    assert "Изменилось: Начисление за покупку, VIP-клиенты, Крупный чек," in words(owner.get(PAGE))
    assert in_force()[0] == 2


def test_saving_what_is_in_force_makes_no_version(desk, draft, in_force, words):
    owner = desk("owner")
    owner.post(PAGE, **draft(owner.get(PAGE)))
    assert in_force()[0] == 1
    assert "вы ничего не изменили" in words(owner.get(PAGE))


def test_a_rule_out_of_range_is_said_beside_its_field_and_nothing_is_saved(desk, draft, in_force, words, values):
    owner = desk("owner")
    refused = owner.post(PAGE, **draft(owner.get(PAGE), rate="107", welcome_bonus="50"))
    assert refused.status_code == 422
    assert "Процент от чека баллами: Введите число от 0 до 100" in words(refused)
    assert 'aria-invalid="true"' in refused.text
    assert (values(refused)["rate"], values(refused)["welcome_bonus"]) == ("107", "50")
    assert in_force()[0] == 1


def test_a_draft_is_calculated_and_not_kept(desk, draft, in_force, words):
    owner = desk("owner")
    shown = draft(owner.get(PAGE), rate="1", vip_factor="1,5", birthday_factor="2", is_vip="y", on_birthday="y")
    tried = owner.post(f"{PAGE}/try", **shown)
    said = words(tried)
    assert tried.status_code == 200
    assert "Клиент получит 300 баллов" in said
    assert "1 % от 10 000 ₽ 100 баллов VIP ×1,5 150 баллов День рождения ×2 300 баллов" in said
    assert "Ещё не сохранено Начисление за покупку: 1 % от чека (было: 5 % от чека)" in said
    assert in_force()[0] == 1


def test_a_ready_set_fills_the_draft(desk, draft, in_force, values, words):
    owner = desk("owner")
    filled = owner.post(f"{PAGE}/try", **draft(owner.get(PAGE), is_vip="y", on_birthday="y"), preset="retail")
    shown = values(filled)
    assert (shown["rate"], shown["vip_factor"], shown["birthday_factor"], shown["large_factor"]) == (
        "1",
        "1,5",
        "2",
        "1,2",
    )
    assert shown["version"] == "1"
    assert "Клиент получит 300 баллов" in words(filled)
    assert in_force()[0] == 1
    owner.post(PAGE, **draft(filled))
    assert in_force() == (2, PRESETS["retail"])


@pytest.mark.parametrize(
    ("purchase", "sentence"),
    [
        ({"amount": "10 000,50"}, "5 % от 10 000,50 ₽"),
        ({"amount": "много"}, "Эту покупку не посчитать"),
        ({"amount": ""}, "Введите сумму"),
        ({"amount": "0"}, "Эту покупку не посчитать"),
        ({"amount": "1000", "points": "300"}, "Клиент получит 35 баллов 300 баллов оплатят 300 ₽ чека"),
        ({"amount": "1000", "points": "две"}, "Списывает баллов: Введите целое число"),
        ({"amount": "1000", "points": "1001"}, "Эту покупку не посчитать"),
        ({"amount": "1000", "average_check": "-5"}, "Обычный чек клиента:"),
        ({"amount": "1000", "purchases": "9" * 13}, "Покупок до этого:"),
    ],
)
def test_an_imagined_purchase(desk, draft, words, purchase, sentence):
    owner = desk("owner")
    tried = owner.post(f"{PAGE}/try", **draft(owner.get(PAGE)) | purchase)
    assert tried.status_code == 200
    assert sentence in words(tried)


def test_while_the_draft_is_wrong_the_calculator_says_where(desk, draft, words):
    owner = desk("owner")
    tried = owner.post(f"{PAGE}/try", **draft(owner.get(PAGE), rate="семь"))
    region = tried.text.partition('id="calculation"')[2]
    assert 'href="#rate"' in region
    assert "Сначала исправьте правила" in words(tried)


def test_who_saved_meanwhile_is_not_overwritten_unseen(desk, draft, in_force, put, words, values):
    owner = desk("owner")
    mine = draft(owner.get(PAGE), welcome_bonus="7")
    put({"rate": "0.09"})
    refused = owner.post(PAGE, **mine)
    assert refused.status_code == 422
    assert "вступила в силу версия 2" in words(refused)
    assert "Ещё не сохранено Начисление за покупку: 5 % от чека (было: 9 % от чека)" in words(refused)
    assert (values(refused)["welcome_bonus"], values(refused)["version"]) == ("7", "2")
    assert in_force()[1].rate == Decimal("0.09")
    owner.post(PAGE, **draft(refused))
    assert (in_force()[1].rate, in_force()[1].welcome_bonus) == (Decimal("0.05"), 7)


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
def test_a_form_that_names_no_version_is_of_the_present_one(desk, draft, in_force, version):
    owner = desk("owner")
    assert owner.post(PAGE, **draft(owner.get(PAGE), rate="7", version=version)).status_code == 303
    assert in_force()[1].rate == Decimal("0.07")


def test_an_earlier_version_comes_back_through_the_form(desk, draft, in_force, put, words):
    put(PRESETS["retail"])
    owner = desk("owner")
    taken = owner.get(f"{PAGE}?version=1")
    assert "Это правила версии 1" in words(taken)
    assert "Начисление за покупку: 5 % от чека (было: 1 % от чека)" in words(taken)
    owner.post(PAGE, **draft(taken))
    version, rules = in_force()
    assert (version, rules.rate, rules.birthday) == (3, Decimal("0.05"), None)


@pytest.mark.parametrize("version", ["0", "-1", "99", "99999999999999999999", "один"])
def test_a_version_that_never_was(desk, version):
    assert desk("owner").get(f"{PAGE}?version={version}").status_code in (200, 404)
    assert desk("owner").get(f"{PAGE}?before={version}").status_code == 200


def test_the_history_goes_on_by_pages(desk, put, words):
    for percent in range(10, 23):
        put({"rate": f"0.{percent}"})
    owner = desk("owner")
    first = owner.get(PAGE)
    assert "Версия 14" in words(first)
    assert "Версия 4 " not in words(first)
    assert f"{PAGE}?before=5#history" in first.text
    assert "Первые правила." in words(owner.get(f"{PAGE}?before=5"))


@pytest.mark.parametrize("role", ["manager", "cashier"])
def test_others_read_the_rules_and_calculate(desk, words, role, in_force):
    reader = desk(role)
    page = reader.get(PAGE)
    assert "5 % от чека" in words(page)
    assert "Менять их может только владелец" in words(page)
    assert "Сохранить правила" not in words(page)
    assert "Вернуть версию" not in words(page)
    assert "Клиент получит 250 баллов" in words(reader.post(f"{PAGE}/try", amount="5000", rate="99"))
    assert reader.post(PAGE, rate="7").status_code == 403
    assert in_force()[0] == 1


def test_a_foreign_owner_neither_sees_nor_changes_our_rules(app, cast, desk, draft, put, in_force, words):
    put({"rate": "0.09"})
    theirs = desk("owner").__class__(app).sign_in(cast.theirs.staff["owner"].customer_id)
    page = theirs.get(PAGE)
    assert "9 %" not in words(page)
    theirs.post(PAGE, **draft(page, rate="1", version="2"), partner=str(cast.ours.partner_id))
    assert in_force()[1].rate == Decimal("0.09")
