import pytest
from flask_babel import force_locale
from hypothesis import given, settings
from werkzeug.datastructures import MultiDict

from loyalty.errors import InvalidProgramme
from loyalty.rules import PRESETS, RANGES, Rules
from tests.loyalty.test_rules import rules as any_rules
from web.desk.programme_form import FIELDS, ProgrammeForm, fill, read, show_refusal


@pytest.fixture(autouse=True, scope="module")
def in_russian(app):
    with app.test_request_context(), force_locale("ru"):
        yield


def sent(**changes) -> ProgrammeForm:
    """The form of a new partner as a browser sends it, some fields changed."""
    return ProgrammeForm(formdata=MultiDict(fill(PRESETS["default"]) | changes))


def refused(**changes) -> dict[str, list[str]]:
    form = sent(**changes)
    with pytest.raises(InvalidProgramme) as error:
        Rules.from_json(read(form))
    show_refusal(form, error.value)
    return dict(form.errors)


@settings(deadline=None)
@given(any_rules)
def test_what_the_form_shows_is_what_it_saves(some):
    assert Rules.from_json(read(ProgrammeForm(formdata=MultiDict(fill(some))))) == some


def test_percents_are_shown_and_read_as_percents():
    assert fill(PRESETS["default"])["rate"] == "5"
    assert fill(Rules.from_json({"rate": "0.075"}))["rate"] == "7,5"


@pytest.mark.parametrize("text", ["7,5", "7.5", " 7,5 % ", "7,50"])
def test_a_comma_and_a_point_are_the_same(text):
    assert read(sent(rate=text))["rate"].rstrip("0") == "0.075"


def test_an_empty_multiplier_is_none():
    read_back = read(sent(vip_factor="", birthday_factor="", large_factor=""))
    assert (read_back["vip_factor"], read_back["birthday"], read_back["large_check"]) == (None, None, None)
    assert read(sent(birthday_factor="2"))["birthday"] == {"factor": "2", "days_before": 3, "days_after": 3}


def test_life_is_in_months_or_in_days():
    assert read(sent(life="12"))["base_life_months"] == 12
    in_days = read(sent(life="90", life_unit="days"))
    assert (in_days["base_life_months"], in_days["base_life_days"]) == (None, 90)


def test_categories_stand_one_a_line():
    assert read(sent(categories=" Кофе \n\nТорты\nКофе\n"))["eligible_categories"] == ["Кофе", "Торты"]
    assert read(sent(categories="  \n"))["eligible_categories"] is None


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"rate": "107"}, "rate", "Введите число от 0 до 100, после запятой не больше знаков: 4."),
        ({"rate": "семь"}, "rate", "Введите число от 0 до 100, после запятой не больше знаков: 4."),
        ({"rate": ""}, "rate", "Введите число от 0 до 100, после запятой не больше знаков: 4."),
        ({"welcome_bonus": "1,5"}, "welcome_bonus", "Введите целое число от 0 до 1000000."),
        ({"vip_factor": "0,5"}, "vip_factor", "Введите число от 1 до 100, после запятой не больше знаков: 4."),
        ({"birthday_factor": "2", "birthday_before": "31"}, "birthday_before", "Введите целое число от 0 до 30."),
        ({"life": "0"}, "life", "Введите целое число от 1 до 120."),
        ({"life": "4000", "life_unit": "days"}, "life", "Введите целое число от 1 до 3650."),
        ({"combine": "both"}, "combine", "Выберите одно из двух."),
        (
            {"categories": "я" * 201},
            "categories",
            "Перечислите до 500 категорий по одной в строке, каждая до 200 знаков.",
        ),
    ],
)
def test_a_field_says_what_it_may_be(changes, field, sentence):
    assert refused(**changes) == {field: [sentence]}


def test_taking_back_only_what_waits_needs_a_waiting_time():
    assert list(refused(clawback="pending_only")) == ["clawback"]
    assert Rules.from_json(read(sent(clawback="pending_only", pending_days="14"))).clawback == "pending_only"


def test_every_setting_of_the_core_has_a_field():
    assert RANGES.keys() <= FIELDS.keys()
