"""The staff's desk in the bot: the office, customers, figures, files and rules."""

from __future__ import annotations

import pytest

from bot.rooms import office
from models import db, transaction
from models.partner import Partner
from tests.bot.rooms import make_cashier
from tests.factories import make_branch, make_partner, make_staff

# The office


@pytest.mark.parametrize("role", ["owner", "manager", "cashier", "ai_marketer", "content_manager"])
def test_the_office_shows_to_each_role_what_it_may_open_and_nothing_else(app, chat, cafe, role):
    make_cashier(app, chat, cafe, role)
    said = chat.say("⚙️ Управление")
    assert "«Эспрессо»" in said and "/partner" in said
    shown = chat.data()
    for data in shown:
        assert "не позволяет" not in chat.press(data) and chat.replies, data
    hidden = {data for _, data, _ in office.ENTRIES} - set(shown)
    for data in hidden:
        assert "не позволяет" in chat.press(data), data


def test_the_office_is_for_staff(chat, app):
    assert "Пока мы не знакомы" in chat.press("office")


def test_who_works_in_two_places_changes_them_from_the_office(app, chat, cafe):
    make_cashier(app, chat, cafe)
    chat.say("/office")
    assert "office:place" not in chat.data()
    with app.app_context(), transaction():
        other = make_partner(name="Салон")
        make_staff(other, role="owner", customer=chat.owner)
        code = other.code
    chat.say("/office")
    assert "Где вы сейчас работаете?" in chat.press("office:place")
    chat.press(f"work:{code}")
    assert "«Салон», вы — владелец" in chat.say("/office")


def test_branches_are_listed_page_by_page_and_foreign_ones_never(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        for n in range(office.A_PAGE + 1):
            make_branch(partner, f"Точка {n}")
        make_branch(partner, "Закрытая", state="closed")
        make_branch(make_partner(), "Чужая")
    first = chat.press("branches:1")
    assert "Главный" in first and "Точка 3" in first and "Точка 4" not in first and "branches:2" in chat.data()
    second = chat.press("branches:2")
    assert "Точка 5" in second and "Закрытая" not in second and "Чужая" not in second
    assert chat.data() == ["branches:1", "office"]
    assert "точек нет" in chat.press("branches:999")


def test_the_invitation_for_the_counter_is_the_partners_own_link(app, chat, cafe):
    make_cashier(app, chat, cafe)
    assert "Эспрессо" in chat.press("invitation")
    assert chat.replies[0]["qr"].endswith(f"p{cafe.code}")
    assert "Вас приглашает Эспрессо" in chat.say(f"/start p{cafe.code}")
