from __future__ import annotations

import pytest
from sqlalchemy import select, text

from loyalty import partners, programmes, staff
from loyalty.errors import (
    ApplicationDecided,
    ApplicationNotFound,
    ApplicationPending,
    BranchNotFound,
    InvalidApplication,
    InvalidName,
    LastBranch,
    PartnerNotFound,
)
from loyalty.rules import PRESETS
from models import db, new_id, transaction
from models.customer import AuditRecord, Customer
from models.partner import Partner, PartnerApplication
from tests.concurrency import at_once
from tests.factories import NOW, make_branch, make_customer, make_partner, noise

SALON = {"name": " Салон  Стиль ", "city": "Омск", "timezone": "Asia/Omsk", "preset": "retail", "comment": "Три зала"}


def apply(**changes):
    applicant = make_customer()
    return applicant, partners.apply(applicant, SALON | changes, NOW)


def test_an_application_waits_as_it_was_written(db_session):
    applicant, application = apply()
    kept = (application.name, application.city, application.timezone, application.preset, application.comment)
    assert kept == ("Салон Стиль", "Омск", "Asia/Omsk", "retail", "Три зала")
    assert (application.state, application.created_at) == ("pending", NOW)
    assert partners.list_applications(applicant_id=applicant.id) == [application]
    assert application in partners.list_applications(state="pending")
    assert application not in partners.list_applications(state="approved")


def test_little_is_asked_for(db_session):
    application = partners.apply(make_customer(), {"name": "Кофейня"}, NOW)
    assert (application.timezone, application.preset, application.city) == ("Europe/Moscow", "default", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": 3}, "timezone"),
        ({"timezone": "localtime"}, "timezone"),
        ({"timezone": "posixrules"}, "timezone"),
        ({"timezone": "posix/Europe/Moscow"}, "timezone"),
        ({"timezone": "europe/moscow"}, "timezone"),
        ({"preset": "generous"}, "preset"),
        ({"preset": ["retail"]}, "preset"),
        ({"comment": "x" * 2001}, "comment"),
        ({"comment": "\u0000"}, "comment"),
        ({"comment": 5}, "comment"),
    ],
)
def test_an_application_that_cannot_be_used_names_its_field(db_session, changes, field):
    with pytest.raises(InvalidApplication) as refused:
        apply(**changes)
    assert refused.value.field == field


def test_an_application_needs_a_name(db_session):
    with pytest.raises(InvalidName):
        apply(name=" ")


def test_a_person_has_one_undecided_application(db_session):
    applicant, first = apply()
    with pytest.raises(ApplicationPending):
        partners.apply(applicant, SALON, NOW)
    partners.refuse(first.id, "Не то", None, NOW)
    assert partners.apply(applicant, SALON, NOW).id != first.id


def test_approval_makes_a_partner_that_can_work_at_once(db_session):
    applicant, application = apply()
    admin = make_customer()
    partner = partners.approve(application.id, admin.id, NOW)
    assert (partner.name, partner.timezone, partner.state) == ("Салон Стиль", "Asia/Omsk", "active")
    assert len(partner.code) == 6 and partner.code.isdigit() and partner.code[0] != "0"
    (branch,) = partners.list_branches(partner.id)
    (owner,) = staff.list_staff(partner.id)
    assert (owner.customer_id, owner.role, owner.branch_id) == (applicant.id, "owner", branch.id)
    assert programmes.current_rules(partner.id) == (1, PRESETS["retail"])
    assert (application.state, application.partner_id, application.decided_by) == ("approved", partner.id, admin.id)
    noted = db_session.scalars(select(AuditRecord.action).where(AuditRecord.actor_id == admin.id)).all()
    assert noted == ["application.approve"]


def test_an_application_is_decided_once(db_session):
    _, approved = apply()
    partners.approve(approved.id, None, NOW)
    _, refused = apply()
    partners.refuse(refused.id, "Не то", None, NOW)
    for application in (approved, refused):
        with pytest.raises(ApplicationDecided):
            partners.approve(application.id, None, NOW)
        with pytest.raises(ApplicationDecided):
            partners.refuse(application.id, "Передумали", None, NOW)
    assert (refused.state, refused.reason, refused.partner_id) == ("refused", "Не то", None)
    with pytest.raises(ApplicationNotFound):
        partners.approve(new_id(), None, NOW)


def test_parallel_approvals_make_one_partner(app):
    with app.app_context(), transaction():
        application_id = apply()[1].id
    results = at_once(app, lambda _: partners.approve(application_id, None, NOW).id, times=8)
    assert sum(isinstance(result, ApplicationDecided) for result in results) == 7
    with app.app_context():
        assert db.session.get(PartnerApplication, application_id).partner_id in results


def test_a_taken_public_code_is_not_given_twice(db_session, monkeypatch):
    taken = make_partner()
    given = set(db_session.scalars(select(Partner.code)))
    free = next(number for number in range(777_000, 900_000) if str(number + 100_000) not in given)
    numbers = iter([int(taken.code) - 100_000, free])
    monkeypatch.setattr(partners.secrets, "randbelow", lambda _: next(numbers))
    made = partners.create_partner("Кофейня", owner_id=make_customer().id, now=NOW)
    assert made.code == str(free + 100_000)
    assert taken.code != made.code


