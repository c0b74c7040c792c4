"""NPS (would you recommend us, 0 to 10): when a partner asks, and what the answers add up to.

The arithmetic is the usual one: 9 and 10 are promoters, 7 and 8 passives, 0 to 6 detractors; the value is the share of
promoters less that of detractors, in hundredths, with the 95 % interval of that difference. Under `ENOUGH` answers it says
little, and says so. A partner is compared with itself, never one partner with another.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, null, select, tuple_

from loyalty import audit
from loyalty.customers import known_value
from loyalty.errors import InvalidNps
from loyalty.names import is_text
from loyalty.partners import get_branch
from loyalty.staff import get_staff
from models import db
from models.ledger import Membership, Purchase
from models.partner import Branch, Partner, Staff
from models.survey import Survey, SurveyTask

SCORES = range(11)
UNHAPPY = 6
"""The highest score of a detractor: whoever gives it becomes a task."""
GROUPS = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, UNHAPPY)}
ENOUGH = 30
Z95 = 1.96
PERIODS = (7, 30, 90, 365)
LONGEST_DELAY = 72
LONGEST_WORDS = 1000


@dataclass(frozen=True)
class NpsSettings:
    """Whether customers are asked, how many hours after the visit, once more if they do not answer, and whether also by
    text message, which costs the partner money. `from_json` is the only reader from outside."""

    is_on: bool = False
    delay_hours: int = 2
    reminds: bool = True
    sms: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NpsSettings:
        """Raises `InvalidNps` naming the field."""
        if not isinstance(data, Mapping):
            raise InvalidNps("must be an object", field="settings")
        for name, value in data.items():
            if name in ("is_on", "reminds", "sms"):
                if not isinstance(value, bool):
                    raise InvalidNps("must be yes or no", field=name)
            elif name == "delay_hours":
                if type(value) is not int or not 0 <= value <= LONGEST_DELAY:
                    raise InvalidNps(f"must be a whole number from 0 to {LONGEST_DELAY}", field=name)
            else:
                raise InvalidNps("is no setting that is known", field=str(name)[:40])
        return cls(**data)

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


def settings_of(partner: Partner) -> NpsSettings:
    return NpsSettings.from_json(partner.nps)


def set_settings(partner: Partner, settings: NpsSettings, *, by: UUID) -> None:
    """Customers are asked so from now on; who was asked already may still answer."""
    partner.nps = settings.to_json()
    db.session.flush()
    audit.record("nps.settings", actor=by, partner_id=partner.id, details=partner.nps)


def tidy_words(written: object, field: str) -> str | None:
    """A comment or a note as it is kept; None where none was given. Raises `InvalidNps`."""
    if written is None:
        return None
    words = unicodedata.normalize("NFC", written.replace("\r\n", "\n")).strip() if isinstance(written, str) else None
    if words is None or len(words) > LONGEST_WORDS or not is_text(words, allowed="\n\t"):
        raise InvalidNps(f"must be text of up to {LONGEST_WORDS} characters", field=field)
    return words


@dataclass(frozen=True)
class Nps:
    """What so many answers add up to. `value`, `low` and `high` are None without answers; the interval is as the formula
    gives it, and of few answers may lie beyond what is possible."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        return self.promoters + self.passives + self.detractors

    @property
    def is_few(self) -> bool:
        return self.n < ENOUGH

    @property
    def value(self) -> float | None:
        return 100 * (self.promoters - self.detractors) / self.n if self.n else None

    @property
    def error(self) -> float | None:
        """The standard error of the value."""
        if not self.n:
            return None
        p, d = self.promoters / self.n, self.detractors / self.n
        return 100 * math.sqrt(max(p + d - (p - d) ** 2, 0) / self.n)

    @property
    def low(self) -> float | None:
        return self.value - Z95 * self.error if self.n else None

    @property
    def high(self) -> float | None:
        return self.value + Z95 * self.error if self.n else None


