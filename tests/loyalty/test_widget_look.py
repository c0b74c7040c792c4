from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from loyalty.errors import InvalidColour, InvalidLook
from loyalty.widget_look import HOUSE_COLOUR, Look, measure, set_look, show_look
from models import db
from models.customer import AuditRecord
from tests.factories import NOW, make_partner


def change(partner, **values):
    return set_look(partner, values, by=None, now=NOW)


def test_who_chose_nothing_has_the_usual_look(db_session):
    look = show_look(make_partner())
    assert look == Look()
    assert look.colour == HOUSE_COLOUR


def test_what_is_left_out_stays_as_it_was(db_session):
    partner, other = make_partner(), make_partner()
    change(partner, theme="dark", label_ru="  Бонусы ", label_en="Perks")
    change(partner, position="bottom-left", label_en="")
    assert change(partner, accent="7A3CFF") == Look("#7a3cff", "dark", "bottom-left", "Бонусы", None)
    assert show_look(partner) == Look("#7a3cff", "dark", "bottom-left", "Бонусы", None)
    assert show_look(other) == Look()
    noted = select(AuditRecord.action).where(AuditRecord.partner_id == partner.id)
    assert list(db.session.scalars(noted)) == ["widget.look"] * 3


def test_a_colour_is_darkened_until_white_letters_can_be_read(db_session):
    partner = make_partner()
    assert change(partner, accent="#fff").accent == "#757575"
    assert change(partner, accent=None).colour == HOUSE_COLOUR


@pytest.mark.parametrize(
    "wanted",
    [
        {"theme": "sepia"},
        {"position": "top"},
        {"position": None},
        {"label_ru": "о" * 25},
        {"label_en": "a\x00b"},
        {"font": "serif"},
    ],
)
def test_what_is_no_look_changes_nothing(db_session, wanted):
    partner = make_partner()
    with pytest.raises(InvalidLook) as refused:
        change(partner, accent="#123456", **wanted)
    assert refused.value.field == next(iter(wanted))
    assert show_look(partner) == Look()


def test_what_is_no_colour_changes_nothing(db_session):
    partner = make_partner()
    with pytest.raises(InvalidColour):
        change(partner, accent="red", theme="dark")
    assert show_look(partner) == Look()


def test_contrasts_are_rounded_down_so_that_none_is_better_than_it_is(app):
    assert measure("#000000") == {"letters": Decimal(21), "on_light": Decimal(21), "on_dark": Decimal("1.2")}
    assert measure("#757575")["letters"] == Decimal("4.6")
