"""One good call for every route, made to order: what bad-input and matrix tests spoil.

`make_samples(cast)` makes the things that paths name (a purchase, a hold, a key …) and answers ``{"METHOD rule": Sample}``.
A route without a sample fails `test_bad_input`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from loyalty import referrals, surveys
from loyalty.cards import new_card_number
from loyalty.claims import MOST_WAITING
from loyalty.clock import utcnow
from models import db, transaction
from models.ledger import Purchase
from models.partner import Partner
from models.survey import Survey
from tests.api.roles import Actor, Cast, House, in_frame, new_key
from tests.factories import make_email, make_member, make_phone
from tests.loyalty.friends import TERMS, bring


@dataclass(frozen=True)
class Sample:
    """`ids` are the values of the path's variables; `body` None: the route takes none; `actor` may call it."""

    actor: Actor
    rule: str
    method: str
    ids: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        url = self.rule
        for name, value in self.ids.items():
            url = re.sub(rf"<(uuid:)?{name}>", str(value), url)
        return url

    def call(self, body: Any = ..., *, actor: Actor | None = None, url: str | None = None, key: str | None = ...):
        """The call, with a new Idempotency-Key unless another (or None) is given."""
        body = (... if self.body is None else self.body) if body is ... else body
        key = new_key() if key is ... else key
        return (actor or self.actor).call(self.method, url or self.url, body, key=key)


def make_samples(cast: Cast) -> dict[str, Sample]:
    found: dict[str, Sample] = {}

    def add(actor: Actor, method: str, rule: str, body: dict[str, Any] | None = None, **ids: Any) -> None:
        found[f"{method} {rule}"] = Sample(actor, rule, method, ids, body)

    _add_auth(add, cast)
    _add_cabinet(add, cast)
    _add_claims(add, cast)
    _add_sale_codes(add, cast)
    things = _make_things(cast.ours)
    _add_desk(add, cast, things)
    _add_promotions(add, cast, things["promotion_id"], things["draft_id"])
    _add_referrals(add, cast)
    _add_services(add, cast)
    _add_surveys(add, cast)
    _add_till(add, cast)
    _add_inbound(add, cast)
    _add_admin(add, cast)
    _add_widget(add, cast)
    for rule in ("/api/openapi.json", "/api/docs", "/api/docs/docs.css", "/healthz", "/readyz"):
        add(cast.nobody, "GET", rule)
    return found


def basket_of(house: House, amount: str = "1000.00") -> dict[str, Any]:
    lines = [{"amount": amount, "name": "Капучино", "sku": "C1", "category": "coffee", "quantity": "1"}]
    return {"customer": {"phone": house.phone}, "amount": amount, "lines": lines}


PROMOTION = {
    "name": "Двойные баллы",
    "kind": "happy_hours",
    "terms": {"factor": "2", "hours": [{"days": [1, 2], "since": "14:00", "until": "17:00"}], "budget": 10000},
    "starts_at": "2026-11-20T00:00:00+03:00",
    "ends_at": "2099-01-01T00:00:00+03:00",
}
"""A promotion as it is asked for."""


def make_purchase(house: House, amount: str = "1000.00") -> str:
    body = basket_of(house, amount) | {"type": "accrual"}
    return house.staff["cashier"].post("/api/partner/transactions", body, key=new_key()).json["id"]


def make_hold(house: House, points: int = 10) -> str:
    quote = house.till.post("/api/pos/quotes", basket_of(house)).json
    return house.till.post("/api/pos/holds", {"quote_id": quote["quote_id"], "points": points}, key=new_key()).json[
        "hold_id"
    ]


def _make_things(house: House) -> dict[str, str]:
    owner = house.staff["owner"]
    staff = owner.post("/api/partner/staff", {"phone": make_phone(), "role": "cashier"}).json
    return {
        "branch_id": owner.post("/api/partner/branches", {"name": "Второй"}).json["id"],
        "staff_id": staff["id"],
        "key_id": owner.post("/api/partner/api-keys", {"name": "Касса", "scopes": ["pos:quote"]}).json["id"],
        "purchase_id": make_purchase(house),
        "promotion_id": owner.post("/api/partner/promotions", PROMOTION).json["id"],
        "draft_id": owner.post("/api/partner/promotions", PROMOTION).json["id"],
    }