@dataclass(frozen=True)
class NpsFilter:
    """Whose answers: of the last `days` in the partner's zone, today included; of visits to one branch, or entered by one
    of the staff (`actor` is the id of the person). `group` names one of `GROUPS`."""

    days: int = 90
    branch_id: UUID | None = None
    actor: UUID | None = None
    group: str | None = None


def choose(
    partner_id: UUID,
    *,
    days: int = 90,
    branch_id: UUID | None = None,
    staff_id: UUID | None = None,
    group: str | None = None,
) -> NpsFilter:
    """Whose answers are wanted. Raises `BranchNotFound`, `StaffNotFound`, for another partner's too."""
    if branch_id is not None:
        get_branch(partner_id, branch_id)
    actor = get_staff(partner_id, staff_id).customer_id if staff_id is not None else None
    return NpsFilter(days, branch_id, actor, group)


@dataclass(frozen=True)
class NpsResults:
    """`asked` were asked in the period, `answered` of them have answered by now; `nps` is of the answers of the period."""

    nps: Nps
    asked: int
    answered: int
    since: date
    until: date


@dataclass(frozen=True)
class AnswerRow:
    """An answer as staff see it; phone only for those who may see contacts."""

    survey_id: UUID
    customer_id: UUID
    customer_name: str | None
    customer_phone: str | None
    branch_name: str | None
    staff_name: str | None
    visited_at: datetime
    score: int
    comment: str | None
    way: str
    answered_at: datetime
    task_state: str | None
    task_note: str | None
    task_by: str | None
    task_at: datetime | None


def summarise(partner: Partner, wanted: NpsFilter, now: datetime) -> NpsResults:
    """The score of a period, and how many of those asked in it answered."""
    since, until = _bounds(partner, wanted.days, now)
    seen = _seen(partner.id, wanted)
    answers = [func.count().filter(Survey.score.between(*GROUPS[group])) for group in GROUPS]
    in_period = (Survey.answered_at >= since, Survey.answered_at < until)
    counted = db.session.execute(_of_visits(*answers).where(*seen, *in_period)).one()
    asked = (Survey.asked_at >= since, Survey.asked_at < until)
    row = db.session.execute(_of_visits(func.count(), func.count(Survey.score)).where(*seen, *asked)).one()
    return NpsResults(Nps(*counted), *row, since=since.date(), until=until.date() - timedelta(days=1))


def draw_trend(partner: Partner, wanted: NpsFilter, now: datetime) -> list[tuple[date, Nps]]:
    """The score week by week, in a year month by month, from the beginning of the first one; also of those without answers."""
    since, until = _bounds(partner, wanted.days, now)
    step = "month" if wanted.days > 90 else "week"
    begun = func.date_trunc(step, func.timezone(partner.timezone, Survey.answered_at)).label("begun")
    answers = [func.count().filter(Survey.score.between(*GROUPS[group])) for group in GROUPS]
    rows = db.session.execute(
        _of_visits(begun, *answers)
        .where(*_seen(partner.id, wanted), Survey.answered_at >= since, Survey.answered_at < until)
        .group_by(begun)
    )
    found = {row.begun.date(): Nps(*row[1:]) for row in rows}
    return [(day, found.get(day, Nps(0, 0, 0))) for day in _beginnings(since.date(), until.date(), step)]


def list_answers(
    partner: Partner,
    wanted: NpsFilter,
    *,
    contacts: bool,
    now: datetime,
    after: UUID | None = None,
    limit: int = 20,
) -> list[AnswerRow]:
    """The answers of a period, the latest first; after one of them."""
    since, until = _bounds(partner, wanted.days, now)
    query = _answers(contacts).where(*_seen(partner.id, wanted), Survey.answered_at.between(since, until))
    place = tuple_(Survey.answered_at, Survey.id)
    if after is not None:
        query = query.where(place < _place_of(partner.id, after))
    query = query.order_by(Survey.answered_at.desc(), Survey.id.desc()).limit(limit)
    return [AnswerRow(*row) for row in db.session.execute(query)]


