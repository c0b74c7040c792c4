"""The demo story, told over HTTP to what `make run` starts: shapes to the letter, points to the point, nothing in the logs."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from decimal import Decimal

import psycopg2
import pytest
import requests

from config import ROOT
from models.embedded import EmbeddedServer
from tests.support import run_folder
from tests.support.redis_server import free_port
from tests.test_run import NOT_FOR_CHILDREN, Run

PERSON = {
    "key", "role", "name", "phone", "email", "partner_id", "partner_code", "partner_name", "branch_id", "api_key",
}  # fmt: skip
TOKENS = {"access_token", "refresh_token", "token_type", "expires_in"}
LOYALTY = {"total", "memberships", "transactions"}
MEMBERSHIP = {"partner_id", "partner_name", "balance", "available", "pending", "held", "expiring"}
OPERATION = {
    "id", "kind", "points", "balance_after", "partner_id", "partner_name", "source", "check_amount", "breakdown",
    "occurred_at",
}  # fmt: skip
TRANSACTION = {
    "id", "type", "points", "balance", "available", "pending", "check_amount", "breakdown", "occurred_at",
}  # fmt: skip
REFUND = {"id", "taken_back", "given_back", "balance", "money_back"}
QUOTE = {"quote_id", "max_redeemable", "will_earn", "breakdown", "lines", "expires_at", "wished"}
HOLD = {"hold_id", "points", "expires_at"}
CAPTURE = {"transaction_id", "redeemed", "earned", "balance"}
CUSTOMER = {"customer_id", "name", "phone", "email", "balance", "pending", "visits", "last_purchase_at"}

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


class Caller:
    """Somebody who calls, by a token, by a key, or as nobody."""

    def __init__(self, story: Story, headers: dict[str, str] | None = None):
        self.story, self.headers = story, headers or {}

    def call(self, method: str, path: str, body=None, *, key: str | None = None, **options) -> requests.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return requests.request(method, self.story.url + path, json=body, headers=headers, timeout=30, **options)

    def get(self, path: str, **options) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, body=None, *, key: str | None = None) -> requests.Response:
        return self.call("POST", path, body, key=key)

    def credit(self, phone: str, amount: str, *, key: str | None = None, **more) -> requests.Response:
        body = {"customer": {"phone": phone}, "type": "accrual", "amount": amount} | more
        return self.post("/api/partner/transactions", body, key=key or new_key())


class Story:
    """One running demo, its people, and every secret and address that its logs must not hold."""

    def __init__(self, run: Run):
        self.run, self.url = run, f"http://localhost:{run.port}"
        self.canaries: set[str] = set()
        answer = requests.get(f"{self.url}/sandbox/people.json", timeout=10).json()
        assert set(answer) == {"items"}
        self.people = {person["key"]: person for person in answer["items"]}
        for person in answer["items"]:
            assert set(person) == PERSON
            self.keep_secret(
                person["phone"], person["email"], person["api_key"], person["name"] if " " in person["name"] else None
            )
        self.nobody = Caller(self)

    def keep_secret(self, *words: str | None) -> None:
        self.canaries |= {word for word in words if word}

    def messages(self, to: str) -> list[dict]:
        answer = requests.get(f"{self.url}/sandbox/messages.json", params={"to": to}, timeout=10).json()
        assert set(answer) == {"items"}
        assert all(set(item) == {"channel", "to", "text", "at"} for item in answer["items"])
        return answer["items"]

    def wait_for_message(self, to: str, has, seconds: float = 20) -> dict:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for item in self.messages(to):
                if has(item["text"]):
                    return item
            time.sleep(0.2)
        raise AssertionError(f"no such message within {seconds} s; the last: {self.messages(to)[:3]}")

    def code_of(self, address: str) -> str:
        text = self.wait_for_message(address, CODE.search)["text"]
        (code,) = CODE.findall(text)
        self.keep_secret(code)
        return code

    def sign_in(self, **who: str) -> Caller:
        """By script: ask for a code, find it among the messages, send it."""
        ((_, address),) = who.items()
        asked = self.nobody.post("/api/auth/request-code", who)
        assert asked.status_code == 202
        return self.verify(self.code_of(address), **who)

    def verify(self, code: str, **body) -> Caller:
        answer = self.nobody.post("/api/auth/verify-code", body | {"code": code})
        assert (answer.status_code, set(answer.json())) == (200, TOKENS), answer.text
        tokens = answer.json()
        assert tokens["token_type"] == "Bearer"
        assert isinstance(tokens["expires_in"], int)
        self.keep_secret(tokens["access_token"], tokens["refresh_token"])
        return Caller(self, {"Authorization": f"Bearer {tokens['access_token']}"})

    def till(self, business: str) -> Caller:
        return Caller(self, {"X-API-Key": self.people[f"{business}-till"]["api_key"]})


@pytest.fixture
def story(databases, tmp_path):
    home = tmp_path / "home"
    run = Run(home, free_port(), WEB_WORKERS="2", LOG_LEVEL="INFO")  # quiet logs would hide what leaks
    try:
        run.wait_until_ready()
        yield Story(run)
    finally:
        run.process.terminate()
        run.process.wait(30)
        run_folder.remove_home(home)


def new_key() -> str:
    return uuid.uuid4().hex


def problem(answer: requests.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_the_story_that_the_demo_tells(story):
    """One test, because it is one demo: each act goes on where the one before it ended."""
    meet_the_people(story)
    ivan, cashier = story.sign_in(phone=story.people["ivan"]["phone"]), story.sign_in(phone=cashier_of(story)["phone"])
    sale = credit_ivan(story, cashier, ivan)
    return_all_of_it(cashier, ivan, sale)
    sell_at_the_till(story, ivan)
    list_and_export(story, cashier, story.sign_in(phone=story.people["espresso-owner"]["phone"]))
    guess_codes(story)
    ask_for_many_codes(story)
    become_a_partner(story)
    everything_is_told_and_the_ledger_is_clean(story)
    stop_and_look_for_secrets(story)


def cashier_of(story: Story) -> dict:
    return story.people["espresso-cashier"]


def meet_the_people(story: Story) -> None:
    businesses = ("espresso", "style", "glame", "krasota")
    keys = {f"{business}-{role}" for business in businesses for role in ("owner", "cashier", "till")}
    assert story.people.keys() == keys | {"ivan", "admin"}
    for key, person in story.people.items():
        if key.endswith("-till"):
            assert person["api_key"]
            continue
        assert person["phone"] or person["email"], key
        assert bool(person["branch_id"]) == key.endswith(("-owner", "-cashier"))


def credit_ivan(story: Story, cashier: Caller, ivan: Caller) -> dict:
    before = ivan.get("/api/customer/loyalty").json()
    assert set(before) == LOYALTY
    assert {membership["partner_name"]: membership["balance"] for membership in before["memberships"]} == {
        "Кофейня Эспрессо": 250,
        "Салон Стиль": 500,
    }
    assert (before["total"], set(before["transactions"])) == (750, {"items", "next_cursor"})
    phone, key = story.people["ivan"]["phone"], new_key()
    answers = [cashier.credit(phone, "1000.00", key=key) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    sale = answers[0].json()
    assert set(sale) == TRANSACTION
    expected = {"type": "accrual", "points": 50, "balance": 300, "available": 300, "pending": 0}
    assert sale | expected | {"check_amount": "1000.00"} == sale
    problem(cashier.credit(phone, "1000.01", key=key), 409, "idempotency_conflict")
    without = cashier.post(
        "/api/partner/transactions", {"customer": {"phone": phone}, "type": "accrual", "amount": "1"}
    )
    problem(without, 400, "idempotency_key_required")

    after = ivan.get("/api/customer/loyalty").json()
    assert after["total"] == 800 == sum(membership["balance"] for membership in after["memberships"])
    assert all(set(membership) == MEMBERSHIP for membership in after["memberships"])
    assert all(set(item) == OPERATION for item in after["transactions"]["items"])
    first = after["transactions"]["items"][0]
    assert (first["kind"], first["points"], first["balance_after"]) == ("earn", 50, 300)
    assert (first["check_amount"], first["partner_name"]) == ("1000.00", "Кофейня Эспрессо")
    story.wait_for_message(phone, lambda text: "50" in text and "Эспрессо" in text)
    return sale


def return_all_of_it(cashier: Caller, ivan: Caller, sale: dict) -> None:
    for amount, taken, balance in (("300.00", 15, 285), ("700.00", 35, 250)):
        url = f"/api/partner/transactions/{sale['id']}/refunds"
        answer = cashier.post(url, {"amount": amount}, key=new_key())
        assert (answer.status_code, set(answer.json())) == (201, REFUND), answer.text
        expected = {"taken_back": taken, "given_back": 0, "balance": balance, "money_back": amount}
        assert answer.json() | expected == answer.json()
    assert ivan.get("/api/customer/loyalty").json()["total"] == 750


def sell_at_the_till(story: Story, ivan: Caller) -> None:
    till, phone = story.till("espresso"), story.people["ivan"]["phone"]

    def quote(amount: str = "1000.00") -> dict:
        answer = till.post("/api/pos/quotes", {"customer": {"phone": phone}, "amount": amount})
        assert (answer.status_code, set(answer.json())) == (200, QUOTE), answer.text
        return answer.json()

    def hold(quote_id: str, points: int) -> requests.Response:
        return till.post("/api/pos/holds", {"quote_id": quote_id, "points": points}, key=new_key())

    def resolve(hold_id: str, how: str, body=None) -> requests.Response:
        return till.post(f"/api/pos/holds/{hold_id}/{how}", body, key=new_key())

    quoted = quote()
    assert (quoted["max_redeemable"], quoted["will_earn"]) == (250, 50)
    too_much = hold(quoted["quote_id"], 251)
    assert 400 <= too_much.status_code < 500
    held = hold(quoted["quote_id"], 200)
    assert (held.status_code, set(held.json()), held.json()["points"]) == (201, HOLD, 200), held.text
    (espresso,) = [one for one in ivan.get("/api/customer/loyalty").json()["memberships"] if one["held"]]
    assert (espresso["balance"], espresso["held"], espresso["available"]) == (250, 200, 50)
    hold_id = held.json()["hold_id"]
    problem(resolve(hold_id, "capture", {"amount": "999.00"}), 409, "quote_changed")
    captured = resolve(hold_id, "capture", {"amount": "1000.00"})
    assert (captured.status_code, set(captured.json())) == (200, CAPTURE), captured.text
    # 200 of 1 000 ₽ paid with points, 5 % of the other 800
    assert captured.json() | {"redeemed": 200, "earned": 40, "balance": 90} == captured.json()
    problem(resolve(hold_id, "capture", {"amount": "1000.00"}), 409, "hold_resolved")
    problem(resolve(hold_id, "void"), 409, "hold_resolved")

    body = {"transaction_id": captured.json()["transaction_id"], "amount": "1000.00"}
    refunded = till.post("/api/pos/refunds", body, key=new_key())
    assert (refunded.status_code, set(refunded.json())) == (201, REFUND), refunded.text
    expected = {"taken_back": 40, "given_back": 200, "balance": 250, "money_back": "800.00"}
    assert refunded.json() | expected == refunded.json()

    voided = hold(quote()["quote_id"], 100).json()["hold_id"]
    assert resolve(voided, "void").status_code == 200
    problem(resolve(voided, "capture", {"amount": "1000.00"}), 409, "hold_resolved")
    fewer = hold(quote()["quote_id"], 150).json()["hold_id"]
    part = resolve(fewer, "capture", {"amount": "1000.00", "points": 100})
    assert (part.json()["redeemed"], part.json()["earned"], part.json()["balance"]) == (100, 45, 195)
    body = {"transaction_id": part.json()["transaction_id"], "amount": "1000.00"}
    assert till.post("/api/pos/refunds", body, key=new_key()).json()["balance"] == 250
    assert ivan.get("/api/customer/loyalty").json()["total"] == 750


def list_and_export(story: Story, cashier: Caller, owner: Caller) -> None:
    for query in ("", story.people["ivan"]["phone"]):
        found = cashier.get("/api/partner/customers", params={"query": query}).json()
        assert set(found) == {"items", "next_cursor"}
        assert all(set(item) == CUSTOMER for item in found["items"])
        assert story.people["ivan"]["phone"] in [item["phone"] for item in found["items"]]
    for name in ("customers", "transactions"):
        answer = owner.get(f"/api/partner/export/{name}.csv")
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows
        if name == "customers":
            assert story.people["ivan"]["phone"] in [row["phone"] for row in rows]
        else:
            assert sum(int(row["points"]) for row in rows) == 250
    assert cashier.get("/api/partner/export/customers.csv").status_code == 403


def guess_codes(story: Story) -> None:
    phone = story.people["style-owner"]["phone"]
    assert story.nobody.post("/api/auth/request-code", {"phone": phone}).status_code == 202
    code = story.code_of(phone)
    for n in range(1, 6):
        wrong = f"{(int(code) + n) % 10**6:06}"
        assert story.nobody.post("/api/auth/verify-code", {"phone": phone, "code": wrong}).status_code == 401
    assert story.nobody.post("/api/auth/verify-code", {"phone": phone, "code": code}).status_code == 401


def ask_for_many_codes(story: Story) -> None:
    """Known and unknown alike, and as often as an automated visitor needs."""
    known = [
        person["phone"]
        for key, person in story.people.items()
        if key.startswith(("glame", "krasota")) and person["phone"]
    ]
    unknown = [f"+79167{n:06}" for n in range(770_001, 770_021)]
    story.keep_secret(*unknown)
    answers = [story.nobody.post("/api/auth/request-code", {"phone": phone}) for phone in (*known, *unknown)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(answers) >= 24


def become_a_partner(story: Story) -> None:
    email = f"newcomer.{uuid.uuid4().hex[:10]}@example.com"
    story.keep_secret(email, "Нина Ткаченко")
    wish = {"email": email, "name": "Нина Ткаченко", "consents": {"personal_data": True}}
    wish |= {"partner_id": story.people["espresso-owner"]["partner_code"]}
    assert story.nobody.post("/api/register", wish).status_code == 202
    newcomer = story.verify(story.code_of(email), email=email)
    welcomed = newcomer.get("/api/customer/loyalty").json()
    assert (welcomed["total"], welcomed["memberships"][0]["partner_name"]) == (100, "Кофейня Эспрессо")
    applied = newcomer.post("/api/partner/applications", {"name": "Пекарня Нины", "city": "Тверь"})
    assert applied.status_code == 201
    admin = story.sign_in(phone=story.people["admin"]["phone"])
    problem(newcomer.post(f"/api/admin/applications/{applied.json()['id']}/approve"), 403, "forbidden")
    assert newcomer.get("/api/partner").status_code == 403
    approved = admin.post(f"/api/admin/applications/{applied.json()['id']}/approve")
    assert approved.status_code == 200
    assert newcomer.get("/api/partner").json()["name"] == "Пекарня Нины"
    changed = newcomer.call("PUT", "/api/partner/programme", {"rate": "0.07"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    (branch,) = newcomer.get("/api/partner/branches").json()["items"]

    phone = "+79167991122"
    story.keep_secret(phone)
    hired = newcomer.post("/api/partner/staff", {"phone": phone, "role": "cashier", "branch_id": branch["id"]})
    assert hired.status_code == 201
    cashier = story.sign_in(phone=phone)
    credited = cashier.credit(story.people["ivan"]["phone"], "1000")
    assert (credited.status_code, credited.json()["points"]) == (201, 70), credited.text

    key = {"name": "Касса", "scopes": ["pos:quote", "pos:hold", "pos:sale"]}
    problem(newcomer.post("/api/partner/api-keys", key), 403, "feature_locked")
    moved = newcomer.call("PUT", "/api/partner/plan", {"plan": "enterprise"})
    assert (moved.status_code, moved.json()["bill"]["turnover"]) == (200, "1000.00")
    made = newcomer.post("/api/partner/api-keys", key)
    assert made.status_code == 201
    story.keep_secret(made.json()["api_key"])
    till = Caller(story, {"X-API-Key": made.json()["api_key"]})
    buyer = "+79167991123"
    story.keep_secret(buyer)
    quoted = till.post("/api/pos/quotes", {"customer": {"phone": buyer}, "amount": "500.00"}).json()
    assert (quoted["will_earn"], quoted["max_redeemable"]) == (35, 0)
    held = till.post("/api/pos/holds", {"quote_id": quoted["quote_id"], "points": 0}, key=new_key()).json()
    sold = till.post(f"/api/pos/holds/{held['hold_id']}/capture", {"amount": "500.00"}, key=new_key())
    assert (sold.status_code, sold.json()["earned"]) == (200, 35), sold.text
    body = {"transaction_id": sold.json()["transaction_id"], "amount": "1.00"}
    problem(till.post("/api/pos/refunds", body, key=new_key()), 403, "forbidden")
    assert Decimal(newcomer.get("/api/partner/stats").json()["current"]["turnover"]) == 1500


def everything_is_told_and_the_ledger_is_clean(story: Story) -> None:
    home = story.run.home
    connection = psycopg2.connect(EmbeddedServer(home).url.replace("+psycopg2", ""))
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.autocommit = True
        deadline = time.monotonic() + 30
        while True:
            # at night some of the demo's news wait for the morning
            unheld = "done_at IS NULL AND NOT (attempts = 0 AND next_try_at > now())"
            cursor.execute(f"SELECT count(*) FILTER (WHERE {unheld}), count(*) FROM outbox")
            waiting, announced = cursor.fetchone()
            if not waiting or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert waiting == 0 and announced > 20
        cursor.execute("SELECT o::text FROM outbox o")
        assert leaks(story, "\n".join(row[0] for row in cursor.fetchall())) == []
        cursor.execute("SELECT count(*) FROM outbox WHERE sealed IS NOT NULL")
        assert cursor.fetchone() == (0,)
        for table in ("audit_record", "entry", "idempotency"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert leaks(story, "\n".join(row[0] for row in cursor.fetchall())) == [], table
    env = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
    env |= {"KOPILKA_HOME": str(home), "SANDBOX": "1"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ledger", "verify"]
    verified = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert leaks(story, verified.stdout + verified.stderr) == []


def stop_and_look_for_secrets(story: Story) -> None:
    """The web processes and the workers have written everything they had to say into one file."""
    story.run.process.send_signal(signal.SIGINT)
    assert story.run.process.wait(30) == 0, story.run.said
    assert story.run.said.count("request_id") > 80
    assert len(story.canaries) > 60
    assert len(leaks(story, "\n".join(story.canaries))) == len(story.canaries), "what is looked for is found"
    assert leaks(story, story.run.said) == []


def leaks(story: Story, text: str) -> list[str]:
    """The kinds of secrets that stand in a text; phones in any spelling of their last ten digits."""
    found = []
    digits = re.sub(r"(?<=\d)[ ()-]+(?=\d)", "", text)
    for canary in story.canaries:
        if canary.startswith("+"):
            is_there = canary[-10:] in digits
        elif CODE.fullmatch(canary):
            # six digits stand in times and ids too; a code would stand alone
            is_there = re.search(rf"(?<![\w.-]){canary}(?![\w-])", text) is not None
        else:
            is_there = canary in text
        if is_there:
            found.append(canary[:4] + "…")
    return found
