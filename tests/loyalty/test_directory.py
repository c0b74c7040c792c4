"""The platform's list of people: who is found, in which order, page by page, and the figures above it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from loyalty import directory, ledger
from loyalty.directory import SORTS, PeopleFilter, list_people, show_figures
from loyalty.errors import InvalidCursor
from loyalty.programme import price
from loyalty.rules import Rules
from loyalty.types import Line
from models import db
from models.customer import Customer, Standing
from tests.factories import NOW, identity_of, make_customer, make_email, make_member, make_partner, noise
from tests.statements import counted_statements

OF_OURS = "Аксиньюшка"
"""A word that only the people of these tests have in their names, so that rows of other tests are not listed."""


@pytest.fixture
def partner(db_session):
    noise()
    return make_partner(Rules(welcome_bonus=0))


@pytest.fixture
def people(partner):
    """Six of them; the n-th registered on day n, has 10·n points and spent 100·(7 − n); the last is no member."""
    made = []
    for n in range(1, 7):
        person = make_customer(name=f"{OF_OURS} {n}", email=make_email() if n == 2 else None)
        person.created_at = NOW + timedelta(days=n)
        if n < 6:
            member = make_member(partner, person)
            buy(member, 100 * (7 - n))
            bring_to(member, 10 * n)
        made.append(person)
    db.session.flush()
    return made


def buy(member, amount):
    document = ledger.Document("manual", f"check {member.id}", NOW)
    terms = {"at": NOW, "zone": directory.HOME}
    ledger.sell(
        member.partner_id,
        member.id,
        document,
        lambda seen: price([Line(Decimal(amount))], Rules(), seen, **terms),
        now=NOW,
    )


def bring_to(member, balance):
    db.session.refresh(member)
    ledger.adjust(
        member.partner_id, member.id, balance - member.balance, source="admin", source_ref=f"to {balance}", now=NOW
    )


def listed(sort="newest", *, at=NOW, **wanted):
    """The numbers of our people, in order."""
    directory.sum_up(at)
    wanted = {"query": OF_OURS} | wanted
    rows, _ = list_people(PeopleFilter(**wanted), sort=sort, now=at)
    return [int(row.name.split()[-1]) for row in rows]


def test_people_come_in_the_order_that_was_asked_for(people):
    assert listed() == [6, 5, 4, 3, 2, 1]
    assert listed("points") == [5, 4, 3, 2, 1]
    assert listed("spent") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_everybody_once_in_order(people, sort, limit):
    for person in people[:3]:
        person.created_at = NOW  # equal keys: the id decides
    db.session.flush()
    directory.sum_up(NOW)
    wanted, found, cursor = PeopleFilter(query=OF_OURS), [], None
    while True:
        rows, cursor = list_people(wanted, sort=sort, cursor=cursor, limit=limit, now=NOW)
        assert 0 < len(rows) <= limit
        found += [row.customer_id for row in rows]
        if cursor is None:
            break
    whole, _ = list_people(wanted, sort=sort, now=NOW)
    assert found == [row.customer_id for row in whole]
    assert len(set(found)) == len(found) == (6 if sort == "newest" else 5)


def test_a_line_says_what_there_is_at_the_moment(people, partner):
    directory.sum_up(NOW)
    elsewhere = make_member(make_partner(), people[1])
    bring_to(elsewhere, 5)
    elsewhere.is_vip = True
    db.session.flush()
    rows, _ = list_people(PeopleFilter(query=str(people[1].id)), now=NOW)
    (row,) = rows
    assert (row.customer_id, row.name, row.state, row.is_proven, row.is_vip) == (
        people[1].id, f"{OF_OURS} 2", "active", True, True,
    )  # fmt: skip
    assert (row.loyalty_points, row.total_purchases, row.total_spent, row.partners) == (25, 1, Decimal(500), 2)
    assert (row.phone, row.email) == tuple(identity_of(people[1], kind).value for kind in ("phone", "email"))


@pytest.mark.parametrize("kind", ["phone", "email"])
def test_a_person_is_found_by_a_whole_contact(people, kind):
    value = identity_of(people[1], kind).value
    spelled = value.upper() if kind == "email" else f"8 ({value[2:5]}) {value[5:]}"
    rows, _ = list_people(PeopleFilter(query=f" {spelled} "), now=NOW)
    assert [row.customer_id for row in rows] == [people[1].id]


@pytest.mark.parametrize("query", ["аксинь", "АКСИНЬЮШКА 4", "4 акс", "аксиньюшка-4"])
def test_words_of_a_name_are_found_by_their_beginnings(people, query):
    rows, _ = list_people(PeopleFilter(query=query), now=NOW)
    assert people[3].id in [row.customer_id for row in rows]
    assert all(row.name.startswith(OF_OURS) for row in rows)


@pytest.mark.parametrize(
    "query", ["юшка", "'", "%", "_", "' | 'юшка", "аксинь & юшка", "\\", ":*", "+7916", "\ud800", "\x00"]
)
def test_what_is_no_word_finds_none_of_them_and_breaks_nothing(people, query):
    rows, _ = list_people(PeopleFilter(query=query), now=NOW)
    assert not {row.customer_id for row in rows} & {person.id for person in people}


def test_a_name_that_many_have_is_found_too(people, monkeypatch):
    monkeypatch.setattr(directory, "_MOST_NAMESAKES", 3)
    assert listed() == [6, 5, 4, 3, 2, 1]


def test_the_list_is_narrowed_by_partner_state_and_proof(people, partner):
    people[0].state = "blocked"
    identity_of(people[2], "phone").proven_at = None
    db.session.flush()
    assert listed(partner_id=partner.id) == [5, 4, 3, 2, 1]
    assert listed(partner_id=make_partner().id) == []
    assert listed(state="blocked") == [1]
    assert listed(state="active") == [6, 5, 4, 3, 2]
    assert listed(proven=False) == [3]
    assert listed("points", proven=True) == [5, 4, 2, 1]


def test_the_list_is_narrowed_by_points_and_vip(people, partner):
    make_vip(people[1], partner)
    make_vip(people[3], make_partner())
    bring_to(make_member(partner, people[2]), 0)
    assert listed(has_points=True) == [5, 4, 2, 1]
    assert listed(has_points=False) == [6, 3]
    assert listed("points", has_points=False) == [3]
    assert listed(vip=True) == [4, 2]
    assert listed("spent", vip=True) == [2, 4]
    assert listed("spent", vip=False) == [1, 3, 5]
    assert listed(vip=True, partner_id=partner.id) == [2]
    assert listed(vip=False, partner_id=partner.id) == [5, 4, 3, 1]


def make_vip(person, partner):
    make_member(partner, person).is_vip = True
    db.session.flush()


def test_days_of_registration_are_those_of_moscow_and_both_included(people):
    people[0].created_at = datetime(2026, 3, 10, 20, 59, 59, tzinfo=UTC)  # still the tenth in Moscow
    people[1].created_at = datetime(2026, 3, 10, 21, 0, tzinfo=UTC)
    db.session.flush()
    assert listed(until=date(2026, 3, 10)) == [1]
    assert listed(since=date(2026, 3, 11), until=date(2026, 3, 11)) == [2]


def test_who_was_merged_or_erased_is_not_listed(people):
    people[0].state, people[0].merged_into = "merged", people[1].id
    people[2].state, people[2].name = "erased", None
    db.session.flush()
    assert listed() == [6, 5, 4, 2]
    rows, _ = list_people(PeopleFilter(query=str(people[0].id)), now=NOW)
    assert [row.customer_id for row in rows] == [people[1].id]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "cursor",
    ["", "?", "e30", "bnVsbA", *(
        base64.urlsafe_b64encode(json.dumps(made).encode()).decode()
        for made in (
            [], ["newest", "2026-01-01", str(NOW)], ["points", "1.5", "x"], ["spent", None, None],
            ["newest", "2026-01-01T00:00:00", "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"],
            ["points", "9" * 30, "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"],
            ["spent", "NaN", "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"],
        )
    )],
)  # fmt: skip
def test_a_cursor_of_nobodys_making_is_refused(db_session, sort, cursor):
    if cursor:
        with pytest.raises(InvalidCursor):
            list_people(PeopleFilter(), sort=sort, cursor=cursor, now=NOW)
    else:
        assert list_people(PeopleFilter(query="x"), sort=sort, cursor=cursor, now=NOW)[1] is None


def test_one_orders_cursor_is_not_anothers(people):
    directory.sum_up(NOW)
    _, cursor = list_people(PeopleFilter(query=OF_OURS), sort="points", limit=1, now=NOW)
    with pytest.raises(InvalidCursor):
        list_people(PeopleFilter(query=OF_OURS), sort="spent", cursor=cursor, now=NOW)


def test_a_page_costs_the_same_however_many_people_there_are(people):
    wanted = PeopleFilter(query=OF_OURS, has_points=True, proven=True)
    list_people(wanted, sort="points", now=NOW)
    for limit in (1, 50):
        with counted_statements() as statements:
            list_people(wanted, sort="points", limit=limit, now=NOW)
        assert len(statements) <= 3, statements


# The figures


@pytest.fixture
def alone(fresh_app):
    """A database with nobody in it."""
    with fresh_app.app_context():
        yield db.session
        db.session.rollback()


def test_nobody_makes_figures_of_nothing(alone):
    figures = show_figures(NOW)
    assert (figures.at, figures.people, figures.memberships, figures.points) == (NOW, 0, 0, 0)


def test_the_figures_count_people_memberships_points_and_who_is_active(alone):
    one, other = make_partner(Rules(welcome_bonus=0)), make_partner(Rules(welcome_bonus=0))
    first, second, third, gone = (make_customer(name=name) for name in ("Иван", "Мария", "Ольга", "Пётр"))
    for person, days in ((first, 40), (second, 29), (third, 100), (gone, 1)):
        person.created_at = NOW - timedelta(days=days)
    second.state, gone.state, gone.merged_into = "blocked", "merged", first.id
    for partner, person, balance in ((one, first, 30), (other, first, 12), (one, second, 5)):
        bring_to(make_member(partner, person), balance)
    buy(make_member(one, second), 1000)
    alone.flush()
    figures = show_figures(NOW)
    assert (figures.people, figures.members, figures.memberships, figures.new_people) == (3, 2, 3, 1)
    assert (figures.points, figures.pending, figures.active_people) == (97, 0, 1)
    assert show_figures(NOW + timedelta(days=91)).active_people == 0


def test_what_changed_is_summed_up_anew_and_nothing_else_is_written(alone):
    partner = make_partner(Rules(welcome_bonus=0))
    member, other = make_member(partner), make_member(partner)
    bring_to(member, 30)
    assert directory.sum_up(NOW) == 2
    assert directory.sum_up(NOW) == 0
    ledger.adjust(partner.id, other.id, 7, source="admin", source_ref="more", now=NOW)
    assert directory.sum_up(NOW) == 1
    assert alone.get(Standing, other.customer_id).points == 7
    ledger.erase(partner.id, member.id, now=NOW)
    assert directory.sum_up(NOW) == 1
    alone.expire_all()
    assert alone.get(Standing, member.customer_id) is None


def test_a_small_platform_is_summed_up_at_each_look_and_a_large_one_by_the_schedule(alone, monkeypatch):
    bring_to(make_member(make_partner(Rules(welcome_bonus=0))), 30)
    assert show_figures(NOW).points == 30
    alone.execute(text("UPDATE platform_figures SET points = 31"))
    later = NOW + timedelta(seconds=1)
    monkeypatch.setattr(directory, "SMALL", 0)
    assert (show_figures(later).points, show_figures(later).at) == (31, NOW)
    monkeypatch.setattr(directory, "SMALL", 1)
    assert (show_figures(later).points, show_figures(later).at) == (30, later)


def test_two_who_sum_up_at_once_do_not_wait_for_each_other(fresh_app):
    with fresh_app.app_context():
        make_member(make_partner())
        db.session.commit()
        assert directory.sum_up(NOW) == 1
        with fresh_app.app_context():
            assert directory.sum_up(NOW) == 0
            db.session.rollback()
        db.session.rollback()
        assert db.session.scalar(db.select(db.func.count()).select_from(Customer)) == 1
