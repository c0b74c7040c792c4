from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from loyalty import customers, sessions, staff
from loyalty.errors import (
    AlreadyStaff,
    BranchNotFound,
    CustomerNotFound,
    InvalidName,
    InvalidRole,
    LastOwner,
    StaffNotFound,
)
from loyalty.identities import Identifier
from models import db, new_id, transaction
from models.customer import AuditRecord
from models.partner import Branch, Partner, Staff
from tests.concurrency import at_once
from tests.factories import (
    NOW,
    identifier_of,
    make_branch,
    make_customer,
    make_member,
    make_partner,
    make_phone,
    make_staff,
    noise,
)


def test_a_cashier_works_the_till_and_nothing_else():
    assert {"points:credit", "points:spend", "points:refund", "customers:read"} <= staff.SCOPES["cashier"]
    for scope in ("points:adjust", "programme:write", "staff:write", "keys:write", "export:read", "stats:read"):
        assert scope not in staff.SCOPES["cashier"]


@pytest.mark.parametrize("role", ["ai_marketer", "content_manager"])
def test_marketing_moves_no_points_and_sees_no_contacts(role):
    assert not any(scope.startswith("points:") for scope in staff.SCOPES[role])
    assert not {"customers:contacts", "export:read", "staff:read", "keys:read"} & staff.SCOPES[role]


def test_a_content_manager_sees_no_person():
    assert not any(scope.startswith(("customers:", "transactions:")) for scope in staff.SCOPES["content_manager"])


def test_only_the_owner_decides_who_works_here():
    for scope in ("staff:write", "keys:write", "programme:write", "connections:write"):
        assert [role for role, scopes in staff.SCOPES.items() if scope in scopes] == ["owner"]


def test_hiring_by_phone_makes_the_person(db_session):
    partner, phone = make_partner(), Identifier("phone", make_phone())
    branch = db_session.scalars(select(Branch).where(Branch.partner_id == partner.id)).one()
    hired = staff.hire(partner, phone, "cashier", branch.id, None, NOW, name="Ольга")
    assert (hired.role, hired.state, hired.branch_id) == ("cashier", "active", branch.id)
    assert customers.find(phone).id == hired.customer_id
    assert [row.name for row in staff.list_staff(partner.id)] == ["Ольга"]
    noted = db_session.scalars(select(AuditRecord).where(AuditRecord.subject == str(hired.id))).one()
    assert (noted.action, noted.details) == ("staff.hire", {"role": "cashier"})


def test_one_person_may_work_for_two_partners(db_session):
    person = make_customer()
    for partner in (make_partner(), make_partner()):
        assert staff.hire(partner, identifier_of(person), "manager", None, None, NOW).customer_id == person.id


def test_who_works_here_already_is_not_hired_again(db_session):
    partner, person = make_partner(), make_customer()
    make_staff(partner, "owner", person)
    with pytest.raises(AlreadyStaff):
        staff.hire(partner, identifier_of(person), "cashier", None, None, NOW)
    assert staff.list_staff(partner.id)[0].role == "owner"


def test_who_was_dismissed_can_come_back(db_session):
    partner, person = make_partner(), make_customer()
    cashier = make_staff(partner, "cashier", person)
    staff.dismiss(partner.id, cashier.id, None, NOW)
    assert staff.list_staff(partner.id) == []
    assert [row.state for row in staff.list_staff(partner.id, dismissed=True)] == ["dismissed"]
    again = staff.hire(partner, identifier_of(person), "manager", None, None, NOW)
    assert (again.id, again.role, again.state) == (cashier.id, "manager", "active")


def test_parallel_hiring_makes_one_member_of_staff(app):
    with app.app_context(), transaction():
        partner_id, phone = make_partner().id, Identifier("phone", make_phone())
    results = at_once(
        app, lambda _: staff.hire(db.session.get(Partner, partner_id), phone, "cashier", None, None, NOW).id, times=8
    )
    assert sum(isinstance(result, AlreadyStaff) for result in results) == 7
    with app.app_context():
        assert len(staff.list_staff(partner_id)) == 1


