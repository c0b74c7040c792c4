"""Much of everything, so that a page which asks once per row, or breaks on a long name, is found out.

`gather` gives a house members, branches, staff, keys, versions of its programme and many purchases; its member buys there
again and again, joins more businesses and signs in everywhere; the admin gets applications to decide.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask import Flask

from loyalty import api_keys, claims, consents, ledger, partners, programmes, sales, sessions, staff
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.types import Line
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from tests.api.roles import House
from tests.factories import identifier_of, make_customer, make_phone

MANY = 60
LONG_NAME = "Святослав Константинопольский-Заболоцкий"
LONG_LINE = "Капучино на миндальном молоке с карамельным сиропом, большой, с собой"


def gather(app: Flask, house: House) -> None:
    with app.app_context():
        for grow in (_hire, _gather_members, _spoil_the_member, _ask_for_points, _ask_to_join):
            with transaction():
                grow(db.session.get_one(Partner, house.partner_id), house)


def _hire(partner: Partner, house: House) -> None:
    now, owner = utcnow(), house.staff["owner"].customer_id
    for number in range(12):
        branch = partners.open_branch(partner.id, f"Эспрессо в переулке № {number}", "Ленина, 1", by=owner, now=now)
        staff.hire(partner, Identifier("phone", make_phone()), "cashier", branch.id, by=owner, now=now, name=LONG_NAME)
        api_keys.create(partner.id, f"Касса {number} у окна", tuple(api_keys.TILL_SCOPES), branch.id, owner, now)
        programmes.set_rules(partner.id, {"welcome_bonus": 101 + number}, by=owner, now=now)


def _gather_members(partner: Partner, _house: House) -> None:
    now = utcnow()
    for number in range(MANY):
        person = make_customer(name=f"{LONG_NAME} {number}", email=f"a.very.long.address.{number}@mail.example.com")
        _buy(partner, identifier_of(person), Decimal(number + 100) * 7, number)
        if number % 3 == 0:
            consents.record(person.id, "personal_data", True, partner_id=partner.id, place="web", now=now)


def _spoil_the_member(partner: Partner, house: House) -> None:
    now, phone = utcnow(), Identifier("phone", house.phone)
    for number in range(MANY):
        sale = _buy(partner, phone, Decimal("12345.67"), number)
        if number % 5 == 0:
            ledger.refund(partner.id, sale.purchase_id, reference=f"R{number}", amount=Decimal("100.00"), now=now)
        sessions.open_page_session(house.member.customer_id, f"Mozilla/5.0 (Linux; Android {number})", now)
    for number in range(12):
        other = partners.create_partner(f"Салон «Северное сияние» № {number}", owner_id=make_customer().id, now=now)
        _buy(other, phone, Decimal("5000.00"), number)


def _ask_for_points(partner: Partner, house: House) -> None:
    """Of the member and of others, with receipts of tills that are known and unknown, waiting and decided."""
    now, counter = utcnow(), sales.Caller("counter", "manual", actor=house.staff["owner"].customer_id)
    partner.accent = "#7a3b12"
    for number, branch in enumerate(partners.list_branches(partner.id)):
        drive = f"{9_960_440_300_000_000 + number}"
        claims.register_drive(partner, drive, branch.id, by=house.staff["owner"].customer_id, now=now)
    member = db.session.get_one(Customer, house.member.customer_id)
    for number in range(MANY):
        person = make_customer(name=f"{LONG_NAME} {number}") if number % 6 else member
        receipt = f"t={now:%Y%m%d}T0001&s={number + 1000}.50&fn=996044030000{number:04}&i={number}&fp=1&n=1"
        asked = claims.claim(partner, person, now=now, receipt=receipt) if number % 2 else None
        asked = asked or claims.claim(partner, person, now=now, amount=Decimal(number + 12_000))
        if number % 3 == 1:
            claims.approve(partner, asked.id, caller=counter, now=now, amount=Decimal(1234))
        elif number % 3 == 2 or number % 12 == 0:
            claims.refuse(partner, asked.id, "Такой покупки не было. " * 20, caller=counter, now=now)


def _ask_to_join(_partner: Partner, _house: House) -> None:
    for number in range(MANY):
        wish = {"name": f"Пекарня на углу {number}", "city": "Нижний Новгород", "comment": "Очень ждём. " * 20}
        partners.apply(make_customer(), wish, utcnow())


def _buy(partner: Partner, who: Identifier, amount: Decimal, number: int) -> ledger.Sale:
    lines = (Line(amount - 90, name=LONG_LINE, category="coffee"), Line(Decimal(90), name="Круассан"))
    return sales.post_transaction(
        partner,
        who,
        sales.Basket(amount, lines),
        kind="accrual",
        caller=sales.Caller("crowd", "manual"),
        key=f"{who.value} {number}",
        occurred_at=utcnow() - timedelta(days=number, hours=1),
        now=utcnow(),
    )
