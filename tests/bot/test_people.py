"""Who works where: invitations, the staff's room, and linking one's account. Raw updates in, replies out of the outbox."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.rooms import people
from loyalty import deep_links, drafts, staff
from loyalty.clock import utcnow
from loyalty.customers import attach_identity, find
from loyalty.identities import Identifier
from models import db, new_id, transaction
from models.customer import Customer
from models.partner import Partner, Staff
from models.telegram import BotChat, DeepLink
from models.work import Outbox
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import identity_of, make_branch, make_customer, make_partner, make_phone, make_staff

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def olga(app, taker, cafe):
    """The owner in her chat; `staff_id` is hers."""
    chat = Chat(app, taker)
    chat.staff_id = make_cashier(app, chat, cafe, role="owner")
    return chat


@pytest.fixture
def anna(app, taker):
    """Somebody with Telegram."""
    return Chat(app, taker)


def make_link(olga, role="cashier"):
    """The payload that the owner passes on."""
    olga.press("invite")
    olga.press(f"invite:{role}")
    olga.press(olga.data()[0])
    return re.search(r"start=(s[\w-]{22})", olga.replies[-1]["qr"])[1]


def works(app, chat, cafe):
    """The person's row at the café, if they work there."""
    with app.app_context():
        query = db.select(Staff).where(Staff.partner_id == cafe.id, Staff.customer_id == chat.owner.id)
        return db.session.scalar(query.where(Staff.state == "active"))


def hex_of(app, chat, cafe):
    return works(app, chat, cafe).id.hex


# An invitation


def test_a_newcomer_who_was_invited_agrees_and_works_at_once(app, olga, anna, cafe):
    payload = make_link(olga)
    assert "до" in olga.replies[-1]["text"] and payload in olga.replies[-1]["text"]
    said = anna.say(f"/start {payload}")
    assert "«Эспрессо» зовёт вас в команду: кассир" in said and "согласие" in said
    with app.app_context():
        assert anna.owner is None, "nothing is kept before the consent"
    anna.press(anna.data()[0])
    assert payload[1:] not in str(_chat_of(app, anna).data), "a key to a till is not kept in the clear"
    said = anna.share(make_phone())
    assert "зовёт вас в команду" in said and "номер" in said and "акции" not in said
    assert "Вы в «Эспрессо», кассир." in anna.press(f"hire:{payload}")
    assert "➕ Начислить" in anna.labels() and "500 +79161234567" in anna.replies[-1]["text"]
    assert works(app, anna, cafe).role == "cashier" and works(app, anna, cafe).name == "Аня"
    with app.app_context():
        link = db.session.scalar(db.select(DeepLink).where(DeepLink.used_by == anna.owner.id))
        query = db.select(Outbox).where(Outbox.payload["link_id"].astext == str(link.id))
        assert db.session.scalars(query).one().job == "notify_invitation"


def _chat_of(app, chat):
    with app.app_context():
        return db.session.scalars(db.select(BotChat).where(BotChat.chat_id == chat.id)).one()


def test_an_invitation_may_be_accepted_without_a_number(app, olga, anna, cafe):
    anna.say(f"/start {make_link(olga)}")
    anna.press(anna.data()[0])
    anna.say("Продолжить без номера")
    anna.press(anna.data()[0])
    assert works(app, anna, cafe) is not None


def test_an_invitation_is_for_one(app, taker, olga, anna, cafe):
    payload = make_link(olga)
    make_known(app, anna)
    anna.say(f"/start {payload}")
    anna.press(f"hire:{payload}")
    other = Chat(app, taker)
    make_known(app, other)
    assert "больше не действует" in other.say(f"/start {payload}")
    assert "больше не действует" in other.press(f"hire:{payload}")
    assert "больше не действует" in other.press(f"nohire:{payload}")
    assert works(app, other, cafe) is None
    assert "уже работаете" in anna.say(f"/start {payload}")
    assert "Вы в «Эспрессо»" in anna.press(f"hire:{payload}"), "a second tap is told the same"


def test_an_invitation_may_be_declined(app, olga, anna, cafe):
    payload = make_link(olga)
    make_known(app, anna)
    anna.say(f"/start {payload}")
    assert "Вы отказались" in anna.press(f"nohire:{payload}")
    assert "больше не действует" in anna.press(f"hire:{payload}")
    assert works(app, anna, cafe) is None


