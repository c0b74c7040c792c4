import html
import re

import pytest

from loyalty import widget, widget_proof
from loyalty.clock import utcnow
from loyalty.widget_look import HOUSE_COLOUR, show_look
from models import db, transaction
from models.partner import Partner
from web.desk.widget import FAILURES

PAGE = "/partner/widget"
LOOK = {"theme": "auto", "position": "bottom-right", "label_ru": "", "label_en": ""}


@pytest.fixture
def sites(app, cast):
    def read(house=cast.ours):
        with app.app_context():
            return [site.origin for site in widget.list_site_rows(house.partner_id)]

    return read


@pytest.fixture
def accent(app, cast):
    def read():
        with app.app_context():
            return db.session.get(Partner, cast.ours.partner_id).accent

    return read


def test_the_code_to_paste_names_this_partner_and_this_platform(desk, cast, settings):
    page = html.unescape(desk("owner").get(PAGE).text)
    code = cast.ours.partner_code
    assert f"LoyaltyWidget.init({{partnerId: '{code}', position: 'bottom-right'}});" in page
    assert f"LoyaltyWidget.init({{partnerId: '{code}'}});" in page
    assert f'<script src="{settings.public_url}/widget.js"></script>' in page
    assert f'<script async src="{settings.public_url}/widget.js"></script>' in page


def test_a_site_is_added_in_any_spelling_and_taken_off_again(desk, sites, words):
    owner = desk("owner")
    assert "Пока ни одного сайта" in words(owner.get(PAGE))
    assert owner.post(f"{PAGE}/sites", origin=" Кофейня.рф/меню ").status_code == 303
    assert sites() == ["https://xn--e1aiboc0b6e.xn--p1ai"]
    page = words(owner.get(PAGE))
    assert "https://кофейня.рф добавлен. Теперь подтвердите, что он ваш." in page
    assert "xn--" not in page
    assert owner.post(f"{PAGE}/sites/remove", origin=sites()[0]).status_code == 303
    assert sites() == []


@pytest.mark.parametrize(
    "origin", ["", "http://shop.example", "*.shop.example", "10.0.0.1", "shop.example; script-src *"]
)
def test_what_is_no_site_is_refused_beside_its_field(desk, sites, words, values, origin):
    refused = desk("owner").post(f"{PAGE}/sites", origin=origin)
    assert refused.status_code == 422
    assert "Адрес сайта: Это не адрес сайта." in words(refused)
    assert html.unescape(values(refused)["origin"]) in (origin, values(refused)["origin"])
    assert sites() == []


@pytest.fixture
def look_at(app, cast):
    """What the workers find on the partner's only site: a failure, or None for the proof."""

    def record(failure, now=None):
        with app.app_context(), transaction():
            (site,) = widget.list_site_rows(cast.ours.partner_id)
            widget_proof.record(cast.ours.partner_id, site.id, failure, now or utcnow())

    return record


def test_a_site_is_shown_to_be_the_partners_step_by_step(desk, cast, look_at, words):
    owner = desk("owner")
    owner.post(f"{PAGE}/sites", origin="shop.example")
    page = owner.get(PAGE)
    assert "проверяем…" in words(page)
    assert 'data-poll="/partner/widget"' in page.text
    proof = widget_proof.proof_of(cast.ours.partner_id)
    assert proof in html.unescape(page.text)
    file = owner.get(f"{PAGE}/proof")
    assert (file.text, file.mimetype) == (proof, "text/plain")
    assert f"kopilka-{cast.ours.partner_code}.txt" in file.headers["Content-Disposition"]
    look_at("no_proof")
    page = owner.get(PAGE)
    assert "не подтверждён: виджета не будет" in words(page)
    assert "ни файла, ни тега на нём нет" in words(page)
    assert "data-poll" not in page.text
    check = re.search(r'action="(/partner/widget/sites/[^"]+/check)"', page.text)[1]
    assert owner.post(check).status_code == 303
    assert "проверяем…" in words(owner.get(PAGE))
    look_at(None)
    page = words(owner.get(PAGE))
    assert "подтверждён" in page
    assert "Подтвердите, что сайт ваш" not in page
    look_at("unreachable")
    assert "подтверждение пропало: виджет виден до" in words(owner.get(PAGE))
    assert owner.sign_in(cast.theirs.staff["owner"].customer_id).post(check).status_code == 404


