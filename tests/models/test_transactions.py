"""One transaction a call: deadlocks are tried again, a lock that does not come free is a polite 503."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models import db, transaction, transactions
from models.transactions import ATTEMPTS, in_transaction
from tests.api.roles import make_cast, new_key
from tests.api.samples import basket_of


@pytest.fixture
def two_rows(app):
    keys = sorted((new_key(), new_key()))
    with app.app_context(), transaction():
        for key in keys:
            db.session.execute(text("INSERT INTO attempt VALUES (:key, now(), 0)"), {"key": key})
    return keys


def add_one(key):
    db.session.execute(text("UPDATE attempt SET count = count + 1 WHERE bucket = :key"), {"key": key})


def test_the_victim_of_a_deadlock_tries_again(app, two_rows):
    both_inside, done, tries = threading.Barrier(2), [], []

    def change(order):
        with app.app_context():
            first_try = []

            def act():
                tries.append(1)
                add_one(order[0])
                if not first_try:
                    first_try.append(1)
                    both_inside.wait(5)
                add_one(order[1])

            in_transaction(act)
            done.append(1)

    threads = [threading.Thread(target=change, args=(order,)) for order in (two_rows, two_rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(done), len(tries)) == (2, 3)
    with app.app_context():
        counts = db.session.execute(text("SELECT count FROM attempt WHERE bucket = ANY(:keys)"), {"keys": two_rows})
        assert counts.scalars().all() == [2, 2]


def test_it_does_not_try_for_ever(app):
    class Deadlock(Exception):
        pgcode = "40P01"

    tries = []

    def act():
        tries.append(1)
        raise OperationalError("x", {}, Deadlock())

    with app.app_context(), pytest.raises(OperationalError):
        in_transaction(act)
    assert len(tries) == ATTEMPTS


def test_other_failures_are_not_tried_again_and_leave_nothing(app, two_rows):
    tries = []

    def act():
        tries.append(1)
        add_one(two_rows[0])
        raise ValueError("no")

    with app.app_context():
        with pytest.raises(ValueError):
            in_transaction(act)
        count = db.session.execute(text("SELECT count FROM attempt WHERE bucket = :key"), {"key": two_rows[0]})
        assert (len(tries), count.scalar()) == (1, 0)


def test_a_lock_that_does_not_come_free_is_a_503(app):
    house = make_cast(app).ours
    body = basket_of(house) | {"type": "accrual"}
    with app.app_context():
        db.session.execute(text("SELECT 1 FROM membership WHERE partner_id = :p FOR UPDATE"), {"p": house.partner_id})
        answers = []
        patience = "-c lock_timeout=200"
        thread = threading.Thread(
            target=lambda: answers.append(call_with(app, patience, house, body)),
        )
        thread.start()
        thread.join(20)
        db.session.rollback()
    (answer,) = answers
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) >= 1
    key = new_key()
    assert house.staff["cashier"].post("/api/partner/transactions", body, key=key).status_code == 201


def call_with(app, options, house, body):
    """The call by a caller whose patience for locks is short."""
    short = text(f"SET LOCAL lock_timeout = {options.rsplit('=', 1)[1]}")
    original = transactions.transaction

    def impatient():
        opened = original()

        class Opened:
            def __enter__(self):
                session = opened.__enter__()
                session.execute(short)
                return session

            def __exit__(self, *error):
                return opened.__exit__(*error)

        return Opened()

    transactions.transaction = impatient
    try:
        return house.staff["cashier"].post("/api/partner/transactions", body, key=new_key())
    finally:
        transactions.transaction = original


def test_twenty_calls_at_once_with_one_key_have_one_effect(app):
    house = make_cast(app).ours
    body, key, answers = basket_of(house) | {"type": "accrual"}, new_key(), []
    start = threading.Barrier(20)

    def call():
        start.wait()
        answers.append(house.staff["cashier"].post("/api/partner/transactions", body, key=key))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    loyalty = house.member.get("/api/customer/loyalty").json
    assert loyalty["total"] == 50
    assert house.member.get("/api/customer/balance").json == {
        "total": 50, "memberships": loyalty["memberships"]
    }  # fmt: skip
