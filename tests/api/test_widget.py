"""The widget's calls: what everybody may know, and what one browser shows one person of one partner."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from api.widget import FRAME_HEADER, SESSION_HEADER
from loyalty import claims, customers, joining, ledger, notices, promotions, sign_in, surveys, tiers, widget_sessions
from loyalty.clock import utcnow
from loyalty.widget_look import HOUSE_COLOUR
from loyalty.widget_sessions import BROWSER_COOKIE, session_cookie
from models import db, transaction
from models.customer import Customer, Identity
from models.partner import Partner
from models.widget import WidgetSession
from models.work import Outbox
from tests.api.roles import in_frame, make_cast, new_key
from tests.api.samples import ask_member
from tests.api.test_sign_in_story import code_sent_to
from tests.factories import make_customer, make_phone, make_site, make_staff

SITE = "https://shop.example"


class Frame:
    """A browser that keeps cookies, with a partner's frame open in it."""

    def __init__(self, app, house):
        self.app, self.house = app, house
        self.client = app.test_client()
        self.browser = widget_sessions.new_browser()
        self.client.set_cookie(BROWSER_COOKIE, self.browser)
        with app.app_context():
            self.token = widget_sessions.frame_token(self.browser, house.partner_id)

    def call(self, method, name, body=None, *, partner=None, **headers):
        sent = {FRAME_HEADER: self.token, "Sec-Fetch-Site": "same-origin"} | headers
        sent = {key: value for key, value in sent.items() if value is not None}
        url = f"/api/widget/{partner or self.house.partner_code}/{name}"
        return self.client.open(url, method=method, json=body, headers=sent)

    def ask(self, phone=None, **more):
        return self.call("POST", "request-code", {"phone": phone or self.house.phone} | more)

    def sign_in(self, phone=None):
        phone = phone or self.house.phone
        self.ask(phone)
        return self.call("POST", "verify-code", {"phone": phone, "code": code_sent_to(self.app, phone)})

    def look(self, **options):
        return self.call("GET", "me", **options)


@pytest.fixture
def frame(app, cast):
    return Frame(app, cast.ours)


@pytest.fixture
def earned(app, cast):
    """A cashier credits the member 50 points here, and 500 at the other partner."""
    for house, amount in ((cast.ours, "1000.00"), (cast.theirs, "10000.00")):
        body = {"customer": {"phone": cast.ours.phone}, "type": "accrual", "amount": amount}
        answer = house.staff["cashier"].post("/api/partner/transactions", body, key=f"widget-{house.partner_id}")
        assert answer.status_code in (200, 201)


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return True


# What everybody may know


def test_the_card_is_everybodys_and_kept_for_a_while(app, cast):
    answers = [
        app.test_client().get(f"/api/widget/{name}", headers={"Origin": SITE})
        for name in (cast.ours.partner_code, cast.ours.partner_id)
    ]
    assert (
        answers[0].json
        == answers[1].json
        == {
            "name": "Кофейня",
            "colour": HOUSE_COLOUR,
            "badge": None,
            "position": "bottom-right",
            "label_ru": None,
            "label_en": None,
        }
    )
    headers = answers[0].headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["Cache-Control"] == "private, max-age=300"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("name", ["999999999999", "1", "x", "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d", "%27"])
def test_a_widget_of_nobody_is_a_problem_that_every_site_may_read(client, name):
    answer = client.get(f"/api/widget/{name}")
    assert refused(answer, 404, "partner_not_found")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_suspended_partner_has_no_widget(app, frame, cast, suspended):
    frame.sign_in()
    assert frame.look().status_code == 200
    suspended("suspended")
    assert refused(app.test_client().get(f"/api/widget/{cast.ours.partner_code}"), 404, "partner_not_found")
    assert refused(frame.look(), 404, "partner_not_found")
    assert refused(frame.ask(), 404, "partner_not_found")
    suspended("active")
    assert refused(frame.look(), 401, "session_ended")


@pytest.fixture
def suspended(app, cast):
    def change(state):
        with app.app_context(), transaction():
            db.session.get_one(Partner, cast.ours.partner_id).state = state

    yield change
    change("active")


