"""The description fuzzed as every role: no 5xx, no status or content type that is not described, no stack.

Small in the suite and the same each time; `SCHEMATHESIS_EXAMPLES=1000 pytest -m slow tests/api/test_schemathesis.py` makes
a long run of new cases. Generated calls alone would stop at the first 404, so some carry ids of things that are there.
"""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.errors import SchemathesisError
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from loyalty import programmes
from loyalty.clock import utcnow
from models import transaction
from models.partner import Partner
from tests.api.roles import make_cast, new_key, sign_in
from tests.api.samples import basket_of, make_claim, make_hold, make_purchase, make_samples
from tests.factories import make_customer, make_phone

EXAMPLES = 12
"""Of each operation by the role it is for; the others, who seldom get past the door, make a sixth of it."""
LONG_RUN = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "200"))

ROLES = (
    "nobody", "stranger", "member", "cashier", "manager", "owner", "ai_marketer", "content_manager", "till", "admin",
    "foreign_owner", "foreign_till",
)  # fmt: skip
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDS_SESSIONS = ("/api/auth/logout", "/api/auth/sessions")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def schema(app):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.fixture
def cast(app):
    """People of each test's own: what one role's calls break must not make those of the next one shallow."""
    return make_cast(app)


@pytest.fixture
def samples(cast):
    return make_samples(cast)


