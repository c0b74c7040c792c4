"""A customer and what happens to them at partners, with a neighbour to whom the same happens: a forgotten filter finds both."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from flask import Flask

from loyalty import ledger, pos, sales
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from tests.factories import make_customer, make_email, make_member, make_partner

CASHIER = Caller("person:cashier", "manual")
TILL = Caller("till:one", "pos_api")


class Shopper:
    """Everything is committed at once; `partner` in the methods is what `join` gave."""

    def __init__(self, app: Flask, **person):
        self.app = app
        with app.app_context(), transaction():
            self.customer_id = make_customer(**{"name": "Анна"} | person).id
            self.neighbour_id = make_customer(name="Соседка", email=make_email()).id

    def join(self, name: str, **rules) -> tuple[UUID, str]:
        """A partner's id and public code; both people are members there."""
        with self.app.app_context(), transaction():
            partner = make_partner(Rules(**{"min_spend": 1} | rules), name=name)
            for person in (self.customer_id, self.neighbour_id):
                make_member(partner, db.session.get_one(Customer, person))
            return partner.id, partner.code

    def buy(
        self,
        partner: tuple[UUID, str],
        amount: str,
        *,
        at: datetime | None = None,
        lines: tuple[Line, ...] = (),
        points: int = 0,
        back: str | None = None,
    ) -> None:
        """A purchase, of which `back` is returned."""
        now = utcnow()
        with self.app.app_context(), transaction():
            row = db.session.get_one(Partner, partner[0])
            for person in (self.customer_id, self.neighbour_id):
                key = f"{person} {amount} {at} {points}"
                sale = sales.post_transaction(
                    row,
                    _named(person),
                    Basket(Decimal(amount), lines),
                    kind="accrual",
                    caller=CASHIER,
                    key=key,
                    now=now,
                    points=points,
                    occurred_at=at,
                )
                if back:
                    sales.post_refund(row, sale.purchase_id, amount=Decimal(back), caller=CASHIER, key=key, now=now)

    def give(self, partner: tuple[UUID, str], points: int, reason: str | None = None) -> None:
        """A correction by hand."""
        with self.app.app_context(), transaction():
            row = db.session.get_one(Partner, partner[0])
            for person in (self.customer_id, self.neighbour_id):
                account = make_member(row, db.session.get_one(Customer, person))
                reference = f"{points} {utcnow()}"
                ledger.adjust(
                    row.id, account.id, points, source="admin", source_ref=reference, now=utcnow(), reason=reason
                )

    def hold(self, partner: tuple[UUID, str], points: int) -> None:
        """A till reserves points for a purchase."""
        with self.app.app_context(), transaction():
            row = db.session.get_one(Partner, partner[0])
            for person in (self.customer_id, self.neighbour_id):
                quoted = pos.quote(row, _named(person), Basket(Decimal(1000)), caller=TILL, now=utcnow())
                pos.hold(row, quoted.quote_id, points, caller=TILL, now=utcnow())


def days_ago(days: int) -> datetime:
    return utcnow() - timedelta(days=days)


def _named(person: UUID) -> Identifier:
    return Identifier("customer_id", str(person))