# Signing in


def test_a_code_opens_a_day_in_a_cookie_that_browsers_keep_apart_for_each_site(frame):
    answer = frame.sign_in()
    assert answer.json == {"session": None}
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name, _, rest = cookie.partition("=")
    assert name == session_cookie(frame.house.partner_code)
    wanted = {"Secure", "HttpOnly", "SameSite=None", "Path=/", "Partitioned", "Max-Age=86400"}
    assert wanted <= set(rest.split("; ")[1:])
    assert "Domain" not in cookie


def test_the_frame_shows_this_partner_and_nothing_of_the_person(app, frame, cast, earned):
    frame.sign_in()
    answer = frame.look()
    assert answer.json | {"operations": ...} == {
        "is_member": True, "balance": 50, "available": 50, "pending": 0, "held": 0, "tier": None, "expiring": [], "survey": None,
        "operations": ...,
    }  # fmt: skip
    (operation,) = answer.json["operations"]["items"]
    assert operation.keys() == {"story", "points", "check_amount", "occurred_at"}
    assert (operation["story"], operation["points"], operation["check_amount"]) == ("purchase", 50, "1000.00")
    assert 500 not in (
        answer.json["balance"],
        answer.json["available"],
        *[one["points"] for one in answer.json["operations"]["items"]],
    )
    with app.app_context():
        identities = db.session.scalars(
            db.select(Identity.value).where(Identity.customer_id == cast.ours.member.customer_id)
        )
        for secret in (*identities, cast.ours.member.customer_id, "Иван"):
            assert str(secret) not in answer.text


def test_somebody_who_is_no_member_here_has_no_points_here(app, frame):
    with app.app_context(), transaction():
        phone = make_phone()
        make_customer(phone)
    frame.sign_in(phone)
    shown = frame.look().json
    assert (shown["is_member"], shown["balance"], shown["operations"]["items"]) == (False, 0, [])


def test_signing_out_ends_it(frame, app):
    frame.sign_in()
    left = frame.call("POST", "sign-out")
    assert left.status_code == 204
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert refused(frame.look(), 401, "session_ended")
    assert frame.call("POST", "sign-out").status_code == 204


def test_a_browser_without_cookies_keeps_the_session_in_the_memory_of_the_page(app, cast, earned):
    visitor, code = in_frame(app, cast.ours.partner_id), cast.ours.partner_code
    visitor.post(f"/api/widget/{code}/request-code", {"phone": cast.ours.phone})
    shown = {"phone": cast.ours.phone, "code": code_sent_to(app, cast.ours.phone)}
    opened = visitor.post(f"/api/widget/{code}/verify-code", shown)
    assert "Set-Cookie" not in opened.headers
    header = {SESSION_HEADER.replace("-", "_"): opened.json["session"]}
    assert visitor.get(f"/api/widget/{code}/me", **header).json["balance"] == 50
    assert refused(visitor.get(f"/api/widget/{code}/me"), 401, "session_ended")
    assert visitor.post(f"/api/widget/{code}/sign-out", **header).status_code == 204
    assert refused(visitor.get(f"/api/widget/{code}/me", **header), 401, "session_ended")


def test_known_and_unknown_people_get_the_same_answer(frame):
    known, unknown = frame.ask(), frame.ask(make_phone())
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    wrong = {"code": "000000"}
    known = frame.call("POST", "verify-code", {"phone": frame.house.phone} | wrong)
    unknown = frame.call("POST", "verify-code", {"phone": make_phone()} | wrong)
    assert known.status_code == unknown.status_code == 401
    assert known.json | {"request_id": ""} == unknown.json | {"request_id": ""}


def test_a_code_is_worth_nothing_in_another_browser_or_at_another_partner(app, cast, frame):
    frame.ask()
    shown = {"phone": cast.ours.phone, "code": code_sent_to(app, cast.ours.phone)}
    for other in (Frame(app, cast.ours), Frame(app, cast.theirs)):
        assert refused(other.call("POST", "verify-code", shown), 401, "code_wrong")
    assert frame.call("POST", "verify-code", shown).status_code == 200
    assert refused(frame.call("POST", "verify-code", shown), 401, "code_wrong")


