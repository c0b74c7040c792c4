"""Every text that is sent to people, in Russian and English, with the plurals of both.

Words only: who is told, when and through which channel is decided in `loyalty.notices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

LOCALES = ("ru", "en")
_SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_SIGNS = {"RUB": "₽", "KZT": "₸", "BYN": "Br", "USD": "$", "EUR": "€", "UAH": "₴", "GEL": "₾", "AMD": "֏"}

TEXTS = {
    "code": {
        "ru": "{code} — код для входа в «Копилку». Никому его не говорите.",
        "en": "{code} is your Kopilka sign-in code. Tell it to nobody.",
    },
    "code_subject": {"ru": "Код для входа", "en": "Your sign-in code"},
    "link_code": {
        "ru": "{code} — код для привязки к «Копилке». Никому его не говорите.",
        "en": "{code} is your code to link to Kopilka. Tell it to nobody.",
    },
    "link_code_subject": {"ru": "Код для привязки", "en": "Your linking code"},
    "widget_code": {
        "ru": "{code} — код для просмотра баллов на сайте {site}. Никому не сообщайте; баллы этим кодом списать нельзя.",
        "en": "{code} is the code to see your points on {site}. Tell it to nobody; no points can be spent with it.",
    },
    "widget_code_subject": {"ru": "Код для просмотра баллов", "en": "Your code to see your points"},
    "quoted": {"ru": "«{partner}»", "en": "“{partner}”"},
    "sale": {
        "ru": "{partner}: {change} за чек {amount}{later}. Баланс {balance}.",
        "en": "{partner}: {change} for a purchase of {amount}{later}. Balance {balance}.",
    },
    "sale_subject": {"ru": "{partner}: баллы за покупку", "en": "{partner}: points for a purchase"},
    "returned": {
        "ru": "{partner}: возврат {amount}, {change}. Баланс {balance}.",
        "en": "{partner}: refund of {amount}, {change}. Balance {balance}.",
    },
    "returned_subject": {"ru": "{partner}: возврат", "en": "{partner}: refund"},
    "welcome": {
        "ru": "{partner}: добро пожаловать! {change} в подарок. Баланс {balance}.",
        "en": "{partner}: welcome! {change} as a gift. Balance {balance}.",
    },
    "welcome_subject": {"ru": "{partner}: добро пожаловать", "en": "{partner}: welcome"},
    "expiring": {
        "ru": "{partner}: {points} {expire} после {day}{held}. Баланс {balance}.",
        "en": "{partner}: {points} {expire} after {day}{held}. Balance {balance}.",
    },
    "expiring_in_parts": {
        "ru": "{partner}: {points} {expire}: {first} — после {day}, остальные — до {end}{held}. Баланс {balance}.",
        "en": "{partner}: {points} {expire}: {first} after {day}, the rest before {end}{held}. Balance {balance}.",
    },
    "claim_refused": {
        "ru": "{partner}: баллы за {amount} не начислены. {reason}",
        "en": "{partner}: no points for {amount}. {reason}",
    },
    "claim_refused_subject": {"ru": "{partner}: заявка отклонена", "en": "{partner}: your request was refused"},
    "claims_waiting": {
        "ru": "{partner}: {claims} на баллы ждут вашего решения.",
        "en": "{partner}: {claims} for points wait for your decision.",
    },
    "one_claim_waiting": {
        "ru": "{partner}: заявка на баллы ждёт вашего решения.",
        "en": "{partner}: a request for points waits for your decision.",
    },
    "claims_waiting_subject": {"ru": "{partner}: ждут заявки", "en": "{partner}: requests wait"},
    "to_claims": {"ru": "📥 Заявки", "en": "📥 Requests"},
    "sale_corrected": {
        "ru": " Вы просили баллы за {asked}: сумму исправил сотрудник.",
        "en": " You asked for {asked}: the staff corrected the sum.",
    },
    "expiring_subject": {"ru": "{partner}: баллы скоро сгорят", "en": "{partner}: points are about to expire"},
    "referral_came": {
        "ru": "{partner}: по вашему приглашению здесь {name}. Когда первая покупка{minimum} пройдёт{window}, вам придёт "
        "{points}.",
        "en": "{partner}: {name} is here by your invitation. When their first purchase{minimum} stands{window}, you get "
        "{points}.",
    },
    "referral_came_subject": {"ru": "{partner}: друг пришёл", "en": "{partner}: your friend has come"},
    "referral_minimum": {"ru": " от {amount}", "en": " of {amount} or more"},
    "referral_window": {"ru": " и {days} её не вернут", "en": " for {days}"},
    "referral_inviter_rewarded": {
        "ru": "{partner}: {change} за друга — {name}. Баланс {balance}.",
        "en": "{partner}: {change} for your friend, {name}. Balance {balance}.",
    },
    "referral_inviter_rewarded_subject": {"ru": "{partner}: баллы за друга", "en": "{partner}: points for your friend"},
    "referral_friend_rewarded": {
        "ru": "{partner}: {change} за первую покупку по приглашению. Баланс {balance}.",
        "en": "{partner}: {change} for your first purchase by an invitation. Balance {balance}.",
    },
    "referral_friend_rewarded_subject": {
        "ru": "{partner}: подарок по приглашению",
        "en": "{partner}: the gift of your invitation",
    },
    "referral_limit": {
        "ru": "{partner}: друг с первой покупкой — {name}. Баллов за него не будет: в этом месяце вы получили их за всех, за "
        "кого можно.",
        "en": "{partner}: your friend {name} made their first purchase. It gives you no points: this month you have got them "
        "for as many friends as there may be.",
    },
    "referral_limit_subject": {"ru": "{partner}: ещё один друг", "en": "{partner}: one more friend"},
    "referral_inviter_refused": {
        "ru": "{partner}: за друга ({name}) баллов не будет. {why}",
        "en": "{partner}: no points for your friend ({name}). {why}",
    },
    "referral_inviter_refused_subject": {
        "ru": "{partner}: баллов за друга нет",
        "en": "{partner}: no points for a friend",
    },
    "referral_friend_refused": {
        "ru": "{partner}: подарка по приглашению не будет. {why}",
        "en": "{partner}: there is no gift for the invitation. {why}",
    },
    "referral_friend_refused_subject": {
        "ru": "{partner}: приглашение не засчитано",
        "en": "{partner}: the invitation does not count",
    },
    "referral_inviter_returned": {
        "ru": "{partner}: {change}, награда за друга ({name}) отменена. {why} Баланс {balance}.",
        "en": "{partner}: {change}, the reward for your friend ({name}) is taken back. {why} Balance {balance}.",
    },
    "referral_inviter_returned_subject": {
        "ru": "{partner}: награда за друга отменена",
        "en": "{partner}: the reward for a friend is taken back",
    },
    "referral_friend_returned": {
        "ru": "{partner}: {change}, подарок по приглашению отменён. {why} Баланс {balance}.",
        "en": "{partner}: {change}, the gift of your invitation is taken back. {why} Balance {balance}.",
    },
    "referral_friend_returned_subject": {
        "ru": "{partner}: подарок отменён",
        "en": "{partner}: the gift is taken back",
    },
    "referral_a_friend": {"ru": "ваш друг", "en": "a friend"},
    "besides_held": {"ru": ", ещё {points} в резерве", "en": ", another {points} on hold"},
    "approved": {
        "ru": "Заявка одобрена: {partner} в «Копилке», вы — владелец. Кабинет: {link}",
        "en": "Your application was approved: {partner} is in Kopilka and you are its owner. Your desk: {link}",
    },
    "approved_subject": {"ru": "{partner}: заявка одобрена", "en": "{partner}: application approved"},
    "approved_telegram": {
        "ru": "Заявка одобрена: {partner} в «Копилке», вы — владелец.\n\nПервые шаги:\n"
        "1. Начислите баллы прямо здесь: напишите сумму и телефон клиента, например «500 +79161234567».\n"
        "2. Пригласите кассира: «Управление», там «Сотрудники».\n"
        "3. Поставьте на кассу QR для клиентов: он в «Управлении».\n\nКабинет на сайте: {link}",
        "en": "Your application was approved: {partner} is in Kopilka and you are its owner.\n\nFirst steps:\n"
        "1. Credit points right here: write a sum and a customer's phone, such as “500 +79161234567”.\n"
        "2. Invite a cashier: “Manage”, there “Staff”.\n"
        "3. Put the QR for customers on the counter: it is in “Manage”.\n\nYour desk on the site: {link}",
    },
    "refused": {
        "ru": "Заявка «{name}» отклонена.{reason}\n\nИсправить и подать заново: {link}",
        "en": "The application “{name}” was refused.{reason}\n\nTo correct it and apply again: {link}",
    },
    "refused_sms": {
        "ru": "«Копилка»: заявка отклонена. Причина и новая заявка: {link}",
        "en": "Kopilka: your application was refused. The reason, and how to apply again: {link}",
    },
    "refused_telegram": {
        "ru": "Заявка «{name}» отклонена.{reason}\n\nЕё можно исправить и подать заново.",
        "en": "The application “{name}” was refused.{reason}\n\nYou can correct it and apply again.",
    },
    "refused_subject": {"ru": "Заявка отклонена", "en": "Application refused"},
    "because": {"ru": "\nПричина: {reason}", "en": "\nThe reason: {reason}"},
    "hired": {
        "ru": "Вы теперь {role} в «{partner}». Меню сотрудника — по кнопке.",
        "en": "You are {role} at {partner} now. The menu of staff is behind the button.",
    },
    "hired_subject": {"ru": "{partner}: вы в команде", "en": "{partner}: you are on the staff"},
    "accepted": {
        "ru": "Приглашение принято: {name} теперь {role} в «{partner}». {phone}\n\n"
        "Если это не тот человек, уберите его сразу.",
        "en": "Invitation accepted: {name} is {role} at {partner} now. {phone}\n\n"
        "If this is not who you meant, remove them at once.",
    },
    "accepted_subject": {"ru": "{partner}: приглашение принято", "en": "{partner}: invitation accepted"},
    "declined": {
        "ru": "От приглашения отказались: {partner}, {role}. Ссылка больше не действует.",
        "en": "An invitation was declined: {partner}, {role}. The link works no more.",
    },
    "declined_subject": {"ru": "{partner}: отказ от приглашения", "en": "{partner}: invitation declined"},
    "with_phone": {"ru": "Телефон: {phone}.", "en": "Phone: {phone}."},
    "without_phone": {"ru": "Номером не поделились.", "en": "No phone was shared."},
    "nameless": {"ru": "человек без имени", "en": "somebody without a name"},
    "survey": {
        "ru": "{partner}: как прошёл визит? Порекомендуете ли вы нас друзьям, от 0 до 10? Ответить: {link}",
        "en": "{partner}: how was your visit? Would you recommend us to friends, from 0 to 10? To answer: {link}",
    },
    "survey_telegram": {
        "ru": "{partner}: как прошёл визит?\n\nПорекомендуете ли вы нас друзьям? 0 — ни за что, 10 — обязательно.",
        "en": "{partner}: how was your visit?\n\nWould you recommend us to friends? 0: never, 10: certainly.",
    },
    "survey_subject": {"ru": "{partner}: как прошёл визит?", "en": "{partner}: how was your visit?"},
    "survey_again": {
        "ru": "{partner}: вы ещё можете оценить визит. Порекомендуете ли вы нас друзьям, от 0 до 10? Ответить: {link}",
        "en": "{partner}: you can still rate your visit. Would you recommend us to friends, from 0 to 10? To answer: {link}",
    },
    "survey_again_telegram": {
        "ru": "{partner}: вы ещё можете оценить визит, больше не напомним.\n\nПорекомендуете ли вы нас друзьям? "
        "0 — ни за что, 10 — обязательно.",
        "en": "{partner}: you can still rate your visit, we shall not ask again.\n\nWould you recommend us to friends? "
        "0: never, 10: certainly.",
    },
    "survey_again_subject": {"ru": "{partner}: оцените визит", "en": "{partner}: rate your visit"},
    "survey_stop": {"ru": "Не спрашивать меня", "en": "Do not ask me"},
    "unhappy": {
        "ru": "👎 {partner}: оценка {score} из 10, {name}.{comment}",
        "en": "👎 {partner}: {score} out of 10, {name}.{comment}",
    },
    "unhappy_subject": {"ru": "{partner}: недовольный клиент", "en": "{partner}: an unhappy customer"},
    "unhappy_open": {"ru": "Посмотреть", "en": "Look"},
    "to_work": {"ru": "🏪 Начать работу", "en": "🏪 Begin to work"},
    "apply_again": {"ru": "🏪 Подать заново", "en": "🏪 Apply again"},
    "remove": {"ru": "🚫 Убрать", "en": "🚫 Remove"},
    "later": {"ru": ", можно потратить с {day}", "en": ", yours to spend from {day}"},
    "and": {"ru": " и ", "en": " and "},
}
ROLES = {
    "owner": {"ru": "владелец", "en": "the owner"},
    "manager": {"ru": "управляющий", "en": "a manager"},
    "cashier": {"ru": "кассир", "en": "a cashier"},
    "ai_marketer": {"ru": "маркетолог", "en": "a marketer"},
    "content_manager": {"ru": "контент-менеджер", "en": "a content manager"},
}
"""What somebody of the staff is, as it stands in a sentence."""
WHY_NO_REWARD = {
    "own": {"ru": "Пригласить самого себя нельзя.", "en": "Nobody invites themselves."},
    "staff": {
        "ru": "Сотрудники заведения в приглашениях не участвуют.",
        "en": "People who work there take no part in invitations.",
    },
    "circle": {
        "ru": "Взаимные приглашения не считаются.",
        "en": "Inviting each other does not count.",
    },
    "customer": {
        "ru": "Приглашение — для тех, кто здесь ещё не покупал.",
        "en": "Invitations are for those who have not bought there before.",
    },
    "repeat": {
        "ru": "Считается только первое приглашение.",
        "en": "Only the first invitation counts.",
    },
    "gone": {"ru": "Приглашение больше не действует.", "en": "The invitation works no more."},
    "declined": {"ru": "Так решило заведение.", "en": "The business decided so."},
    "refund": {"ru": "Покупка возвращена.", "en": "The purchase was returned."},
}
"""Why an invitation gives nothing, or not any more; to both sides alike."""
_DAYS = {"ru": ("день", "дня", "дней"), "en": ("day", "days")}
_POINTS = {"ru": ("балл", "балла", "баллов"), "en": ("point", "points", "points")}
_OF_POINTS = {"ru": ("балла", "баллов", "баллов"), "en": _POINTS["en"]}
_CLAIMS = {"ru": ("заявка", "заявки", "заявок"), "en": ("request", "requests")}
_EXPIRE = {"ru": ("сгорит", "сгорят", "сгорят"), "en": ("expires", "expire")}


@dataclass(frozen=True)
class Text:
    """What is sent: `subject` is for channels that have one."""

    body: str
    subject: str


def code_text(code: str, locale: str, *, links: bool = False) -> Text:
    """A one-time code, to sign in or, where it `links`, to make a contact one's own. It begins the text, and no other six
    digits stand in it; one part of an SMS."""
    return _text("link_code" if links else "code", locale, code=code)


def widget_code_text(code: str, locale: str, *, partner: str, site: str | None) -> Text:
    """A one-time code that a partner's widget asked for: where it is good, and what it cannot do.

    `site` is the host of the page, where it is known; else the partner is named.
    """
    return _text("widget_code", locale, code=code, site=site or _say("quoted", locale, partner=partner))


def bind_to_site(body: str, code: str, *, site: str, platform: str) -> str:
    """The text message with its last line: telephones offer the code in a frame of `platform` on `site` and nowhere else."""
    return f"{body}\n@{site} #{code} @{platform}"


def sale_text(
    locale: str,
    *,
    partner: str,
    credited: int,
    spent: int,
    amount: Decimal,
    currency: str,
    balance: int,
    spendable_from: date | None = None,
    asked: Decimal | None = None,
) -> Text:
    """What a purchase gave and took; `spendable_from` when the credited points still wait, `asked` is the sum of a claim
    that the staff corrected."""
    later = _say("later", locale, day=day(spendable_from, locale)) if spendable_from else ""
    text = _text(
        "sale",
        locale,
        partner=partner,
        change=changes((-spent, credited), locale),
        amount=money(amount, currency, locale),
        later=later,
        balance=number(balance, locale),
    )
    if asked is None:
        return text
    return Text(text.body + _say("sale_corrected", locale, asked=money(asked, currency, locale)), text.subject)


def refund_text(
    locale: str, *, partner: str, taken: int, given_back: int, amount: Decimal, currency: str, balance: int
) -> Text:
    """What a return gave back and took."""
    return _text(
        "returned",
        locale,
        partner=partner,
        change=changes((given_back, -taken), locale),
        amount=money(amount, currency, locale),
        balance=number(balance, locale),
    )


def welcome_text(locale: str, *, partner: str, points: int, balance: int) -> Text:
    """The welcome bonus."""
    return _text("welcome", locale, partner=partner, change=changes((points,), locale), balance=number(balance, locale))


def claim_refused_text(locale: str, *, partner: str, amount: Decimal, currency: str, reason: str) -> Text:
    """Why a customer's claim gave no points, in the words of the staff."""
    return _text("claim_refused", locale, partner=partner, amount=money(amount, currency, locale), reason=reason)


