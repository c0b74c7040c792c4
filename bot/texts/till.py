"""What the till says: the sale step by step and in one line, purchases, returns."""

from __future__ import annotations

TEXTS = {
    # whose purchase
    "till_who_credit": {
        "ru": "Кому начислить? Напишите телефон, номер карты, шесть цифр кода клиента, часть имени или «tg» и его id в "
        "Telegram.",
        "en": "Whom shall we credit? Write a phone, a card number, the six digits of the customer's code, a part of the "
        "name, or “tg” and their Telegram id.",
    },
    "till_who_spend": {
        "ru": "У кого списать? Напишите телефон, номер карты, шесть цифр кода клиента, часть имени или «tg» и его id в "
        "Telegram.",
        "en": "Whose points are spent? Write a phone, a card number, the six digits of the customer's code, a part of the "
        "name, or “tg” and their Telegram id.",
    },
    "till_several": {"ru": "Нашлось несколько. Кто из них?", "en": "Several were found. Which one?"},
    "till_several_and_more": {
        "ru": "Нашлось много, вот первые. Если нужного нет, напишите точнее.",
        "en": "Many were found, here are the first. If yours is not among them, write more of it.",
    },
    "till_nobody_to_spend": {
        "ru": "Такого клиента здесь ещё нет, списывать нечего. Проверьте номер; начислить можно, тогда он появится.",
        "en": "There is no such customer here yet, and nothing to spend. Check the number; crediting makes one.",
    },
    "till_new": {
        "ru": "🆕 Новый клиент: {number}. Проверьте номер: баллы получит тот, у кого он.",
        "en": "🆕 A new customer: {number}. Check the number: the points go to whoever has it.",
    },
    "till_new_by_code": {
        "ru": "🆕 Новый клиент: тот, кто показал код",
        "en": "🆕 A new customer: whoever showed the code",
    },
    # where
    "till_branch": {
        "ru": "Где вы сейчас? Запомню и больше спрашивать не буду.",
        "en": "Where are you now? I shall remember and not ask again.",
    },
    "till_branch_chosen": {"ru": "Вы в точке «{branch}».", "en": "You are at {branch}."},
    "till_change_branch": {"ru": "📍 Сменить точку", "en": "📍 Another branch"},
    # how much
    "till_sum": {
        "ru": "{who}\nБаланс: {points}\n\nСумма чека?",
        "en": "{who}\nBalance: {points}\n\nThe sum of the check?",
    },
    "till_sum_for_points": {
        "ru": "Баллами здесь платят не весь чек, а до {share} %. Сумма чека?",
        "en": "Points pay no whole check here, but up to {share} %. The sum of the check?",
    },
    "sum_too_large": {
        "ru": "Это больше {most}. Проверьте сумму; такой чек проводят на сайте.",
        "en": "This is more than {most}. Check the sum; so large a check is posted on the site.",
    },
    "till_points": {
        "ru": "Чек {amount}, можно списать до {points}. Сколько списать?",
        "en": "A check of {amount}, it takes up to {points}. How many shall we spend?",
    },
    "till_most": {"ru": "Максимум: {points}", "en": "The most: {points}"},
    "till_no_spending": {
        "ru": "Списать на этот чек нельзя: доступно {available}, за раз списывают от {minimum}. Можно начислить:",
        "en": "This check takes no points: {available} can be spent, and at once from {minimum}. It can be credited:",
    },
    # what it comes to
    "till_check": {"ru": "Чек: {amount}", "en": "Check: {amount}"},
    "till_will_spend": {"ru": "Спишется {points} = {money}", "en": "Will be spent: {points} = {money}"},
    "till_to_pay": {"ru": "К оплате деньгами: {amount}", "en": "Left to pay: {amount}"},
    "till_will_credit": {"ru": "Начислится {points}", "en": "Will be credited: {points}"},
    "till_will_wait": {
        "ru": "Потратить их можно через {days}",
        "en": "They can be spent after {days}",
    },
    "till_days": {"ru": "день|дня|дней", "en": "day|days"},
    "till_balance": {"ru": "Баланс: {before} → {after}", "en": "Balance: {before} → {after}"},
    "step_order_discount": {"ru": "скидка на чек {amount}", "en": "discount on the check {amount}"},
    "step_not_eligible": {"ru": "без баллов: {amount}", "en": "earns no points: {amount}"},
    "step_base": {"ru": "{percent} % от {amount} = {points}", "en": "{percent} % of {amount} = {points}"},
    "step_vip": {"ru": "VIP {factor} = {points}", "en": "VIP {factor} = {points}"},
    "step_large_check": {"ru": "крупный чек {factor} = {points}", "en": "large check {factor} = {points}"},
    "step_promotion": {"ru": "«{name}» {factor} = {points}", "en": "“{name}” {factor} = {points}"},
    "step_promotion_bonus": {"ru": "«{name}» {bonus} = {points}", "en": "“{name}” {bonus} = {points}"},
    "step_birthday": {"ru": "день рождения {factor} = {points}", "en": "birthday {factor} = {points}"},
    "step_rounding": {"ru": "округлено вниз: {points}", "en": "rounded down: {points}"},
    "till_credit_now": {"ru": "✅ Начислить {points}", "en": "✅ Credit {points}"},
    "till_spend_now": {"ru": "✅ Списать {points}", "en": "✅ Spend {points}"},
    "till_pay_with_points": {"ru": "💰 Оплатить баллами: до {points}", "en": "💰 Pay with points: up to {points}"},
    "till_give_up": {"ru": "✖️ Отмена", "en": "✖️ Cancel"},
    "till_changed": {
        "ru": "⚠️ Пока вы смотрели, условия изменились. Ничего не проведено, вот новый расчёт:",
        "en": "⚠️ Things have changed while you looked. Nothing was posted, here is what it comes to now:",
    },
    "done_already": {"ru": "Это уже проведено.", "en": "This was posted already."},
    # in one line
    "line_amount": {
        "ru": "Не разобрал сумму «{part}». Нужны обычные цифры, копеек не больше двух: 500 или 1250,50.",
        "en": "I cannot read the sum “{part}”. Plain digits, at most two after the comma: 500 or 1250.50.",
    },
    "line_large": {
        "ru": "Это больше {most}. Проверьте сумму; такой чек проводят на сайте.",
        "en": "This is more than {most}. Check the sum; so large a check is posted on the site.",
    },
    "line_who": {
        "ru": "Не разобрал, кому: «{part}». Нужен телефон, номер карты или шесть цифр кода.",
        "en": "I cannot read whose it is: “{part}”. A phone, a card number or the six digits of a code is needed.",
    },
    "line_space": {
        "ru": "Поставьте пробел между «{part}» и телефоном, чтобы не ошибиться.",
        "en": "Put a space between “{part}” and the phone, so that nothing is mistaken.",
    },
    "line_order": {
        "ru": "Это можно прочитать по-разному. Сначала сумма, потом телефон с +7.",
        "en": "This can be read in several ways. First the sum, then the phone with its country code.",
    },
    "line_forms": {
        "ru": "Одной строкой: «500 +79161234567» — начислить за чек 500 ₽, «-200 +79161234567» — списать 200 баллов, "
        "«500 -200 +79161234567» — списать 200 на чек 500 ₽. Вместо телефона годятся карта и код клиента.",
        "en": "In one line: “500 +79161234567” credits a check of 500, “-200 +79161234567” spends 200 points, "
        "“500 -200 +79161234567” spends 200 on a check of 500. A card or the customer's code will do for the phone.",
    },
    # a purchase
    "purchase_credited": {"ru": "✅ Начислено {earned}", "en": "✅ Credited: {earned}"},
    "purchase_spent": {"ru": "✅ Списано {spent}", "en": "✅ Spent: {spent}"},
    "purchase_spent_and_credited": {
        "ru": "✅ Списано {spent}, начислено {earned}",
        "en": "✅ Spent: {spent}, credited: {earned}",
    },
    "purchase_check": {"ru": "Чек {amount}, {moment}", "en": "Check of {amount}, {moment}"},
    "purchase_paid": {"ru": "Баллами {points}, деньгами {money}", "en": "With points {points}, with money {money}"},
    "purchase_balance": {"ru": "Баланс: {points}", "en": "Balance: {points}"},
    "purchase_pending": {"ru": "Ещё ждут своего срока: {points}", "en": "Waiting: {points}"},
}