def test_a_widget_code_signs_in_nowhere_else_and_a_cabinet_code_not_here(app, cast, frame):
    frame.ask()
    code = code_sent_to(app, cast.ours.phone)
    assert refused(
        cast.nobody.post("/api/auth/verify-code", {"phone": cast.ours.phone, "code": code}), 401, "code_wrong"
    )
    cast.nobody.post("/api/auth/request-code", {"phone": cast.ours.phone})
    cabinet = code_sent_to(app, cast.ours.phone)
    if cabinet != code:
        assert refused(
            frame.call("POST", "verify-code", {"phone": cast.ours.phone, "code": cabinet}), 401, "code_wrong"
        )
    assert cast.nobody.post("/api/auth/verify-code", {"phone": cast.ours.phone, "code": cabinet}).status_code == 200


def test_a_phone_is_read_as_the_partners_country_writes_it(app, cast, frame):
    assert frame.ask("8" + cast.ours.phone[2:]).status_code == 202
    assert code_sent_to(app, cast.ours.phone)


def test_the_message_names_a_site_of_the_partners_only(app, cast, frame):
    with app.app_context(), transaction():
        make_site(cast.ours.partner_id, SITE)
    assert refused(frame.ask(site="https://evil.example"), 400, "invalid_origin")
    assert frame.ask(site=SITE).status_code == 202
    text = newest_message(app, cast.ours.phone)
    assert "на сайте shop.example." in text
    assert re.search(r"\n@shop\.example #\d{6} @localhost$", text)


def test_the_frame_tells_what_runs_for_the_visitor_and_not_what_it_may_cost(app):
    frame = Frame(app, make_cast(app).ours)
    frame.sign_in()
    levels = [{"name": "Серебро", "threshold": "1000.00", "factor": "1.2"}]
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, frame.house.partner_id)
        for name, terms in (("Всем", {"points": 10, "budget": 777}), ("Списку", {"points": 99, "audience": "list"})):
            made = promotions.make(
                partner, name=name, kind="fixed", terms=terms, starts_at=utcnow(), ends_at=None, by=None, now=utcnow()
            )
            promotions.switch_on(partner, made.id, by=None, now=utcnow())
        tiers.set_scheme(
            partner, tiers.read_scheme({"measure": "spent", "window": "ever", "levels": levels}), by=None, now=utcnow()
        )
    told = frame.call("GET", "offers").json
    assert told["items"] == [{"name": "Всем", "kind": "fixed", "terms": {"points": 10}, "ends_at": None}]
    assert told["tier"] == {
        "tier": None, "factor": None, "sum": "0.00", "measure": "spent", "following": "Серебро", "missing": "1000.00",
    }  # fmt: skip
    with app.app_context(), transaction():
        tiers.set_scheme(db.session.get_one(Partner, frame.house.partner_id), None, by=None, now=utcnow())
    assert frame.call("GET", "offers").json["tier"] is None


# Asking for points


def claim(frame, body, *, key=None, **headers):
    return frame.call("POST", "claims", body, **{"Idempotency-Key": key or new_key()} | headers)


@pytest.fixture
def joined(app, cast):
    """A frame in which somebody is signed in who has joined the partner, and their id."""
    with app.app_context(), transaction():
        phone = make_phone()
        person = make_customer(phone)
        partner = db.session.get_one(Partner, cast.ours.partner_id)
        joining.join(person, partner, {"personal_data": True}, place="page", now=utcnow())
        person_id = person.id
    frame = Frame(app, cast.ours)
    frame.sign_in(phone)
    return frame, person_id


