"""A person's own data in one file: what the platform keeps about them and may hand to them.

No secret goes along (hashes, keys), nothing of other people (who of the staff acted) and nothing of a partner's inner
workings (rules, receipts, foreign numbers of its tills).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from loyalty import accounts, limits, referral_results, stories, surveys
from loyalty.accounts import PurchaseFilter
from loyalty.money import format_money
from models import db
from models.customer import Consent, Customer, Identity, Session
from models.ledger import Membership
from models.partner import Partner
from models.referral import Referral, ReferralCode
from models.widget import WidgetSession

FILES_AN_HOUR = 10
_EVERYTHING = 1_000_000


def count_request(customer_id: UUID, now: datetime, *, once: str | None = None) -> None:
    """Count a wish for the file: a long history is much to read. `once` as in `limits.hit`. Raises `TooMany`."""
    limits.hit(f"my_data:{customer_id}", limit=FILES_AN_HOUR, window=timedelta(hours=1), now=now, once=once)


def export_person(customer: Customer, now: datetime) -> dict[str, Any]:
    """Profile, identities, every answer about consents, sessions, memberships, operations, purchases and invitations,
    JSON-able.

    The latest stands first; sums of money are decimal strings. The whole is read at once, by as many queries for a long
    history as for a short one.
    """
    balances = {account.partner_id: account for account in accounts.list_accounts(customer.id, now)}
    operations, _ = accounts.list_operations(customer.id, limit=_EVERYTHING)
    purchases, _ = accounts.list_purchases(customer.id, PurchaseFilter(), limit=_EVERYTHING)
    return {
        "exported_at": _moment(now),
        "profile": {
            "customer_id": str(customer.id),
            "name": customer.name,
            "birth_date": customer.birth_date.isoformat() if customer.birth_date else None,
            "locale": customer.locale,
            "timezone": customer.timezone,
            "notices": customer.notices,
            "purchase_preferences": customer.purchase_preferences,
            "created_at": _moment(customer.created_at),
        },
        "identities": _identities(customer.id),
        "consents": _consents(customer.id),
        "sessions": _sessions(customer.id),
        "memberships": _memberships(customer.id, balances),
        "operations": [_operation(row) for row in operations],
        "purchases": [_purchase(found) for found in purchases],
        "invitations": _invitations(customer.id),
        "came_by_invitation": _came_by(customer.id),
        "surveys": [_survey(row) for row in surveys.list_own_answers(customer.id)],
    }


def _identities(customer_id: UUID) -> list[dict[str, Any]]:
    query = (
        select(Identity, Partner.name)
        .outerjoin(Partner, Partner.id == Identity.partner_id)
        .where(Identity.customer_id == customer_id)
        .order_by(Identity.id.desc())
    )
    return [
        {
            "kind": row.Identity.kind,
            "value": row.Identity.value,
            "partner_name": row.name,
            "proven_at": _moment(row.Identity.proven_at),
            "added_at": _moment(row.Identity.created_at),
        }
        for row in db.session.execute(query)
    ]


def _consents(customer_id: UUID) -> list[dict[str, Any]]:
    query = (
        select(Consent, Partner.name)
        .outerjoin(Partner, Partner.id == Consent.partner_id)
        .where(Consent.customer_id == customer_id)
        .order_by(Consent.at.desc(), Consent.id.desc())
    )
    return [
        {
            "kind": row.Consent.kind,
            "granted": row.Consent.granted,
            "partner_name": row.name,
            "text_version": row.Consent.text_version,
            "place": row.Consent.place,
            "at": _moment(row.Consent.at),
        }
        for row in db.session.execute(query)
    ]


def _sessions(customer_id: UUID) -> list[dict[str, Any]]:
    """Apps, browsers, and (with a `partner_name`) browsers in which that partner's widget shows the points."""
    own = select(Session).where(Session.customer_id == customer_id)
    widgets = (
        select(WidgetSession, Partner.name)
        .join(Partner, Partner.id == WidgetSession.partner_id)
        .where(WidgetSession.customer_id == customer_id)
    )
    found = [(session, None) for session in db.session.scalars(own)]
    found += [(row.WidgetSession, row.name) for row in db.session.execute(widgets)]
    found.sort(key=lambda pair: (pair[0].created_at, pair[0].id), reverse=True)
    return [
        {
            "device": session.device,
            "partner_name": partner_name,
            "opened_at": _moment(session.created_at),
            "last_seen_at": _moment(session.last_seen_at),
            "ended_at": _moment(session.ended_at),
        }
        for session, partner_name in found
    ]