def list_tasks(
    partner_id: UUID, states: Sequence[str], *, contacts: bool, after: UUID | None = None, limit: int = 20
) -> list[AnswerRow]:
    """Unhappy answers whose task is in one of the states, the latest first; after one of them."""
    query = _answers(contacts).where(Survey.partner_id == partner_id, SurveyTask.state.in_(states))
    if after is not None:
        query = query.where(tuple_(Survey.answered_at, Survey.id) < _place_of(partner_id, after))
    query = query.order_by(Survey.answered_at.desc(), Survey.id.desc()).limit(limit)
    return [AnswerRow(*row) for row in db.session.execute(query)]


def find_answer(partner_id: UUID, survey_id: UUID, *, contacts: bool) -> AnswerRow | None:
    """One answer; None for another partner's, and where nobody has answered."""
    query = _answers(contacts).where(Survey.partner_id == partner_id, Survey.id == survey_id)
    row = db.session.execute(query).one_or_none()
    return AnswerRow(*row) if row is not None else None


def _answers(contacts: bool):
    """Answers with whose, where and whom they are about, in the order of `AnswerRow`."""
    closer = Staff.__table__.alias("closer")
    phone = known_value(Membership.__table__, "phone") if contacts else null()
    return (
        _of_visits(
            Survey.id,
            Membership.customer_id,
            Membership.name,
            phone,
            Branch.name,
            Staff.name,
            Purchase.occurred_at,
            Survey.score,
            Survey.comment,
            Survey.way,
            Survey.answered_at,
            func.nullif(SurveyTask.state, "withdrawn"),
            SurveyTask.note,
            closer.c.name,
            SurveyTask.changed_at,
        )
        .join(Membership, and_(Membership.partner_id == Survey.partner_id, Membership.id == Survey.membership_id))
        .outerjoin(Branch, and_(Branch.partner_id == Purchase.partner_id, Branch.id == Purchase.branch_id))
        .outerjoin(Staff, and_(Staff.partner_id == Purchase.partner_id, Staff.customer_id == Purchase.actor))
        .outerjoin(SurveyTask, and_(SurveyTask.partner_id == Survey.partner_id, SurveyTask.survey_id == Survey.id))
        .outerjoin(
            closer,
            and_(closer.c.partner_id == SurveyTask.partner_id, closer.c.customer_id == SurveyTask.changed_by),
        )
        .where(Survey.score.is_not(None))
    )


def _of_visits(*columns: Any):
    visit = and_(Purchase.partner_id == Survey.partner_id, Purchase.id == Survey.purchase_id)
    return select(*columns).select_from(Survey).join(Purchase, visit)


def _seen(partner_id: UUID, wanted: NpsFilter) -> list[Any]:
    seen = [Survey.partner_id == partner_id]
    if wanted.branch_id is not None:
        seen.append(Purchase.branch_id == wanted.branch_id)
    if wanted.actor is not None:
        seen.append(Purchase.actor == wanted.actor)
    if wanted.group is not None:
        seen.append(Survey.score.between(*GROUPS[wanted.group]))
    return seen


def _place_of(partner_id: UUID, survey_id: UUID):
    return (
        select(Survey.answered_at, Survey.id)
        .where(Survey.partner_id == partner_id, Survey.id == survey_id)
        .scalar_subquery()
    )


def _bounds(partner: Partner, days: int, now: datetime) -> tuple[datetime, datetime]:
    zone = ZoneInfo(partner.timezone)
    last = now.astimezone(zone).date()
    first, after = last - timedelta(days=days - 1), last + timedelta(days=1)
    return datetime.combine(first, time(), tzinfo=zone), datetime.combine(after, time(), tzinfo=zone)


def _beginnings(first: date, after: date, step: str) -> list[date]:
    """The first days of the weeks, or of the months, that the days from `first` up to `after` lie in."""
    begun = first.replace(day=1) if step == "month" else first - timedelta(days=first.weekday())
    found = []
    while begun < after:
        found.append(begun)
        begun = (begun + timedelta(days=32)).replace(day=1) if step == "month" else begun + timedelta(days=7)
    return found
