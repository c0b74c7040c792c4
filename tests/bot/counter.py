"""A shop's counter as tests of the till look at it: what is shown, what was posted, and what others do meanwhile."""

from __future__ import annotations

from loyalty import codes, ledger, programmes
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from models import db, transaction
from models.customer import CustomerCode
from models.ledger import Purchase

NBSP = "\N{NO-BREAK SPACE}"


def plain(text):
    return text.replace(NBSP, " ")


def balance(app, shop, customer=None):
    with app.app_context():
        return membership_of(customer or shop.customer, shop.id).balance


def count_purchases(app, shop):
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).where(Purchase.partner_id == shop.id))


def labels(chat):
    rows = [row for reply in chat.replies for row in reply.get("markup", {}).get("inline_keyboard", ())]
    return [plain(button["text"]) for row in rows for button in row]


def button(chat, part):
    """The data of the button shown with this in its label."""
    (found,) = [data for label, data in zip(labels(chat), chat.data(), strict=True) if part in label]
    return found


def change_rules(app, shop, changes):
    with app.app_context(), transaction():
        programmes.set_rules(shop.id, changes, by=None, now=utcnow())


def show_code(app, shop):
    with app.app_context(), transaction():
        return codes.show(shop.customer, utcnow())[0]


def let_codes_end(app, shop):
    with app.app_context(), transaction():
        for code in db.session.scalars(db.select(CustomerCode).where(CustomerCode.customer_id == shop.customer)):
            code.expires_at -= codes.LIFE


def spend(app, shop, points):
    """Somebody else takes points meanwhile."""
    with app.app_context(), transaction():
        member = membership_of(shop.customer, shop.id)
        ledger.adjust(shop.id, member.id, -points, reason="проверка", source="admin", source_ref="x", now=utcnow())