def test_a_partner_is_found_by_id_and_by_code(db_session):
    noise()
    partner = make_partner(state="suspended")
    for reference in (partner.id, str(partner.id), str(partner.id).upper(), partner.code):
        assert partners.get_partner(reference) == partner


def test_a_longer_public_code_finds_its_partner(db_session):
    partner = make_partner()
    partner.code = f"9{partner.code}99"
    assert partners.get_partner(partner.code) == partner


@pytest.mark.parametrize("reference", ["", "12345", "1234567890123", "x", "\u0000", "１２３４５６", None, new_id()])
def test_an_unknown_partner_is_not_found(db_session, reference):
    with pytest.raises(PartnerNotFound):
        partners.get_partner(reference)


def test_a_partner_changes_its_name_and_zone(db_session):
    partner = partners.update_partner(make_partner(), {"name": "Эспрессо", "timezone": "Asia/Omsk"}, None, NOW)
    assert (partner.name, partner.timezone) == ("Эспрессо", "Asia/Omsk")


def test_a_partner_switches_kinds_of_notices_off_and_the_record_says_which(db_session):
    partner, actor = make_partner(), make_customer().id
    assert partner.notices_off == []
    partners.update_partner(partner, {"notices_off": ["welcome", "expiring", "expiring"]}, actor, NOW)
    db_session.expire(partner)
    assert partner.notices_off == ["expiring", "welcome"]
    record = db_session.scalars(select(AuditRecord).where(AuditRecord.partner_id == partner.id)).one()
    assert (record.action, record.actor_id) == ("partner.change", actor)
    assert record.details == {"fields": ["notices_off"], "notices_off": ["expiring", "welcome"]}
    partners.update_partner(partner, {"name": "Эспрессо"}, actor, NOW)
    assert partner.notices_off == ["expiring", "welcome"]
    for wrong in (["code"], "welcome", [{}], None):
        with pytest.raises(InvalidApplication) as refused:
            partners.update_partner(partner, {"notices_off": wrong}, actor, NOW)
        assert refused.value.field == "notices_off"


def test_branches_open_change_and_close(db_session):
    noise()
    partner = make_partner()
    (first,) = partners.list_branches(partner.id)
    second = partners.open_branch(partner.id, " На  Мира ", "Мира, 5", by=None, now=NOW)
    assert (second.name, second.address, second.state) == ("На Мира", "Мира, 5", "open")
    assert partners.list_branches(partner.id) == [first, second]
    partners.update_branch(partner.id, first.id, {"state": "closed", "name": "Старый"}, None, NOW)
    assert partners.list_branches(partner.id) == [second]
    assert partners.list_branches(partner.id, closed=True) == [first, second]
    assert partners.get_branch(partner.id, first.id).name == "Старый"
    partners.update_branch(partner.id, first.id, {"state": "open", "address": None}, None, NOW)
    assert partners.list_branches(partner.id) == [first, second]


def test_branches_are_listed_in_pages(db_session):
    noise()
    partner = make_partner()
    made = partners.list_branches(partner.id)
    made += [partners.open_branch(partner.id, f"Зал {n}", by=None, now=NOW) for n in range(2)]
    assert partners.list_branches(partner.id, limit=2) == made[:2]
    assert partners.list_branches(partner.id, after=made[1].id, limit=2) == made[2:]


def test_the_last_open_branch_stays(app):
    with app.app_context(), transaction():
        partner = make_partner()
        make_branch(partner)
        make_branch(partner, state="closed")
        partner_id, branches = partner.id, [branch.id for branch in partners.list_branches(partner.id)]
    results = at_once(
        app, lambda n: partners.update_branch(partner_id, branches[n], {"state": "closed"}, None, NOW).id, times=2
    )
    assert sum(isinstance(result, LastBranch) for result in results) == 1
    with app.app_context():
        assert len(partners.list_branches(partner_id)) == 1


def test_another_partners_branch_is_not_found(db_session):
    foreign, partner = make_branch(noise()), make_partner()
    for branch_id in (foreign.id, new_id()):
        with pytest.raises(BranchNotFound):
            partners.get_branch(partner.id, branch_id)
        with pytest.raises(BranchNotFound):
            partners.update_branch(partner.id, branch_id, {"name": "Наш"}, None, NOW)


def test_the_owner_of_a_made_partner_is_a_person(db_session):
    owner = make_customer()
    partner = partners.create_partner("Кофейня", owner_id=owner.id, now=NOW)
    assert db_session.get(Customer, staff.list_staff(partner.id)[0].customer_id) == owner


def test_every_zone_that_is_taken_is_one_that_the_database_knows(db_session):
    known = set(db_session.scalars(text("SELECT name FROM pg_timezone_names")))
    taken = partners._known_timezones()
    assert {"Europe/Moscow", "Asia/Omsk", "UTC"} <= taken
    assert taken - known == set()