def referral_came_text(
    locale: str, *, partner: str, name: str | None, points: int, minimum: Decimal, currency: str, return_days: int
) -> Text:
    """A friend has come, and what for the inviter gets points."""
    days = f"{number(return_days, locale)} {agreeing(_DAYS[_known(locale)], return_days, locale)}"
    return _text(
        "referral_came",
        locale,
        partner=partner,
        name=name or _say("referral_a_friend", locale),
        points=_points(points, locale),
        minimum=_say("referral_minimum", locale, amount=money(minimum, currency, locale)) if minimum else "",
        window=_say("referral_window", locale, days=days) if return_days else "",
    )


def referral_text(
    locale: str,
    story: str,
    *,
    partner: str,
    name: str | None = None,
    points: int = 0,
    balance: int = 0,
    reason: str | None = None,
) -> Text:
    """What became of an invitation: `story` is "limit", or who is told and what: "inviter_rewarded", "friend_refused" …"""
    return _text(
        f"referral_{story}",
        locale,
        partner=partner,
        name=name or _say("referral_a_friend", locale),
        change=changes((points,), locale) if points else "",
        balance=number(balance, locale),
        why=why_no_reward(reason, locale) if reason else "",
    )


def why_no_reward(reason: str, locale: str) -> str:
    """«Взаимные приглашения не считаются.»"""
    return WHY_NO_REWARD[reason][_known(locale)]


