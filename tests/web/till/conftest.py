import re
import uuid
from uuid import UUID

import pytest

from loyalty import ledger
from loyalty.clock import utcnow
from models import db, transaction
from models.ledger import Membership


@pytest.fixture
def give(app, cast):
    """Give our member points."""

    def give(points: int) -> None:
        with app.app_context(), transaction():
            account = _account(cast)
            ledger.adjust(
                account.partner_id, account.id, points, source="admin", source_ref=uuid.uuid4().hex, now=utcnow()
            )

    return give


@pytest.fixture
def account(app, cast):
    """What our member has: (balance, held, visits)."""

    def read() -> tuple[int, int, int]:
        with app.app_context():
            found = _account(cast)
            return found.balance, found.held, found.visits

    return read


def _account(cast) -> Membership:
    query = db.select(Membership).where(
        Membership.partner_id == cast.ours.partner_id, Membership.customer_id == cast.ours.member.customer_id
    )
    return db.session.scalars(query).one()


@pytest.fixture
def sell(cast, desk):
    """Send the till's form as the cashier does, for our member unless another customer is named."""

    def sell(amount: str = "1000", *, browser=None, act: str = "credit", **fields):
        sent = {"customer": cast.ours.phone, "amount": amount, "act": act, "deed": str(uuid.uuid4())} | fields
        return (browser or desk("cashier")).post("/partner", **sent)

    return sell


@pytest.fixture
def last_id():
    """The id that an answer leads to."""
    return lambda answer: UUID(re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["Location"])[0])