def _add_auth(add, cast: Cast) -> None:
    nobody, member = cast.nobody, cast.ours.member
    card = {"card_number": new_card_number()}
    add(nobody, "POST", "/api/auth/request-code", {"phone": make_phone()})
    add(nobody, "POST", "/api/auth/verify-code", {"phone": make_phone(), "code": "123456"})
    add(nobody, "POST", "/api/auth/verify-card", card)
    add(nobody, "POST", "/api/auth/login-by-card", card | {"code": "123456"})
    add(nobody, "POST", "/api/auth/refresh", {"refresh_token": "x" * 40})
    registration = {"email": make_email(), "phone": make_phone(), "name": "Анна", "partner_id": cast.ours.partner_code}
    registration |= {"invitation": make_invitation(cast.ours)}
    for rule in ("/register", "/api/register"):
        add(nobody, "POST", rule, registration | {"consents": {"personal_data": True, "advertising": False}})
    add(member, "GET", "/api/auth/me")
    add(member, "GET", "/api/auth/sessions")
    add(cast.theirs.staff["cashier"], "DELETE", "/api/auth/places/<uuid:partner_id>", partner_id=cast.theirs.partner_id)
    add(cast.stranger, "DELETE", "/api/auth/sessions")
    add(member, "DELETE", "/api/auth/sessions/<uuid:session_id>", session_id="0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d")
    add(cast.stranger, "POST", "/api/auth/logout")


def _add_cabinet(add, cast: Cast) -> None:
    member = cast.ours.member
    for name in (
        "profile",
        "balance",
        "loyalty",
        "purchase-history",
        "purchase-stats",
        "code",
        "export",
        "promotions",
        "tiers",
    ):
        add(member, "GET", f"/api/customer/{name}")
    add(member, "PUT", "/api/customer/profile", {"name": "Иван", "birth_date": "1990-05-31", "locale": "ru"})
    add(member, "POST", "/api/customer/contacts/request-code", {"phone": make_phone()})
    add(member, "POST", "/api/customer/contacts/verify-code", {"email": make_email(), "code": "123456"})
    add(member, "GET", "/api/customer/consents")
    answers = {"partner_id": str(cast.ours.partner_id), "personal_data": True, "advertising": False}
    add(member, "PUT", "/api/customer/consents", answers)
    wish = {"name": "Кофейня", "city": "Тверь", "timezone": "Europe/Moscow", "preset": "default", "comment": "Ждём"}
    add(cast.stranger, "POST", "/api/partner/applications", wish)
    add(cast.stranger, "GET", "/api/partner/applications")


def _add_desk(add, cast: Cast, things: dict[str, str]) -> None:
    house = cast.ours
    owner = house.staff["owner"]
    branch, staff, key = ({name: things[name]} for name in ("branch_id", "staff_id", "key_id"))
    for name in ("", "/programme", "/branches", "/staff", "/api-keys", "/customers", "/stats"):
        add(owner, "GET", f"/api/partner{name}")
    for name in ("customers", "transactions", "referrals"):
        add(owner, "GET", f"/api/partner/export/{name}.csv")
    add(owner, "PUT", "/api/partner", {"name": "Кофейня", "timezone": "Europe/Moscow", "notices_off": ["welcome"]})
    member = {"customer_id": house.member.customer_id}
    add(owner, "GET", "/api/partner/customers/<uuid:customer_id>", **member)
    add(owner, "PUT", "/api/partner/customers/<uuid:customer_id>", {"name": "Иван", "is_vip": False}, **member)
    add(owner, "GET", "/api/partner/customers/<uuid:customer_id>/transactions", **member)
    add(owner, "PUT", "/api/partner/programme", {"rate": "0.05"})
    trial = {"amount": "1000.00", "points": 0, "member": {"is_vip": True, "average_check": "500.00"}}
    add(owner, "POST", "/api/partner/programme/quote", trial)
    add(owner, "POST", "/api/partner/branches", {"name": "Третий", "address": "ул. Ленина, 1"})
    add(owner, "GET", "/api/partner/branches/<uuid:branch_id>", **branch)
    add(owner, "PUT", "/api/partner/branches/<uuid:branch_id>", {"name": "Второй"}, **branch)
    add(owner, "DELETE", "/api/partner/branches/<uuid:branch_id>", **branch)
    add(owner, "POST", "/api/partner/staff", {"phone": make_phone(), "role": "cashier", "name": "Ольга"})
    add(owner, "PUT", "/api/partner/staff/<uuid:staff_id>", {"role": "manager", "name": "Оля"}, **staff)
    add(owner, "DELETE", "/api/partner/staff/<uuid:staff_id>", **staff)
    add(owner, "POST", "/api/partner/api-keys", {"name": "Касса", "scopes": ["pos:quote"]})
    add(owner, "DELETE", "/api/partner/api-keys/<uuid:key_id>", **key)
    add(owner, "POST", "/api/partner/transactions", basket_of(house) | {"type": "accrual"})
    refund = {"amount": "100.00", "refund_id": "R-1"}
    purchase = {"purchase_id": things["purchase_id"]}
    add(owner, "POST", "/api/partner/transactions/<uuid:purchase_id>/refunds", refund, **purchase)