def test_an_owner_who_opens_the_own_link_keeps_it_for_others(app, olga, anna, cafe):
    payload = make_link(olga, "manager")
    assert "Ссылка цела" in olga.say(f"/start {payload}")
    assert "Ссылка цела" in olga.press(f"hire:{payload}")
    assert works(app, olga, cafe).role == "owner"
    make_known(app, anna)
    anna.press(f"hire:{payload}")
    assert works(app, anna, cafe).role == "manager"


def test_a_link_that_ends_while_a_newcomer_looks_for_the_number_lets_them_in_as_a_customer(app, olga, anna, cafe):
    payload = make_link(olga)
    anna.say(f"/start {payload}")
    anna.press(anna.data()[0])
    with app.app_context(), transaction():
        (invitation,) = deep_links.list_invitations(cafe.id, utcnow())
        deep_links.revoke(cafe.id, invitation.id, by=olga.owner.id, now=utcnow())
    said = anna.share(make_phone())
    assert "больше не действует" in said and "0" in said and "💰 Баланс" in anna.labels()
    assert works(app, anna, cafe) is None


@pytest.mark.parametrize("payload", ["s" + "A" * 22, "s", "sяяя", "l" + "A" * 22, "s" + "A" * 60])
def test_a_link_made_by_hand_is_no_link(app, anna, payload):
    assert "больше не действует" in anna.say(f"/start {payload}")
    make_known(app, anna)
    assert "больше не действует" in anna.say(f"/start {payload}")


def test_somebody_who_was_shut_out_is_not_hired(app, olga, anna):
    payload = make_link(olga)
    person = make_known(app, anna)
    with app.app_context(), transaction():
        db.session.get_one(Customer, person).state = "blocked"
    for said in (anna.say(f"/start {payload}"), anna.press(f"hire:{payload}")):
        assert "Этот счёт закрыт" in said


def test_a_number_of_staff_is_not_enough_to_act_for_a_partner(app, anna, cafe):
    with app.app_context(), transaction():
        hired = make_staff(db.session.get(Partner, cafe.id), "owner")
        phone = identity_of(db.session.get(Customer, hired.customer_id), "phone").value
    anna.say("/start")
    anna.press(anna.data()[0])
    assert "Номера мало" in anna.share(phone)
    with app.app_context():
        assert anna.owner is None


# Making invitations


def test_a_link_is_made_once_however_often_the_button_comes(app, olga, cafe):
    olga.press("invite")
    olga.press("invite:cashier")
    (make, *_) = olga.data()
    olga.press(make)
    assert "уже сделана" in olga.press(make) and not any("qr" in reply for reply in olga.replies)
    with app.app_context():
        assert deep_links.count_invitations(cafe.id, utcnow()) == 1


def test_a_cashiers_branch_is_asked_for_where_there_are_several(app, olga, anna, cafe):
    with app.app_context(), transaction():
        make_branch(db.session.get(Partner, cafe.id), "На углу " + "очень " * 20)
        make_branch(db.session.get(Partner, cafe.id), "Закрытая", state="closed")
    olga.press("invite")
    assert "На какой точке" in olga.press("invite:cashier")
    buttons = olga.data()
    assert len(buttons) == 4, "two open branches, any, and back"
    assert all(len(data.encode()) <= 64 for data in buttons)
    olga.press(buttons[1])
    assert "На углу" in olga.replies[-1]["text"]
    payload = re.search(r"start=(s[\w-]{22})", olga.replies[-1]["qr"])[1]
    make_known(app, anna)
    assert "кассир, На углу" in anna.say(f"/start {payload}")
    anna.press(f"hire:{payload}")
    with app.app_context():
        assert db.session.get(Staff, (cafe.id, works(app, anna, cafe).id)).branch_id is not None


@pytest.mark.parametrize("role", ["owner", "admin", "x"])
def test_nobody_is_invited_as_an_owner_even_by_hand(app, olga, cafe, role):
    assert "больше не действует" in olga.press(f"invite:{role}")
    with app.app_context(), transaction():
        draft = drafts.propose(cafe.id, olga.owner.id, "invite", {"role": role}, utcnow())
    assert "роль" in olga.press(f"invited:{draft.hex}:0")


def test_open_invitations_are_listed_and_revoked(app, olga, anna, cafe):
    payload = make_link(olga)
    assert "Открытые приглашения: 1" in _labels_under(olga, "people:1")
    assert "1. кассир, Главный, до" in olga.press("invitations:1")
    revoke = olga.data()[0]
    assert "отозвано" in olga.press(revoke) and "отозвано" in olga.press(revoke)
    assert "Открытых приглашений нет" in olga.press("invitations:1")
    assert "больше не действует" in anna.say(f"/start {payload}")


