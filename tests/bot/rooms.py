"""A chat without Telegram: raw updates in, replies out of the outbox."""

from __future__ import annotations

import itertools
import random

from loyalty import ledger, replies
from loyalty.clock import utcnow
from loyalty.customers import attach_identity, find
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from models.work import Outbox
from tests.factories import make_customer, make_member, make_staff

_updates = itertools.count(random.randrange(10**6, 10**12))


class Chat:
    """A person's private chat with the bot; `replies` of the last exchange."""

    def __init__(self, app, taker, language="ru"):
        self._app, self._taker, self._language = app, taker, language
        self.id = random.randrange(10**9, 10**12)
        self.replies: list[dict] = []
        self._tries = 1

    def say(self, text=None, *, name="Аня 🦊", chat=None, **content):
        message = {
            "message_id": next(_updates),
            "from": self._user(name),
            "chat": chat or {"id": self.id, "type": "private"},
            "date": 1_700_000_000,
        }
        return self._take({"message": message | ({"text": text} if text is not None else {}) | content})

    def share(self, phone, *, user_id=..., **content):
        contact = {"phone_number": phone.removeprefix("+"), "first_name": "Аня"}
        if user_id is not None:
            contact["user_id"] = self.id if user_id is ... else user_id
        return self.say(contact=contact, **content)

    def press(self, data, *, message=...):
        shown = {"message_id": 5, "chat": {"id": self.id, "type": "private"}, "date": 1_700_000_000, "text": "…"}
        press = {"id": "1", "from": self._user("Аня"), "chat_instance": "1", "data": data}
        if message is not None:
            press["message"] = shown if message is ... else message
        return self._take({"callback_query": press})

    def block(self):
        return self._change_membership("kicked")

    def let_in(self):
        return self._change_membership("member")

    def _change_membership(self, status):
        bot = {"id": 1, "is_bot": True, "first_name": "Копилка"}
        change = {"chat": {"id": self.id, "type": "private"}, "from": self._user("Аня"), "date": 1_700_000_000}
        states = {
            "old_chat_member": {"user": bot, "status": "left"},
            "new_chat_member": {"user": bot, "status": status},
        }
        if status == "kicked":
            states["new_chat_member"]["until_date"] = 0
        return self._take({"my_chat_member": change | states})

    def _user(self, name):
        return {"id": self.id, "is_bot": False, "first_name": name, "language_code": self._language}

    def insist(self, text):
        """Say something, as often as the loop has it taken when it fails."""
        self._tries = 3
        try:
            return self.say(text)
        finally:
            self._tries = 1

    def _take(self, update):
        update["update_id"] = next(_updates)
        with self._app.app_context():
            last = db.session.scalar(db.select(db.func.max(Outbox.id))) or 0
        assert any(self._taker.take(update) for _ in range(self._tries))
        with self._app.app_context():
            query = db.select(Outbox.sealed).where(Outbox.id > last, Outbox.job == "send_reply").order_by(Outbox.id)
            found = [replies.read_reply(sealed) for sealed in db.session.scalars(query)]
        self.replies = [
            reply
            for reply in found
            if reply["chat_id"] == (self.id if "message" not in update else update["message"]["chat"]["id"])
        ]
        return "\n".join(reply["text"] for reply in self.replies)

    def data(self):
        """The data of the buttons shown."""
        rows = [row for reply in self.replies for row in reply.get("markup", {}).get("inline_keyboard", ())]
        return [button["callback_data"] for row in rows for button in row]

    def labels(self):
        rows = [row for reply in self.replies for row in reply.get("markup", {}).get("keyboard", ())]
        return [button["text"] for row in rows for button in row]

    @property
    def owner(self) -> Customer | None:
        return find(Identifier("telegram", str(self.id)))


def make_known(app, chat, cafe=None, points=0, locale="ru"):
    """The chat's person is a customer with a linked Telegram."""
    with app.app_context(), transaction():
        customer = make_customer(proven_at=utcnow())
        customer.locale = locale
        attach_identity(customer, "telegram", str(chat.id), proven_at=utcnow())
        if cafe is not None:
            member = make_member(db.session.get(Partner, cafe.id), customer)
            if points:
                ledger.grant(cafe.id, member.id, points, source="promotion", source_ref=str(chat.id), now=utcnow())
        return customer.id


def make_cashier(app, chat, cafe, role="cashier"):
    """The chat's person works for the partner."""
    person = make_known(app, chat)
    with app.app_context(), transaction():
        return make_staff(db.session.get(Partner, cafe.id), role=role, customer=db.session.get_one(Customer, person)).id
