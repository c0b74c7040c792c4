"""Signing in, registering and sessions over HTTP, with the codes read where they would be sent."""

import json

import pytest

from loyalty import sealing
from loyalty.sign_in import SEAL
from models import db, transaction
from models.customer import Customer
from tests.api.roles import Actor, make_cast
from tests.factories import identity_of, make_customer, make_email, make_phone


@pytest.fixture
def nobody(app):
    return Actor(app, "nobody")


def code_sent_to(app, address: str) -> str | None:
    """The newest code on its way to a phone or an e-mail, out of the outbox's sealed values."""
    with app.app_context():
        rows = db.session.execute(
            db.text(
                "SELECT sealed FROM outbox WHERE job = 'send_code' AND sealed IS NOT NULL ORDER BY id DESC LIMIT 200"
            )
        )
        for (sealed,) in rows:
            message = sealing.unseal(SEAL, sealed)
            if address in json.dumps(message):
                return message["code"]
    return None


def sign_in(app, nobody, **target):
    assert nobody.post("/api/auth/request-code", target).status_code == 202
    code = code_sent_to(app, next(iter(target.values())))
    return nobody.post("/api/auth/verify-code", target | {"code": code})


def bearer(app, tokens) -> Actor:
    return Actor(app, "person", {"Authorization": f"Bearer {tokens['access_token']}"})


def phone_of(app, actor: Actor) -> str:
    with app.app_context():
        return identity_of(db.session.get_one(Customer, actor.customer_id), "phone").value


@pytest.fixture
def person(app):
    with app.app_context(), transaction():
        phone, email = make_phone(), make_email()
        make_customer(phone, email=email, name="Иван")
    return {"phone": phone, "email": email}


@pytest.mark.parametrize("kind", ["phone", "email"])
def test_a_known_person_signs_in_by_code(app, nobody, person, kind):
    answer = sign_in(app, nobody, **{kind: person[kind]})
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert bearer(app, answer.json).get("/api/auth/me").json["name"] == "Иван"


def test_known_and_unknown_get_the_same_answer(app, nobody, person):
    known = nobody.post("/api/auth/request-code", {"phone": person["phone"]})
    unknown = nobody.post("/api/auth/request-code", {"phone": make_phone()})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    known = nobody.post("/api/auth/verify-code", {"phone": person["phone"], "code": "000000"})
    unknown = nobody.post("/api/auth/verify-code", {"phone": make_phone(), "code": "000000"})
    assert known.status_code == unknown.status_code == 401
    assert {**known.json, "request_id": ""} == {**unknown.json, "request_id": ""}


def test_after_five_wrong_tries_the_right_code_fails_too(app, nobody, person):
    nobody.post("/api/auth/request-code", {"phone": person["phone"]})
    code = code_sent_to(app, person["phone"])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        assert nobody.post("/api/auth/verify-code", {"phone": person["phone"], "code": wrong}).status_code == 401
    right = nobody.post("/api/auth/verify-code", {"phone": person["phone"], "code": code})
    assert (right.status_code, right.json["code"]) == (401, "code_wrong")


def test_a_code_works_once(app, nobody, person):
    assert sign_in(app, nobody, phone=person["phone"]).status_code == 200
    code = code_sent_to(app, person["phone"])
    assert nobody.post("/api/auth/verify-code", {"phone": person["phone"], "code": code}).status_code == 401


def test_whoever_registers_becomes_a_member_with_a_welcome(app, nobody):
    house = make_cast(app, rules=None).ours
    with app.app_context(), transaction():
        db.session.execute(
            db.text("UPDATE programme SET rules = jsonb_set(rules, '{welcome_bonus}', '100') WHERE partner_id = :p"),
            {"p": house.partner_id},
        )
    email, phone = make_email(), make_phone()
    body = {
        "email": email,
        "phone": phone,
        "name": "Анна",
        "partner_id": house.partner_code,
        "consents": {"personal_data": True},
    }
    for path in ("/register", "/api/register"):
        answer = nobody.post(path, body)
        assert answer.status_code == 202
        assert answer.json["telegram_link"] == app.config["SETTINGS"].bot_link(f"p{house.partner_code}")
    tokens = nobody.post("/api/auth/verify-code", {"email": email, "code": code_sent_to(app, email)}).json
    anna = bearer(app, tokens)
    profile = anna.get("/api/customer/profile").json
    assert (profile["name"], profile["email"], profile["phone"]) == ("Анна", email, None)
    assert profile["discount_card_number"]
    loyalty = anna.get("/api/customer/loyalty").json
    assert (loyalty["total"], loyalty["transactions"]["items"][0]["kind"]) == (100, "bonus")


