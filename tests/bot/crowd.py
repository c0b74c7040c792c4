"""A shop on a busy day: cashiers type sales in and confirm them, customers ask, and some of what arrives cannot be read."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass

from bot.texts import Words
from loyalty import ledger, replies
from loyalty.clock import utcnow
from loyalty.customers import attach_identity
from loyalty.rules import Rules
from models import db, new_id, transaction
from models.work import Outbox
from sandbox.telegram import store
from tests.factories import identity_of, make_customer, make_member, make_partner, make_phone, make_staff

CASHIERS, CUSTOMERS, NEWCOMERS = 10, 40, 10
IN_ONE_LINE, BY_STEPS, GIVEN_UP, TWICE = 200, 40, 30, 30
BROKEN = 5
"""Of each half of the day; two of the second half are presses."""
BALANCE = 50_000

WORDS = Words("ru")
SORRY = WORDS("sorry")
ASKS = {"/help": "Вот что я умею", "/language": WORDS("ask_language"), "/balance": "У вас "}


@dataclass(frozen=True)
class Sale:
    """What a cashier types in. Its points are no other sale's, so what is said about it can be told apart by them."""

    cashier: int
    phone: str
    points: int
    spends: bool

    @property
    def amount(self) -> int:
        """At 5 %; spent points pay a whole check."""
        return self.points if self.spends else self.points * 20

    @property
    def line(self) -> str:
        return f"-{self.points} {self.phone}" if self.spends else f"{self.amount} {self.phone}"

    @property
    def steps(self) -> list[tuple[str, str]]:
        """What is typed step by step, and what the answer to it has in it."""
        if self.spends:
            asked = [("/spend", WORDS("till_who_spend")), (self.phone, "Сумма чека?")]
            return [*asked, (str(self.amount), "Сколько списать?"), (str(self.points), self.button)]
        return [("/credit", WORDS("till_who_credit")), (self.phone, "Сумма чека?"), (str(self.amount), self.button)]

    @property
    def button(self) -> str:
        return WORDS("till_spend_now" if self.spends else "till_credit_now", points=WORDS.points(self.points))

    @property
    def result(self) -> str:
        points = WORDS.points(self.points)
        return WORDS("purchase_spent", spent=points) if self.spends else WORDS("purchase_credited", earned=points)


@dataclass(frozen=True)
class Said:
    """One thing that somebody does, and what the bot's answer to it has in it; None for none."""

    chat: int
    body: dict
    answer: str | None
    is_broken: bool = False