def _labels_under(chat, data):
    chat.press(data)
    rows = [row for reply in chat.replies for row in reply.get("markup", {}).get("inline_keyboard", ())]
    return " ".join(button["text"] for row in rows for button in row)


def test_another_partners_owner_revokes_nothing_here(app, taker, olga, cafe):
    make_link(olga)
    olga.press("invitations:1")
    revoke = olga.data()[0]
    stranger = Chat(app, taker)
    with app.app_context(), transaction():
        other = SimpleNamespace(id=make_partner().id)
    make_cashier(app, stranger, other, role="owner")
    assert "больше не действует" in stranger.press(revoke)
    with app.app_context():
        assert deep_links.count_invitations(cafe.id, utcnow()) == 1


# The staff's room


@pytest.mark.parametrize("role", ["cashier", "ai_marketer", "content_manager"])
def test_who_may_not_see_the_staff_sees_nothing_of_it(app, anna, olga, cafe, role):
    make_cashier(app, anna, cafe, role=role)
    theirs = olga.staff_id.hex
    for data in ("people:1", f"staff:{theirs}", "invite", "invitations:1", f"staff-role:{theirs}:cashier", f"staff-owner:{theirs}",
                 f"staff-gone:{theirs}", f"staff-at:{theirs}:0", f"staff-name:{theirs}"):  # fmt: skip
        assert "не позволяет" in anna.press(data), data
    assert works(app, olga, cafe).role == "owner"


def test_a_manager_sees_the_staff_and_changes_nobody(app, anna, olga, cafe):
    make_cashier(app, anna, cafe, role="manager")
    assert f"2{NBSP}сотрудника" in anna.press("people:1") and "invite" not in anna.data()
    assert "Роль: владелец" in anna.press(f"staff:{olga.staff_id.hex}")
    assert anna.data() == ["people:1"]
    assert "не позволяет" in anna.press(f"staff-gone:{olga.staff_id.hex}")


def test_a_long_staff_is_shown_by_pages_and_an_impossible_page_is_the_last(app, olga, cafe):
    with app.app_context(), transaction():
        partner = db.session.get(Partner, cafe.id)
        for n in range(10):
            make_staff(partner).name = f"Кассир {n} " + "Ы" * 60
    assert f"11{NBSP}сотрудников" in olga.say("/people")
    assert len([data for data in olga.data() if data.startswith("staff:")]) == 8 and "people:2" in olga.data()
    olga.press("people:999")
    assert len([data for data in olga.data() if data.startswith("staff:")]) == 3 and "people:1" in olga.data()