class Fuzz:
    """Calls every operation as one role, and keeps the first failure of each."""

    def __init__(self, app, cast, samples, role: str, examples: int, *, same_each_time: bool):
        self.app, self.cast, self.samples, self.role = app, cast, samples, role
        self.actor = cast.everybody()[role]
        self.house = cast.theirs if role.startswith("foreign_") else cast.ours
        self.examples, self.same_each_time = examples, same_each_time
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self._rules = {}
        with app.app_context():
            self._rules[self.house.partner_id] = programmes.current_rules(self.house.partner_id)[1].to_json()

    def run(self, schema, only: str = "/") -> None:
        for found in schema.get_all_operations():
            operation = found.ok()
            if not operation.path.startswith(only):
                continue
            try:
                self._try(operation)
            except (Failure, FailureGroup, SchemathesisError, AssertionError) as failure:
                causes = getattr(failure, "exceptions", [failure])
                self.failures += [f"{operation.label} as {self.role}: {str(cause)[:1500]}" for cause in causes]

    def _try(self, operation) -> None:
        sample = self.samples[self._address(operation)]
        many = self.examples if sample.actor.role == self.role else max(1, self.examples // 6)
        good, bad = (operation.as_strategy(mode) for mode in self._modes(operation))

        @settings(
            max_examples=many,
            derandomize=self.same_each_time,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data())
        def call(data):
            kind = data.draw(st.sampled_from(("known", "live", "good", "bad")))
            case = data.draw(bad if kind == "bad" else good)
            if kind in ("known", "live"):
                self._enliven(case, sample, data, whole=kind == "known")
            if sample.rule.startswith(ENDS_SESSIONS) and self.role != "nobody":
                headers = self._passing_session()
            else:
                headers = dict(self.actor.headers)
            key = data.draw(st.sampled_from(("generated", "the-same-key", new_key(), new_key())))
            headers |= {} if key == "generated" else {"Idempotency-Key": key}
            headers["Accept-Encoding"] = "identity"  # the transport in the process does not unpack what it asks for
            answer = case.call(headers=headers)
            self.statuses[answer.status_code] += 1
            assert b"Traceback" not in answer.content  # a QR is answered as a picture
            not_ready = operation.path == "/readyz" and answer.status_code == 503  # nobody builds the demo world here
            case.validate_response(answer, checks=CHECKS[1:] if not_ready else CHECKS)
            if operation.path == "/api/partner/programme" and operation.method.upper() == "PUT":
                self._restore_programme()
            elif operation.method.upper() == "PUT" and operation.path.endswith(("/plan", "/features")):
                self._restore_plans()
            elif sample.rule.endswith("/loyalty/adjust") and answer.status_code == 201:
                self._adjust_back(answer.json()["points"])

        call()

    @staticmethod
    def _modes(operation):
        has_input = operation.body or operation.query or operation.path_parameters
        return GenerationMode.POSITIVE, GenerationMode.NEGATIVE if has_input else GenerationMode.POSITIVE

    def _address(self, operation) -> str:
        for address, sample in self.samples.items():
            if sample.method == operation.method.upper() and self._template(sample.rule) == operation.path:
                return address
        raise AssertionError(f"no sample of {operation.label} in tests/api/samples.py")

    @staticmethod
    def _template(rule: str) -> str:
        return re.sub(r"<(?:uuid:)?(\w+)>", r"{\1}", rule)

    def _enliven(self, case, sample, data, *, whole: bool) -> None:
        """Names things that are there where the case names something; the body is a good one in part, or as a `whole`."""
        for name in sample.ids:
            fresh = self._live(name, None) if name in ("hold_id", "purchase_id", "claim_id") else None
            case.path_parameters[name] = fresh or str(sample.ids[name])
        if not isinstance(case.body, dict):
            return
        known = sample.body or {}
        case.body = (
            dict(known) if whole else case.body | {name: known[name] for name in known if data.draw(st.booleans())}
        )
        for name in case.body:
            case.body[name] = self._live(name, case.body[name])

    def _live(self, name: str, value):
        house = self.house
        if name == "hold_id":
            return make_hold(house, 1)
        if name == "quote_id":
            return house.till.post("/api/pos/quotes", basket_of(house)).json["quote_id"]
        if name in ("purchase_id", "transaction_id"):
            return make_purchase(house)
        if name == "claim_id":
            return make_claim(house)
        if name == "customer":
            return {"phone": house.phone}
        if name == "customer_id":
            return str(house.member.customer_id)
        if name == "branch_id":
            return str(house.branch_id)
        if name == "partner_id":
            return str(house.partner_id)
        if name == "phone":
            return make_phone()
        return value

    def _passing_session(self) -> dict[str, str]:
        with self.app.test_request_context(), transaction():
            return sign_in(self.app, "passing", make_customer().id).headers

    def _adjust_back(self, points: int) -> None:
        """Or the member would soon owe more than the tills' calls could ever hold."""
        if points:
            body = {"partner_id": str(self.house.partner_id), "points": -points, "reason": "Назад"}
            url = f"/api/admin/customers/{self.house.member.customer_id}/loyalty/adjust"
            self.cast.admin.post(url, body, key=new_key())

    def _restore_programme(self) -> None:
        partner_id = self.house.partner_id
        with self.app.app_context(), transaction():
            programmes.set_rules(partner_id, self._rules[partner_id], by=None, now=utcnow())

    def _restore_plans(self) -> None:
        """What the rest is tried with is open in the highest plan only."""
        with self.app.app_context(), transaction() as session:
            for house in (self.cast.ours, self.cast.theirs):
                partner = session.get_one(Partner, house.partner_id)
                partner.plan, partner.features = "enterprise", {}


def fuzz(app, schema, cast, samples, role: str, examples: int, *, same_each_time: bool) -> Counter[int]:
    found = Fuzz(app, cast, samples, role, examples, same_each_time=same_each_time)
    found.run(schema)
    assert not found.failures, "\n\n".join(found.failures)
    return found.statuses


@pytest.mark.parametrize("role", ROLES)
def test_no_call_breaks_the_door(app, schema, cast, samples, role, record_property):
    statuses = fuzz(app, schema, cast, samples, role, EXAMPLES, same_each_time=True)
    record_property("generated calls", statuses.total())
    record_property("generated calls that were served", sum(n for status, n in statuses.items() if status < 400))


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_no_call_of_a_long_run_breaks_the_door(app, schema, cast, samples, role, record_property):
    statuses = fuzz(app, schema, cast, samples, role, LONG_RUN, same_each_time=False)
    record_property("generated calls", statuses.total())


def test_calls_with_things_that_are_there_get_deep(app, schema, cast, samples):
    """The counterpart of the test above, which calls of nothing but refusals would pass too."""
    found = Fuzz(app, cast, samples, "till", 4 * EXAMPLES, same_each_time=True)
    found.run(schema, only="/api/pos/")
    assert found.statuses[200] >= 5 and found.statuses[201] >= 5, found.statuses