def test_every_failure_says_what_to_do_about_it(desk, look_at, words):
    owner = desk("owner")
    owner.post(f"{PAGE}/sites", origin="shop.example")
    seen = set()
    for failure in widget_proof.FAILURES:
        look_at(failure)
        seen.add(words(owner.get(PAGE)).partition("виджета не будет")[2][:60])
    assert len(seen) == len(widget_proof.FAILURES)
    assert set(FAILURES) == set(widget_proof.FAILURES)


def test_more_than_twenty_sites_are_refused(desk, sites, words):
    owner = desk("owner")
    for number in range(widget.SITES):
        owner.post(f"{PAGE}/sites", origin=f"shop{number}.example")
    refused = owner.post(f"{PAGE}/sites", origin="one-more.example")
    assert "не больше чем на 20 сайтах" in words(refused)
    assert len(sites()) == widget.SITES


def test_a_light_colour_is_made_darker_and_that_is_said(desk, accent, words, values):
    owner = desk("owner")
    assert values(owner.get(PAGE))["accent"] == HOUSE_COLOUR
    owner.post(f"{PAGE}/look", accent="#7a3cff", **LOOK)
    assert accent() == "#7a3cff"
    owner.post(f"{PAGE}/look", accent="#ffffff", **LOOK)
    assert accent() == "#757575"
    assert "Мы взяли оттенок темнее, чтобы белые буквы читались: #757575." in words(owner.get(PAGE))
    owner.post(f"{PAGE}/look", usual="1", accent="#ffffff")
    assert accent() is None


def test_theme_place_and_words_are_kept_and_shown_again(app, desk, cast, words, values):
    owner = desk("owner")
    wanted = {"accent": "#0b6b63", "theme": "dark", "position": "bottom-left", "label_ru": "Бонусы", "label_en": ""}
    assert owner.post(f"{PAGE}/look", **wanted).status_code == 303
    page = owner.get(PAGE)
    assert values(page)["label_ru"] == "Бонусы"
    assert "position: &#39;bottom-left&#39;" in page.text
    refused = owner.post(f"{PAGE}/look", **wanted | {"theme": "sepia", "label_ru": "Виджет"})
    assert refused.status_code == 422
    with app.app_context():
        look = show_look(db.session.get(Partner, cast.ours.partner_id))
        assert (look.theme, look.position, look.label_ru, look.label_en) == ("dark", "bottom-left", "Бонусы", None)


def test_what_is_no_colour_is_refused(desk, accent, words):
    refused = desk("owner").post(f"{PAGE}/look", accent="red", **LOOK)
    assert refused.status_code == 422
    assert "Запишите цвет шестью знаками" in words(refused)
    assert accent() is None


def test_the_sites_of_another_partner_stay_as_they_are(desk, cast, sites):
    owner = desk("owner")
    owner.post(f"{PAGE}/sites", origin="shop.example")
    theirs = cast.theirs.staff["owner"].customer_id
    owner.sign_in(theirs)
    owner.post(f"{PAGE}/sites/remove", origin="https://shop.example")
    assert sites() == ["https://shop.example"]
    assert sites(cast.theirs) == []


@pytest.mark.parametrize("role", ["manager", "cashier", "ai_marketer", "content_manager"])
def test_only_an_owner_changes_the_widget(desk, sites, role):
    someone = desk(role)
    assert someone.get(PAGE).status_code == 403
    assert someone.post(f"{PAGE}/sites", origin="shop.example").status_code == 403
    assert sites() == []


def test_the_preview_is_the_one_page_that_may_hold_a_frame(desk):
    owner = desk("owner")
    assert "frame-src 'self'" in owner.get(f"{PAGE}/preview").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in owner.get(f"{PAGE}/preview").headers["Content-Security-Policy"]
    for other in (PAGE, "/partner/settings", "/partner", "/customer"):
        assert "frame-src" not in owner.get(other).headers["Content-Security-Policy"]
