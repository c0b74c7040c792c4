import re
from datetime import timedelta

import pytest

from loyalty import ledger, partners, people
from loyalty.clock import utcnow
from loyalty.types import Life
from models import db, transaction
from models.customer import Customer
from tests.factories import identifier_of, make_customer, make_email, make_member, make_partner
from tests.statements import counted_statements
from tests.web.browser import Browser

LIST = "/admin/customers"


@pytest.fixture
def person(app):
    """`person(name, …)` is somebody new, and what finds them."""

    def make(name="Аполлинария", **more):
        with app.app_context(), transaction():
            made = make_customer(name=name, email=make_email(), **more)
            return made.id, identifier_of(made).value, identifier_of(made, "email").value

    return make


def names(answer):
    return re.findall(r'class="row-link" href="/admin/customers/[^"]+">([^<]+)<', answer.text)


def test_a_person_is_found_by_phone_mail_id_and_the_beginning_of_the_name(admin, person):
    customer_id, phone, mail = person("Аполлинария Ш")
    for query in (phone, f"8{phone[2:]}", mail.upper(), customer_id, "аполлинари ш"):
        found = admin.get(f"{LIST}?q={query}".replace("+", "%2B"))
        assert f'href="{LIST}/{customer_id}"' in found.text, query


def test_nobody_found_says_what_to_do(admin, words):
    assert "Таких нет" in words(admin.get(f"{LIST}?q=цукенгшщз"))


def test_filters_stand_in_the_address_and_each_can_be_taken_away(app, admin, cast, person, words):
    customer_id, *_ = person("Евлампия Одна")
    person("Евлампия Другая", proven_at=None)
    with app.app_context(), transaction():
        people.block_person(db.session.get_one(Customer, customer_id), by=None, now=utcnow())
    address = f"{LIST}?q=Евлампия&state=blocked&proof=yes&since=2020-01-01"
    page = admin.get(address)
    assert names(page) == ["Евлампия Одна"]
    assert "«Евлампия»" in words(page)
    assert "Состояние: Заблокирован" in words(page)
    without = re.search(r'href="([^"]+)">Состояние: Заблокирован', page.text)[1].replace("&amp;", "&")
    assert "state" not in without
    assert "proof=yes" in without
    assert names(admin.get(without)) == ["Евлампия Одна"]
    assert sorted(names(admin.get(f"{LIST}?q=Евлампия"))) == ["Евлампия Другая", "Евлампия Одна"]


def test_the_list_is_narrowed_to_a_partner_by_its_code(app, admin, cast, person):
    customer_id, *_ = person("Феоктист")
    assert names(admin.get(f"{LIST}?q=Феоктист&partner={cast.ours.partner_code}")) == []
    with app.app_context(), transaction():
        make_member(partners.get_partner(cast.ours.partner_code), db.session.get_one(Customer, customer_id))
    assert names(admin.get(f"{LIST}?q=Феоктист&partner={cast.ours.partner_code}")) == ["Феоктист"]
    assert admin.get(f"{LIST}?partner=000000").status_code == 404


@pytest.mark.parametrize("sort", ["newest", "points", "spent"])
def test_pages_follow_each_other_with_the_filters_kept(app, admin, cast, person, sort):
    made = [person(f"Пантелеймон {number}")[0] for number in range(27)]
    for customer_id in made:
        with app.app_context(), transaction():
            make_member(partners.get_partner(cast.ours.partner_code), db.session.get_one(Customer, customer_id))
    seen, page = [], f"{LIST}?q=Пантелеймон&sort={sort}"
    while page:
        answer = admin.get(page)
        seen += re.findall(r'class="row-link" href="/admin/customers/([^"]+)"', answer.text)
        found = re.search(r'href="([^"]+)" rel="next"', answer.text)
        page = found and found[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen))
    assert {str(one) for one in made} <= set(seen)


@pytest.mark.parametrize(
    "query",
    ["state=everything", "since=1800-01-01", "since=yesterday", "sort=name", "vip=maybe", "_external=1&_scheme=x",
     "customer_id=1", "partner=", "kind=x"],
)  # fmt: skip
def test_what_the_address_says_and_nobody_understands_narrows_nothing(admin, query):
    answer = admin.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert names(answer)
    assert "x://" not in answer.text


def test_a_page_of_the_list_of_nobodys_making_is_refused(admin):
    assert admin.get(f"{LIST}?cursor=nowhere").status_code == 400


def test_a_card_holds_the_profile_under_the_names_that_sites_expect(admin, cast, words):
    page = words(admin.get(f"{LIST}/{cast.ours.member.customer_id}"))
    for field in (
        "discount_card_number", "customer_id_1c", "loyalty_points", "total_purchases", "total_spent", "rfm_score",
        "segment", "purchase_preferences", "phone", "email", "name", "birth_date",
    ):  # fmt: skip
        assert f" {field} " in page


def test_a_blocked_person_is_signed_out_and_comes_back_when_unblocked(app, admin, person, words):
    customer_id, *_ = person()
    theirs = Browser(app).sign_in(customer_id)
    assert theirs.get("/").status_code == 200
    assert "Заблокировать: Аполлинария?" in words(admin.get(f"{LIST}/{customer_id}/block"))
    admin.post(f"{LIST}/{customer_id}/block")
    card = words(admin.get(f"{LIST}/{customer_id}"))
    assert "Клиент заблокирован" in card
    assert "Заблокирован Админ" in card
    with app.app_context():
        assert people.find_person(customer_id).state == "blocked"
        assert people.show_card(customer_id, utcnow()).sessions == 0
    admin.post(f"{LIST}/{customer_id}/unblock")
    assert "Клиент заблокирован" not in words(admin.get(f"{LIST}/{customer_id}"))


def test_admins_do_not_block_themselves(app, admin, cast, words):
    refused = admin.post(f"{LIST}/{cast.admin.customer_id}/block")
    assert refused.status_code == 422
    assert "Себя заблокировать нельзя" in words(refused)
    assert "заблокировать вас может другой администратор" in words(admin.get(f"{LIST}/{cast.admin.customer_id}"))


MOST_QUERIES = 12


def test_the_card_of_somebody_to_whom_everything_is_due_asks_the_database_little(app, admin):
    with app.app_context(), transaction():
        before = utcnow() - timedelta(days=5)
        made = make_member(make_partner())
        place = (made.partner_id, made.id)
        terms = {"source": "system", "now": before}
        ledger.grant(*place, 100, source_ref="a", life=Life(days=3), **terms)
        ledger.hold(*place, 100, expires_at=before + timedelta(minutes=15), now=before)
        assert ledger.adjust(*place, -70, source_ref="b", mode="debt", **terms).account.debt == 70
        address = f"{LIST}/{made.customer_id}"
    for due in (True, False):
        with app.app_context(), counted_statements() as statements:
            assert admin.get(address).status_code == 200
        assert len(statements) <= MOST_QUERIES, (due, statements)


@pytest.mark.parametrize("query", ["q=Никодим", "q=%2B79160000000", "sort=points&points=yes&proof=no&vip=no&q=Никодим"])
def test_the_list_asks_the_database_little_however_it_is_narrowed(app, admin, cast, person, query):
    person("Никодим")
    with app.app_context(), counted_statements() as statements:
        assert admin.get(f"{LIST}?{query}&partner={cast.ours.partner_code}").status_code == 200
    assert len(statements) <= MOST_QUERIES, statements