def make_claim(house: House, **asked: Any) -> str:
    """A claim of the member that waits; so many do not wait beside each other, so earlier ones make room."""
    mine = house.member.get("/api/customer/claims?limit=100").json["items"]
    for one in [one for one in mine if one["state"] == "waiting"][MOST_WAITING // 2 :]:
        house.member.post(f"/api/customer/claims/{one['id']}/withdraw")
    body = {"partner_id": house.partner_code, "amount": "1000.00", "consents": {"personal_data": True}} | asked
    return house.member.post("/api/customer/claims", body, key=new_key()).json["id"]


def _add_claims(add, cast: Cast) -> None:
    house, rule = cast.ours, "/api/partner/claims"
    body = {"partner_id": house.partner_code, "amount": "1000.00", "consents": {"personal_data": True}}
    add(house.member, "POST", "/api/customer/claims", body | {"branch_id": str(house.branch_id)})
    add(house.member, "GET", "/api/customer/claims")
    waiting = {"claim_id": make_claim(house)}
    add(house.member, "GET", "/api/customer/claims/<uuid:claim_id>", **waiting)
    add(house.member, "POST", "/api/customer/claims/<uuid:claim_id>/withdraw", claim_id=make_claim(house))
    owner = house.staff["owner"]
    add(owner, "GET", rule)
    add(owner, "POST", f"{rule}/<uuid:claim_id>/approve", {"amount": "900.00"}, **waiting)
    add(owner, "POST", f"{rule}/<uuid:claim_id>/refuse", {"reason": "Нет чека"}, claim_id=make_claim(house))
    add(owner, "GET", f"{rule}/policy")
    add(owner, "PUT", f"{rule}/policy", {"is_automatic": False, "most_amount": "2000.00", "a_day": 2})
    add(owner, "GET", f"{rule}/drives")
    add(owner, "POST", f"{rule}/drives", {"drive": "9960440300000001", "branch_id": str(house.branch_id)})
    add(owner, "DELETE", f"{rule}/drives/<drive>", drive="9960440300000001")


SERVICE = {"name": "Стрижка", "price": "1500.00", "category": "Волосы", "minutes": 45, "is_hidden": False}
"""A service as it is asked for."""


def _add_services(add, cast: Cast) -> None:
    manager, rule = cast.ours.staff["manager"], "/api/partner/services"
    one, other = (manager.post(rule, SERVICE | {"name": name}).json["id"] for name in ("Укладка", "Окрашивание"))
    add(cast.nobody, "GET", "/api/partners/<partner>/services", partner=cast.ours.partner_code)
    add(manager, "GET", rule)
    add(manager, "POST", rule, SERVICE)
    add(manager, "GET", f"{rule}/<uuid:service_id>", service_id=one)
    add(manager, "PUT", f"{rule}/<uuid:service_id>", SERVICE | {"name": "Завивка"}, service_id=one)
    add(manager, "POST", f"{rule}/<uuid:service_id>/move", {"to": "up"}, service_id=one)
    add(manager, "DELETE", f"{rule}/<uuid:service_id>", service_id=other)
    add(manager, "POST", f"{rule}/<uuid:service_id>/restore", service_id=one)


def make_sale_code(house: House) -> dict[str, str]:
    """A code of 1000 ₽ that the cashier shows: its id, and the token in its link."""
    made = house.staff["cashier"].post("/api/partner/sale-codes", {"amount": "1000.00"}, key=new_key()).json
    return {"code_id": made["id"], "token": made["link"].rpartition("/")[2]}


def _add_sale_codes(add, cast: Cast) -> None:
    house, rule = cast.ours, "/api/partner/sale-codes"
    owner, shown = house.staff["owner"], make_sale_code(house)
    of_staff, of_reader = {"code_id": shown["code_id"]}, {"token": shown["token"]}
    add(owner, "POST", rule, {"amount": "1000.00", "branch_id": str(house.branch_id)})
    add(owner, "GET", f"{rule}/<uuid:code_id>", **of_staff)
    add(owner, "GET", f"{rule}/<uuid:code_id>/qr.png", **of_staff)
    add(owner, "GET", f"{rule}/<uuid:code_id>/qr.svg", **of_staff)
    add(owner, "POST", f"{rule}/<uuid:code_id>/revoke", code_id=make_sale_code(house)["code_id"])
    add(house.member, "GET", "/api/customer/sale-codes/<token>", **of_reader)
    body = {"points": 0, "consents": {"personal_data": True}}
    offered = house.member.get(f"/api/customer/sale-codes/{shown['token']}").json
    add(
        house.member, "POST", "/api/customer/sale-codes/<token>/take", body | {"points": offered["points"]}, **of_reader
    )


def _add_promotions(add, cast: Cast, promotion_id: str, draft_id: str) -> None:
    manager, one = cast.ours.staff["manager"], {"promotion_id": promotion_id}
    rule = "/api/partner/promotions"
    trial = {"kind": "fixed", "terms": {"points": 100}, "promotion_id": promotion_id}
    listed = {"customer_ids": [str(cast.ours.member.customer_id)]}
    add(manager, "GET", rule)
    add(manager, "POST", rule, PROMOTION)
    add(manager, "POST", f"{rule}/try", trial)
    add(manager, "GET", f"{rule}/<uuid:promotion_id>", **one)
    add(manager, "PUT", f"{rule}/<uuid:promotion_id>", PROMOTION, promotion_id=draft_id)
    add(manager, "POST", f"{rule}/<uuid:promotion_id>/list", listed, **one)
    add(manager, "POST", f"{rule}/<uuid:promotion_id>/on", **one)
    add(manager, "POST", f"{rule}/<uuid:promotion_id>/stop", **one)
    add(manager, "GET", f"{rule}/<uuid:promotion_id>/results", **one)
    owner = cast.ours.staff["owner"]
    levels = [{"name": "Серебро", "threshold": "10000.00", "factor": "1.2"}]
    scheme = {"measure": "spent", "window": "days", "days": 365, "falls_on_refund": False, "levels": levels}
    add(owner, "GET", "/api/partner/tiers")
    add(owner, "PUT", "/api/partner/tiers", scheme)
    add(owner, "GET", "/api/partner/plan")
    add(owner, "PUT", "/api/partner/plan", {"plan": "enterprise"})
    look = {"accent": "#7a3cff", "theme": "dark", "position": "bottom-left", "label_ru": "Бонусы", "label_en": None}
    site = {"origin": "https://shop.example"}
    add(owner, "GET", "/api/partner/widget")
    add(owner, "PUT", "/api/partner/widget", look)
    add(owner, "GET", "/api/partner/widget/sites")
    add(owner, "GET", "/api/partner/widget/stats")
    add(owner, "POST", "/api/partner/widget/sites", site)
    mine = owner.post("/api/partner/widget/sites", {"origin": "https://mine.example"}).json["id"]
    other = owner.post("/api/partner/widget/sites", {"origin": "https://other.example"}).json["id"]
    add(owner, "POST", "/api/partner/widget/sites/<uuid:site_id>/check", site_id=other)
    add(owner, "DELETE", "/api/partner/widget/sites/<uuid:site_id>", site_id=mine)


def ask_member(house: House, score: int | None = None) -> Survey:
    """A survey that was sent to the house's member, with an answer on request."""
    purchase_id = UUID(make_purchase(house))
    with house.member.app.test_request_context(), transaction() as session:
        now, partner_id = utcnow(), house.partner_id
        member = session.get_one(Purchase, (partner_id, purchase_id)).membership_id
        survey = surveys.add(partner_id, uuid4(), member, purchase_id, now)
        surveys.note_asked(partner_id, survey.id, now)
        if score is not None:
            surveys.answer(survey, score, way="link", now=now)
        session.expunge(survey)
    return survey


def _add_surveys(add, cast: Cast) -> None:
    house, rule = cast.ours, "/api/partner/nps"
    manager, owner = house.staff["manager"], house.staff["owner"]
    add(owner, "GET", f"{rule}/settings")
    add(owner, "PUT", f"{rule}/settings", {"is_on": False, "delay_hours": 2, "reminds": True, "sms": False})
    unhappy = ask_member(house, 3)
    add(manager, "GET", rule)
    add(manager, "GET", f"{rule}/answers")
    add(manager, "GET", f"{rule}/tasks")
    task = {"state": "done", "note": "Позвонили"}
    add(manager, "PUT", f"{rule}/tasks/<uuid:survey_id>", task, survey_id=unhappy.id)
    add(owner, "GET", "/api/partner/export/nps.csv")
    answer, asked = {"score": 9, "comment": "Спасибо"}, ask_member(house)
    add(house.member, "GET", "/api/customer/surveys")
    add(house.member, "PUT", "/api/customer/surveys/<uuid:survey_id>", answer, survey_id=asked.id)
    token = surveys.token_of(ask_member(house))
    add(cast.nobody, "GET", "/api/surveys/<token>", token=token)
    add(cast.nobody, "PUT", "/api/surveys/<token>", answer, token=token)


def make_doubted(house: House) -> str:
    """A friend on whom the partner has to decide."""
    with house.member.app.app_context(), transaction():
        partner = db.session.get_one(Partner, house.partner_id)
        return str(bring(partner, utcnow(), doubts=("address",)).id)


def make_friend(house: House) -> str:
    """A member who has not bought yet."""
    with house.member.app.app_context(), transaction():
        return str(make_member(db.session.get_one(Partner, house.partner_id)).customer_id)


def make_invitation(house: House) -> str:
    """The code of somebody who invites to the house."""
    with house.member.app.app_context(), transaction():
        partner = db.session.get_one(Partner, house.partner_id)
        referrals.set_terms(partner, TERMS, by=None)
        return referrals.code_of(make_member(partner))


def _add_referrals(add, cast: Cast) -> None:
    house, rule = cast.ours, "/api/partner/referrals"
    owner, code = house.staff["owner"], make_invitation(cast.ours)
    add(house.member, "GET", "/api/customer/referrals")
    add(house.member, "GET", "/api/customer/referrals/came-by")
    joining = {"invitation": code, "consents": {"personal_data": True}}
    add(cast.stranger, "POST", "/api/customer/referrals", joining)
    add(owner, "GET", rule)
    friend = {"customer_id": make_friend(house)}
    add(owner, "POST", "/api/partner/customers/<uuid:customer_id>/invitation", {"invitation": code}, **friend)
    add(owner, "POST", f"{rule}/<uuid:referral_id>/approve", referral_id=make_doubted(house))
    add(owner, "POST", f"{rule}/<uuid:referral_id>/refuse", referral_id=make_doubted(house))
    add(owner, "GET", f"{rule}/results")
    add(owner, "GET", f"{rule}/terms")
    terms = {"is_on": True, "inviter_points": 200, "friend_points": 100, "minimum": "500.00", "return_days": 14}
    add(owner, "PUT", f"{rule}/terms", terms | {"most_a_month": 10, "life_days": 90})


def _add_till(add, cast: Cast) -> None:
    house = cast.ours
    till = house.till
    hold_id = make_hold(house)
    quote = till.post("/api/pos/quotes", basket_of(house)).json
    add(till, "POST", "/api/pos/quotes", basket_of(house))
    add(till, "POST", "/api/pos/holds", {"quote_id": quote["quote_id"], "points": 1})
    add(till, "POST", "/api/pos/holds/<uuid:hold_id>/capture", {"amount": "1000.00", "points": 1}, hold_id=hold_id)
    add(till, "POST", "/api/pos/holds/<uuid:hold_id>/void", hold_id=hold_id)
    add(till, "POST", "/api/pos/refunds", {"transaction_id": make_purchase(house), "amount": "10.00"})


def _add_inbound(add, cast: Cast) -> None:
    system, client = cast.ours.till, {"external_id": "c-1", "phone": make_phone()}
    add(system, "POST", "/api/inbound/clients", {"system": "bitrix24", "items": [client]})
    bought = {"external_id": "p-1", "client": {"phone": client["phone"]}, "occurred_at": "2026-03-10T12:00:00+03:00"}
    add(system, "POST", "/api/inbound/purchases", {"system": "bitrix24", "items": [bought | {"amount": "10.00"}]})


def _add_admin(add, cast: Cast) -> None:
    admin = cast.admin
    wish = {"name": "Кофейня", "city": "Тверь"}
    asked = cast.theirs.member.post("/api/partner/applications", wish).json["id"]
    customer = {"customer_id": cast.ours.member.customer_id}
    add(admin, "GET", "/api/admin/applications")
    add(admin, "POST", "/api/admin/applications/<uuid:application_id>/approve", application_id=asked)
    refusal = {"reason": "Нет филиала"}
    add(admin, "POST", "/api/admin/applications/<uuid:application_id>/refuse", refusal, application_id=asked)
    add(admin, "GET", "/api/admin/customers")
    add(admin, "GET", "/api/admin/customers/<uuid:customer_id>", **customer)
    add(admin, "PUT", "/api/admin/customers/<uuid:customer_id>", {"name": "Иван"}, **customer)
    add(admin, "GET", "/api/admin/partners")
    partner = {"partner_id": cast.ours.partner_id}
    add(admin, "GET", "/api/admin/partners/<uuid:partner_id>/plan", **partner)
    moved = {"plan": "enterprise", "reason": "По договору"}
    add(admin, "PUT", "/api/admin/partners/<uuid:partner_id>/plan", moved, **partner)
    switched = {"features": {"ai_analytics": None}, "reason": "По договору"}
    add(admin, "PUT", "/api/admin/partners/<uuid:partner_id>/features", switched, **partner)
    change = {"partner_id": str(cast.ours.partner_id), "points": 10, "reason": "Ошибка кассы"}
    add(admin, "POST", "/api/admin/customers/<uuid:customer_id>/loyalty/adjust", change, **customer)


def _add_widget(add, cast: Cast) -> None:
    house, phone = cast.ours, {"phone": cast.ours.phone}
    visitor = in_frame(cast.nobody.app, house.partner_id, house.member.customer_id)
    partner = {"partner": house.partner_code}
    add(cast.nobody, "GET", "/api/widget/<partner>", **partner)
    add(visitor, "POST", "/api/widget/<partner>/request-code", phone | {"site": None}, **partner)
    add(visitor, "POST", "/api/widget/<partner>/verify-code", phone | {"code": "123456"}, **partner)
    add(visitor, "POST", "/api/widget/<partner>/arrive", {"code": "123456"}, **partner)
    add(visitor, "GET", "/api/widget/<partner>/me", **partner)
    add(visitor, "GET", "/api/widget/<partner>/claims", **partner)
    add(visitor, "GET", "/api/widget/<partner>/offers", **partner)
    add(visitor, "POST", "/api/widget/<partner>/claims", {"amount": "700.00", "receipt": None}, **partner)
    passing = in_frame(cast.nobody.app, house.partner_id, house.member.customer_id)
    add(passing, "POST", "/api/widget/<partner>/sign-out", **partner)
