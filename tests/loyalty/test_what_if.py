from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty import programmes, what_if
from loyalty.errors import BelowMinimum, InvalidProgramme, NotEnoughPoints, PartnerNotFound
from loyalty.rules import PRESETS
from loyalty.sales import Basket
from loyalty.types import Member
from models.partner import Partner
from tests.factories import NOW, make_partner, noise

CHECK = Basket(Decimal("10000.00"))


@pytest.mark.parametrize(
    ("member", "on_birthday", "earn"),
    [
        (Member(), False, 100),
        (Member(is_vip=True), False, 150),
        (Member(is_vip=True), True, 300),
        (Member(is_vip=True, earlier_purchases=3, average_check=Decimal(5000)), True, 360),
    ],
)
def test_the_examples_of_the_design_come_out_by_the_rules_in_force(db_session, member, on_birthday, earn):
    noise()
    partner = make_partner(PRESETS["retail"])
    assert what_if.try_purchase(partner, CHECK, member, at=NOW, on_birthday=on_birthday).earn == earn


def test_a_draft_is_tried_and_not_kept(db_session):
    partner = make_partner()
    assert what_if.try_purchase(partner, CHECK, Member(), at=NOW, changes={"rate": "0.07"}).earn == 700
    assert what_if.try_purchase(partner, CHECK, Member(), at=NOW).earn == 500
    assert programmes.current_rules(partner.id) == (1, PRESETS["default"])


def test_a_birthday_on_the_leap_day_is_one(db_session):
    partner = make_partner(PRESETS["retail"])
    for day in (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2027, 2, 28, 12, tzinfo=UTC)):
        assert what_if.try_purchase(partner, CHECK, Member(), at=day, on_birthday=True).earn == 200


def test_the_birthday_is_the_partners_day_and_not_greenwichs(db_session):
    partner = make_partner(
        PRESETS["default"].to_json() | {"birthday": {"factor": "2", "days_before": 0, "days_after": 0}}
    )
    late = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)  # 01:30 of the 11th in Moscow
    assert what_if.try_purchase(partner, CHECK, Member(), at=late, on_birthday=True).earn == 1000


def test_points_pay_first_and_by_the_rules(db_session):
    partner = make_partner()
    rich = Member(available=what_if.ENOUGH_POINTS)
    tried = what_if.try_purchase(partner, CHECK, rich, at=NOW, points=300)
    assert (tried.earn, tried.spent_points, tried.max_redeemable) == (485, 300, 10000)
    with pytest.raises(BelowMinimum):
        what_if.try_purchase(partner, CHECK, rich, at=NOW, points=99)
    with pytest.raises(NotEnoughPoints):
        what_if.try_purchase(partner, CHECK, Member(available=200), at=NOW, points=300)


def test_a_draft_that_cannot_be_is_refused_by_field(db_session):
    with pytest.raises(InvalidProgramme) as refused:
        what_if.try_purchase(make_partner(), CHECK, Member(), at=NOW, changes={"rate": "7"})
    assert refused.value.errors.keys() == {"rate"}


def test_without_a_programme_there_is_nothing_to_try(db_session):
    bare = Partner(code="912345678901", name="Пусто")
    db_session.add(bare)
    db_session.flush()
    with pytest.raises(PartnerNotFound):
        what_if.try_purchase(bare, CHECK, Member(), at=NOW)