def test_a_visitor_asks_for_points_and_sees_what_became_of_it(cast, joined):
    frame, _ = joined
    before = frame.look().json["balance"]
    asked = claim(frame, {"amount": "700.00"})
    assert asked.status_code == 201, asked.text
    assert asked.json | {"created_at": "", "id": ""} == {
        "id": "", "amount": "700.00", "approved_amount": None, "points": 0, "has_receipt": False, "state": "waiting",
        "reason": None, "created_at": "",
    }  # fmt: skip
    assert frame.look().json["balance"] == before
    waiting = cast.ours.staff["cashier"].get("/api/partner/claims?limit=100").json["items"]
    assert [one["source"] for one in waiting if one["id"] == asked.json["id"]] == ["web_widget"]
    refused_there = {"reason": "Такой покупки не было"}
    cast.ours.staff["cashier"].post(f"/api/partner/claims/{asked.json['id']}/refuse", refused_there)
    second = claim(frame, {"amount": "800.00"}).json["id"]
    assert (
        cast.ours.staff["cashier"].post(f"/api/partner/claims/{second}/approve", {}, key=new_key()).status_code == 200
    )
    shown = frame.call("GET", "claims").json["items"]
    assert [(one["state"], one["points"], one["reason"]) for one in shown] == [
        ("approved", 40, None),
        ("refused", 0, "Такой покупки не было"),
    ]
    assert frame.look().json["balance"] == before + 40


def test_in_a_frame_nobody_becomes_a_customer(app, cast, frame):
    with app.app_context(), transaction():
        phone = make_phone()
        person_id = make_customer(phone).id
    frame.sign_in(phone)
    assert refused(claim(frame, {"amount": "700.00"}), 422, "consent_required")
    with app.app_context():
        assert customers.membership_of(person_id, cast.ours.partner_id) is None


