from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from loyalty import widget, widget_proof
from loyalty.errors import TooMany
from models import db
from models.work import Outbox
from tests.factories import NOW, make_partner

DAY = timedelta(days=1)
PROOF = "0123456789abcdef0123456789abcdef"
TAG = f'<meta name="kopilka-site" content="{PROOF}">'


@pytest.fixture
def site(db_session):
    return add(make_partner())


def add(partner, address="https://shop.example"):
    return widget.add_site(partner.id, address, by=None, now=NOW, loopback=True)


def look(site, failure, now=NOW):
    return widget_proof.record(site.partner_id, site.id, failure, now)


def jobs(site) -> int:
    asked = select(func.count()).where(Outbox.job == "prove_site", Outbox.payload["site_id"].astext == str(site.id))
    return db.session.scalar(asked)


def test_a_new_site_is_looked_at_and_shows_nothing_until_it_is_proved(site):
    assert (jobs(site), widget_proof.state_of(site)) == (1, "unproved")
    assert widget_proof.is_being_checked(site, NOW)
    look(site, "no_proof")
    assert widget.list_sites(site.partner_id) == []
    look(site, None)
    assert widget.list_sites(site.partner_id) == ["https://shop.example"]
    assert (widget_proof.state_of(site), site.failure, site.next_check_at) == ("proved", None, NOW + widget_proof.AGAIN)


def test_this_machine_needs_no_proof(db_session):
    site = add(make_partner(), "http://localhost:9000")
    assert (jobs(site), widget_proof.state_of(site), site.next_check_at) == (0, "proved", None)
    widget_proof.ask(site, NOW)
    assert jobs(site) == 0


def test_a_proved_site_keeps_the_widget_for_two_weeks_and_gets_it_back_with_the_proof(site):
    look(site, None)
    look(site, "unreachable", NOW + DAY)
    assert (widget_proof.state_of(site), widget_proof.shown_until(site)) == ("failing", NOW + 15 * DAY)
    look(site, "timed_out", NOW + 14 * DAY)
    assert widget.list_sites(site.partner_id) == ["https://shop.example"]
    look(site, "timed_out", NOW + 15 * DAY)
    assert (widget_proof.state_of(site), widget_proof.shown_until(site)) == ("unproved", None)
    assert widget.list_sites(site.partner_id) == []
    look(site, None, NOW + 16 * DAY)
    assert widget_proof.state_of(site) == "proved"


def test_one_good_look_forgets_the_bad_ones_before_it(site):
    look(site, None)
    look(site, "unreachable", NOW + DAY)
    look(site, None, NOW + 2 * DAY)
    look(site, "unreachable", NOW + 9 * DAY)
    assert widget_proof.shown_until(site) == NOW + 23 * DAY


def test_a_site_that_is_never_proved_is_looked_at_ever_more_rarely_and_then_not_at_all(site):
    tries, now = [], NOW
    while now is not None:
        tries.append(now)
        now = look(site, "no_proof", now).next_check_at
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (timedelta(minutes=10), DAY)
    assert 30 < len(tries) < 50
    assert tries[-1] - NOW >= 30 * DAY


def test_the_schedule_asks_for_each_site_once_and_not_for_suspended_partners(db_session):
    partner, suspended = make_partner(), make_partner(state="suspended")
    due, later, theirs = add(partner), add(partner, "https://later.example"), add(suspended)
    for one in (due, theirs):
        one.next_check_at = NOW
    later.next_check_at = NOW + DAY
    db.session.flush()
    while widget_proof.ask_due(NOW, most=1):
        continue
    assert [jobs(one) for one in (due, later, theirs)] == [2, 1, 1]


def test_a_site_that_is_being_looked_at_is_not_looked_at_twice(site):
    widget_proof.ask(site, NOW + timedelta(seconds=5))
    assert jobs(site) == 1
    widget_proof.ask(site, NOW + timedelta(minutes=3))
    assert jobs(site) == 2
    look(site, "no_proof", NOW + timedelta(minutes=4))
    widget_proof.ask(site, NOW + timedelta(minutes=4, seconds=1))
    assert jobs(site) == 3


def test_nobody_has_us_knock_at_a_strangers_door_without_end(site):
    now = NOW
    with pytest.raises(TooMany):
        for _ in range(widget_proof.ASKS_AN_HOUR + 1):
            look(site, "no_proof", now)
            now += timedelta(seconds=1)
            widget_proof.ask(site, now)


def test_what_is_found_of_a_site_that_was_taken_off_is_dropped(site):
    widget.remove_site(site.partner_id, site.origin, by=None)
    assert look(site, None) is None
    again = add(make_partner())
    assert widget_proof.record(make_partner().id, again.id, None, NOW) is None
    assert widget_proof.state_of(again) == "unproved"


def test_each_partner_has_a_proof_of_its_own_that_stays_the_same(db_session):
    one, other = make_partner(), make_partner()
    assert widget_proof.proof_of(one.id) == widget_proof.proof_of(one.id) != widget_proof.proof_of(other.id)


@pytest.mark.parametrize("text", [PROOF, f"{PROOF}\n", f"  {PROOF}\r\n"])
def test_a_file_with_the_proof_alone_is_one(text):
    assert widget_proof.is_in_file(text, PROOF)


@pytest.mark.parametrize("text", ["", PROOF[:-1], PROOF.upper(), f"<html>{PROOF}</html>", f"{PROOF} {PROOF}"])
def test_a_file_with_anything_else_is_none(text):
    assert not widget_proof.is_in_file(text, PROOF)


@pytest.mark.parametrize(
    "html",
    [
        f"<!doctype html><html><head><title>Shop</title>{TAG}</head><body></body></html>",
        f"<script>if (1 < 2) document.write('<body>')</script>{TAG}",
        f"<META CONTENT='{PROOF}' NAME='Kopilka-Site' />",
        f"<head><!-- <body> -->{TAG}<p>",
    ],
)
def test_a_tag_in_the_head_is_found(html):
    assert widget_proof.is_in_head(html, PROOF)


@pytest.mark.parametrize(
    "html",
    [
        "",
        f"<head></head>{TAG}",
        f"<head></head><body><p>comment of a visitor: {TAG}</p></body>",
        f"<p>no body was begun, but a paragraph is of one</p>{TAG}",
        f"<head><!-- {TAG} --></head>",
        f"<script>'{TAG}'</script>",
        f'<meta name="kopilka-site" content="another" content="{PROOF}">',
        f'<meta name="description" content="{PROOF}">',
        '<meta name="kopilka-site">',
        "<meta name=kopilka-site content=" + PROOF[:-1],
    ],
)
def test_a_tag_elsewhere_or_another_tag_is_none(html):
    assert not widget_proof.is_in_head(html, PROOF)
