from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from loyalty import limits
from loyalty.errors import TooMany
from models import db, transaction
from models.customer import Attempt
from tests.concurrency import at_once
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


def make_bucket() -> str:
    return f"test:{uuid4()}"


def test_a_limit_lets_exactly_so_many_through(app, db_session):
    bucket = make_bucket()
    limits.hit(make_bucket(), limit=1, window=MINUTE, now=NOW)
    assert [limits.hit(bucket, limit=3, window=MINUTE, now=NOW) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(TooMany):
        limits.hit(bucket, limit=3, window=MINUTE, now=NOW)


def test_a_limit_is_exact_under_fifty_threads(app):
    bucket = make_bucket()
    results = at_once(app, lambda _: limits.hit(bucket, limit=20, window=MINUTE, now=NOW), times=50)
    assert sorted(result for result in results if isinstance(result, int)) == list(range(1, 21))
    assert sum(isinstance(result, TooMany) for result in results) == 30


def test_the_next_window_starts_at_nothing(db_session):
    bucket = make_bucket()
    start = NOW.replace(second=0)
    limits.hit(bucket, limit=1, window=MINUTE, now=start + timedelta(seconds=50))
    with pytest.raises(TooMany) as refused:
        limits.hit(bucket, limit=1, window=MINUTE, now=start + timedelta(seconds=50))
    assert refused.value.retry_after == 10
    assert limits.hit(bucket, limit=1, window=MINUTE, now=start + timedelta(seconds=60)) == 1


def test_one_bucket_may_have_windows_of_two_lengths(db_session):
    bucket = make_bucket()
    limits.hit(bucket, limit=1, window=MINUTE, now=NOW)
    assert limits.hit(bucket, limit=1, window=timedelta(hours=1), now=NOW) == 1


def test_a_try_stays_counted_when_the_request_is_rolled_back(app):
    bucket = make_bucket()
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        limits.hit(bucket, limit=1, window=MINUTE, now=NOW)
        raise ZeroDivisionError
    with app.app_context(), pytest.raises(TooMany):
        limits.hit(bucket, limit=1, window=MINUTE, now=NOW)


def test_counting_leaves_the_callers_transaction_alone(app, db_session):
    limits.hit(bucket := make_bucket(), limit=1, window=MINUTE, now=NOW)
    assert not db.session().in_transaction()
    kept = db.select(Attempt.count).where(Attempt.bucket.startswith(bucket))
    assert db_session.scalar(kept) == 1


def test_a_check_counts_nothing_and_refuses_where_a_try_would(db_session):
    bucket, budget = make_bucket(), {"limit": 2, "window": MINUTE, "now": NOW}
    for _ in range(3):
        limits.check(bucket, **budget)
    for _ in range(2):
        limits.hit(bucket, **budget)
    with pytest.raises(TooMany):
        limits.check(bucket, **budget)
    limits.check(bucket, limit=2, window=MINUTE, now=NOW + MINUTE)


def test_a_try_that_comes_again_under_its_name_is_counted_once(db_session):
    bucket, other = make_bucket(), make_bucket()
    assert [limits.hit(bucket, limit=2, window=MINUTE, now=NOW, once="a") for _ in range(3)] == [1, 1, 1]
    assert limits.hit(other, limit=2, window=MINUTE, now=NOW, once="a") == 1, "of another bucket it is another try"
    assert limits.hit(bucket, limit=2, window=MINUTE, now=NOW, once="b") == 2
    for _ in range(2):
        with pytest.raises(TooMany):
            limits.hit(bucket, limit=2, window=MINUTE, now=NOW, once="c")
    later = NOW + MINUTE
    assert limits.hit(bucket, limit=2, window=MINUTE, now=later, once="c") == 0, "it was counted in its own window"
