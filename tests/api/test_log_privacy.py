"""The log tells what happened and to which route, never who: canaries sent everywhere must not come out."""

import json

from tests.api.roles import make_cast, new_key
from tests.api.samples import basket_of, make_samples
from tests.factories import make_phone

CANARIES = ("канарейка", "canary.person@example.com", "4203317", "+79169990011", "79169990011")


def test_what_people_send_does_not_stand_in_the_log(app, capfd):
    cast = make_cast(app)
    samples = make_samples(cast)
    capfd.readouterr()
    nobody, cashier = cast.nobody, cast.ours.staff["cashier"]
    nobody.post("/api/auth/request-code", {"phone": "+79169990011"})
    nobody.post("/api/auth/verify-code", {"phone": "+79169990011", "code": "420331"})
    nobody.post("/api/register", {"email": "canary.person@example.com", "name": "канарейка"})
    cashier.get("/api/partner/customers?query=%2B79169990011")
    cashier.get("/api/partner/customers/канарейка")
    cashier.post("/api/partner/transactions", basket_of(cast.ours) | {"name": "канарейка", "type": "x"}, key="4203317")
    nobody.get("/канарейка?phone=79169990011", User_Agent="4203317")
    cast.ours.member.put("/api/customer/profile", {"name": "канарейка", "timezone": "канарейка"})
    for sample in samples.values():
        if sample.body is not None:
            sample.call(sample.body | {"name": "канарейка", "канарейка": make_phone()}, key=new_key())
    told = "".join(capfd.readouterr())
    assert told.count('"event": "request"') > 20
    for canary in CANARIES:
        assert canary not in told
    for actor in (cashier, cast.ours.till):
        for secret in actor.headers.values():
            assert secret.removeprefix("Bearer ") not in told


def test_a_line_names_the_route_and_the_kind_of_caller(app, capfd):
    cast = make_cast(app)
    capfd.readouterr()
    cast.ours.staff["owner"].get(
        "/api/partner/branches/0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d", X_Request_Id="till-7-0001"
    )
    (line,) = [json.loads(one) for one in capfd.readouterr().err.splitlines() if '"event": "request"' in one]
    assert line["route"] == "/api/partner/branches/<uuid:branch_id>"
    assert (line["status"], line["caller"], line["request_id"]) == (404, "person", "till-7-0001")
