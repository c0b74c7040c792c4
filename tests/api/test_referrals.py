"""Invitations through the API: from the terms to a friend's reward, as the inviter, the friend and the partner see it."""

from __future__ import annotations

from loyalty import referral_rewards
from loyalty.clock import utcnow
from loyalty.rules import Rules
from models import transaction
from tests.api.roles import make_cast, new_key
from tests.api.samples import basket_of, make_doubted, make_friend, make_invitation

TERMS = {"is_on": True, "minimum": "500.00", "return_days": 0}
CONSENT = {"consents": {"personal_data": True}}


def settle(app):
    with app.app_context(), transaction():
        for key in referral_rewards.list_unsettled(utcnow(), chunk=1000):
            referral_rewards.settle(*key, utcnow())


def test_a_friend_comes_buys_and_both_see_the_reward(app):
    cast = make_cast(app, Rules(welcome_bonus=0))
    house, friend = cast.ours, cast.stranger
    owner, anna = house.staff["owner"], house.member
    terms = owner.put("/api/partner/referrals/terms", TERMS).json
    assert terms == owner.get("/api/partner/referrals/terms").json
    assert (terms["inviter_points"], terms["most_a_month"], terms["is_on"]) == (200, 10, True)
    (mine,) = anna.get("/api/customer/referrals").json["items"]
    code = mine["code"].replace("-", "")
    assert mine["link"].endswith(f"/i/{code}") and mine["telegram_link"].endswith(f"?start=i{code}")
    assert mine["friends"] == []
    came = friend.post("/api/customer/referrals", {"invitation": mine["code"]} | CONSENT)
    assert (came.status_code, came.json["state"], came.json["points"]) == (200, "waiting", 100)
    again = friend.post("/api/customer/referrals", {"invitation": mine["code"]})
    assert again.json == came.json
    body = basket_of(house) | {"type": "accrual", "customer": {"customer_id": str(friend.customer_id)}}
    assert house.staff["cashier"].post("/api/partner/transactions", body, key=new_key()).status_code == 201
    settle(app)
    (seen,) = friend.get("/api/customer/referrals/came-by").json["items"]
    assert (seen["state"], seen["partner_id"]) == ("rewarded", str(house.partner_id))
    (mine,) = anna.get("/api/customer/referrals").json["items"]
    assert (mine["invited"], mine["rewarded"], mine["points"]) == (1, 1, 200)
    assert [one["points"] for one in mine["friends"]] == [200]
    results = owner.get("/api/partner/referrals/results").json
    assert (results["rewarded"], results["points"], results["turnover"]) == (1, 300, "1000.00")
    (row,) = owner.get("/api/partner/referrals?state=rewarded").json["items"]
    assert (row["friend_id"], row["came_by"], row["amount"]) == (str(friend.customer_id), "code", "1000.00")
    file = owner.get("/api/partner/export/referrals.csv")
    assert row["id"] in file.text and file.text.count("\n") == 2


def test_a_refusal_names_its_reason_and_nobody_joins_by_it(app):
    cast = make_cast(app)
    house = cast.ours
    code = make_invitation(house)
    for actor, refusal in (
        (house.staff["cashier"], (409, "staff_invitation")),
        (cast.stranger, (422, "consent_required")),
    ):
        answer = actor.post("/api/customer/referrals", {"invitation": code})
        assert (answer.status_code, answer.json["code"]) == refusal
    answer = cast.stranger.post("/api/customer/referrals", {"invitation": "22222222"} | CONSENT)
    assert (answer.status_code, answer.json["code"]) == (404, "invitation_gone")
    own = house.member.get("/api/customer/referrals").json["items"][0]["code"]
    answer = house.member.post("/api/customer/referrals", {"invitation": own})
    assert (answer.status_code, answer.json["code"]) == (409, "own_invitation")
    assert cast.stranger.get("/api/customer/referrals/came-by").json["items"] == []
    assert cast.stranger.get("/api/customer/loyalty").json["memberships"] == []


def test_a_cashier_notes_the_code_of_who_stands_at_the_counter(app):
    house = make_cast(app).ours
    cashier, url = house.staff["cashier"], f"/api/partner/customers/{make_friend(house)}/invitation"
    noted = cashier.post(url, {"invitation": make_invitation(house)})
    assert (noted.status_code, noted.json["came_by"], noted.json["state"]) == (200, "till", "waiting")
    other = cashier.post(url, {"invitation": make_invitation(house)})
    assert (other.status_code, other.json["code"]) == (409, "already_invited")


def test_a_doubted_friend_is_approved_once_and_a_refused_one_stays_refused(app):
    house = make_cast(app).ours
    manager, url = house.staff["manager"], "/api/partner/referrals"
    approved, refused = make_doubted(house), make_doubted(house)
    waiting = manager.get(f"{url}?state=review&limit=1").json
    assert waiting["items"][0]["doubts"] == ["address"] and waiting["next_cursor"] == refused
    assert manager.post(f"{url}/{approved}/approve", key=new_key()).json["state"] == "rewarded"
    answer = manager.post(f"{url}/{refused}/refuse", key=new_key()).json
    assert (answer["state"], answer["reason"], answer["inviter_points"]) == ("refused", "declined", 0)
    again = manager.post(f"{url}/{approved}/refuse", key=new_key())
    assert (again.status_code, again.json["code"]) == (409, "referral_decided")
    assert manager.get(f"{url}?state=review").json["items"] == []


def test_terms_are_refused_by_their_field(app):
    owner = make_cast(app).ours.staff["owner"]
    answer = owner.put("/api/partner/referrals/terms", {"inviter_points": 0, "friend_points": 0})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_referral_terms")
    assert "inviter_points" in answer.json["errors"]
    assert owner.put("/api/partner/referrals/terms", {"return_days": 61}).status_code == 400
    assert owner.get("/api/partner/referrals/terms").json["is_on"] is False
