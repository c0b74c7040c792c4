"""A purchase that was posted: what it gave and took."""

from __future__ import annotations

from uuid import UUID

from bot.masks import mask_phone
from bot.router import Room
from bot.talk import Talk
from loyalty import purchases
from loyalty.purchases import PurchaseCard

room = Room()


def show(talk: Talk, purchase_id: UUID) -> None:
    """The purchase as it stands now. Raises `PurchaseNotFound`, as for another partner's and another branch's."""
    contacts = talk.may("customers:contacts")
    card = purchases.show_purchase(talk.partner, purchase_id, caller=talk.caller, contacts=contacts, now=talk.now)
    talk.rewrite("\n".join(_describe(talk, card)))


def _describe(talk: Talk, card: PurchaseCard) -> list[str]:
    words, partner, row = talk.words, talk.partner, card.row
    head = "purchase_spent" if row.spent else "purchase_credited"
    if row.spent and row.earned:
        head = "purchase_spent_and_credited"
    told = [
        words(head, earned=words.points(row.earned), spent=words.points(row.spent)),
        _name(talk, card),
        words(
            "purchase_check",
            amount=words.money(row.amount, partner.currency),
            moment=words.moment(row.occurred_at, partner.timezone),
        ),
    ]
    if row.paid_with_points:
        rest = row.amount - row.paid_with_points
        paid = words.money(row.paid_with_points, partner.currency)
        told.append(words("purchase_paid", points=paid, money=words.money(rest, partner.currency)))
    told.append(words("purchase_balance", points=words.points(card.balance)))
    if card.pending:
        told.append(words("purchase_pending", points=words.points(card.pending)))
    return told


def _name(talk: Talk, card: PurchaseCard) -> str:
    row = card.row
    told = [row.customer_name, mask_phone(row.customer_phone) if row.customer_phone else None]
    return " · ".join(part for part in told if part) or talk.words("no_name")