def claims_waiting_text(locale: str, *, partner: str, count: int) -> Text:
    """How many customers' claims wait for somebody of the staff."""
    values = {
        "partner": partner,
        "claims": f"{number(count, locale)} {agreeing(_CLAIMS[_known(locale)], count, locale)}",
    }
    body = _say("one_claim_waiting" if count == 1 else "claims_waiting", locale, **values)
    return Text(body, _say("claims_waiting_subject", locale, **values))


def expiring_text(
    locale: str, *, partner: str, points: int, first: int, last_day: date, gone_by: date, held: int, balance: int
) -> Text:
    """Points that are about to expire: `first` of them when `last_day` is over, the rest before `gone_by`.

    `held` are reserved ones with such dates: whether they expire is not known yet.
    """
    values = {
        "partner": partner,
        "points": _points(points, locale),
        "expire": agreeing(_EXPIRE[_known(locale)], points, locale),
        "first": number(first, locale),
        "day": day(last_day, locale),
        "end": day(gone_by, locale),
        "held": _say("besides_held", locale, points=_points(held, locale)) if held else "",
        "balance": number(balance, locale),
    }
    name = "expiring" if first == points else "expiring_in_parts"
    return Text(_say(name, locale, **values), _say("expiring_subject", locale, **values))


def survey_text(locale: str, *, partner: str, link: str, is_reminder: bool) -> tuple[Text, str]:
    """Would you recommend us; and what is asked in Telegram, where the scores are buttons."""
    name, values = "survey_again" if is_reminder else "survey", {"partner": partner, "link": link}
    return _text(name, locale, **values), _say(f"{name}_telegram", locale, **values)


