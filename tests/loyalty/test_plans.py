"""What a plan opens, who is on which, and single features that are switched for one partner."""

from __future__ import annotations

from itertools import pairwise

import pytest

from loyalty import plans
from loyalty.clock import utcnow
from loyalty.errors import FeatureLocked, InvalidPlan, InvalidReason
from loyalty.plans import FEATURES, PLANS, SWITCHABLE, features_of
from models import db
from models.customer import AuditRecord
from tests.factories import make_partner, noise


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(plan="basic")


def test_nothing_of_a_lower_plan_is_taken_away(cafe, now):
    opened = []
    for plan in PLANS:
        plans.change_plan(cafe, plan.code, by=None, now=now)
        opened.append(features_of(cafe))
    assert all(lower < upper for lower, upper in pairwise(opened)) and opened[-1] == FEATURES
    assert "telegram_bot" in opened[0] and "web_widget" not in opened[0] and "crm_sync" not in opened[1]


def test_a_locked_feature_names_the_plan_that_opens_it(cafe, now):
    plans.require(cafe, "telegram_bot")
    with pytest.raises(FeatureLocked) as locked:
        plans.require(cafe, "web_widget")
    assert (locked.value.feature, locked.value.plan) == ("web_widget", "advanced")
    plans.change_plan(cafe, "advanced", by=None, now=now)
    plans.require(cafe, "web_widget")
    plans.switch_features(cafe, {"web_widget": False}, by=None, now=now)
    with pytest.raises(FeatureLocked) as locked:
        plans.require(cafe, "web_widget")
    assert locked.value.plan is None, "no plan opens what is switched off"


def test_single_features_are_switched_for_one_partner(cafe, now):
    assert "web_widget" in plans.switch_features(cafe, {"web_widget": True, "telegram_bot": False}, by=None, now=now)
    assert not plans.is_open(cafe, "telegram_bot") and not plans.is_open(make_partner(plan="basic"), "web_widget")
    assert "telegram_bot" in plans.switch_features(cafe, {"telegram_bot": None, "web_widget": None}, by=None, now=now)
    assert cafe.features == {}
    for wrong in ({"export": True}, {"web_widget": 1}, {"web_widget": True, "what": True}):
        with pytest.raises(InvalidPlan):
            plans.switch_features(cafe, wrong, by=None, now=now)
    assert cafe.features == {} and set(SWITCHABLE) <= FEATURES


def test_there_are_three_plans_and_no_other(cafe, now):
    assert [(plan.code, plan.monthly, plan.percent) for plan in PLANS] == [
        ("basic", 0, 3),
        ("advanced", 2990, 2),
        ("enterprise", 4990, 2),
    ]
    with pytest.raises(InvalidPlan):
        plans.change_plan(cafe, "gold", by=None, now=now)
    assert cafe.plan == "basic"


def test_what_was_decided_about_a_plan_is_kept_with_its_reason_and_the_audit_has_no_words(cafe, now):
    plans.change_plan(cafe, "advanced", by=None, now=now, reason="как договорились")
    plans.change_plan(cafe, "advanced", by=None, now=now)
    plans.switch_features(cafe, {"qr_codes": False}, by=None, now=now, reason="жалоба")
    plans.switch_features(cafe, {"qr_codes": False}, by=None, now=now)
    kept = [(one.before, one.after, one.features, one.reason) for one in plans.list_changes(cafe.id)]
    assert kept == [
        ("advanced", "advanced", {"qr_codes": False}, "жалоба"),
        ("basic", "advanced", {}, "как договорились"),
    ]
    noted = db.session.scalars(db.select(AuditRecord).where(AuditRecord.partner_id == cafe.id)).all()
    assert [one.details for one in noted] == [{"from": "basic", "to": "advanced"}, {"qr_codes": False}]


@pytest.mark.parametrize("reason", ["", "  ", "да", "х" * 301, "а\u202eб в"])
def test_a_reason_of_the_platform_says_something(reason):
    with pytest.raises(InvalidReason):
        plans.read_reason(reason)
    assert plans.read_reason(" как  договорились ") == "как договорились"
