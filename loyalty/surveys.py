"""Surveys: who is asked after a visit, that they are asked once, and what they answer.

A visit is a purchase of any source that is not wholly refunded; one long past when it came to us, as of an imported file, is
nobody's to be asked about. Whoever invites takes the person's turn, one row a person on the whole platform, in the
transaction that writes the survey: two partners, two schedules or a crash ask nobody twice. Whether to ask is looked at again
when the question is sent. A score gives no points, ever.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update

from loyalty import nps, outbox, profiles
from loyalty.customers import living
from loyalty.errors import InvalidNps, SurveyClosed, SurveyGone
from loyalty.notices import Notice, survey_notice
from loyalty.sealing import keyed_hash
from loyalty.survey_tasks import follow_answer
from models import db
from models.customer import Customer
from models.ledger import Membership, Purchase
from models.partner import Partner
from models.survey import Survey, SurveyTask, SurveyTurn

LOOK_BACK = timedelta(days=2)
"""How much later than the partner's delay a visit is still invited about."""
LATEST = timedelta(days=3)
"""How much later than the partner's delay the question is still sent."""
PER_PERSON = timedelta(days=7)
PER_PARTNER = timedelta(days=90)
REMIND_AFTER = timedelta(days=3)
ANSWERED_WITHIN = timedelta(days=14)
CHANGED_WITHIN = timedelta(days=1)
WAYS = ("bot", "link", "widget", "page")
AT_ONCE = 500
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)

# Whoever has just been asked, or wants not to be, is left out beforehand; that two ask at the same moment is decided by the
# row of the turn: the second waits for the first, finds it taken, and gets none. Always in the order of the people.
_TAKE_TURNS = text("""
    WITH due AS (
        SELECT DISTINCT ON (m.customer_id) m.customer_id, b.partner_id, b.membership_id, b.id AS purchase_id
        FROM partner p
        JOIN purchase b ON b.partner_id = p.id AND b.amount > b.refunded
             AND b.occurred_at <= :now - make_interval(hours => coalesce((p.nps ->> 'delay_hours')::int, :delay))
             AND b.occurred_at > :now - :back - make_interval(hours => coalesce((p.nps ->> 'delay_hours')::int, :delay))
        JOIN membership m ON m.partner_id = b.partner_id AND m.id = b.membership_id AND m.state = 'open'
        JOIN customer c ON c.id = m.customer_id AND c.state = 'active'
        LEFT JOIN survey_turn t ON t.customer_id = m.customer_id
        WHERE p.state = 'active' AND (p.nps ->> 'is_on')::boolean
              AND (t.taken_at IS NULL OR t.taken_at <= :now - :apart)
              AND NOT coalesce(c.notices -> 'off' ? 'survey', false)
              AND NOT EXISTS (SELECT FROM survey s WHERE s.partner_id = b.partner_id AND s.purchase_id = b.id)
              AND NOT EXISTS (
                  SELECT FROM survey s JOIN membership o ON o.partner_id = s.partner_id AND o.id = s.membership_id
                  WHERE s.partner_id = b.partner_id AND o.customer_id = m.customer_id AND s.state <> 'void'
                        AND s.created_at > :now - :long)
        ORDER BY m.customer_id, b.occurred_at DESC, b.id
        LIMIT :most
    ), taken AS (
        INSERT INTO survey_turn (customer_id, survey_id, taken_at)
        SELECT customer_id, gen_random_uuid(), :now FROM due ORDER BY customer_id
        ON CONFLICT (customer_id) DO UPDATE SET survey_id = excluded.survey_id, taken_at = excluded.taken_at
        WHERE survey_turn.taken_at <= :now - :apart
        RETURNING customer_id, survey_id
    )
    SELECT due.partner_id, due.membership_id, due.purchase_id, taken.survey_id AS id
    FROM due JOIN taken ON taken.customer_id = due.customer_id ORDER BY taken.survey_id
""")


@dataclass(frozen=True)
class OwnSurvey:
    """A survey as the person sees it who is asked; the token opens its page for whoever has it."""

    survey_id: UUID
    partner_id: UUID
    partner_name: str
    visited_at: datetime
    expires_at: datetime
    token: str


def invite(now: datetime, most: int = AT_ONCE) -> int:
    """Have the next people asked whose visit is old enough; how many. To be called until it gives 0."""
    values = {
        "now": now,
        "back": LOOK_BACK,
        "apart": PER_PERSON,
        "long": PER_PARTNER,
        "delay": nps.NpsSettings.delay_hours,
        "most": most,
    }
    taken = db.session.execute(_TAKE_TURNS, values).all()
    for row in taken:
        add(row.partner_id, row.id, row.membership_id, row.purchase_id, now)
        outbox.announce("ask_survey", {"survey_id": row.id}, partner_id=row.partner_id, at=now)
    db.session.flush()
    return len(taken)


