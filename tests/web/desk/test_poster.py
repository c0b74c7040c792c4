"""The standing QR as files and as sheets to print: what a phone reads in each leads to this partner."""

from __future__ import annotations

import pytest

from models import transaction
from models.partner import Partner
from tests.factories import make_branch
from tests.support.qr import read_png, read_svg

PAGE = "/partner/poster"


@pytest.fixture
def address(settings, cast):
    return f"{settings.public_url}/checkin?partner={cast.ours.partner_code}"


def test_what_is_drawn_is_read_back(desk, address):
    owner = desk("owner")
    png, svg = owner.get(f"{PAGE}/qr.png"), owner.get(f"{PAGE}/qr.svg")
    assert (png.mimetype, svg.mimetype) == ("image/png", "image/svg+xml")
    assert "attachment" in png.headers["Content-Disposition"] and svg.headers["Content-Disposition"].endswith('.svg"')
    assert read_png(png.data) == read_svg(svg.text) == address
    for page in (PAGE, f"{PAGE}/print?size=a4", f"{PAGE}/print?size=tent"):
        drawn = owner.get(page).text
        assert read_svg(drawn[drawn.index('<svg class="qr"') :]) == address


def test_a_tent_has_two_sides_and_one_heading(desk):
    page = desk("owner").get(f"{PAGE}/print?size=tent").text
    assert page.count('<svg class="qr"') == 2 and page.count("<h1") == 1
    assert desk("owner").get(f"{PAGE}/print?size=nonsense").text.count('<svg class="qr"') == 1


def test_a_branch_has_a_poster_of_its_own(app, cast, desk, address, words):
    with app.app_context(), transaction() as session:
        branch = make_branch(session.get_one(Partner, cast.ours.partner_id), "На углу").id
        foreign = make_branch(session.get_one(Partner, cast.theirs.partner_id), "Чужая").id
    owner = desk("owner")
    assert "На углу" in words(owner.get(PAGE))
    assert read_png(owner.get(f"{PAGE}/qr.png?branch={branch}").data) == f"{address}&branch={branch}"
    assert "На углу" in words(owner.get(f"{PAGE}/print?branch={branch}"))
    for wrong in (foreign, "x"):
        assert owner.get(f"{PAGE}?branch={wrong}").status_code == 404


def test_the_poster_wears_the_partners_colour(app, cast, desk):
    with app.app_context(), transaction() as session:
        session.get_one(Partner, cast.ours.partner_id).accent = "#7a3b12"
    assert 'fill="#7a3b12"' in desk("cashier").get(f"{PAGE}/print").text
