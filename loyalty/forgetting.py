"""What is deleted once nobody can need it: spent codes, old counters, old keys. A chunk a call, so no lock lasts long."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, cast, delete, select, tuple_, update

from models import db
from models.customer import Attempt, CustomerCode, Identity, SignInCode
from models.ledger import Hold, Idempotency, Quote
from models.telegram import BotChat
from models.work import Outbox, PeriodClaim

CODES_KEPT = timedelta(days=1)
ATTEMPTS_KEPT = timedelta(days=2)
QUOTES_KEPT = timedelta(days=1)
IDEMPOTENCY_KEYS_KEPT = timedelta(hours=73)
"""At least the 72 hours that callers are promised."""
CHATS_KEPT = timedelta(days=7)
CLAIMS_KEPT = timedelta(days=30)
SEALED_KEPT = timedelta(days=2)


def forget_sign_in_codes(now: datetime, chunk: int = 1000) -> int:
    """Delete codes that ended a day ago; how many."""
    return _delete(SignInCode, (SignInCode.id,), SignInCode.expires_at < now - CODES_KEPT, chunk)


def forget_customer_codes(now: datetime, chunk: int = 1000) -> int:
    """Delete the till's six digits that ended a day ago; how many."""
    return _delete(CustomerCode, (CustomerCode.id,), CustomerCode.expires_at < now - CODES_KEPT, chunk)


def forget_attempts(now: datetime, chunk: int = 1000) -> int:
    """Delete counters of windows that began two days ago; how many."""
    return _delete(Attempt, (Attempt.bucket, Attempt.window_start), Attempt.window_start < now - ATTEMPTS_KEPT, chunk)


def forget_quotes(now: datetime, chunk: int = 1000) -> int:
    """Delete quotes that ended a day ago and that no hold was made from; how many."""
    unused = ~select(1).where(Hold.partner_id == Quote.partner_id, Hold.quote_id == Quote.id).exists()
    return _delete(Quote, (Quote.partner_id, Quote.id), (Quote.expires_at < now - QUOTES_KEPT) & unused, chunk)


def forget_chats(now: datetime, chunk: int = 1000) -> int:
    """Delete where conversations of a week ago stood: of people we know, if they did not say where they work; of others in
    any case. How many."""
    known = select(1).where(Identity.kind == "telegram", Identity.value == cast(BotChat.chat_id, String)).exists()
    old = (BotChat.changed_at < now - CHATS_KEPT) & ((BotChat.place == {}) | ~known)
    return _delete(BotChat, (BotChat.bot_id, BotChat.chat_id), old, chunk)


def end_questions(now: datetime, chunk: int = 1000) -> int:
    """End questions of a week ago, with what was typed in answer to them, which may be about others; how many."""
    key = tuple_(BotChat.bot_id, BotChat.chat_id)
    old = (BotChat.changed_at < now - CHATS_KEPT) & BotChat.step.is_not(None)
    found = select(BotChat.bot_id, BotChat.chat_id).where(old).limit(chunk).with_for_update(skip_locked=True)
    return _count(update(BotChat).where(key.in_(found)).values(step=None, data={}))


def forget_idempotency_keys(now: datetime, chunk: int = 1000) -> int:
    """Delete keys and answers that nobody may count on any more; how many. The documents keep their own keys for ever."""
    key = (Idempotency.caller, Idempotency.key)
    return _delete(Idempotency, key, Idempotency.created_at < now - IDEMPOTENCY_KEYS_KEPT, chunk)


def forget_period_claims(now: datetime, chunk: int = 1000) -> int:
    """Delete the records of old runs of the schedule; how many."""
    return _delete(PeriodClaim, (PeriodClaim.task, PeriodClaim.period), PeriodClaim.period < now - CLAIMS_KEPT, chunk)


def wipe_parked_secrets(now: datetime, chunk: int = 1000) -> int:
    """Empty the sealed values of rows that were parked two days ago; how many. By then nobody waits for that code."""
    old = select(Outbox.id).where(Outbox.parked_at < now - SEALED_KEPT, Outbox.sealed.is_not(None)).limit(chunk)
    return _count(update(Outbox).where(Outbox.id.in_(old)).values(sealed=None))


def _delete(table, key: tuple, condition, chunk: int) -> int:
    found = select(*key).where(condition).limit(chunk).with_for_update(skip_locked=True, of=table)
    return _count(delete(table).where(tuple_(*key).in_(found)))


def _count(statement) -> int:
    return db.session.execute(statement, execution_options={"synchronize_session": False}).rowcount