def add(partner_id: UUID, survey_id: UUID, membership_id: UUID, purchase_id: UUID, now: datetime) -> Survey:
    """A survey that waits to be sent. Whoever adds one has the person's turn."""
    made = Survey(
        partner_id=partner_id,
        id=survey_id,
        membership_id=membership_id,
        purchase_id=purchase_id,
        token_hash=_hash(_token(survey_id)),
        state="waiting",
        expires_at=now + ANSWERED_WITHIN,
        created_at=now,
    )
    db.session.add(made)
    return made


def prepare(partner_id: UUID, survey_id: UUID, *, site: str, now: datetime, is_reminder: bool = False) -> Notice | None:
    """The question as it is to be sent now, or the reminder of it; None where it is not to be asked (any more).

    `site` is our address. Holds the survey's row until the transaction ends.
    """
    survey = _lock(partner_id, survey_id)
    if survey is None or survey.state != ("asked" if is_reminder else "waiting"):
        return None
    if is_reminder and (survey.reminded_at is not None or survey.expires_at <= now):
        return None
    if not _may_ask(survey, now, is_reminder):
        return None
    return survey_notice(
        partner_id,
        survey.membership_id,
        link=f"{site}/nps/{token_of(survey)}",
        buttons=[(str(score), f"nps:{survey.id.hex}:{score}") for score in nps.SCORES],
        is_reminder=is_reminder,
        sms=nps.settings_of(db.session.get_one(Partner, partner_id)).sms,
        now=now,
    )


def note_asked(partner_id: UUID, survey_id: UUID, now: datetime) -> None:
    """The question was sent: from now on it is answered, and the person's week counts from here."""
    db.session.flush()
    survey = _lock(partner_id, survey_id)
    survey.state, survey.asked_at, survey.expires_at = "asked", now, now + ANSWERED_WITHIN
    turn = update(SurveyTurn).where(SurveyTurn.survey_id == survey_id).values(taken_at=now)
    db.session.execute(turn, execution_options={"synchronize_session": False})
    if nps.settings_of(db.session.get_one(Partner, partner_id)).reminds:
        payload = {"survey_id": survey_id}
        outbox.announce("remind_survey", payload, partner_id=partner_id, at=now + REMIND_AFTER)
    db.session.flush()


def note_reminded(partner_id: UUID, survey_id: UUID, now: datetime) -> None:
    """The one reminder was sent."""
    _lock(partner_id, survey_id).reminded_at = now
    db.session.flush()


def give_up(partner_id: UUID, survey_id: UUID) -> None:
    """The question is never sent, and the person's turn is free again; one that was sent stays."""
    survey = _lock(partner_id, survey_id)
    if survey is None or survey.state != "waiting":
        return
    survey.state = "void"
    db.session.execute(delete(SurveyTurn).where(SurveyTurn.survey_id == survey_id))
    db.session.flush()


def token_of(survey: Survey) -> str:
    """What stands in the survey's link: made of its random id under a key of ours, so that it can be sent again."""
    return _token(survey.id)


def find(token: str, now: datetime) -> Survey:
    """The survey of a link, to be answered or answered already. Raises `SurveyGone`."""
    if not _TOKEN.fullmatch(token):
        raise SurveyGone()
    survey = db.session.scalar(
        select(Survey).where(Survey.token_hash == _hash(token)), execution_options={"populate_existing": True}
    )
    _check(survey, now)
    return survey


def find_own(customer_id: UUID, survey_id: UUID, now: datetime) -> Survey:
    """A survey of one's own, to be answered or answered already. Raises `SurveyGone`, for another person's too."""
    mine = (
        select(Survey)
        .join(Membership, (Membership.partner_id == Survey.partner_id) & (Membership.id == Survey.membership_id))
        .where(Survey.id == survey_id, Membership.customer_id == customer_id)
    )
    survey = db.session.scalar(mine, execution_options={"populate_existing": True})
    _check(survey, now)
    return survey


def may_change(survey: Survey, now: datetime) -> bool:
    """Whether it can be answered, or answered otherwise."""
    return survey.answered_at is None or now < survey.answered_at + CHANGED_WITHIN


def answer(survey: Survey, score: object, *, way: str, now: datetime, comment: str | None = None) -> Survey:
    """Take the answer, or another in its place; the same once more changes nothing, whenever it comes.

    Without a comment the one that was written stays, an empty one takes it away. An unhappy answer becomes a task. No
    points come of it. Raises `InvalidNps`, `SurveyClosed` a day after the first answer, `SurveyGone`.
    """
    if type(score) is not int or score not in nps.SCORES:
        raise InvalidNps("must be a whole number from 0 to 10", field="score")
    said = nps.tidy_words(comment, "comment")
    found = _lock(survey.partner_id, survey.id)
    _check(found, now)
    wanted = (score, found.comment if said is None else said or None)
    if found.state == "answered" and wanted == (found.score, found.comment):
        return found
    if not may_change(found, now):
        raise SurveyClosed()
    found.score, found.comment = wanted
    found.way, found.state, found.answered_at = way, "answered", found.answered_at or now
    db.session.flush()
    follow_answer(found, now)
    return found