def unhappy_text(locale: str, *, partner: str, score: int, name: str | None, comment: str | None) -> Text:
    """To the manager: somebody would not recommend the partner, and why."""
    return _text(
        "unhappy",
        locale,
        partner=partner,
        score=str(score),
        name=name or _say("nameless", locale),
        comment=f"\n«{comment}»" if comment else "",
    )


def approved_text(locale: str, *, partner: str, link: str) -> tuple[Text, str]:
    """An application was approved; and what is said of it in Telegram, where one can begin at once."""
    values = {"partner": partner, "link": link}
    return _text("approved", locale, **values), _say("approved_telegram", locale, **values)


def refused_text(locale: str, *, name: str, reason: str | None, link: str) -> tuple[Text, str, str]:
    """An application was refused; and what is said of it in a text message and in Telegram."""
    because = _say("because", locale, reason=reason) if reason else ""
    values = {"name": name, "reason": because, "link": link}
    return _text("refused", locale, **values), *(
        _say(f"refused_{way}", locale, **values) for way in ("sms", "telegram")
    )


def hired_text(locale: str, *, partner: str, role: str) -> Text:
    """Somebody works for a partner now."""
    return _text("hired", locale, partner=partner, role=role_name(role, locale))


def invitation_text(
    locale: str, state: str, *, partner: str, role: str, name: str | None = None, phone: str | None = None
) -> Text:
    """What became of an invitation of staff: `state` "accepted", by whom, or "declined"."""
    values = {
        "partner": partner,
        "role": role_name(role, locale),
        "name": name or _say("nameless", locale),
        "phone": _say("with_phone", locale, phone=phone) if phone else _say("without_phone", locale),
    }
    return _text(state, locale, **values)