def test_a_claim_without_a_receipt_waits_whatever_the_partner_lets_pass(app, cast, joined):
    frame, _ = joined
    limits = claims.ClaimPolicy(is_automatic=True, known_only=False, receipt_only=False, a_day=20)
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cast.ours.partner_id)
        before = claims.policy_of(partner)
        claims.set_policy(partner, limits, by=cast.ours.member.customer_id)
    asked = claim(frame, {"amount": "100.00"})
    with app.app_context(), transaction():
        claims.set_policy(db.session.get_one(Partner, cast.ours.partner_id), before, by=cast.ours.member.customer_id)
    assert (asked.status_code, asked.json["state"]) == (201, "waiting")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "claim_needs_sum"),
        ({"amount": "0"}, 400, "validation_error"),
        ({"amount": "-5.00"}, 400, "validation_error"),
        ({"receipt": "t=1&s=2"}, 422, "invalid_fiscal_receipt"),
        ({"amount": "1.00", "receipt": "t=20201120T143000&s=1.00&fn=9960440300000001&i=1&fp=1&n=1"}, 422, "fiscal_receipt_old"),
        ({"amount": "1.00", "partner_id": "406631153"}, 400, "validation_error"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_read_changes_nothing(joined, body, status, code):
    frame, _ = joined
    assert refused(claim(frame, body), status, code)
    assert frame.call("GET", "claims").json["items"] == []


def test_a_claim_is_heard_from_the_visitors_own_frame_only_and_once(app, cast, joined):
    frame, _ = joined
    body, key = {"amount": "700.00"}, new_key()
    for spoil in (
        {FRAME_HEADER: None},
        {"Sec-Fetch-Site": "cross-site"},
        {FRAME_HEADER: Frame(app, cast.theirs).token},
    ):
        assert refused(claim(frame, body, **spoil), 403, "forbidden")
    assert refused(claim(Frame(app, cast.ours), body), 401, "session_ended")
    assert refused(frame.call("POST", "claims", body), 400, "idempotency_key_required")
    answers = [claim(frame, body, key=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(frame.call("GET", "claims").json["items"]) == 1
    assert refused(claim(frame, {"amount": "701.00"}, key=key), 409, "idempotency_conflict")


# Coming back from the page where one joins


@pytest.fixture
def shown(app, cast, joined):
    """What our own page shows to somebody who went there from a frame in which nobody is signed in: frame, code, person."""
    frame, person_id = Frame(app, cast.ours), joined[1]
    with app.app_context(), transaction():
        mark = widget_sessions.mark_of(frame.browser, cast.ours.partner_id)
        partner = db.session.get_one(Partner, cast.ours.partner_id)
        code, _ = sign_in.show_widget_code(person_id, partner, mark, utcnow())
    return frame, code, person_id


def arrive(frame, code, **options):
    return frame.call("POST", "arrive", {"code": code}, **options)


def test_the_code_of_our_own_page_opens_the_widget_once_and_where_one_came_from(app, cast, shown):
    frame, code, _ = shown
    for other in (Frame(app, cast.ours), Frame(app, cast.theirs)):
        assert refused(arrive(other, code), 401, "code_wrong")
    assert refused(arrive(frame, code, **{"Sec-Fetch-Site": "cross-site"}), 403, "forbidden")
    assert refused(arrive(frame, code, **{FRAME_HEADER: None}), 403, "forbidden")
    opened = arrive(frame, code)
    assert (opened.status_code, opened.json) == (200, {"session": None})
    assert frame.look().json["is_member"]
    frame.call("POST", "sign-out")
    assert refused(arrive(frame, code), 401, "code_wrong")


def test_five_wrong_codes_spoil_the_right_one(shown):
    frame, code, _ = shown
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        assert refused(arrive(frame, wrong), 401, "code_wrong")
    assert refused(arrive(frame, code), 401, "code_wrong")


def test_the_shown_code_signs_in_nowhere_else_and_whoever_is_blocked_not_at_all(app, cast, shown):
    frame, code, person_id = shown
    with app.app_context():
        phone = db.session.scalar(
            db.select(Identity.value).where(Identity.customer_id == person_id, Identity.kind == "phone")
        )
    assert refused(cast.nobody.post("/api/auth/verify-code", {"phone": phone, "code": code}), 401, "code_wrong")
    assert refused(frame.call("POST", "verify-code", {"phone": phone, "code": code}), 401, "code_wrong")
    with app.app_context(), transaction():
        db.session.get_one(Customer, person_id).state = "blocked"
    assert refused(arrive(frame, code), 401, "code_wrong")


# Who may call


@pytest.mark.parametrize(
    "spoil",
    [
        {FRAME_HEADER: None},
        {FRAME_HEADER: "x"},
        {"Sec-Fetch-Site": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_only_the_frame_itself_is_heard(frame, spoil):
    frame.sign_in()
    for method, name, body in (
        ("GET", "me", None),
        ("POST", "sign-out", None),
        ("POST", "request-code", {"phone": frame.house.phone}),
        ("POST", "verify-code", {"phone": frame.house.phone, "code": "123456"}),
    ):
        assert refused(frame.call(method, name, body, **spoil), 403, "forbidden")
    assert frame.look().status_code == 200


def test_a_frame_of_another_browser_or_partner_is_not_heard(app, cast, frame):
    frame.sign_in()
    for other in (Frame(app, cast.ours), Frame(app, cast.theirs)):
        assert refused(frame.look(**{FRAME_HEADER: other.token}), 403, "forbidden")
    assert refused(frame.look(partner=cast.theirs.partner_code), 403, "forbidden")


def test_no_site_may_read_what_the_frame_is_told(frame):
    frame.sign_in()
    answer = frame.look(Origin=SITE)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    preflight = frame.call("OPTIONS", "me", Origin=SITE)
    assert not [name for name, _ in preflight.headers if name.startswith("Access-Control")]


def test_a_session_of_one_partner_is_none_at_another(app, cast):
    ours, theirs = Frame(app, cast.ours), Frame(app, cast.theirs)
    ours.sign_in()
    secret = ours.client.get_cookie(session_cookie(cast.ours.partner_code)).value
    theirs.client.set_cookie(session_cookie(cast.theirs.partner_code), secret)
    assert refused(theirs.look(), 401, "session_ended")


def test_two_widgets_on_one_site_do_not_disturb_each_other(app, cast):
    ours = Frame(app, cast.ours)
    ours.sign_in()
    theirs = Frame(app, cast.theirs)
    theirs.client, theirs.browser = ours.client, ours.browser
    with app.app_context():
        theirs.token = widget_sessions.frame_token(ours.browser, cast.theirs.partner_id)
    assert refused(theirs.look(), 401, "session_ended")
    assert ours.look().status_code == 200


def test_a_widgets_session_opens_no_other_door(app, cast, frame):
    """Not the cabinet, not the desk, not the admin's rooms: of an owner's and an admin's session neither."""
    with app.app_context(), transaction():
        phone = make_phone()
        person = make_customer(phone)
        make_staff(db.session.get_one(Partner, cast.ours.partner_id), "owner", person)
    frame.sign_in(phone)
    secret = frame.client.get_cookie(session_cookie(cast.ours.partner_code)).value
    for url in ("/api/auth/me", "/api/customer/loyalty", "/api/partner", "/api/admin/customers"):
        assert frame.client.get(url).status_code == 401
        for scheme in ("Bearer", "Widget"):
            assert cast.nobody.get(url, Authorization=f"{scheme} {secret}").status_code == 401
    assert cast.nobody.post("/api/auth/refresh", {"refresh_token": secret}).status_code == 401


def test_a_session_of_the_cabinet_opens_no_widget(cast, frame):
    token = cast.ours.member.headers["Authorization"]
    assert refused(frame.look(Authorization=token), 401, "session_ended")
    assert refused(frame.look(**{SESSION_HEADER: token.removeprefix("Bearer ")}), 401, "session_ended")


def test_a_blocked_person_is_out_at_once(app, frame):
    with app.app_context(), transaction():
        phone = make_phone()
        person_id = make_customer(phone).id
    frame.sign_in(phone)
    assert frame.look().status_code == 200
    with app.app_context(), transaction():
        db.session.get_one(Customer, person_id).state = "blocked"
    assert refused(frame.look(), 401, "session_ended")


def test_a_session_ends_after_a_day(app, frame):
    frame.sign_in()
    with app.app_context(), transaction():
        mine = db.select(WidgetSession).where(WidgetSession.partner_id == frame.house.partner_id)
        for session in db.session.scalars(mine):
            session.expires_at = utcnow() - timedelta(seconds=1)
    assert refused(frame.look(), 401, "session_ended")


def test_long_histories_come_in_pages(app):
    house = make_cast(app).ours
    with app.app_context(), transaction():
        membership = customers.membership_of(house.member.customer_id, house.partner_id)
        for number in range(12):
            ledger.adjust(house.partner_id, membership.id, 1, source="admin", source_ref=f"gift {number}", now=utcnow())
    frame = Frame(app, house)
    frame.sign_in()
    first = frame.look().json["operations"]
    rest = frame.call("GET", f"me?cursor={first['next_cursor']}").json["operations"]
    assert len(first["items"]) == 10
    assert (len(rest["items"]), rest["next_cursor"]) == (2, None)
    assert {operation["story"] for operation in first["items"]} == {"corrected"}


def newest_message(app, phone):
    """The newest text message with a code, as it would be sent."""
    with app.app_context():
        rows = db.session.execute(
            db.select(Outbox.payload, Outbox.sealed)
            .where(Outbox.job == "send_code", Outbox.sealed.is_not(None))
            .order_by(Outbox.id.desc())
        )
        found = (notices.code_notice(UUID(row.payload["code_id"]), row.sealed, utcnow()) for row in rows)
        return next(notice.body_for("sms") for notice in found if notice and notice.routes[0].address == phone)


# What changes the member's balance stands at the end


def test_a_visit_that_waits_to_be_rated_is_linked_at_its_own_partner_alone(frame, cast):
    frame.sign_in()
    foreign = ask_member(cast.theirs)
    assert frame.look().json["survey"] is None and foreign.state == "asked"
    asked = ask_member(cast.ours)
    link = frame.look().json["survey"]
    assert link == f"/nps/{surveys.token_of(asked)}?from=widget"
    cast.ours.member.put(f"/api/customer/surveys/{asked.id}", {"score": 10})
    assert frame.look().json["survey"] is None