def test_a_role_and_a_branch_must_be_the_partners(db_session):
    partner, foreign = make_partner(), make_branch(noise())
    person = identifier_of(make_customer())
    for role in ("admin", "", "Owner"):
        with pytest.raises(InvalidRole):
            staff.hire(partner, person, role, None, None, NOW)
    for branch_id in (foreign.id, new_id()):
        with pytest.raises(BranchNotFound):
            staff.hire(partner, person, "cashier", branch_id, None, NOW)
    assert staff.list_staff(partner.id) == []


def test_nobody_is_hired_by_a_card_or_a_code(db_session):
    partner, person = make_partner(), make_customer()
    card = Identifier("card", customers.issue_card(person))
    for identifier in (card, Identifier("code", "123456"), Identifier("customer_id", str(new_id()))):
        with pytest.raises(CustomerNotFound):
            staff.hire(partner, identifier, "cashier", None, None, NOW)


def test_a_role_can_change(db_session):
    partner = make_partner()
    make_staff(partner, "owner")
    cashier, branch = make_staff(partner), make_branch(partner)
    staff.change(partner.id, cashier.id, role="manager", branch_id=branch.id, by=None, now=NOW)
    assert (cashier.role, cashier.branch_id) == ("manager", branch.id)


def test_staff_are_listed_in_pages(db_session):
    noise()
    partner = make_partner()
    made = [make_staff(partner).id for _ in range(3)]
    staff.dismiss(partner.id, made[0], None, NOW)
    assert [row.staff_id for row in staff.list_staff(partner.id, limit=1)] == [made[1]]
    assert [row.staff_id for row in staff.list_staff(partner.id, after=made[1], limit=5)] == [made[2]]
    assert [row.staff_id for row in staff.list_staff(partner.id, dismissed=True, limit=2)] == made[:2]


def test_one_of_the_staff_is_found_by_their_partner_only(db_session):
    partner, theirs = make_partner(), make_staff(noise())
    mine = make_staff(partner, "manager")
    staff.dismiss(partner.id, mine.id, None, NOW)
    found = staff.get_staff(partner.id, mine.id)
    assert (found.customer_id, found.role, found.state) == (mine.customer_id, "manager", "dismissed")
    for staff_id in (theirs.id, new_id()):
        with pytest.raises(StaffNotFound):
            staff.get_staff(partner.id, staff_id)


def test_a_name_changes_and_stays_when_none_is_given(db_session):
    partner, person = make_partner(), make_customer(name="Тайное Имя")
    hired = staff.hire(partner, identifier_of(person), "cashier", None, None, NOW, name="Ольга")
    for given, kept in (("  Ольга   Белова ", "Ольга Белова"), (None, "Ольга Белова"), ("", "Ольга Белова")):
        staff.change(partner.id, hired.id, role="cashier", branch_id=None, by=None, now=NOW, name=given)
        assert hired.name == kept
    with pytest.raises(InvalidName):
        staff.change(partner.id, hired.id, role="cashier", branch_id=None, by=None, now=NOW, name="я" * 201)
    assert person.name == "Тайное Имя"


def test_another_partners_staff_is_out_of_reach(db_session):
    stranger = noise()
    theirs = make_staff(stranger)
    partner = make_partner()
    for staff_id in (theirs.id, new_id()):
        with pytest.raises(StaffNotFound):
            staff.dismiss(partner.id, staff_id, None, NOW)
        with pytest.raises(StaffNotFound):
            staff.change(partner.id, staff_id, role="owner", branch_id=None, by=None, now=NOW)
    assert theirs.state == "active"
    assert staff.list_staff(partner.id) == []


