"""The partner's own customers."""

from __future__ import annotations

import csv
import io

import pytest

from models import transaction
from models.partner import Partner
from tests.factories import make_customer, make_email, make_member


@pytest.fixture
def members(app, cast):
    """More of our customers, by name; theirs are noise."""

    def make(*names: str) -> dict[str, str]:
        with app.app_context(), transaction() as session:
            shop = session.get_one(Partner, cast.ours.partner_id)
            return {
                name: str(make_member(shop, make_customer(email=make_email()), name=name).customer_id) for name in names
            }

    return make


def test_customers_are_listed_searched_and_paged(cast, desk, members, words):
    made = members(*(f"Гость {number:02}" for number in range(31)))
    cashier = desk("cashier")
    first = cashier.get("/partner/customers")
    assert made["Гость 30"] in first.text and made["Гость 00"] not in first.text
    following = next(part for part in first.text.split('"') if part.startswith("/partner/customers?cursor="))
    assert made["Гость 00"] in cashier.get(following).text
    found = cashier.get("/partner/customers?query=гость 07")
    assert made["Гость 07"] in found.text and made["Гость 08"] not in found.text
    assert str(cast.theirs.member.customer_id) not in first.text + cashier.get(following).text
    nobody = words(cashier.get("/partner/customers?query=Никодим"))
    assert "Никого не нашлось" in nobody and "Показать всех клиентов" in nobody


def test_the_card_tells_what_the_partner_knows_and_why_points_moved(cast, desk, sell, give, words):
    give(100)
    sell("1000")
    page = desk("cashier").get(f"/partner/customers/{cast.ours.member.customer_id}")
    said = words(page)
    assert "150 баллов = 150 ₽" in said
    assert "Исправлено вручную" in said
    assert "Покупка" in said and "5 % от 1 000 ₽" in said and "+50" in said
    assert "Визиты 1" in said and "Потрачено 1 000 ₽" in said
    assert "Контакты" in said
    assert f'href="/partner?customer={cast.ours.member.customer_id}"' in page.text


def test_roles_without_contacts_see_and_find_none(cast, desk, words):
    marketer, member = desk("ai_marketer"), cast.ours.member.customer_id
    digits = cast.ours.phone[2:]
    card = marketer.get(f"/partner/customers/{member}")
    assert card.status_code == 200
    assert digits not in card.text.replace("-", "").replace("\N{NO-BREAK SPACE}", "")
    assert "@" not in words(card)
    assert str(member) not in marketer.get(f"/partner/customers?query={digits}").text
    assert "К кассе" not in words(card) and "Наша пометка" not in words(card)


def test_a_manager_notes_a_name_and_vip_and_a_cashier_may_not(cast, desk, words):
    url = f"/partner/customers/{cast.ours.member.customer_id}"
    manager = desk("manager")
    assert manager.post(url, name="Ваня с Покровки", is_vip="y").status_code == 303
    said = words(manager.get(url))
    assert "Ваня с Покровки VIP" in said and "Сохранено" in said
    assert manager.post(url, name="Ваня с Покровки").status_code == 303
    assert "Ваня с Покровки VIP" not in words(manager.get(url))
    assert manager.post(url, name="я" * 201).status_code == 422
    assert desk("cashier").post(url, name="Другой").status_code == 403


def test_the_file_is_the_one_the_api_gives(cast, desk, members):
    members("Гость")
    by_page = desk("manager").get("/partner/customers/export.csv")
    assert (by_page.status_code, by_page.mimetype) == (200, "text/csv")
    assert "attachment" in by_page.headers["Content-Disposition"]
    assert by_page.data == cast.ours.staff["manager"].get("/api/partner/export/customers.csv").data
    rows = list(csv.DictReader(io.StringIO(by_page.data.decode("utf-8-sig"))))
    assert {row["customer_id"] for row in rows} >= {str(cast.ours.member.customer_id)}
    assert str(cast.theirs.member.customer_id) not in by_page.text
    cashier = desk("cashier")
    assert cashier.get("/partner/customers/export.csv").status_code == 403
    assert "export.csv" not in cashier.get("/partner/customers").text


def test_a_history_goes_on_page_by_page(cast, desk, sell):
    for number in range(22):
        sell(f"{1000 + number}")
    cashier, url = desk("cashier"), f"/partner/customers/{cast.ours.member.customer_id}"
    first = cashier.get(url)
    following = next(part for part in first.text.split('"') if part.startswith(f"{url}?cursor="))
    rest = cashier.get(following)
    assert "1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}₽" in rest.text
    assert rest.text.count('<li class="row"><div class="row-text">') == 2