def button(name: str, locale: str) -> str:
    """The label of a button under a message: "to_work", "apply_again", "remove"."""
    return _say(name, locale)


def role_name(role: str, locale: str) -> str:
    """«кассир», «a cashier»."""
    return ROLES[role][_known(locale)]


def changes(amounts: tuple[int, ...], locale: str) -> str:
    """`−300 и +35 баллов`; zeros are left out, the word agrees with the last number."""
    said = [value for value in amounts if value]
    numbers = [f"{'+' if value > 0 else _MINUS}{number(abs(value), locale)}" for value in said]
    return f"{_say('and', locale).join(numbers)} {points_word(said[-1], locale)}"


def points_word(count: int, locale: str) -> str:
    """The word that stands after the number: 1 балл, 2 балла, 5 баллов, 11 баллов, 21 балл."""
    return agreeing(_POINTS[_known(locale)], count, locale)


def of_points_word(count: int, locale: str) -> str:
    """The word after «до» and «от» and the number: до 1 балла, до 52 баллов."""
    return agreeing(_OF_POINTS[_known(locale)], count, locale)


def agreeing(forms: Sequence[str], count: int, locale: str) -> str:
    """The form of a word that agrees with a number. `forms` are one, few and many, in English one and many."""
    one, *_, many = forms
    ones, tens = abs(count) % 10, abs(count) % 100
    if _known(locale) == "en":
        return one if abs(count) == 1 else many
    if ones == 1 and tens != 11:
        return one
    return forms[1] if 2 <= ones <= 4 and not 12 <= tens <= 14 else many


