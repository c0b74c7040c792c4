from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from loyalty import api_keys
from loyalty.errors import ApiKeyNotFound, BranchNotFound, InvalidName, InvalidScope
from loyalty.plans import FEATURES
from models import db, new_id, transaction
from models.customer import AuditRecord
from models.partner import ApiKey, Partner
from tests.factories import NOW, make_api_key, make_branch, make_partner, noise
from tests.statements import counted_statements


@pytest.fixture
def key(app):
    """A committed key of a committed partner: (partner id, key id, plain)."""
    with app.app_context(), transaction():
        partner = make_partner()
        made, plain = make_api_key(partner)
        return partner.id, made.id, plain


def test_a_key_says_whose_it_is_and_what_it_may(db_session):
    make_api_key(noise())
    partner = make_partner()
    branch = make_branch(partner)
    made, plain = api_keys.create(partner.id, " Касса  1 ", ("pos:sale", "pos:quote"), branch.id, None, NOW)
    made.last_used_at = NOW
    db_session.flush()
    assert made.name == "Касса 1"
    principal = api_keys.identify_key(plain, NOW)
    assert principal == api_keys.MachinePrincipal(
        key_id=made.id,
        till_id=made.id,
        partner_id=partner.id,
        partner_code=partner.code,
        partner_name=partner.name,
        branch_id=branch.id,
        scopes=frozenset({"pos:sale", "pos:quote"}),
        plan="enterprise",
        features=FEATURES,
    )
    assert principal.caller == f"till:{made.id}"


def test_the_key_itself_is_kept_nowhere(db_session):
    made, plain = make_api_key(make_partner())
    row = db_session.execute(select(ApiKey.__table__).where(ApiKey.id == made.id)).one()
    assert not any(plain[len(made.prefix) :] in str(value) for value in row)
    assert plain.startswith(made.prefix)
    noted = db_session.scalars(select(AuditRecord).where(AuditRecord.subject == str(made.id))).one()
    assert (noted.action, noted.partner_id) == ("api_key.create", made.partner_id)


@pytest.mark.parametrize("scopes", [(), ("pos:sale", "staff:write"), ("*",)])
def test_a_key_has_known_scopes_and_at_least_one(db_session, scopes):
    with pytest.raises(InvalidScope):
        make_api_key(make_partner(), scopes)


def test_a_key_has_a_name_and_a_branch_of_its_partner(db_session):
    partner, foreign = make_partner(), make_branch(noise())
    with pytest.raises(BranchNotFound):
        api_keys.create(partner.id, "Касса", api_keys.TILL_SCOPES, foreign.id, None, NOW)
    with pytest.raises(InvalidName):
        api_keys.create(partner.id, " ", api_keys.TILL_SCOPES, None, None, NOW)


def test_a_changed_key_opens_nothing(key, db_session):
    *_, plain = key
    for wrong in (
        "",
        "x",
        plain[:-1],
        plain + "A",
        plain[:-1] + ("A" if plain[-1] != "A" else "B"),
        "kp_" + "é" * 52,
        None,
    ):
        assert api_keys.identify_key(wrong, NOW) is None


def test_a_revoked_key_stops_at_once(db_session):
    partner = make_partner()
    made, plain = make_api_key(partner)
    made.last_used_at = NOW
    other, _ = make_api_key(partner)
    api_keys.revoke(partner.id, made.id, None, NOW)
    api_keys.revoke(partner.id, made.id, None, NOW + timedelta(days=1))
    assert api_keys.identify_key(plain, NOW) is None
    assert made.revoked_at == NOW
    assert [key.id for key in api_keys.list_keys(partner.id)] == [other.id, made.id]
    assert api_keys.list_keys(partner.id, revoked=False) == [other]


def test_keys_are_listed_in_pages(db_session):
    make_api_key(noise())
    partner = make_partner()
    made = [make_api_key(partner)[0] for _ in range(3)]
    assert api_keys.list_keys(partner.id, limit=2) == [made[2], made[1]]
    assert api_keys.list_keys(partner.id, after=made[1].id, limit=2) == [made[0]]


def test_a_key_is_found_by_its_partner_only(db_session):
    partner, (foreign, _) = make_partner(), make_api_key(noise())
    made, _ = make_api_key(partner)
    assert api_keys.get_key(partner.id, made.id) == made
    for key_id in (foreign.id, new_id()):
        with pytest.raises(ApiKeyNotFound):
            api_keys.get_key(partner.id, key_id)


def test_another_partners_key_cannot_be_revoked(db_session):
    stranger = noise()
    made, _ = make_api_key(stranger)
    partner = make_partner()
    for key_id in (made.id, new_id()):
        with pytest.raises(ApiKeyNotFound):
            api_keys.revoke(partner.id, key_id, None, NOW)
    assert api_keys.list_keys(partner.id) == []


def test_a_suspended_partners_key_opens_nothing(key, db_session):
    partner_id, _, plain = key
    db_session.get(Partner, partner_id).state = "suspended"
    db_session.flush()
    assert api_keys.identify_key(plain, NOW) is None


def test_the_last_use_is_noted_at_most_once_a_minute(app, key):
    partner_id, key_id, plain = key

    def use_at(seconds):
        with app.app_context():
            api_keys.identify_key(plain, NOW + timedelta(seconds=seconds))
        with app.app_context():
            return (db.session.get(ApiKey, (partner_id, key_id)).last_used_at - NOW).total_seconds()

    assert [use_at(seconds) for seconds in (0, 30, 59, 60, 61)] == [0, 0, 0, 60, 60]


def test_a_key_is_identified_by_one_query(key, db_session):
    *_, plain = key
    api_keys.identify_key(plain, NOW)
    with counted_statements() as statements:
        api_keys.identify_key(plain, NOW)
    assert len(statements) == 1


def test_a_key_that_replaces_another_is_the_same_till(db_session):
    partner = make_partner()
    old, _ = make_api_key(partner)
    new, plain = api_keys.create(partner.id, "Касса 1", ("pos:sale",), None, None, NOW, replaces=old.id)
    assert new.id != old.id
    assert api_keys.identify_key(plain, NOW).caller == f"till:{old.id}"
    with pytest.raises(ApiKeyNotFound):
        api_keys.create(make_partner().id, "Касса 1", ("pos:sale",), None, None, NOW, replaces=old.id)