def test_the_last_owner_stays(db_session):
    partner = make_partner()
    noise()
    owner = make_staff(partner, "owner")
    make_staff(partner, "owner").state = "dismissed"
    with pytest.raises(LastOwner):
        staff.dismiss(partner.id, owner.id, None, NOW)
    with pytest.raises(LastOwner):
        staff.change(partner.id, owner.id, role="manager", branch_id=None, by=None, now=NOW)
    make_staff(partner, "owner")
    assert staff.dismiss(partner.id, owner.id, None, NOW).state == "dismissed"


def test_two_owners_cannot_dismiss_each_other(app):
    with app.app_context(), transaction():
        partner = make_partner()
        partner_id, owners = partner.id, [make_staff(partner, "owner").id for _ in range(2)]
    results = at_once(app, lambda n: staff.dismiss(partner_id, owners[n], None, NOW).id, times=2)
    assert sum(isinstance(result, LastOwner) for result in results) == 1
    with app.app_context():
        active = select(Staff.id).where(Staff.partner_id == partner_id, Staff.state == "active")
        assert len(db.session.scalars(active).all()) == 1


def test_the_list_shows_what_the_partner_wrote_down_and_not_the_persons_own_name(db_session):
    partner, person = make_partner(), make_customer(name="Тайное Имя")
    hired = staff.hire(partner, identifier_of(person), "cashier", None, None, NOW)
    (row,) = staff.list_staff(partner.id)
    assert (row.staff_id, row.customer_id, row.name) == (hired.id, person.id, None)
    staff.dismiss(partner.id, hired.id, None, NOW)
    staff.hire(partner, identifier_of(person), "cashier", None, None, NOW, name=" Оля ")
    assert [row.name for row in staff.list_staff(partner.id)] == ["Оля"]
    assert person.name == "Тайное Имя"


def test_who_hires_a_person_again_is_not_their_oldest_place(db_session):
    person, later = make_customer(), NOW + timedelta(days=1)
    former, present = make_partner(), make_partner()
    staff.dismiss(former.id, staff.hire(former, identifier_of(person), "cashier", None, None, NOW).id, None, NOW)
    staff.hire(present, identifier_of(person), "cashier", None, None, later)
    staff.hire(former, identifier_of(person), "cashier", None, None, later + timedelta(days=1))
    session_id = sessions.open_session(person.id, None, later).session_id
    places = sessions.identify(session_id, later).staff
    assert [place.partner_id for place in places] == [present.id, former.id]


def test_a_person_leaves_a_partner_but_the_last_owner_does_not(db_session):
    partner, elsewhere, person = make_partner(), make_partner(), make_customer()
    make_staff(partner, "owner", person)
    make_staff(elsewhere, "cashier", person)
    with pytest.raises(LastOwner):
        staff.leave(partner.id, person.id, NOW)
    assert staff.leave(elsewhere.id, person.id, NOW).state == "dismissed"
    for partner_id in (elsewhere.id, new_id()):
        with pytest.raises(StaffNotFound):
            staff.leave(partner_id, person.id, NOW)
    assert [row.customer_id for row in staff.list_staff(partner.id)] == [person.id]


def test_an_id_of_a_person_who_is_no_member_here_is_like_none(db_session):
    partner, stranger = make_partner(), make_customer()
    make_member(make_partner(), stranger)
    for customer_id in (stranger.id, new_id()):
        with pytest.raises(CustomerNotFound):
            staff.hire(partner, Identifier("customer_id", str(customer_id)), "cashier", None, None, NOW)


def test_a_member_and_former_staff_are_hired_by_id(db_session):
    partner = make_partner()
    member = make_member(partner)
    hired = staff.hire(partner, Identifier("customer_id", str(member.customer_id)), "cashier", None, None, NOW)
    assert hired.customer_id == member.customer_id
    former = make_staff(partner, "cashier")
    former.state = "dismissed"
    again = staff.hire(partner, Identifier("customer_id", str(former.customer_id)), "manager", None, None, NOW)
    assert (again.id, again.state, again.role) == (former.id, "active", "manager")
