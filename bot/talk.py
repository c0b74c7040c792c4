"""One exchange: what came, who it is, where the conversation stands, and the answers gathered on the way.

Answers are written to the outbox when the exchange ends, in the transaction of its effect.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from bot.reading import Incoming
from bot.texts import Words, language_of
from loyalty import plans, replies
from loyalty.access import NotAllowed, NotStaff, bound_branch, choose_place
from loyalty.customers import find
from loyalty.errors import PartnerNotFound
from loyalty.identities import Identifier
from loyalty.sales import Caller
from loyalty.sessions import StaffRole, staff_roles
from loyalty.staff import SCOPES
from models import db
from models.customer import Customer
from models.partner import Partner
from models.telegram import BotChat

LONGEST = 4000
"""Telegram takes 4096 UTF-16 units."""
LONGEST_CAPTION = 1000

Buttons = list[list[tuple[str, str]]]
"""Rows of buttons under a message: label and data."""


class Talk:
    """Handlers read `incoming`, `customer`, `step` and `data`, and call `say` and its sisters."""

    def __init__(self, bot_id: int, incoming: Incoming, now: datetime, update_id: int | None = None):
        self.incoming, self.now = incoming, now
        self.key = f"bot:{bot_id}:{update_id}"
        """The same whenever this update comes again: what is counted in transactions apart is counted once by it."""
        self.toast: str | None = None
        self._bot_id = bot_id
        self._answers: list[dict[str, Any]] = []

    @cached_property
    def customer(self) -> Customer | None:
        """The person whose Telegram this is, if it was proven and they are not blocked."""
        found = self._owner
        return found if found is not None and found.state == "active" else None

    @property
    def is_shut_out(self) -> bool:
        """Whether this Telegram belongs to somebody who was blocked."""
        return self._owner is not None and self._owner.state != "active"

    @cached_property
    def _owner(self) -> Customer | None:
        return find(Identifier("telegram", str(self.incoming.user_id)))

    def know(self, customer: Customer) -> None:
        """From now on in this exchange, this is who talks."""
        self.__dict__["customer"] = customer
        for name in ("_owner", "roles", "words"):
            self.__dict__.pop(name, None)

    @cached_property
    def words(self) -> Words:
        """The texts in the person's language: their own choice, else the chat's, else what Telegram is set to."""
        locale = self.customer.locale if self.customer else self._chat.locale
        return Words(language_of(locale or self.incoming.language))

    # For whom they work

    @cached_property
    def roles(self) -> tuple[StaffRole, ...]:
        """What the person is at each partner, read anew in every exchange; suspended ones too."""
        return staff_roles(self.customer.id) if self.customer is not None else ()

    @property
    def places(self) -> tuple[StaffRole, ...]:
        """Every partner the person can act for."""
        return tuple(role for role in self.roles if role.partner_state == "active")

    @property
    def is_at_work(self) -> bool:
        """Whether they see the staff's menu: everybody who works somewhere, until they change to their own points."""
        return bool(self.places) and self._chat.place.get("hat") != "customer"

    @property
    def place(self) -> StaffRole:
        """Where they act: the partner they chose, else the one they have worked for longest.

        Raises `NotStaff`, also when they no longer work for the one they chose, and `PartnerSuspended`.
        """
        try:
            return choose_place(self.roles, self._chat.place.get("partner"))
        except PartnerNotFound:
            raise NotStaff() from None

    @property
    def has_lost_place(self) -> bool:
        """Whether they are at work, but no longer for the partner they chose."""
        chosen = self._chat.place.get("partner")
        return self.is_at_work and chosen is not None and all(str(one.partner_id) != chosen for one in self.places)

    @property
    def is_place_suspended(self) -> bool:
        """Whether the partner they chose, and still work for, is suspended."""
        chosen = self._chat.place.get("partner")
        return any(str(one.partner_id) == chosen and one.partner_state != "active" for one in self.roles)

    @property
    def partner(self) -> Partner:
        return db.session.get_one(Partner, self.place.partner_id)

    @property
    def caller(self) -> Caller:
        """Whoever stands at this partner's counter: what one has begun, a colleague of the same branch can finish."""
        return Caller("counter", "manual", actor=self.customer.id, branch_id=bound_branch(self.place))

    @property
    def branch_id(self) -> UUID | None:
        """The branch they are bound to, else the one they said they stand in; it may be closed by now."""
        bound, chosen = bound_branch(self.place), self._chat.place.get("branch")
        return bound or (UUID(chosen) if chosen else None)

    def may(self, scope: str) -> bool:
        """Whether their role at this partner allows it."""
        return scope in SCOPES[self.place.role]

    def require(self, scope: str) -> None:
        """Raises `NotAllowed` where their role does not allow it, `FeatureLocked` where the partner does not work in the
        bot, and as `place`."""
        if not self.may(scope):
            raise NotAllowed()
        plans.require(self.place, "telegram_bot")

    def go_to_work(self, partner_id: UUID, branch_id: UUID | None = None) -> None:
        """From now on they act for a partner, in the branch that is named, else in the one where they stood there last."""
        before = self._chat.place
        if branch_id is None and before.get("partner") == str(partner_id):
            branch_id = before.get("branch")
        place = {"hat": "staff", "partner": partner_id, "branch": branch_id}
        self._chat.place = {name: str(value) for name, value in place.items() if value}

    def leave_work(self) -> None:
        """From now on they see their own points; where they worked is remembered."""
        self._chat.place = self._chat.place | {"hat": "customer"}

    def forget_place(self) -> None:
        """They no longer work where they did."""
        self._chat.place = {}

    # Where the conversation stands

    @cached_property
    def _chat(self) -> BotChat:
        """The chat's row, locked until the transaction ends."""
        key = {"bot_id": self._bot_id, "chat_id": self.incoming.chat_id}
        sought = {"ident": tuple(key.values()), "with_for_update": True, "populate_existing": True}
        if (chat := db.session.get(BotChat, **sought)) is None:
            db.session.execute(insert(BotChat).values(**key, changed_at=self.now).on_conflict_do_nothing())
            chat = db.session.get_one(BotChat, **sought)
        return chat

    @property
    def step(self) -> str | None:
        """Which question of ours waits for an answer."""
        return self._chat.step

    @property
    def data(self) -> dict[str, Any]:
        """What was said so far in answer to our questions."""
        return self._chat.data

    def ask(self, step: str | None, **data: Any) -> None:
        """From now on the conversation stands here."""
        self._chat.step, self._chat.data, self._chat.changed_at = step, data, self.now

    def choose_language(self, locale: str) -> None:
        """The language of a chat whose person is not known."""
        self._chat.locale = locale
        self.__dict__.pop("words", None)

    # Answers

    def say(self, text: str, buttons: Buttons | None = None, keyboard: dict | None = None) -> None:
        """A message, in parts when it is long; the buttons stand under the last."""
        *first, last = split(text, LONGEST)
        self._answers += [{"text": part} for part in first]
        self._answers.append({"text": last} | _markup(buttons, keyboard))

    def say_goodbye(self, text: str) -> None:
        """The last message to somebody who is forgotten: nothing of the chat is kept once it is sent."""
        self._answers.append({"text": text, "markup": {"remove_keyboard": True}, "last": True})

    def rewrite(self, text: str, buttons: Buttons | None = None) -> None:
        """Write the message under whose button was pressed anew; a new one where that cannot be."""
        if self.incoming.press_id is None or self.incoming.message_id is None:
            self.say(text, buttons)
            return
        self._answers.append(
            {"edit": self.incoming.message_id, "text": split(text, LONGEST)[0]} | _markup(buttons, None)
        )

    def show_qr(self, content: str, caption: str, buttons: Buttons | None = None) -> None:
        """A picture of a QR code."""
        self._answers.append({"qr": content, "text": split(caption, LONGEST_CAPTION)[0]} | _markup(buttons, None))

    def send_file(self, file: dict[str, Any], caption: str, instead: dict[str, str] | None = None) -> None:
        """A document; `file` says what to write into it when it is sent (see `workers.filing`), and `instead` what is said
        when it cannot be (`loyalty.replies`)."""
        answer = {"file": file, "text": split(caption, LONGEST_CAPTION)[0]}
        self._answers.append(answer | ({"instead": instead} if instead else {}))

    def forget_answers(self) -> None:
        """What was done is rolled back, and so is what was said about it and whom we knew by it."""
        self._answers.clear()
        self.toast = None
        for name in ("customer", "_owner", "roles", "words", "_chat"):
            self.__dict__.pop(name, None)

    def finish(self) -> None:
        """Have the answers sent."""
        for answer in self._answers:
            replies.announce_reply(self.incoming.chat_id, answer)
        db.session.flush()


def split(text: str, longest: int) -> list[str]:
    """Parts of at most `longest` UTF-16 units, broken where a line, else a word, ends; never an empty one."""
    parts = []
    while _units(text) > longest:
        end = longest
        while _units(text[:end]) > longest:
            end -= (_units(text[:end]) - longest + 1) // 2
        broken = max(text.rfind("\n", 1, end), 0) or max(text.rfind(" ", 1, end), 0) or end
        parts.append(text[:broken].rstrip() or "…")
        text = text[broken:].lstrip()
    return [*parts, text] if text or not parts else parts


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _markup(buttons: Buttons | None, keyboard: dict | None) -> dict[str, Any]:
    if buttons:
        rows = [[{"text": label, "callback_data": data} for label, data in row] for row in buttons]
        assert all(len(button["callback_data"].encode()) <= 64 for row in rows for button in row)
        return {"markup": {"inline_keyboard": rows}}
    return {"markup": keyboard} if keyboard else {}
