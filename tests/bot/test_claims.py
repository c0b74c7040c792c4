"""Claims in the bot: staff decide on what they were shown, customers ask and learn what became of it."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.texts import TEXTS
from loyalty import claims, joining, notices, programmes, sale_codes
from loyalty.claims import DOUBTS, ClaimPolicy
from loyalty.clock import utcnow
from loyalty.rules import Rules
from loyalty.sales import Caller
from models import db, transaction
from models.claim import Claim
from models.customer import Customer
from models.ledger import Membership
from models.partner import Partner
from models.sale_code import SaleCode
from models.work import Outbox
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import make_branch, make_customer, make_partner

WELCOME = 100
"""What everybody has who has come to the café."""


def ask(app, cafe, amount="700.00", *, who=None, branch_id=None):
    with app.app_context(), transaction():
        person = db.session.get_one(Customer, who) if who else make_customer(name="Нина")
        partner = db.session.get_one(Partner, cafe.id)
        joining.join(person, partner, {"personal_data": True}, place="page", now=utcnow())
        return claims.claim(partner, person, now=utcnow(), amount=Decimal(amount), branch_id=branch_id).id


def states(app, cafe):
    with app.app_context():
        rows = db.session.scalars(db.select(Claim).where(Claim.partner_id == cafe.id).order_by(Claim.id))
        return [(row.state, row.approved_amount) for row in rows]


def points(app, cafe):
    with app.app_context():
        return db.session.scalar(db.select(db.func.sum(Membership.total)).where(Membership.partner_id == cafe.id)) or 0


def plain(text):
    return text.replace("\xa0", " ")


def pick(chat, name):
    return next(data for data in chat.data() if data.startswith(f"{name}:"))


@pytest.fixture
def desk(app, chat, cafe):
    """The chat of a cashier."""
    make_cashier(app, chat, cafe)
    return chat


# Staff


def test_every_doubt_has_its_sentence():
    assert not {f"doubt_{doubt}" for doubt in DOUBTS} - TEXTS.keys()


def test_a_claim_is_looked_at_and_credited_once_as_it_was_shown(app, cafe, desk):
    assert "Заявок нет" in desk.press("claims:1")
    claim_id = ask(app, cafe, "20000.00")
    desk.say("⚙️ Управление")
    assert [label for label in labels(desk) if "Заявки" in label] == ["📥 Заявки · 1"]
    said = plain(desk.press("claims:1"))
    assert "20 000,00 ₽ · Нина · +7" in said and "новый клиент" in said and "вопросы: 1" in said
    said = plain(desk.press(f"claim:{claim_id.hex}"))
    assert "Необычно крупная сумма." in said and "Начислится 1 000 баллов" in said
    assert (states(app, cafe), points(app, cafe)) == ([("waiting", None)], WELCOME), "looking credits nothing"
    yes = pick(desk, "claim_yes")
    for _ in "12":
        assert "Одобрено: Нина" in plain(desk.press(yes))
    assert (states(app, cafe), points(app, cafe)) == ([("approved", Decimal("20000.00"))], WELCOME + 1000)
    assert "1 000 баллов" in plain(desk.press(pick(desk, "purchase")))


def test_the_sum_is_corrected_and_the_customer_is_told_so(app, cafe, desk):
    claim_id = ask(app, cafe, "800.00")
    assert "В заявке 800" in plain(desk.press(f"claim_sum:{claim_id.hex}"))
    assert desk.say("ноль") and states(app, cafe) == [("waiting", None)]
    said = plain(desk.say("700"))
    assert "Заявка на 700,00 ₽" in said and "просил за 800,00 ₽" in said and "Начислится 35 баллов" in said
    desk.press(pick(desk, "claim_yes"))
    assert (states(app, cafe), points(app, cafe)) == ([("approved", Decimal("700.00"))], WELCOME + 35)
    with app.app_context():
        purchase_id = db.session.scalar(db.select(Claim.purchase_id).where(Claim.id == claim_id))
        now = utcnow()
        told = plain(notices.purchase_notice(cafe.id, purchase_id, ["credited"], now, now).text.body)
    assert "+35 баллов за чек 700,00 ₽" in told and "Вы просили баллы за 800,00 ₽" in told


@pytest.mark.parametrize("own", [True, False])
def test_a_refusal_has_a_reason_ready_or_typed(app, cafe, desk, own):
    claim_id = ask(app, cafe)
    assert "Почему отказываем" in desk.press(f"claim_no:{claim_id.hex}")
    said = desk.say("Чек на 500, а не на 700") if own else desk.press(f"claim_why:4:{claim_id.hex}")
    reason = "Чек на 500, а не на 700" if own else "Это не наш чек."
    assert "Отказано: Нина" in said and reason in said
    with app.app_context():
        assert db.session.scalar(db.select(Claim.reason).where(Claim.id == claim_id)) == reason
    assert "Отказано" in desk.press(f"claim_why:1:{claim_id.hex}"), "pressed again it says what was done"
    assert states(app, cafe) == [("refused", None)] and "Одобрено" not in desk.press(f"claim:{claim_id.hex}")


def test_another_price_by_now_is_shown_before_it_is_credited(app, cafe, desk):
    claim_id = ask(app, cafe, "1000.00")
    desk.press(f"claim:{claim_id.hex}")
    old = pick(desk, "claim_yes")
    with app.app_context(), transaction():
        programmes.set_rules(cafe.id, Rules(rate=Decimal("0.10")), by=None, now=utcnow())
    said = plain(desk.press(old))
    assert "расчёт изменился" in said and "Начислится 100 баллов" in said and points(app, cafe) == WELCOME
    desk.press(pick(desk, "claim_yes"))
    assert points(app, cafe) == WELCOME + 100


def test_what_a_colleague_decided_or_the_customer_withdrew_is_told(app, taker, cafe, desk):
    colleague = Chat(app, taker)
    make_cashier(app, colleague, cafe, "manager")
    claim_id = ask(app, cafe)
    for chat in (desk, colleague):
        chat.press(f"claim:{claim_id.hex}")
    mine = pick(desk, "claim_yes")
    colleague.press(f"claim_why:1:{claim_id.hex}")
    assert "Отказано" in desk.press(mine) and points(app, cafe) == WELCOME
    person = make_known(app, Chat(app, taker))
    claim_id = ask(app, cafe, who=person)
    desk.press(f"claim:{claim_id.hex}")
    with app.app_context(), transaction():
        claims.withdraw(person, claim_id, utcnow())
    assert "больше не ждёт" in desk.press(pick(desk, "claim_yes"))


def test_a_foreign_partners_claim_is_like_none_and_who_does_not_credit_sees_none(app, taker, cafe, desk):
    with app.app_context(), transaction():
        other = make_partner(name="Чужие")
        foreign = claims.claim(other, make_customer(), now=utcnow(), amount=Decimal("5.00")).id
    for data in (f"claim:{foreign.hex}", f"claim_sum:{foreign.hex}", f"claim_why:1:{foreign.hex}"):
        assert "Такой заявки здесь нет" in desk.press(data)
    marketer = Chat(app, taker)
    make_cashier(app, marketer, cafe, "ai_marketer")
    marketer.say("⚙️ Управление")
    assert "claims:1" not in marketer.data()
    assert "не позволяет" in marketer.press("claims:1")


def test_the_list_goes_on_and_the_message_leads_to_its_partner(app, cafe, desk):
    for n in range(7):
        ask(app, cafe, f"{100 + n}.00")
    desk.press("claims:1")
    assert len([data for data in desk.data() if data.startswith("claim:")]) == 5
    desk.press("claims:2")
    assert len([data for data in desk.data() if data.startswith("claim:")]) == 2
    assert "100,00" in plain(desk.press(f"claims_of:{cafe.code}"))
    with app.app_context():
        alerts = db.session.scalars(
            db.select(Outbox).where(Outbox.job == "notify_waiting_claims", Outbox.partner_id == cafe.id)
        ).all()
    assert len(alerts) == 1, "seven came before anybody looked"
    stranger = Chat(app, desk._taker)
    make_known(app, stranger)
    stranger.press(f"claims_of:{cafe.code}")
    assert not [data for data in stranger.data() if data.startswith("claim:")]


def labels(chat):
    rows = [row for reply in chat.replies for row in reply.get("markup", {}).get("inline_keyboard", ())]
    return [button["text"] for row in rows for button in row]


# QR as a picture


def test_the_standing_code_is_shown_as_a_picture_of_a_branch_too(app, cafe, desk):
    desk.press("qr")
    desk.press("qr_standing")
    (shown,) = desk.replies
    assert shown["qr"].endswith(f"/checkin?partner={cafe.code}")
    assert "/partner/poster" in shown["text"]
    with app.app_context(), transaction():
        branch = make_branch(db.session.get_one(Partner, cafe.id), "Двор").id
        make_branch(db.session.get_one(Partner, cafe.id), "Улица")
        foreign = make_branch(make_partner(), "Чужой").id
    desk.press("qr")
    desk.press(f"qr_of:{branch.hex}")
    assert desk.replies[0]["qr"].endswith(f"?partner={cafe.code}&branch={branch}")
    assert "Такой точки нет" in desk.press(f"qr_of:{foreign.hex}")


def test_a_code_with_the_sum_is_shown_taken_and_taken_back(app, cafe, desk):
    desk.press("qr_sum")
    assert desk.say("сто") and not codes(app, cafe)
    desk.say("700")
    (shown,) = desk.replies
    token = shown["qr"].rpartition("/r/")[2]
    assert "700" in plain(shown["text"]) and [code.state for code in codes(app, cafe)] == ["open"]
    assert "пока никто" in desk.press(pick(desk, "qr_code"))
    with app.app_context(), transaction():
        person = make_customer(name="Олег")
        earn = sale_codes.look(token, person, utcnow()).points
        sale_codes.redeem(token, person, {"personal_data": True}, earn=earn, place="page", now=utcnow())
    assert "Олег" in desk.press(pick(desk, "qr_code")) and points(app, cafe) == WELCOME + 35
    desk.press("qr_sum")
    desk.say("300")
    off = pick(desk, "qr_off")
    for _ in "12":
        assert "больше не действует" in desk.press(off)
    assert [code.state for code in codes(app, cafe)] == ["used", "revoked"]


def codes(app, cafe):
    with app.app_context():
        return db.session.scalars(
            db.select(SaleCode).where(SaleCode.partner_id == cafe.id).order_by(SaleCode.created_at)
        ).all()


# Customers


def come(chat, payload):
    """By the poster, with the consent that is asked for there."""
    assert "Эспрессо" in chat.say(f"/start {payload}")
    assert "напишите сумму чека" in chat.press(f"agree:{payload}")


def receipt(amount="500.00", ago=timedelta()):
    at = (utcnow() - ago).astimezone(ZoneInfo("Europe/Moscow"))
    return f"t={at:%Y%m%dT%H%M}&s={amount}&fn=9960440300000555&i={random.randrange(10**9)}&fp=1234567890&n=1"


def test_a_newcomer_comes_by_the_poster_and_asks(app, cafe, chat):
    assert "Эспрессо" in chat.say(f"/start c{cafe.code}")
    chat.press(f"agree:c{cafe.code}")
    said = chat.share("+79161230099")
    assert "напишите сумму чека" in said
    said = plain(chat.say("700"))
    assert "Заявка на 700,00 ₽ отправлена в «Эспрессо»" in said
    assert states(app, cafe) == [("waiting", None)]
    assert points(app, cafe) == WELCOME
    assert "ждёт решения" in chat.press("my_claims:1")
    assert "отозвана" in chat.press(pick(chat, "my_claim_off"))
    assert states(app, cafe) == [("withdrawn", None)] and "отозвана" in chat.say("/claims")


def test_a_member_asks_with_a_receipt_of_the_branch_and_reads_the_refusal(app, cafe, chat):
    make_known(app, chat, cafe)
    with app.app_context(), transaction():
        branch = make_branch(db.session.get_one(Partner, cafe.id), "Двор").id
    come(chat, f"c{cafe.code}-{branch.hex}")
    assert "Заявка на 500,00 ₽ отправлена" in plain(chat.say(receipt()))
    with app.app_context(), transaction():
        row = db.session.scalar(db.select(Claim).where(Claim.partner_id == cafe.id))
        assert (row.amount, row.has_receipt, row.branch_id) == (Decimal("500.00"), True, branch)
        partner = db.session.get_one(Partner, cafe.id)
        claims.refuse(partner, row.id, "Это не наш чек.", caller=Caller("counter", "manual"), now=utcnow())
    assert "отказ: Это не наш чек." in chat.say("/claims")
    assert "my_claims:1" in (chat.say("🧾 История"), chat.data())[1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("много", "например"),
        ("0", "например"),
        ("t=20200101T1200&s=500.00&fn=9960440300000555&i=1&fp=1&n=1", "слишком давний"),
        ("t=20990101T1200&s=500.00&fn=9960440300000555&i=1&fp=1&n=1", "из будущего"),
        ("t=20260101T1200&s=500.00&fn=9960440300000555&i=1&fp=1&n=2", "чек возврата"),
        ("t=20260101T1200&fn=1", "не подходит"),
    ],
)
def test_what_is_wrong_is_said_and_can_be_answered_again(app, cafe, chat, text, sentence):
    make_known(app, chat, cafe)
    come(chat, f"c{cafe.code}")
    assert sentence in chat.say(text) and states(app, cafe) == []
    assert "отправлена" in chat.say("350,50") and states(app, cafe) == [("waiting", None)]


def test_within_the_limits_points_come_at_once(app, cafe, chat):
    make_known(app, chat, cafe)
    with app.app_context(), transaction():
        policy = ClaimPolicy(is_automatic=True, known_only=False, receipt_only=False)
        claims.set_policy(db.session.get_one(Partner, cafe.id), policy, by=make_customer().id)
    come(chat, f"c{cafe.code}")
    assert "+35 баллов за 700" in plain(chat.say("700"))


def test_a_poster_of_nobody_and_a_foreign_claim_lead_nowhere(app, cafe, chat):
    make_known(app, chat, cafe)
    for payload in ("c000000000", "c1-zz", f"c{cafe.code}-zz"):
        assert "больше не действует" in chat.say(f"/start {payload}")
    foreign = ask(app, cafe)
    assert "Такой заявки здесь нет" in chat.press(f"my_claim_off:{foreign.hex}")