def list_waiting(customer_id: UUID, now: datetime, *, partner_id: UUID | None = None) -> list[OwnSurvey]:
    """What the person was asked and has not answered, the latest first; of one partner on request."""
    wanted = (
        select(Survey, Partner.name, Purchase.occurred_at)
        .join(Membership, (Membership.partner_id == Survey.partner_id) & (Membership.id == Survey.membership_id))
        .join(Purchase, (Purchase.partner_id == Survey.partner_id) & (Purchase.id == Survey.purchase_id))
        .join(Partner, Partner.id == Survey.partner_id)
        .where(Membership.customer_id == customer_id, Membership.state == "open", Partner.state == "active")
        .where(Survey.state == "asked", Survey.expires_at > now)
        .order_by(Survey.asked_at.desc(), Survey.id)
    )
    if partner_id is not None:
        wanted = wanted.where(Survey.partner_id == partner_id)
    return [
        OwnSurvey(survey.id, survey.partner_id, name, visited, survey.expires_at, token_of(survey))
        for survey, name, visited in db.session.execute(wanted)
    ]


def ask_no_more(survey: Survey, now: datetime) -> None:
    """Whoever was asked wants no such question again, of any partner."""
    member = db.session.get_one(Membership, (survey.partner_id, survey.membership_id))
    stop_asking(living(db.session.get_one(Customer, member.customer_id)), now)


def stop_asking(customer: Customer | None, now: datetime) -> None:
    """The person wants no such question again; nothing where they are forgotten."""
    if customer is None:
        return
    kept = customer.notices or {}
    off = [*(kept.get("off") or ())]
    if "survey" not in off:
        profiles.update_profile(customer, {"notices": kept | {"off": [*off, "survey"]}}, now)


def forget(partner_id: UUID, membership_id: UUID) -> None:
    """The member is being forgotten: scores stay, words go, and nothing more is asked or done about it."""
    theirs = (Survey.partner_id == partner_id, Survey.membership_id == membership_id)
    of_them = select(Survey.id).where(*theirs)
    tasks = update(SurveyTask).where(SurveyTask.partner_id == partner_id, SurveyTask.survey_id.in_(of_them))
    _change(tasks.values(note=None))
    _change(tasks.where(SurveyTask.state.in_(("open", "in_work"))).values(state="withdrawn"))
    _change(update(Survey).where(*theirs).values(comment=None))
    _change(update(Survey).where(*theirs, Survey.state == "waiting").values(state="void"))
    _change(update(Survey).where(*theirs, Survey.state == "asked").values(expires_at=Survey.asked_at))


def forget_turns(people: Collection[UUID]) -> None:
    """Delete when these people were asked last."""
    _change(delete(SurveyTurn).where(SurveyTurn.customer_id.in_(people)))


def list_own_answers(customer_id: UUID) -> list[Any]:
    """Everything the person was asked, with what they answered, the latest first."""
    query = (
        select(Partner.name.label("partner_name"), Survey.asked_at, Survey.score, Survey.comment, Survey.answered_at)
        .select_from(Survey)
        .join(Membership, (Membership.partner_id == Survey.partner_id) & (Membership.id == Survey.membership_id))
        .join(Partner, Partner.id == Survey.partner_id)
        .where(Membership.customer_id == customer_id, Survey.asked_at.is_not(None))
        .order_by(Survey.asked_at.desc(), Survey.id)
    )
    return list(db.session.execute(query))


def _may_ask(survey: Survey, now: datetime, is_reminder: bool) -> bool:
    """Whether the visit still counts, the partner still asks, and the person's turn is still this survey's."""
    partner = db.session.get_one(Partner, survey.partner_id, populate_existing=True)
    settings = nps.settings_of(partner)
    visit = db.session.get_one(Purchase, (survey.partner_id, survey.purchase_id), populate_existing=True)
    if partner.state != "active" or not settings.is_on or visit.amount <= visit.refunded:
        return False
    if is_reminder:
        return True
    if visit.occurred_at + timedelta(hours=settings.delay_hours) + LATEST <= now:
        return False
    turn = select(SurveyTurn.survey_id).where(SurveyTurn.survey_id == survey.id)
    return db.session.scalar(turn) is not None


def _lock(partner_id: UUID, survey_id: UUID) -> Survey | None:
    return db.session.get(Survey, (partner_id, survey_id), with_for_update=True, populate_existing=True)


def _check(survey: Survey | None, now: datetime) -> None:
    if survey is None or survey.state in ("waiting", "void"):
        raise SurveyGone()
    if survey.state == "asked" and survey.expires_at <= now:
        raise SurveyGone()
    if db.session.get_one(Partner, survey.partner_id).state != "active":
        raise SurveyGone()
    theirs = (Membership.partner_id == survey.partner_id, Membership.id == survey.membership_id)
    if db.session.scalar(select(Membership.state).where(*theirs)) == "erased":
        raise SurveyGone()


def _token(survey_id: UUID) -> str:
    drawn = bytes.fromhex(keyed_hash("survey", str(survey_id)))[:16]
    return urlsafe_b64encode(drawn).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return keyed_hash("survey_token", token)


def _change(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