def _memberships(customer_id: UUID, balances: dict[UUID, accounts.Account]) -> list[dict[str, Any]]:
    query = (
        select(Membership, Partner.name)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.customer_id == customer_id, Membership.state == "open")
        .order_by(Membership.id.desc())
    )
    return [
        {
            "partner_id": str(row.Membership.partner_id),
            "partner_name": row.name,
            "name_there": row.Membership.name,
            "joined_at": _moment(row.Membership.created_at),
            "balance": balances[row.Membership.partner_id].balance,
            "available": balances[row.Membership.partner_id].available,
            "pending": balances[row.Membership.partner_id].pending,
            "held": balances[row.Membership.partner_id].held,
            "visits": row.Membership.visits,
            "spent": format_money(row.Membership.spent),
            "first_purchase_at": _moment(row.Membership.first_purchase_at),
            "last_purchase_at": _moment(row.Membership.last_purchase_at),
            "is_vip": row.Membership.is_vip,
            "tier": row.Membership.tier,
            "segment": row.Membership.segment,
        }
        for row in db.session.execute(query)
    ]


def _invitations(customer_id: UUID) -> list[dict[str, Any]]:
    """The person's codes, and what became of whom they invited; who that was is the others' own."""
    codes = (
        select(ReferralCode, Partner.name)
        .join(
            Membership,
            (Membership.partner_id == ReferralCode.partner_id) & (Membership.id == ReferralCode.membership_id),
        )
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.customer_id == customer_id, Membership.state == "open")
        .order_by(Membership.id.desc())
    )
    found = db.session.execute(codes).all()
    mine = Referral.inviter_id.in_([row.ReferralCode.membership_id for row in found])
    friends = db.session.scalars(select(Referral).where(mine).order_by(Referral.id.desc())).all()
    return [
        {
            "partner_name": row.name,
            "code": row.ReferralCode.code,
            "made_at": _moment(row.ReferralCode.created_at),
            "friends": [
                {"came_at": _moment(one.created_at), "state": one.state, "reason": one.reason}
                for one in friends
                if one.inviter_id == row.ReferralCode.membership_id
            ],
        }
        for row in found
    ]


def _came_by(customer_id: UUID) -> list[dict[str, Any]]:
    return [
        {"partner_name": one.partner.name, "came_at": _moment(one.came_at), "state": one.state, "reason": one.reason}
        for one in referral_results.list_came_by(customer_id)
    ]


def _operation(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": _moment(row.occurred_at),
        "partner_name": row.partner_name,
        "kind": row.kind,
        "story": stories.story_of(row),
        "points": row.points,
        "balance_after": row.balance_after,
        "source": row.source,
        "purchase_id": str(row.purchase_id) if row.purchase_id else None,
        "reason": row.reason,
    }


def _purchase(found: dict[str, Any]) -> dict[str, Any]:
    purchase = found["purchase"]
    return {
        "id": str(purchase.id),
        "at": _moment(purchase.occurred_at),
        "partner_name": found["partner_name"],
        "branch_name": found["branch_name"],
        "source": purchase.source,
        "currency": found["currency"],
        "amount": format_money(purchase.amount),
        "paid_with_points": format_money(purchase.paid_with_points),
        "refunded": format_money(purchase.refunded),
        "points_earned": found["earned"],
        "points_spent": found["spent"],
        "lines": [
            {
                "name": line.name,
                "category": line.category,
                "quantity": f"{line.quantity.normalize():f}",
                "amount": format_money(line.amount),
                "remaining": format_money(line.remaining),
            }
            for line in found["lines"]
        ],
        "refunds": [
            {
                "at": _moment(refund.occurred_at),
                "amount": format_money(refund.amount),
                "money_back": format_money(refund.money_back),
                "points_taken": refund.taken,
                "points_given_back": refund.given_back,
            }
            for refund in found["refunds"]
        ],
    }


def _survey(row: Any) -> dict[str, Any]:
    return {
        "partner_name": row.partner_name,
        "asked_at": _moment(row.asked_at),
        "score": row.score,
        "comment": row.comment,
        "answered_at": _moment(row.answered_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