def _points(count: int, locale: str) -> str:
    return f"{number(count, locale)} {points_word(count, locale)}"


def number(value: int, locale: str) -> str:
    """`1 000` in Russian, `1,000` in English; a real minus sign."""
    grouped = f"{abs(value):,}".replace(",", _SPACE if _known(locale) == "ru" else ",")
    return f"{_MINUS if value < 0 else ''}{grouped}"


def money(amount: Decimal, currency: str, locale: str) -> str:
    """`1 000,00 ₽` in Russian, `₽1,000.00` in English."""
    sign = _SIGNS.get(currency, currency)
    whole, _, kopecks = f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP)}".partition(".")
    if _known(locale) == "ru":
        return f"{number(int(whole), locale)},{kopecks}{_SPACE}{sign}"
    return f"{sign if len(sign) == 1 else sign + _SPACE}{number(int(whole), locale)}.{kopecks}"


def day(value: date, locale: str) -> str:
    """`05.12.2026` in Russian, `2026-12-05` in English."""
    return value.strftime("%d.%m.%Y") if _known(locale) == "ru" else value.isoformat()


def _text(name: str, locale: str, /, **values: str) -> Text:
    return Text(_say(name, locale, **values), _say(f"{name}_subject", locale, **values))


def _say(name: str, locale: str, /, **values: str) -> str:
    return TEXTS[name][_known(locale)].format(**values)


def _known(locale: str) -> str:
    """The language of a locale such as `ru` or `en-GB`; Russian for one we do not write."""
    language = locale[:2].lower()
    return language if language in LOCALES else "ru"