class Crowd:
    """`heard` is what each chat has to hear in the end, `broken` the numbers of the updates that nobody can read."""

    def __init__(self, app, seed: int):
        self._app, self._chance = app, random.Random(seed)
        self.heard: dict[int, list[str]] = defaultdict(list)
        self.broken: list[int] = []
        with app.app_context(), transaction():
            shop = make_partner(Rules(welcome_bonus=0))
            cashiers = [make_customer() for _ in range(CASHIERS)]
            for cashier in cashiers:
                make_staff(shop, customer=cashier)
            people = [make_customer() for _ in range(CUSTOMERS)]
            for person in people:
                member, ref = make_member(shop, person), str(person.id)
                ledger.grant(shop.id, member.id, BALANCE, source="manual", source_ref=ref, now=utcnow())
            self._cashiers = [_give_telegram(person) for person in cashiers]
            self._people = [_give_telegram(person) for person in people]
            self._phones = [identity_of(person, "phone").value for person in people]
        self._newcomers = [make_phone() for _ in range(NEWCOMERS)]
        self._sales = [self._plan(n) for n in range(IN_ONE_LINE + BY_STEPS)]
        self._given_up = set(self._chance.sample(self._sales, GIVEN_UP))

    def type_in(self, updates: int) -> None:
        """Every sale up to its preview, in one line or step by step; customers ask meanwhile."""
        said = []
        for sale in self._sales[:IN_ONE_LINE]:
            said.append([_write(sale.cashier, sale.line, sale.button)])
        for sale in self._sales[IN_ONE_LINE:]:
            said.append([_write(sale.cashier, text, answer) for text, answer in sale.steps])
        said += [[self._break_message()] for _ in range(BROKEN)]
        self._send(said, updates)

    def decide(self, updates: int) -> None:
        """Every preview is confirmed or given up, some are pressed twice; customers ask meanwhile."""
        said, data = [], self._find_buttons()
        posted = [sale for sale in self._sales if sale not in self._given_up]
        twice = set(self._chance.sample(posted, TWICE))
        for sale in self._sales:
            if sale in self._given_up:
                said.append([_press(sale.cashier, data[sale.button].replace("sale:", "sale_no:"), WORDS("cancelled"))])
            else:
                said.append([_press(sale.cashier, data[sale.button], sale.result)] * (1 + (sale in twice)))
        unread = [_press(sale.cashier, data[sale.button], None) for sale in sorted(self._given_up, key=str)[:2]]
        for press in unread:
            del press.body["callback_query"]["from"]
            said.append([Said(press.chat, press.body, None, is_broken=True)])
        said += [[self._break_message()] for _ in range(BROKEN - len(unread))]
        self._send(said, updates)

    def purchases(self) -> list[tuple[str, int, bool]]:
        """Phone, sum, and whether points were spent, of what has to be posted in the end."""
        return sorted((sale.phone, sale.amount, sale.spends) for sale in self._sales if sale not in self._given_up)

    def balances(self) -> dict[str, int]:
        """What each phone has to have in the end."""
        points = Counter(dict.fromkeys(self._phones, BALANCE))
        for sale in self._sales:
            if sale not in self._given_up:
                points[sale.phone] += -sale.points if sale.spends else sale.points
        return dict(points)

    def _plan(self, n: int) -> Sale:
        spends = n % 5 == 0
        phones = self._phones if spends else self._phones + self._newcomers
        return Sale(self._chance.choice(self._cashiers), self._chance.choice(phones), 100 + n, spends)

    def _break_message(self) -> Said:
        broken = _write(self._chance.choice(self._cashiers + self._people), "500 +79160000000", SORRY)
        del broken.body["message"]["date"]
        return Said(broken.chat, broken.body, broken.answer, is_broken=True)

    def _send(self, said: list[list[Said]], updates: int) -> None:
        """Together with questions of customers so many updates, everybody's in turn, what belongs together in its order."""
        for _ in range(updates - sum(map(len, said))):
            ask = self._chance.choice(list(ASKS))
            said.append([_write(self._chance.choice(self._people), ask, ASKS[ask])])
        self._chance.shuffle(said)
        queues = defaultdict(list)
        for group in said:
            queues[group[0].chat] += group
        turns = [chat for chat, queue in queues.items() for _ in queue]
        self._chance.shuffle(turns)
        with self._app.app_context(), transaction():
            for chat in turns:
                one = queues[chat].pop(0)
                number = store.add_update(one.body, chat)
                self.broken += [number] if one.is_broken else []
                self.heard[chat] += [one.answer] if one.answer is not None else []

    def _find_buttons(self) -> dict[str, str]:
        """The data of every button that was shown, by its label."""
        found = {}
        for reply in read_replies(self._app):
            for row in reply.get("markup", {}).get("inline_keyboard", ()):
                found |= {button["text"]: button["callback_data"] for button in row}
        return found


def read_replies(app) -> list[dict]:
    """What the chats are to be told, in the order they will be; none may have been sent."""
    with app.app_context(), transaction():
        query = db.select(Outbox.id, Outbox.sealed).where(Outbox.job == "send_reply").order_by(Outbox.id)
        return [replies.read_reply(row.sealed) | {"row": row.id} for row in db.session.execute(query)]


def _give_telegram(person) -> int:
    chat = random.randrange(10**9, 10**12)
    attach_identity(person, "telegram", str(chat), proven_at=utcnow())
    return chat


def _write(chat: int, text: str, answer: str | None) -> Said:
    content = {"message_id": 1, "from": _user(chat), "chat": {"id": chat, "type": "private"}, "date": 1_700_000_000}
    return Said(chat, {"message": content | {"text": text}}, answer)


def _press(chat: int, data: str, answer: str | None) -> Said:
    shown = {"message_id": 1, "chat": {"id": chat, "type": "private"}, "date": 1_700_000_000, "text": "…"}
    press = {"id": new_id().hex, "from": _user(chat), "message": shown, "chat_instance": "1", "data": data}
    return Said(chat, {"callback_query": press}, answer)


def _user(chat: int) -> dict:
    return {"id": chat, "is_bot": False, "first_name": "Аня", "language_code": "ru"}