def test_an_unknown_partner_is_not_found(nobody):
    for partner in ("999999999999", "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"):
        answer = nobody.post("/api/register", {"phone": make_phone(), "partner_id": partner})
        assert (answer.status_code, answer.json["code"]) == (404, "partner_not_found")


def test_refresh_rotates_and_a_stolen_token_ends_the_session(app, nobody, person, monkeypatch):
    tokens = sign_in(app, nobody, phone=person["phone"]).json
    fresh = nobody.post("/api/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json
    assert fresh["refresh_token"] != tokens["refresh_token"]
    newest = nobody.post("/api/auth/refresh", {"refresh_token": fresh["refresh_token"]}).json
    stolen = nobody.post("/api/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert (stolen.status_code, stolen.json["code"]) == (401, "session_ended")
    for late in (fresh, newest):
        assert nobody.post("/api/auth/refresh", {"refresh_token": late["refresh_token"]}).status_code == 401
        assert bearer(app, late).get("/api/auth/me").status_code == 401


def test_sessions_are_listed_and_ended(app, nobody, person):
    first = bearer(app, sign_in(app, nobody, phone=person["phone"]).json)
    second = bearer(app, sign_in(app, nobody, email=person["email"]).json)
    sessions = first.get("/api/auth/sessions").json["items"]
    assert [session["is_current"] for session in sessions].count(True) == 1
    (other,) = [session["id"] for session in sessions if not session["is_current"]]
    assert first.delete(f"/api/auth/sessions/{other}").status_code == 204
    ended = second.get("/api/auth/me")
    assert (ended.status_code, ended.json["code"]) == (401, "session_ended")
    assert first.post("/api/auth/logout").status_code == 204
    assert first.get("/api/auth/me").status_code == 401


def test_somebody_elses_session_cannot_be_ended(app, nobody, person):
    cast = make_cast(app)
    foreign = cast.admin.delete(f"/api/auth/sessions/{cast.stranger.session_id}")
    assert (foreign.status_code, foreign.json["code"]) == (404, "session_not_found")
    assert cast.stranger.get("/api/auth/me").status_code == 200


def test_a_dismissed_cashier_is_out_at_once(app):
    house = make_cast(app).ours
    cashier, owner = house.staff["cashier"], house.staff["owner"]
    assert cashier.get("/api/partner").status_code == 200
    staff = {row["customer_id"]: row["id"] for row in owner.get("/api/partner/staff").json["items"]}
    assert owner.delete(f"/api/partner/staff/{staff[str(cashier.customer_id)]}").status_code == 204
    assert (cashier.get("/api/partner").status_code, cashier.get("/api/auth/me").status_code) == (403, 200)


def test_existence_of_a_card_is_told_to_staff_only(app, nobody):
    cast = make_cast(app)
    with app.app_context(), transaction():
        from loyalty import customers
        from models.customer import Customer

        card = customers.issue_card(db.session.get(Customer, cast.ours.member.customer_id))
    for actor in (nobody, cast.stranger):
        assert actor.post("/api/auth/verify-card", {"card_number": card}).json == {"well_formed": True}
    told = cast.ours.staff["cashier"].post("/api/auth/verify-card", {"card_number": card}).json
    assert told == {"well_formed": True, "exists": True}
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert nobody.post("/api/auth/verify-card", {"card_number": wrong}).json == {"well_formed": False}
    nobody.post("/api/auth/request-code", {"card_number": card})
    login = nobody.post("/api/auth/login-by-card", {"card_number": card, "code": code_sent_to(app, cast.ours.phone)})
    assert login.status_code == 200


def test_who_works_for_two_acts_for_the_older_unless_they_say_for_which(app):
    cast = make_cast(app)
    owner = cast.ours.staff["owner"]
    assert owner.get("/api/partner", X_Partner_Id=cast.theirs.partner_code).json["code"] == "partner_not_found"
    theirs = cast.theirs.staff["owner"]
    hired = {"phone": phone_of(app, owner), "role": "cashier"}
    assert theirs.post("/api/partner/staff", hired).status_code == 201
    assert owner.get("/api/partner").json["id"] == str(cast.ours.partner_id)
    assert [place["partner_id"] for place in owner.get("/api/auth/me").json["staff"]] == [
        str(cast.ours.partner_id),
        str(cast.theirs.partner_id),
    ]
    for house in (cast.ours, cast.theirs):
        for name in (str(house.partner_id), house.partner_code):
            assert owner.get("/api/partner", X_Partner_Id=name).json["id"] == str(house.partner_id)
    assert owner.put("/api/partner", {"name": "Моё"}, X_Partner_Id=cast.theirs.partner_code).status_code == 403
    assert owner.delete(f"/api/auth/places/{cast.theirs.partner_id}").status_code == 204
    assert owner.get("/api/partner", X_Partner_Id=cast.theirs.partner_code).status_code == 404
    again = owner.delete(f"/api/auth/places/{cast.theirs.partner_id}")
    assert (again.status_code, again.json["code"]) == (404, "staff_not_found")
    last = owner.delete(f"/api/auth/places/{cast.ours.partner_id}")
    assert (last.status_code, last.json["code"]) == (409, "last_owner")


def test_hiring_a_stranger_does_not_tell_their_name(app):
    cast = make_cast(app)
    owner, stranger = cast.ours.staff["owner"], cast.stranger
    hired = owner.post("/api/partner/staff", {"phone": phone_of(app, stranger), "role": "cashier"})
    assert (hired.status_code, hired.json["name"]) == (201, None)
    listed = owner.get("/api/partner/staff")
    (row,) = [row for row in listed.json["items"] if row["id"] == hired.json["id"]]
    changed = owner.put(f"/api/partner/staff/{row['id']}", {"role": "manager"})
    assert row["name"] is changed.json["name"] is None
    assert "Прохожий" not in hired.text + listed.text + changed.text
    assert stranger.get("/api/auth/me").json["name"] == "Прохожий"


def test_an_application_becomes_a_partner_that_can_work(app):
    cast = make_cast(app)
    wish = {"name": "Кофейня у дома", "city": "Тверь", "preset": "retail"}
    made = cast.stranger.post("/api/partner/applications", wish)
    assert (made.status_code, made.json["state"]) == (201, "pending")
    assert cast.stranger.post("/api/partner/applications", wish).json["code"] == "application_pending"
    assert made.json["id"] in {
        one["id"] for one in cast.admin.get("/api/admin/applications?state=pending").json["items"]
    }
    url = f"/api/admin/applications/{made.json['id']}"
    assert cast.stranger.post(f"{url}/approve").status_code == 403
    approved = cast.admin.post(f"{url}/approve")
    assert (approved.status_code, approved.json["name"]) == (200, "Кофейня у дома")
    assert cast.admin.post(f"{url}/refuse", {"reason": "Поздно"}).json["code"] == "application_decided"
    owner = cast.stranger
    assert owner.get("/api/partner/programme").json["rules"]["rate"] == "0.01"
    changed = owner.put("/api/partner/programme", {"rate": "0.02"}).json
    assert (changed["version"], changed["rules"]["rate"]) == (2, "0.02")
    assert owner.put("/api/partner/programme", {"rate": "7"}).json["errors"]["rate"]
    tried = owner.post("/api/partner/programme/quote", {"amount": "1000", "rules": {"rate": "0.1"}})
    assert (tried.status_code, tried.json["earn"]) == (200, 100)
    branch = owner.post("/api/partner/branches", {"name": "Второй"}).json
    assert owner.delete(f"/api/partner/branches/{branch['id']}").status_code == 204
    assert owner.put("/api/partner/plan", {"plan": "enterprise"}).status_code == 200
    key = owner.post("/api/partner/api-keys", {"name": "Касса", "scopes": ["pos:quote"]}).json
    till = Actor(app, "till", {"X-API-Key": key["api_key"]})
    basket = {"customer": {"phone": make_phone()}, "amount": "1000"}
    assert till.post("/api/pos/quotes", basket).json["will_earn"] == 20
    assert till.post("/api/pos/holds", {"quote_id": key["id"], "points": 1}, key="k").status_code == 403
    assert "api_key" not in owner.get("/api/partner/api-keys").json["items"][0]
    assert owner.delete(f"/api/partner/api-keys/{key['id']}").status_code == 204
    assert till.post("/api/pos/quotes", basket).json["code"] == "api_key_invalid"
    phone = make_phone()
    hired = owner.post("/api/partner/staff", {"phone": phone, "role": "cashier", "name": "Ольга"})
    assert (hired.status_code, hired.json["name"]) == (201, "Ольга")
    place = f"/api/partner/staff/{hired.json['id']}"
    assert owner.put(place, {"role": "cashier", "name": "Ольга Белова"}).json["name"] == "Ольга Белова"
    assert owner.put(place, {"role": "cashier"}).json["name"] == "Ольга Белова"
    nobody = Actor(app, "nobody")
    cashier = bearer(app, sign_in(app, nobody, phone=phone).json)
    assert cashier.get("/api/auth/me").json["staff"][0]["role"] == "cashier"


def test_a_profile_changes_but_not_its_contacts(app):
    member = make_cast(app).ours.member
    changes = {"name": "Пётр", "birth_date": "1990-02-28", "purchase_preferences": {"size": 38.5, "brands": ["A"]}}
    assert member.put("/api/customer/profile", changes).status_code == 200
    profile = member.get("/api/customer/profile").json
    assert {name: profile[name] for name in changes} == changes
    assert member.put("/api/customer/profile", profile_form(profile)).status_code == 200
    other = member.put("/api/customer/profile", {"phone": make_phone()})
    assert (other.status_code, other.json["code"]) == (409, "contact_needs_proof")


def profile_form(profile):
    """What a form sends back that shows a profile."""
    return {name: profile[name] for name in ("name", "phone", "email", "birth_date", "locale", "timezone")}


def test_a_contact_changes_by_a_code_sent_to_it(app, nobody, person):
    me, phone = bearer(app, sign_in(app, nobody, phone=person["phone"]).json), make_phone()
    asked = me.post("/api/customer/contacts/request-code", {"phone": phone})
    assert (asked.status_code, set(asked.json)) == (202, {"status", "expires_in", "repeat_after"})
    code = code_sent_to(app, phone)
    wrong = me.post("/api/customer/contacts/verify-code", {"phone": phone, "code": f"{(int(code) + 1) % 10**6:06}"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "code_wrong")
    proven = me.post("/api/customer/contacts/verify-code", {"phone": phone, "code": code})
    assert (proven.status_code, proven.json["phone"]) == (200, phone)
    assert me.put("/api/customer/profile", {"phone": phone}).status_code == 200
    assert sign_in(app, nobody, phone=phone).status_code == 200


def test_a_contact_of_somebody_else_stays_theirs(app, nobody, person):
    with app.app_context(), transaction():
        make_customer(taken := make_phone())
    me = bearer(app, sign_in(app, nobody, phone=person["phone"]).json)
    me.post("/api/customer/contacts/request-code", {"phone": taken})
    refused = me.post("/api/customer/contacts/verify-code", {"phone": taken, "code": code_sent_to(app, taken)})
    assert (refused.status_code, refused.json["code"]) == (409, "identity_taken")
    assert me.get("/api/customer/profile").json["phone"] == person["phone"]


def test_a_consent_is_given_and_withdrawn(app):
    member, partner_id = (house := make_cast(app).ours).member, str(house.partner_id)
    given = member.put("/api/customer/consents", {"partner_id": partner_id, "advertising": True})
    assert [(one["kind"], one["partner_id"], one["granted"]) for one in given.json["items"]] == [
        ("advertising", partner_id, True)
    ]
    member.put("/api/customer/consents", {"partner_id": partner_id, "advertising": False})
    (shown,) = member.get("/api/customer/consents").json["items"]
    assert shown["granted"] is False
    assert member.get("/api/customer/profile").json["consents"] == [shown]


def test_limits_answer_429_and_say_when_to_come_back(app, nobody, monkeypatch):
    from loyalty import sign_in as rules

    monkeypatch.setattr(rules._limits, "per_address_a_minute", 0)
    answer = nobody.post("/api/auth/request-code", {"phone": make_phone()})
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
