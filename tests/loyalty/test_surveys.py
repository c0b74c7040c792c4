"""Who is asked after a visit, that nobody is asked too often, and what becomes of the answer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import erasure, ledger, notices, nps, personal_data, profiles, survey_tasks, surveys
from loyalty.customers import attach_identity
from loyalty.errors import InvalidNps, SurveyClosed, SurveyGone, SurveyTaskNotFound
from loyalty.nps import NpsSettings
from models import db, transaction
from models.customer import Customer
from models.ledger import Entry
from models.survey import Survey, SurveyTask, SurveyTurn
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import make_customer, make_member, make_partner, make_staff, noise
from tests.loyalty.surveyed import HOUR, NOON, ask, invite, survey_of, visit

DAY = timedelta(days=1)
SITE = "https://kopilka.example"


def asking(**settings):
    partner = make_partner()
    partner.nps = NpsSettings(is_on=True, **settings).to_json()
    return partner


@pytest.fixture
def cafe(db_session):
    noise()
    return asking()


def person(partner, **changes):
    """A member with Telegram."""
    customer = make_customer()
    attach_identity(customer, "telegram", str(customer.id.int % 10**12 + 10**10), proven_at=NOON)
    for name, value in changes.items():
        setattr(customer, name, value)
    return make_member(partner, customer)


def prepare(survey, now=NOON, **options):
    return surveys.prepare(survey.partner_id, survey.id, site=SITE, now=now, **options)


def announced(partner, job="ask_survey"):
    query = db.select(Outbox).where(Outbox.partner_id == partner.id, Outbox.job == job).order_by(Outbox.id)
    return list(db.session.scalars(query))


# Who is asked


@pytest.mark.parametrize("source", ["manual", "qr_code", "web_widget", "pos_api", "yclients", "onec", "import"])
def test_a_visit_of_any_source_is_asked_about_once_when_it_is_old_enough(cafe, source):
    bought = visit(cafe, person(cafe), at=NOON, source=source)
    invite(NOON + 2 * HOUR - timedelta(seconds=1))
    assert survey_of(bought) is None
    for _ in "12":
        invite(NOON + 2 * HOUR)
    found = survey_of(bought)
    assert found.state == "waiting"
    assert [row.payload for row in announced(cafe)] == [{"survey_id": str(found.id)}]


def test_nobody_is_asked_about_what_is_long_past_returned_or_of_a_partner_that_does_not_ask(cafe):
    old = visit(cafe, source="import", at=NOON - 60 * DAY)
    returned = visit(cafe)
    ledger.refund(cafe.id, returned.id, reference="all", amount=Decimal("500.00"), now=NOON)
    partly = visit(cafe)
    ledger.refund(cafe.id, partly.id, reference="some", amount=Decimal("250.00"), now=NOON)
    silent, suspended = visit(make_partner()), asking()
    shut = visit(suspended)
    suspended.state = "suspended"
    later = visit(asking(delay_hours=24))
    unwilling = visit(cafe, person(cafe, notices={"off": ["survey"]}))
    blocked = visit(cafe, person(cafe, state="blocked"))
    invite()
    assert survey_of(partly) is not None
    assert [survey_of(one) for one in (old, returned, silent, shut, later, unwilling, blocked)] == [None] * 7


def test_of_two_visits_the_latest_is_asked_about_and_again_after_ninety_days(cafe):
    member = person(cafe)
    first, second = visit(cafe, member, at=NOON - 5 * HOUR), visit(cafe, member)
    ask(second)
    assert survey_of(first) is None
    soon, late = visit(cafe, member, at=NOON + 89 * DAY), visit(cafe, member, at=NOON + 91 * DAY)
    invite(NOON + 89 * DAY + 3 * HOUR)
    assert survey_of(soon) is None
    invite(NOON + 91 * DAY + 3 * HOUR)
    assert survey_of(late) is not None


def test_a_person_is_asked_by_one_partner_a_week_counted_from_when_it_was_asked(cafe):
    member, bakery = person(cafe), asking()
    ask(visit(cafe, member))
    there = make_member(bakery, db.session.get_one(Customer, member.customer_id))
    asked_at = db.session.get_one(SurveyTurn, member.customer_id, populate_existing=True).taken_at
    early, on_time = visit(bakery, there, at=asked_at + 6 * DAY), visit(bakery, there, at=asked_at + 7 * DAY)
    invite(asked_at + 6 * DAY + 3 * HOUR)
    assert survey_of(early) is None
    invite(asked_at + 7 * DAY + 3 * HOUR)
    assert survey_of(on_time) is not None


def test_two_partners_two_schedules_and_twenty_at_once_ask_a_person_once(app):
    with app.app_context(), transaction():
        people = [make_customer() for _ in range(4)]
        bought = [visit(asking(), None).id for _ in range(2)]
        for one in people:
            bought += [visit(partner, make_member(partner, one)).id for partner in (asking(), asking())]
        ids = [one.id for one in people]
    results = at_once(app, lambda n: surveys.invite(NOON), 10)
    assert all(isinstance(one, int) for one in results)
    with app.app_context():
        found = db.session.scalars(db.select(Survey).where(Survey.purchase_id.in_(bought))).all()
        assert len(found) == 2 + len(people)
        turns = db.session.scalars(db.select(SurveyTurn.survey_id).where(SurveyTurn.customer_id.in_(ids))).all()
        assert len(turns) == len(people) and set(turns) <= {one.id for one in found}
        jobs = Counter(
            db.session.scalars(db.select(Outbox.payload["survey_id"].astext).where(Outbox.job == "ask_survey"))
        )
        assert all(jobs[str(one.id)] == 1 for one in found)


def test_stopped_at_any_statement_nothing_is_lost_and_nothing_is_asked_twice(cafe, monkeypatch):
    bought = [visit(cafe, person(cafe)) for _ in range(3)]
    db.session.flush()
    announce, calls = surveys.outbox.announce, []

    def die(job, *args, **options):
        calls.append(job)
        if len(calls) == fails_at:
            raise RuntimeError("killed")
        announce(job, *args, **options)

    monkeypatch.setattr(surveys.outbox, "announce", die)
    for fails_at in (1, 2):
        calls.clear()
        with pytest.raises(RuntimeError), db.session.begin_nested():
            surveys.invite(NOON)
        assert [survey_of(one) for one in bought] == [None] * 3 and announced(cafe) == []
    fails_at = 0
    invite()
    assert all(survey_of(one) for one in bought) and len(announced(cafe)) == 3


# When it is sent


def test_in_telegram_the_scores_are_buttons_elsewhere_there_is_a_link(cafe):
    survey = invited(cafe, person(cafe))
    notice = prepare(survey)
    scores = [(label, data) for label, data in notice.buttons if data.startswith("nps:")]
    assert [label for label, _ in scores] == [str(n) for n in range(11)]
    assert all(len(data.encode()) <= 64 for _, data in scores) and notice.buttons[-1][1] == "nps_stop"
    link = f"{SITE}/nps/{surveys.token_of(survey)}"
    assert link in notice.body_for("email") and link not in notice.body_for("telegram")
    assert [route.channel for route in notice.routes] == ["telegram"] and notice.hold_until is None


def invited(partner, member, **options):
    bought = visit(partner, member, **options)
    invite(bought.occurred_at + 3 * HOUR)
    return survey_of(bought)


def test_a_text_message_costs_money_and_is_sent_only_where_the_partner_says_so(cafe):
    without = invited(cafe, make_member(cafe))
    assert prepare(without) is None
    paying = asking(sms=True)
    assert [route.channel for route in prepare(invited(paying, make_member(paying))).routes] == ["sms"]


def test_quiet_hours_hold_the_question(cafe):
    night = NOON + 11 * HOUR
    survey = invited(cafe, person(cafe), at=night - 3 * HOUR)
    assert prepare(survey, night).hold_until == NOON + 21 * HOUR
    assert prepare(survey, NOON + 21 * HOUR).hold_until is None


@pytest.mark.parametrize("what", ["refunded", "unwilling", "erased", "suspended", "off", "late", "unreachable"])
def test_what_changed_before_it_was_sent_stops_it_and_frees_the_turn(cafe, what):
    member = person(cafe)
    survey = invited(cafe, member)
    customer = db.session.get_one(Customer, member.customer_id)
    now = NOON
    if what == "refunded":
        ledger.refund(cafe.id, survey.purchase_id, reference="all", amount=Decimal("500.00"), now=NOON)
    elif what == "unwilling":
        surveys.stop_asking(customer, NOON)
    elif what == "erased":
        erasure.erase_person(customer, NOON)
    elif what == "suspended":
        cafe.state = "suspended"
    elif what == "off":
        nps.set_settings(cafe, NpsSettings(is_on=False), by=customer.id)
    elif what == "late":
        now = NOON + 4 * DAY
    else:
        for identity in db.session.scalars(db.select(notices.Identity).where(notices.Identity.kind == "telegram")):
            identity.unreachable_since = NOON
    db.session.flush()
    assert prepare(survey, now) is None
    surveys.give_up(survey.partner_id, survey.id)
    assert survey_of(db.session.get_one(surveys.Purchase, (cafe.id, survey.purchase_id))).state == "void"
    assert db.session.get(SurveyTurn, member.customer_id) is None


def test_it_is_reminded_of_once_unless_it_was_answered(cafe):
    survey, answered = ask(visit(cafe, person(cafe))), ask(visit(cafe, person(cafe)), score=9)
    assert len(announced(cafe, "remind_survey")) == 2
    later = NOON + 3 * DAY
    assert "больше не напомним" in prepare(survey, later, is_reminder=True).body_for("telegram")
    assert prepare(answered, later, is_reminder=True) is None
    surveys.note_reminded(survey.partner_id, survey.id, later)
    assert prepare(survey, later, is_reminder=True) is None
    ask(visit(other := asking(reminds=False), person(other)))
    assert announced(other, "remind_survey") == []


# What is answered


def test_an_answer_can_be_changed_for_a_day_and_the_latest_counts(cafe):
    survey = ask(visit(cafe, person(cafe)), score=3, comment="долго ждал")
    asked = survey.answered_at
    surveys.answer(survey, 9, way="bot", now=asked + HOUR)
    assert (survey.score, survey.comment, survey.answered_at) == (9, "долго ждал", asked)
    surveys.answer(survey, 9, way="bot", now=asked + HOUR, comment="")
    assert survey.comment is None
    surveys.answer(survey, 9, way="link", now=asked + 5 * DAY)
    with pytest.raises(SurveyClosed):
        surveys.answer(survey, 8, way="link", now=asked + DAY)
    assert survey.score == 9


@pytest.mark.parametrize("score", [-1, 11, "5", 5.0, True, None])
def test_what_is_no_score_is_refused(cafe, score):
    survey = ask(visit(cafe))
    with pytest.raises(InvalidNps):
        surveys.answer(survey, score, way="link", now=NOON)
    assert survey.state == "asked"


def test_a_comment_that_is_too_long_or_no_text_is_refused(cafe):
    survey = ask(visit(cafe))
    for comment in ("я" * 1001, "а\x00б", 7):
        with pytest.raises(InvalidNps):
            surveys.answer(survey, 5, way="link", now=NOON, comment=comment)
    assert survey.state == "asked"


def test_a_link_is_found_by_its_token_alone_and_for_its_time(cafe):
    bought = visit(cafe)
    invite()
    waiting = survey_of(bought)
    token = surveys.token_of(waiting)
    assert token not in waiting.token_hash and len(token) == 22
    with pytest.raises(SurveyGone):
        surveys.find(token, NOON)
    surveys.note_asked(cafe.id, waiting.id, NOON)
    assert surveys.find(token, NOON).id == waiting.id
    swapped = ("A" if token[0] != "A" else "B") + token[1:]
    for wrong in (swapped, token[:-1], token + "A", "", "../../x", "я" * 22, token.swapcase()):
        with pytest.raises(SurveyGone):
            surveys.find(wrong, NOON)
    with pytest.raises(SurveyGone):
        surveys.find(token, NOON + surveys.ANSWERED_WITHIN)
    with pytest.raises(SurveyGone):
        surveys.answer(waiting, 5, way="link", now=NOON + surveys.ANSWERED_WITHIN)
    cafe.state = "suspended"
    with pytest.raises(SurveyGone):
        surveys.find(token, NOON)


def test_a_survey_of_ones_own_is_nobody_elses(cafe):
    member, other = person(cafe), person(cafe)
    survey = ask(visit(cafe, member))
    assert [one.survey_id for one in surveys.list_waiting(member.customer_id, NOON)] == [survey.id]
    assert surveys.list_waiting(other.customer_id, NOON) == []
    assert surveys.list_waiting(member.customer_id, NOON, partner_id=asking().id) == []
    assert surveys.find_own(member.customer_id, survey.id, NOON) is survey
    with pytest.raises(SurveyGone):
        surveys.find_own(other.customer_id, survey.id, NOON)
    surveys.answer(survey, 10, way="page", now=NOON)
    assert surveys.list_waiting(member.customer_id, NOON) == []


@pytest.mark.parametrize("score", [0, 6, 7, 10])
def test_no_score_ever_gives_points(cafe, score):
    member = person(cafe)
    bought = visit(cafe, member)
    before = db.session.scalars(db.select(Entry.id).where(Entry.membership_id == member.id)).all()
    ask(bought, score=score, comment="вот")
    assert db.session.scalars(db.select(Entry.id).where(Entry.membership_id == member.id)).all() == before


def test_the_person_has_their_answers_in_their_file_and_leaves_scores_without_words(cafe):
    member = person(cafe)
    survey = ask(visit(cafe, member), score=2, comment="Звоните: я Пётр")
    survey_tasks.change_task(cafe.id, survey.id, "in_work", by=member.customer_id, now=NOON, note="позвонить Петру")
    customer = db.session.get_one(Customer, member.customer_id)
    (told,) = personal_data.export_person(customer, NOON)["surveys"]
    assert (told["score"], told["comment"], told["partner_name"]) == (2, "Звоните: я Пётр", cafe.name)
    erasure.erase_person(customer, NOON)
    kept = survey_of(db.session.get_one(surveys.Purchase, (cafe.id, survey.purchase_id)))
    task = db.session.get(SurveyTask, (cafe.id, survey.id), populate_existing=True)
    assert (kept.score, kept.comment, task.note, task.state) == (2, None, None, "withdrawn")
    assert db.session.get(SurveyTurn, member.customer_id) is None
    with pytest.raises(SurveyGone):
        surveys.find(surveys.token_of(kept), NOON)


def test_who_wants_no_questions_keeps_the_rest_of_what_they_chose(cafe):
    member = person(cafe, notices={"off": ["spent"], "quiet": None})
    survey = ask(visit(cafe, member))
    surveys.ask_no_more(survey, NOON)
    customer = db.session.get_one(Customer, member.customer_id)
    assert customer.notices == {"off": ["spent", "survey"], "quiet": None}
    profiles.update_profile(customer, {"notices": customer.notices}, NOON)


# What becomes of an unhappy one


def test_an_unhappy_answer_is_one_task_however_often_it_changes(cafe):
    for role in ("owner", "manager", "cashier"):
        make_staff(cafe, role)
    survey = ask(visit(cafe, person(cafe)), score=6)
    assert len(announced(cafe, "notify_survey_task")) == 2

    def state():
        return db.session.get(SurveyTask, (cafe.id, survey.id), populate_existing=True).state

    now = survey.answered_at
    surveys.answer(survey, 0, way="link", now=now)
    assert state() == "open" and survey_tasks.count_open(cafe.id) == 1
    surveys.answer(survey, 10, way="link", now=now)
    assert state() == "withdrawn"
    with pytest.raises(SurveyTaskNotFound):
        survey_tasks.change_task(cafe.id, survey.id, "done", by=cafe.id, now=now)
    surveys.answer(survey, 1, way="link", now=now)
    assert state() == "open" and len(announced(cafe, "notify_survey_task")) == 2
    survey_tasks.change_task(cafe.id, survey.id, "in_work", by=cafe.id, now=now)
    surveys.answer(survey, 10, way="link", now=now)
    assert state() == "in_work"


def test_a_task_is_taken_closed_with_a_note_and_opened_again(cafe):
    manager = make_staff(cafe, "manager")
    survey = ask(visit(cafe, person(cafe)), score=4)
    take = {"by": manager.customer_id, "now": NOON}
    survey_tasks.change_task(cafe.id, survey.id, "in_work", **take)
    task = survey_tasks.change_task(cafe.id, survey.id, "done", note="Позвонили, извинились", **take)
    assert (task.state, task.note, task.changed_by) == ("done", "Позвонили, извинились", manager.customer_id)
    (row,) = nps.list_tasks(cafe.id, ["done"], contacts=True)
    assert (row.task_note, row.task_at) == ("Позвонили, извинились", NOON) and row.customer_phone
    assert survey_tasks.change_task(cafe.id, survey.id, "open", **take).note == "Позвонили, извинились"
    assert nps.list_tasks(cafe.id, survey_tasks.CURRENT, contacts=False)[0].customer_phone is None
    for wrong in ("withdrawn", "", "closed"):
        with pytest.raises(InvalidNps):
            survey_tasks.change_task(cafe.id, survey.id, wrong, **take)
    with pytest.raises(SurveyTaskNotFound):
        survey_tasks.change_task(asking().id, survey.id, "done", **take)


def test_managers_are_told_in_telegram_while_nobody_has_taken_it(cafe):
    staff = make_staff(cafe, "manager")
    cashier = make_staff(cafe, "cashier")
    for one in (staff, cashier):
        attach_identity(
            db.session.get_one(Customer, one.customer_id), "telegram", str(one.id.int % 10**12), proven_at=NOON
        )
    survey = ask(visit(cafe, person(cafe)), score=4, comment="грязно")

    def notice(who, now=NOON):
        return survey_tasks.task_notice(cafe.id, survey.id, who.id, now)

    told = notice(staff)
    assert "4 из 10" in told.text.body and "«грязно»" in told.text.body and "Иван" in told.text.body
    assert told.buttons[0][1] == f"nps_task:{cafe.code}:{survey.id.hex}"
    assert len(told.buttons[0][1].encode()) <= 64
    assert notice(staff, NOON + 12 * HOUR).hold_until == NOON + 21 * HOUR
    assert notice(cashier) is None
    survey_tasks.change_task(cafe.id, survey.id, "in_work", by=staff.customer_id, now=NOON)
    assert notice(staff) is None


def test_twenty_answers_at_once_are_one_answer_and_one_task(app):
    with app.app_context(), transaction():
        partner = asking()
        make_staff(partner, "owner")
        survey = ask(visit(partner, person(partner)))
        key = (survey.partner_id, survey.id)

    def answer(n):
        return surveys.answer(db.session.get_one(Survey, key), n % 7, way="link", now=NOON).score

    results = at_once(app, answer, 14)
    assert all(isinstance(one, int) for one in results)
    with app.app_context():
        assert db.session.get_one(Survey, key).score in range(7)
        assert len(announced(db.session.get_one(surveys.Partner, key[0]), "notify_survey_task")) == 1
