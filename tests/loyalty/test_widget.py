from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from loyalty import joining, widget
from loyalty.errors import (
    InvalidFiscalReceipt,
    InvalidOrigin,
    PartnerNotFound,
    SiteNotFound,
    TooMany,
    TooManySites,
)
from loyalty.widget_look import set_look
from models import db, transaction
from models.customer import AuditRecord
from models.partner import Partner
from models.widget import WidgetSite
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_partner, make_site


def add(partner, address="https://shop.example", **options):
    return widget.add_site(partner.id, address, by=None, now=NOW, **options).origin


def noted(partner):
    query = select(AuditRecord.action).where(AuditRecord.partner_id == partner.id)
    return list(db.session.scalars(query.order_by(AuditRecord.id)))


def named(partner_id):
    return [site.origin for site in widget.list_site_rows(partner_id)]


def test_sites_are_allowed_and_taken_back(db_session):
    partner, other = make_partner(), make_partner()
    assert add(partner, "Shop.example/menu") == "https://shop.example"
    add(other, "https://other.example")
    assert named(partner.id) == ["https://shop.example"]
    widget.remove_site(other.id, "https://shop.example", by=None)
    assert named(partner.id) == ["https://shop.example"]
    widget.remove_site(partner.id, "https://shop.example", by=None)
    assert named(partner.id) == []
    assert noted(partner) == ["widget.site_added", "widget.site_removed"]


def test_a_site_allowed_twice_is_one_site(db_session):
    partner = make_partner()
    assert add(partner) == add(partner, "SHOP.example:443")
    assert named(partner.id) == ["https://shop.example"]
    assert noted(partner) == ["widget.site_added"]


def test_this_machine_is_allowed_in_the_sandbox_only(db_session):
    partner = make_partner()
    with pytest.raises(InvalidOrigin):
        add(partner, "http://127.0.0.1:9000")
    assert add(partner, "http://127.0.0.1:9000", loopback=True) == "http://127.0.0.1:9000"


def test_there_are_so_many_sites_at_most(db_session):
    partner = make_partner()
    for number in range(widget.SITES):
        add(partner, f"https://shop{number}.example")
    with pytest.raises(TooManySites):
        add(partner, "https://one-more.example")
    assert add(partner, "https://shop3.example") == "https://shop3.example"
    add(make_partner())


def test_two_who_allow_the_last_site_at_once_do_not_make_one_too_many(app):
    with app.app_context(), transaction():
        partner = make_partner()
        for number in range(widget.SITES - 1):
            add(partner, f"https://shop{number}.example")
        partner_id = partner.id

    def allow(number):
        with transaction():
            widget.add_site(partner_id, f"https://late{number}.example", by=None, now=NOW)

    results = at_once(app, allow)
    assert sum(result is None for result in results) == 1
    with app.app_context():
        assert len(named(partner_id)) == widget.SITES


def test_only_what_is_proved_shows_the_widget(db_session):
    partner = make_partner()
    add(partner)
    add(partner, "http://127.0.0.1:9000", loopback=True)
    assert widget.list_sites(partner.id) == ["http://127.0.0.1:9000"]
    make_site(partner.id, "https://other.example")
    assert widget.list_sites(partner.id) == ["http://127.0.0.1:9000", "https://other.example"]


def test_the_database_takes_nothing_that_could_end_a_header(db_session):
    partner = make_partner()
    for origin in ("https://a.example; script-src *", "https://a.example\r\nX: y", "*", "https://A.example"):
        with pytest.raises(Exception, match="ck_widget_site_origin"), db.session.begin_nested():
            db.session.add(WidgetSite(partner_id=partner.id, origin=origin))
            db.session.flush()


def test_a_site_is_found_by_its_own_partner_only(db_session):
    partner, other = make_partner(), make_partner()
    site = widget.add_site(partner.id, "https://shop.example", by=None, now=NOW)
    assert widget.get_site(partner.id, site.id) is site
    assert widget.list_site_rows(other.id) == []
    with pytest.raises(SiteNotFound):
        widget.get_site(other.id, site.id)


def test_the_card_says_how_the_launcher_looks(db_session):
    partner = make_partner()
    assert widget.show_card(partner) == widget.Card("Кофейня", "#0b6b63", None, "bottom-right", None, None)
    look = {"accent": "#fff", "theme": "dark", "position": "bottom-left", "label_ru": "Бонусы"}
    set_look(partner, look, by=None, now=NOW)
    assert widget.show_card(partner) == widget.Card("Кофейня", "#757575", None, "bottom-left", "Бонусы", None)


def test_a_widget_is_found_by_either_number_of_its_partner(db_session):
    partner = make_partner()
    assert widget.find_partner(partner.code) is partner
    assert widget.find_partner(str(partner.id)) is partner


@pytest.mark.parametrize("reference", ["", "x", "12345", "4" * 13, "'; --", None, "9" * 12])
def test_nobody_and_nonsense_have_no_widget(db_session, reference):
    with pytest.raises(PartnerNotFound):
        widget.find_partner(reference)


def test_a_suspended_partner_has_no_widget(db_session):
    partner: Partner = make_partner(state="suspended")
    with pytest.raises(PartnerNotFound):
        widget.find_partner(partner.code)


def test_who_asks_for_points_too_often_is_stopped_for_an_hour(db_session):
    partner, person = make_partner(), make_customer()
    joining.join(person, partner, {"personal_data": True}, place="page", now=NOW)
    for _ in range(widget.CLAIMS_AN_HOUR):
        with pytest.raises(InvalidFiscalReceipt):
            widget.claim(partner, person.id, amount=None, receipt="t=1", now=NOW)
    with pytest.raises(TooMany):
        widget.claim(partner, person.id, amount=Decimal("1.00"), receipt=None, now=NOW)
    assert widget.claim(partner, person.id, amount=Decimal("1.00"), receipt=None, now=NOW + timedelta(hours=1))
