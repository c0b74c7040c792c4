"""The desk's sections: groups of pages, of which everybody sees what their role opens."""

import re

import pytest

BAR = re.compile(r'<nav class="ways" aria-label="[^"]*">(.*?)</nav>', re.DOTALL)
NEAR = re.compile(r'<nav class="ways-near" aria-label="([^"]*)">(.*?)</nav>', re.DOTALL)
LINK = re.compile(r'<a href="([^"]*)"(?: aria-current="(\w+)")?')


def read_bar(page):
    """Addresses of the groups, and of what is open inside one, in the order of the bar."""
    return [address for address, _current in LINK.findall(BAR.search(page.text)[1])]


def test_a_cashier_has_the_till_and_may_look_at_the_rules(desk):
    cashier = desk("cashier")
    assert read_bar(cashier.get("/partner")) == [
        "/partner",
        *("/partner", "/partner/claims", "/partner/purchases"),
        "/partner/customers",
        "/partner/programme",
    ]


@pytest.mark.parametrize("role", ["owner", "manager", "cashier", "ai_marketer", "content_manager"])
def test_every_way_that_is_shown_may_be_gone_and_leads_to_itself(desk, role):
    person = desk(role)
    groups = read_bar(person.get("/partner/programme"))
    assert len(set(groups)) >= 2
    for group in dict.fromkeys(groups):
        page = person.get(group)
        assert page.status_code == 200
        near = NEAR.search(page.text)
        inside = LINK.findall(near[2]) if near else []
        assert len(inside) != 1
        for address, _current in inside:
            shown = person.get(address)
            assert shown.status_code == 200
            here = [found for found, current in LINK.findall(BAR.search(shown.text)[1]) if current == "page"]
            assert here == [address]


def test_a_page_below_another_belongs_to_the_same_group(desk):
    page = desk("owner").get("/partner/promotions/new")
    name, inside = NEAR.search(page.text).groups()
    assert name == "Маркетинг"
    assert [address for address, current in LINK.findall(inside) if current] == ["/partner/promotions"]


def test_what_waits_is_counted_on_the_group_and_on_the_page(desk, cast, app):
    page = desk("cashier").get("/partner/programme")
    assert re.findall(r'<b class="count" data-beside="/partner/claims" hidden>0</b>', page.text)
