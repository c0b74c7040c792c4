"""The catalogue: names are unique among the living, categories stand together, nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from loyalty import services
from loyalty.clock import utcnow
from loyalty.errors import InvalidAmount, InvalidName, InvalidPurchase, InvalidService, ServiceExists, ServiceNotFound
from models import db
from models.service import Service
from tests.factories import make_partner, noise


@pytest.fixture
def salon(db_session):
    other = noise()
    services.make(other, draft("Стрижка", category="Волосы"), by=None, now=utcnow())
    return make_partner(name="Салон")


def draft(name, price="1500.00", **more):
    return services.read_draft(name=name, price=price, **more)


def add(salon, name, price="1500.00", **more):
    return services.make(salon, draft(name, price, **more), by=None, now=utcnow())


def names(rows):
    return [row.name for row in rows]


def test_services_of_one_category_stand_together_and_hidden_ones_are_not_shown(salon):
    add(salon, "Стрижка", category="Волосы", minutes=45)
    add(salon, "Маникюр", category="Ногти")
    add(salon, "Укладка", "900.50", category="волосы")
    tip = add(salon, "Чистка", is_hidden=True)
    shown = services.visible(salon.id)
    assert [(row.name, row.category, row.price, row.minutes) for row in shown] == [
        ("Стрижка", "Волосы", Decimal("1500.00"), 45),
        ("Укладка", "Волосы", Decimal("900.50"), None),
        ("Маникюр", "Ногти", Decimal("1500.00"), None),
    ]
    assert [(category, names(rows)) for category, rows in services.by_category(shown)] == [
        ("Волосы", ["Стрижка", "Укладка"]),
        ("Ногти", ["Маникюр"]),
    ]
    services.hide(salon, tip.id, False, by=None)
    services.hide(salon, tip.id, False, by=None)
    assert names(services.visible(salon.id))[-1] == "Чистка"
    assert services.list_categories(salon.id) == [("Волосы", 2), ("Ногти", 1)]


@pytest.mark.parametrize("name", ["стрижка", " СТРИЖКА  ", "Ёлка", "елка"])
def test_a_name_is_taken_once_however_it_is_written(salon, name):
    first = add(salon, "Стрижка")
    add(salon, "Ёлка")
    with pytest.raises(ServiceExists):
        add(salon, name)
    other = add(salon, "Другая")
    with pytest.raises(ServiceExists):
        services.change(salon, other.id, draft(name), by=None)
    services.change(salon, first.id, draft("СТРИЖКА"), by=None)
    assert services.get_service(salon.id, first.id).name == "СТРИЖКА"


def test_the_database_itself_keeps_names_apart(salon):
    row = add(salon, "Стрижка")
    twin = {"name": "стрижка", "folded": row.folded, "price": Decimal(1), "position": 9}
    db.session.add(Service(partner_id=salon.id, id=uuid4(), **twin))
    with pytest.raises(db.exc.IntegrityError, match="uq_service_name"):
        db.session.flush()


def test_what_is_archived_frees_its_name_and_comes_back_when_it_is_free(salon):
    old = add(salon, "Стрижка", category="Волосы")
    services.archive(salon, old.id, by=None, now=utcnow())
    services.archive(salon, old.id, by=None, now=utcnow())
    assert services.visible(salon.id) == []
    assert names(services.list_services(salon.id, state="archived")) == ["Стрижка"]
    new = add(salon, "стрижка")
    with pytest.raises(ServiceExists):
        services.restore(salon, old.id, by=None)
    services.archive(salon, new.id, by=None, now=utcnow())
    services.restore(salon, old.id, by=None)
    assert names(services.visible(salon.id)) == ["Стрижка"]
    for verb in (services.hide, services.change):
        with pytest.raises(ServiceNotFound):
            verb(salon, new.id, draft("Иная"), by=None)


def test_it_moves_by_one_and_at_the_edge_with_its_category(salon):
    ids = {
        name: add(salon, name, category=category).id
        for name, category in (("а", "1"), ("б", "1"), ("в", "2"), ("г", None))
    }

    def order():
        return "".join(names(services.visible(salon.id)))

    services.move(salon, ids["б"], up=True)
    assert order() == "бавг"
    services.move(salon, ids["б"], up=True)
    assert order() == "бавг", "it is the first"
    services.move(salon, ids["в"], up=True)
    assert order() == "вбаг"
    services.move(salon, ids["г"], up=False)
    services.move(salon, ids["а"], up=False)
    assert order() == "вгба"
    services.change(salon, ids["в"], draft("в", category="1"), by=None)
    assert order() == "гбав"


def test_staff_search_page_by_page(salon):
    for n in range(5):
        add(salon, f"Стрижка {n}", category="Волосы", is_hidden=n == 3)
    add(salon, "100%_скидка")
    page = services.list_services(salon.id, "СТРИ", limit=2)
    assert names(page) == ["Стрижка 0", "Стрижка 1"]
    assert names(services.list_services(salon.id, "стри", after=page[-1].id, limit=9))[0] == "Стрижка 2"
    assert len(services.list_services(salon.id, "волос")) == 5
    assert names(services.list_services(salon.id, "0%_с")) == ["100%_скидка"]
    assert names(services.list_services(salon.id, state="hidden")) == ["Стрижка 3"]
    assert len(services.list_services(salon.id, category="Волосы", state="shown")) == 4
    assert services.list_services(salon.id, after=uuid4()) == []


@pytest.mark.parametrize(
    ("bad", "error", "field"),
    [
        ({"name": " "}, InvalidName, "name"),
        ({"name": "а" * 201}, InvalidName, "name"),
        ({"price": "-1"}, InvalidAmount, "price"),
        ({"price": "1.001"}, InvalidAmount, "price"),
        ({"price": "1e3"}, InvalidAmount, "price"),
        ({"category": "а" * 101}, InvalidService, "category"),
        ({"minutes": 0}, InvalidService, "minutes"),
        ({"minutes": 1441}, InvalidService, "minutes"),
        ({"minutes": True}, InvalidService, "minutes"),
        ({"minutes": "45"}, InvalidService, "minutes"),
    ],
)
def test_what_is_no_service_is_refused_by_its_field(bad, error, field):
    with pytest.raises(error) as refused:
        services.read_draft(**({"name": "Стрижка", "price": "100"} | bad))
    assert refused.value.field == field


def test_a_sale_names_living_services_of_this_partner_only(salon):
    cut, colour = add(salon, "Стрижка"), add(salon, "Цвет", is_hidden=True)
    chosen = [colour.id, cut.id, colour.id]
    assert names(services.choose(salon.id, chosen)) == ["Цвет", "Стрижка", "Цвет"]
    foreign = add(make_partner(), "Чужая")
    services.archive(salon, cut.id, by=None, now=utcnow())
    for wrong in (foreign.id, cut.id, UUID(int=1)):
        with pytest.raises(ServiceNotFound):
            services.choose(salon.id, [colour.id, wrong])
    with pytest.raises(InvalidService):
        services.choose(salon.id, [colour.id] * 101)


def test_a_full_catalogue_takes_no_more(salon, monkeypatch):
    monkeypatch.setattr(services, "MOST", 1)
    add(salon, "Первая")
    with pytest.raises(InvalidService):
        add(salon, "Вторая")


def test_a_check_is_filled_with_services_and_may_be_corrected(salon):
    cut = add(salon, "Стрижка", "1500.00", category="Волосы")
    wash = add(salon, "Мытьё", "0.00")
    tint = add(salon, "Цвет", "1000.00", category="Волосы")

    def fill(*rows, amount=None):
        basket = services.fill_basket(salon.id, [row.id for row in rows], amount and Decimal(amount))
        lines = [(line.name, line.category, line.quantity, line.amount) for line in basket.lines]
        return basket.amount, lines, basket.order_discount

    assert fill(cut, wash, cut) == (
        Decimal("3000.00"),
        [("Стрижка", "Волосы", Decimal(2), Decimal("3000.00")), ("Мытьё", None, Decimal(1), Decimal("0.00"))],
        Decimal(0),
    )
    assert fill(cut, tint, amount="2000.00")[2] == Decimal("500.00")
    more = fill(cut, amount="1700.00")
    assert more[1][-1] == (None, None, Decimal(1), Decimal("200.00")) and more[2] == 0
    assert fill(amount="10.00")[1] == []
    with pytest.raises(InvalidPurchase):
        fill(wash)
