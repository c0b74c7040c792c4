"""The tasks of the schedule: each works in small batches, every batch in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.exc import InterfaceError, OperationalError

from loyalty import (
    claims,
    deep_links,
    directory,
    drafts,
    expiring,
    forgetting,
    ledger,
    outbox,
    referral_rewards,
    referrals,
    sale_codes,
    sessions,
    surveys,
    tiers,
    updates,
    widget_proof,
)
from loyalty.failures import name_of, path_of
from models import db, transaction
from models.ledger import Membership
from workers import pacing

log = structlog.get_logger(__name__)

OUTBOX_KEPT = timedelta(days=30)
MEMBERS_AT_ONCE = 50


def bring_up_members(run) -> dict:
    """Activate, expire and end holds for every member whose time has come (reads do the same for one member)."""
    moved, failed, after = 0, 0, None
    while batch := _due_members(run.now, after):
        for partner_id, membership_id in batch:
            if _bring_up(partner_id, membership_id, run.now):
                moved += 1
            else:
                failed += 1
        after = batch[-1]
        run.beat()
    return {"moved": moved, "failed": failed}


def announce_expiring(run) -> dict:
    """Have members told what is about to expire. Stopped anywhere and begun anew it tells nobody twice."""
    told, after = 0, None
    while True:
        with transaction():
            count, after = expiring.announce_expiring(run.now, after)
        told += count
        if after is None:
            return {"told": told}
        run.beat()


def sum_up_platform(run) -> dict:
    """Sum up what everybody has, for the lists and figures of the platform's admins."""
    with transaction():
        return {"people": directory.sum_up(run.now)}


def forget_codes(run) -> dict:
    """Delete one-time codes, counters of tries, quotes and sessions that have ended."""
    return {
        "sign_in_codes": _in_chunks(run, forgetting.forget_sign_in_codes),
        "customer_codes": _in_chunks(run, forgetting.forget_customer_codes),
        "attempts": _in_chunks(run, forgetting.forget_attempts),
        "quotes": _in_chunks(run, forgetting.forget_quotes),
        "sale_codes": _in_chunks(run, sale_codes.forget),
        "sessions": _in_chunks(run, sessions.forget_old_sessions),
    }


def forget_idempotency_keys(run) -> dict:
    """Delete callers' keys older than what they are promised."""
    return {"keys": _in_chunks(run, forgetting.forget_idempotency_keys)}


def review_tiers(run) -> dict:
    """Look at the tiers whose time has come."""
    return {"members": _in_chunks(run, tiers.review_due)}


def settle_referrals(run) -> dict:
    """Reward friends' first purchases that have stood, and take back what was given for returned ones."""
    settled, failed, after = 0, 0, None
    while True:
        with transaction():
            batch = referral_rewards.list_unsettled(run.now, after)
        for partner_id, referral_id in batch:
            if _settle(partner_id, referral_id, run.now):
                settled += 1
            else:
                failed += 1
        if not batch:
            return {"settled": settled, "failed": failed}
        after = batch[-1]
        run.beat()


def forget_referral_traces(run) -> dict:
    """Forget from where invited friends came a month ago."""
    return {"traces": _in_chunks(run, referrals.forget_traces)}


def expire_claims(run) -> dict:
    """Give up customers' claims that nobody decided on."""
    return {"claims": _in_chunks(run, claims.expire_old)}


def invite_to_surveys(run) -> dict:
    """Have customers asked about visits that are old enough by now. Stopped anywhere and begun anew it asks nobody twice."""
    return {"asked": _in_chunks(run, surveys.invite)}


def prove_sites(run) -> dict:
    """Have the sites of widgets looked at whose time has come."""
    return {"sites": _in_chunks(run, widget_proof.ask_due)}


def forget_updates(run) -> dict:
    """Delete the marks of updates that cannot come again, the paces of chats that rest, drafts nobody confirmed, and
    chats of people we do not know."""
    return {
        "taken": _in_chunks(run, updates.forget_taken),
        "broken": _in_chunks(run, updates.forget_broken),
        "paces": _in_chunks(run, pacing.forget_paces),
        "drafts": _in_chunks(run, drafts.forget),
        "links": _in_chunks(run, deep_links.forget),
        "chats": _in_chunks(run, forgetting.forget_chats),
        "questions": _in_chunks(run, forgetting.end_questions),
    }


def sweep_outbox(run) -> dict:
    """Delete rows that ended long ago, and the schedule's own old records."""
    return {
        "rows": _in_chunks(run, lambda now: outbox.forget_done(now - OUTBOX_KEPT)),
        "secrets": _in_chunks(run, forgetting.wipe_parked_secrets),
        "claims": _in_chunks(run, forgetting.forget_period_claims),
    }


def _in_chunks(run, forget: Callable) -> int:
    total = 0
    while True:
        with transaction():
            count = forget(run.now)
        if not count:
            return total
        total += count
        run.beat()


def _due_members(now, after) -> list[tuple]:
    """The next members after the one given; in the order of their keys, so that one that fails is passed by."""
    key = tuple_(Membership.partner_id, Membership.id)
    query = select(Membership.partner_id, Membership.id).where(Membership.next_due_at <= now)
    if after is not None:
        query = query.where(key > tuple_(*after))
    with transaction():
        return [tuple(row) for row in db.session.execute(query.order_by(key).limit(MEMBERS_AT_ONCE))]


def _bring_up(partner_id, membership_id, now) -> bool:
    return _try("bring_up_failed", membership_id, lambda: ledger.bring_up(partner_id, membership_id, now))


def _settle(partner_id, referral_id, now) -> bool:
    return _try("settle_failed", referral_id, lambda: referral_rewards.settle(partner_id, referral_id, now))


def _try(failure, subject, act) -> bool:
    """`act` in a transaction of its own; where it cannot be, that is in the log and the others go on."""
    try:
        with transaction():
            act()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.error(failure, subject=str(subject), error=name_of(error), at=path_of(error))
        return False
    return True
