import re
from uuid import uuid4

import pytest

from loyalty import ledger
from loyalty.clock import utcnow
from loyalty.rules import Rules
from models import db, transaction
from models.ledger import Entry
from tests.factories import make_member, make_partner


@pytest.fixture
def member(app):
    """`member(balance, clawback)` is somebody at a partner of their own: the address of the correction, code and ids."""

    def make(balance=0, **rules):
        with app.app_context(), transaction():
            partner = make_partner(Rules(**rules), name="Эспрессо")
            made = make_member(partner)
            if balance:
                ledger.grant(partner.id, made.id, balance, source="system", source_ref="x", now=utcnow())
            return f"/admin/customers/{made.customer_id}", partner.code, (partner.id, made.id)

    return make


@pytest.fixture
def posted(app):
    def read(ids):
        with app.app_context():
            query = db.select(Entry.points).where(Entry.partner_id == ids[0], Entry.membership_id == ids[1])
            return list(db.session.scalars(query.where(Entry.source == "admin").order_by(Entry.seq)))

    return read


def asked(code, points="50", direction="debit", **more):
    return {"partner": code, "points": points, "direction": direction, "reason": "ошибка кассы", **more}


def deed_of(answer):
    return re.search(r'name="deed" value="([^"]+)"', answer.text)[1]


def test_a_correction_is_shown_before_it_is_done_and_noted_after(admin, member, posted, words):
    card, code, ids = member(250)
    preview = admin.post(f"{card}/correction", **asked(code))
    assert preview.status_code == 200
    assert "Баланс в «Эспрессо» 250 станет 200 −50" in words(preview)
    assert posted(ids) == []
    done = admin.post(f"{card}/correction", **asked(code, step="do", deed=deed_of(preview)))
    assert (done.status_code, done.headers["Location"]) == (303, card)
    assert posted(ids) == [-50]
    page = words(admin.get(card))
    assert "−50 в «Эспрессо»: теперь 200 баллов" in page
    assert "ошибка кассы" in page
    assert "Баллы исправлены: −50 Админ, Эспрессо" in page


def test_a_correction_that_is_sent_twice_is_done_once(admin, member, posted):
    card, code, ids = member(250)
    deed = str(uuid4())
    answers = [admin.post(f"{card}/correction", **asked(code, step="do", deed=deed)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert posted(ids) == [-50]


def test_the_same_again_after_a_new_look_is_another_correction(admin, member, posted):
    card, code, ids = member(250)
    for _ in range(2):
        deed = deed_of(admin.post(f"{card}/correction", **asked(code)))
        admin.post(f"{card}/correction", **asked(code, step="do", deed=deed))
    assert posted(ids) == [-50, -50]


def test_one_deed_with_other_points_is_refused(admin, member, posted, words):
    card, code, ids = member(250)
    deed = str(uuid4())
    admin.post(f"{card}/correction", **asked(code, step="do", deed=deed))
    other = admin.post(f"{card}/correction", **asked(code, "60", step="do", deed=deed))
    assert other.status_code == 422
    assert posted(ids) == [-50]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"points": ""}, "Сколько баллов:"),
        ({"points": "0"}, "Сколько баллов:"),
        ({"points": "-5"}, "Сколько баллов:"),
        ({"points": "5.5"}, "Сколько баллов:"),
        ({"points": "٥"}, "Сколько баллов:"),
        ({"points": "9" * 12}, "Сколько баллов:"),
        ({"points": "0" * 12 + "9" * 5000}, "Сколько баллов:"),
        ({"points": "1".zfill(12) + "9" * 5000}, "Сколько баллов:"),
        ({"reason": "  "}, "Причина:"),
        ({"reason": "я" * 501}, "Причина:"),
        ({"direction": "sideways"}, "Что сделать:"),
        ({"partner": ""}, "У какого партнёра:"),
        ({"partner": "000000"}, "партнёра"),
    ],
)
@pytest.mark.parametrize("step", ["", "do"])
def test_what_is_wrong_is_said_beside_its_field_and_nothing_moves(
    admin, member, posted, words, values, changes, sentence, step
):
    card, code, ids = member(250)
    refused = admin.post(f"{card}/correction", **asked(code) | {"step": step} | changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    if "points" not in changes:
        assert values(refused)["points"] == "50"
    assert posted(ids) == []


def test_at_a_partner_where_the_person_is_no_member_nothing_is_corrected(admin, member, words):
    card, _, _ = member(250)
    _, elsewhere, _ = member(0)
    refused = admin.post(f"{card}/correction", **asked(elsewhere, direction="credit", step="do"))
    assert refused.status_code == 422
    assert "Никого не нашли" in words(refused)


def test_points_are_written_with_spaces_as_people_write_them(admin, member, posted):
    card, code, ids = member(0)
    admin.post(f"{card}/correction", **asked(code, "1 250", "credit", step="do", deed=str(uuid4())))
    assert posted(ids) == [1250]


def test_a_programme_without_debts_says_how_much_can_be_taken(admin, member, posted, words):
    card, code, ids = member(30, clawback="within_balance")
    preview = admin.post(f"{card}/correction", **asked(code))
    assert "Из 50 баллов можно списать только 30" in words(preview)
    admin.post(f"{card}/correction", **asked(code, step="do", deed=deed_of(preview)))
    assert posted(ids) == [-30]
    nothing = admin.post(f"{card}/correction", **asked(code))
    assert nothing.status_code == 422


def test_a_debt_is_said_before_it_is_made(admin, member, words):
    card, code, _ = member(30)
    assert "Баланс станет отрицательным" in words(admin.post(f"{card}/correction", **asked(code)))


def test_until_when_a_credit_lives_is_said_before(admin, member, words):
    card, code, _ = member(0, bonus_life_days=10)
    assert re.search(
        r"Можно потратить по \d+ ", words(admin.post(f"{card}/correction", **asked(code, direction="credit")))
    )


def test_changing_ones_mind_brings_back_what_was_typed(admin, member, values, posted):
    card, code, ids = member(250)
    back = admin.post(f"{card}/correction", **asked(code, step="change"))
    assert back.status_code == 200
    shown = values(back)
    assert (shown["points"], shown["reason"], shown["direction"]) == ("50", "ошибка кассы", "debit")
    assert posted(ids) == []
