from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import programmes
from loyalty.errors import ProgrammeChanged, ProgrammeVersionNotFound
from loyalty.rules import PRESETS, Rules
from models import transaction
from tests.concurrency import at_once
from tests.factories import NOW, make_partner, make_staff, noise


def test_history_tells_who_changed_what_and_when(db_session):
    stranger = noise()
    programmes.set_rules(stranger.id, {"rate": "0.09"}, by=None, now=NOW)
    partner = make_partner()
    owner = make_staff(partner, "owner")
    owner.name = "Ольга Белова"
    programmes.set_rules(partner.id, {"rate": "0.07"}, by=owner.customer_id, now=NOW)
    later = NOW + timedelta(days=1)
    programmes.set_rules(partner.id, {"min_spend": 50, "pending_days": 14}, by=None, now=later)
    versions, more = programmes.list_versions(partner.id)
    assert more is None
    assert [(made.version, made.by_name, [change.kind for change in made.changes]) for made in versions] == [
        (3, None, ["min_spend", "pending"]),
        (2, "Ольга Белова", ["rate"]),
        (1, None, []),
    ]
    assert (versions[0].since, versions[1].since, versions[1].by) == (later, NOW, owner.customer_id)
    assert versions[1].rules.rate == Decimal("0.07")


def test_a_member_of_another_partners_staff_is_not_named(db_session):
    partner, owner = make_partner(), make_staff(noise(), "owner")
    owner.name = "Чужая Хозяйка"
    programmes.set_rules(partner.id, {"rate": "0.07"}, by=owner.customer_id, now=NOW)
    assert programmes.list_versions(partner.id)[0][0].by_name is None


def test_history_is_read_in_pages_and_each_version_is_compared_with_the_one_before(db_session):
    partner = make_partner()
    for percent in range(6, 11):
        programmes.set_rules(partner.id, {"rate": f"0.{percent:02}"}, by=None, now=NOW)
    first, more = programmes.list_versions(partner.id, limit=4)
    rest, end = programmes.list_versions(partner.id, before=more, limit=4)
    assert [made.version for made in first + rest] == [6, 5, 4, 3, 2, 1]
    assert end is None
    assert first[-1].changes[0].before.values == {"percent": Decimal(6)}
    assert programmes.list_versions(partner.id, limit=6)[1] is None
    assert programmes.list_versions(partner.id, before=1) == ([], None)


def test_the_rules_of_an_earlier_version_are_kept(db_session):
    other = noise()
    programmes.set_rules(other.id, {"rate": "0.09"}, by=None, now=NOW)
    partner = make_partner()
    programmes.set_rules(partner.id, PRESETS["retail"], by=None, now=NOW)
    assert programmes.rules_of_version(partner.id, 1) == Rules()
    assert programmes.rules_of_version(partner.id, 2) == PRESETS["retail"]
    for version in (0, 3):
        with pytest.raises(ProgrammeVersionNotFound):
            programmes.rules_of_version(partner.id, version)


def test_nobodys_change_is_lost_unseen(db_session):
    partner = make_partner()
    assert programmes.set_rules(partner.id, {"rate": "0.07"}, by=None, now=NOW, based_on=1)[0] == 2
    with pytest.raises(ProgrammeChanged) as refused:
        programmes.set_rules(partner.id, {"rate": "0.08"}, by=None, now=NOW, based_on=1)
    assert refused.value.version == 2
    assert programmes.current_rules(partner.id)[1].rate == Decimal("0.07")


def test_the_same_rules_sent_twice_are_one_version(db_session):
    partner = make_partner()
    for _ in range(2):
        assert programmes.set_rules(partner.id, {"rate": "0.07"}, by=None, now=NOW, based_on=1)[0] == 2


def test_of_two_who_save_at_once_one_is_told(app):
    with app.app_context(), transaction():
        partner_id = make_partner().id
    results = at_once(
        app,
        lambda n: programmes.set_rules(partner_id, {"welcome_bonus": n}, by=None, now=NOW, based_on=1)[0],
        times=4,
    )
    assert sorted(str(result) for result in results if not isinstance(result, ProgrammeChanged)) == ["2"]