def test_role_branch_and_name_are_changed(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    one = hex_of(app, anna, cafe)
    with app.app_context(), transaction():
        branch = make_branch(db.session.get(Partner, cafe.id), "На углу")
        branch_id = branch.id
    assert "Точка: Любая точка" in olga.press(f"staff:{one}")
    assert "Точка: На углу" in olga.press(f"staff-at:{one}:{people._write(branch_id)}")
    assert "Роль: управляющий" in olga.press(f"staff-role:{one}:manager")
    olga.press(f"staff-name:{one}")
    assert "до 200 знаков" in olga.say("И" * 5000)
    assert "👤 Анна Ким" in olga.say("  Анна \n Ким ")
    assert "Не понял" in olga.say("ещё раз"), "the question was answered"
    row = works(app, anna, cafe)
    assert (row.role, row.branch_id, row.name) == ("manager", branch_id, "Анна Ким")


def test_an_owner_is_made_only_after_a_second_question(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    one = hex_of(app, anna, cafe)
    assert "может убрать любого" in olga.press(f"staff-role:{one}:owner")
    assert works(app, anna, cafe).role == "cashier"
    assert "Роль: владелец" in olga.press(f"staff-owner:{one}")


def test_a_foreign_branch_is_nobodys_place(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    with app.app_context(), transaction():
        foreign = people._write(make_branch(make_partner()).id)
    assert "точки нет" in olga.press(f"staff-at:{hex_of(app, anna, cafe)}:{foreign}")


def test_the_staff_of_another_partner_is_out_of_reach(app, olga):
    with app.app_context(), transaction():
        foreign = make_staff(make_partner(), "owner").id.hex
    for data in (f"staff:{foreign}", f"staff-role:{foreign}", f"staff-role:{foreign}:cashier", f"staff-owner:{foreign}",
                 f"staff-at:{foreign}", f"staff-name:{foreign}", f"staff-out:{foreign}", f"staff-gone:{foreign}"):  # fmt: skip
        assert "Такого сотрудника нет" in olga.press(data), data
    assert "больше не действует" in olga.press(f"staff:{'z' * 32}")


def test_a_removed_persons_next_press_is_refused_and_the_draft_is_worth_nothing(app, anna, olga, cafe):
    make_cashier(app, anna, cafe, role="manager")
    anna.say("/start")
    person, one = works(app, anna, cafe).customer_id, hex_of(app, anna, cafe)
    with app.app_context(), transaction():
        draft = drafts.propose(cafe.id, person, "invite", {"role": "cashier"}, utcnow())
    assert "Убрать: " in olga.press(f"staff-out:{one}")
    assert "больше не работает" in olga.press(f"staff-gone:{one}")
    assert "больше не работает" in olga.press(f"staff-gone:{one}"), "twice is once"
    for said in (anna.press("people:1"), anna.say("/people"), anna.press(f"invited:{draft.hex}:0")):
        assert "Это для сотрудников" in said or "не в штате" in said
    assert "➕ Начислить" not in anna.labels() and "💰 Баланс" in anna.labels()
    with app.app_context():
        assert deep_links.count_invitations(cafe.id, utcnow()) == 0
    assert "Такого сотрудника нет" in olga.press(f"staff:{one}")


def test_what_a_removed_cashier_had_calculated_is_not_posted(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    phone = make_phone()
    assert "Начислится" in anna.say(f"500 {phone}")
    confirm = anna.data()[0]
    olga.press(f"staff-gone:{hex_of(app, anna, cafe)}")
    assert "Это для сотрудников" in anna.press(confirm)
    assert "Это для сотрудников" in anna.say("➕ Начислить")
    assert "Начислится" not in anna.say(f"500 {phone}")
    with app.app_context():
        assert find(Identifier("phone", phone)) is None


def test_somebody_removed_in_the_middle_of_a_question_is_asked_no_more(app, anna, olga, cafe):
    make_cashier(app, anna, cafe, role="owner")
    anna.press(f"staff-name:{olga.staff_id.hex}")
    olga.press(f"staff-gone:{hex_of(app, anna, cafe)}")
    assert "Это для сотрудников" in anna.say("Новое имя")
    assert "Не понял" in anna.say("Новое имя")
    assert works(app, olga, cafe).name is None


def test_the_person_of_a_question_may_be_gone_by_the_answer(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    one = hex_of(app, anna, cafe)
    olga.press(f"staff-name:{one}")
    with app.app_context(), transaction():
        staff.dismiss(cafe.id, works(app, anna, cafe).id, None, utcnow())
    assert "Такого сотрудника нет" in olga.say("Анна")
    assert "Не понял" in olga.say("Анна")


def test_the_last_owner_stays(app, anna, olga, cafe):
    own = olga.staff_id.hex
    for data in (f"staff-gone:{own}", f"staff-role:{own}:cashier", f"leave:{cafe.code}"):
        assert "Последнего владельца" in olga.press(data)
    make_cashier(app, anna, cafe, role="owner")
    assert "Записал" in olga.press(f"staff-role:{own}:cashier") and "➕ Начислить" in olga.labels()
    assert works(app, olga, cafe).role == "cashier"


def test_one_leaves_by_oneself_and_keeps_the_own_points(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    assert "leave" in _data_under(anna, "office")
    assert "Уйти из «Эспрессо»?" in anna.press("leave")
    assert "больше не работаете в «Эспрессо»" in anna.press(f"leave:{cafe.code}")
    assert "💰 Баланс" in anna.labels() and "➕ Начислить" not in anna.labels()
    assert works(app, anna, cafe) is None
    assert "Это для сотрудников" in anna.press(f"leave:{cafe.code}")


def _data_under(chat, data):
    chat.press(data)
    return chat.data()


def test_who_works_in_two_places_leaves_the_one_that_was_named(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    with app.app_context(), transaction():
        salon = make_partner(name="Салон")
        make_staff(salon, customer=anna.owner)
        code = salon.code
    anna.press("leave")
    anna.press(f"work:{code}")
    anna.press(f"leave:{cafe.code}")
    assert works(app, anna, cafe) is None
    assert "Вы в «Салон»" in anna.say("🏪 Работа")


def test_the_notice_of_an_accepted_invitation_leads_to_removing_wherever_the_owner_acts(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    one = hex_of(app, anna, cafe)
    with app.app_context(), transaction():
        salon = make_partner(name="Салон")
        make_staff(salon, "owner", olga.owner)
        code = salon.code
    olga.press(f"work:{code}")
    assert "Убрать: " in olga.press(f"staff:{cafe.code}:{one}")
    assert all("edit" not in reply for reply in olga.replies), "the notice stays as it is"
    olga.press(olga.data()[0])
    assert works(app, anna, cafe) is None
    assert "Это для сотрудников" in anna.press(f"staff:{cafe.code}:{olga.staff_id.hex}")


def test_a_cashier_does_not_remove_by_an_owners_notice(app, anna, olga, cafe):
    make_cashier(app, anna, cafe)
    assert "не позволяет" in anna.press(f"staff:{cafe.code}:{olga.staff_id.hex}")


# One's own account


def account_link(app, *, telegram=None):
    """A person of the site and the payload that their cabinet shows."""
    with app.app_context(), transaction():
        person = make_customer("+7916" + make_phone()[5:], name="Иван")
        if telegram:
            attach_identity(person, "telegram", telegram, proven_at=utcnow())
        payload = deep_links.link_account(person, utcnow())
        return SimpleNamespace(id=person.id, payload=payload, phone=identity_of(person, "phone").value)


def test_an_account_of_the_site_is_linked_by_its_own_link(app, anna):
    ivan = account_link(app)
    said = anna.say(f"/start {ivan.payload}")
    assert f"Иван, телефон на {ivan.phone[-4:-2]}-{ivan.phone[-2:]}" in said and ivan.phone not in said
    with app.app_context():
        assert anna.owner is None, "opening is not linking"
    assert "Telegram привязан" in anna.press(f"link:{ivan.payload}") and "💰 Баланс" in anna.labels()
    with app.app_context():
        assert anna.owner.id == ivan.id
    assert "уже привязан к вашему" in anna.press(f"link:{ivan.payload}")
    assert "уже привязан к вашему" in anna.say(f"/start {ivan.payload}")


def test_staff_of_the_site_come_to_work_by_their_own_link(app, anna, cafe):
    ivan = account_link(app)
    with app.app_context(), transaction():
        make_staff(db.session.get(Partner, cafe.id), customer=db.session.get_one(Customer, ivan.id))
    anna.press(f"link:{ivan.payload}")
    assert "Вы в «Эспрессо», кассир." in anna.replies[-1]["text"] and "➕ Начислить" in anna.labels()


def test_a_link_that_was_used_gives_the_account_to_nobody_else(app, taker, anna):
    ivan, thief = account_link(app), Chat(app, taker)
    thief.say(f"/start {ivan.payload}")
    anna.press(f"link:{ivan.payload}")
    assert "больше не действует" in thief.press(f"link:{ivan.payload}")
    assert "больше не действует" in thief.say(f"/start {ivan.payload}")
    with app.app_context():
        assert thief.owner is None and anna.owner.id == ivan.id


def test_an_old_link_links_nothing(app, anna):
    ivan = account_link(app)
    with app.app_context(), transaction():
        link = db.session.scalar(db.select(DeepLink).where(DeepLink.made_by == ivan.id))
        link.expires_at = utcnow() - timedelta(seconds=1)
    assert "больше не действует" in anna.say(f"/start {ivan.payload}")
    assert "больше не действует" in anna.press(f"link:{ivan.payload}")
    with app.app_context():
        assert anna.owner is None


def test_a_telegram_with_an_account_keeps_it_and_learns_what_to_do(app, anna):
    mine, ivan = make_known(app, anna), account_link(app)
    for said in (anna.say(f"/start {ivan.payload}"), anna.press(f"link:{ivan.payload}")):
        assert "уже принадлежит" in said and "поддержку" in said
    with app.app_context():
        assert anna.owner.id == mine
        link = db.session.scalar(db.select(DeepLink).where(DeepLink.made_by == ivan.id))
        assert link.state == "open"


def test_somebody_who_was_shut_out_links_no_other_account(app, anna):
    person, ivan = make_known(app, anna), account_link(app)
    with app.app_context(), transaction():
        db.session.get_one(Customer, person).state = "blocked"
    for said in (anna.say(f"/start {ivan.payload}"), anna.press(f"link:{ivan.payload}")):
        assert "Этот счёт закрыт" in said
    with app.app_context():
        assert find(Identifier("telegram", str(anna.id))).id == person


def test_ids_of_branches_fit_into_a_button_and_are_read_back():
    one = new_id()
    assert people._read(people._write(one)) == one and len(people._write(one)) == 22
    assert people._read(people.ANYWHERE) is None
