"""What the till says: the sale step by step and in one line, purchases, returns."""

from __future__ import annotations

TEXTS = {
    # whose purchase
    "till_who_credit": {
        "ru": "Кому начислить? Напишите телефон, номер карты, шесть цифр кода клиента, часть имени или «tg» и его id в "
        "Telegram. Передумали — /cancel.",
        "en": "Whom shall we credit? Write a phone, a card number, the six digits of the customer's code, a part of the "
        "name, or “tg” and their Telegram id. To give up: /cancel.",
    },
    "till_who_spend": {
        "ru": "У кого списать? Напишите телефон, номер карты, шесть цифр кода клиента, часть имени или «tg» и его id в "
        "Telegram. Передумали — /cancel.",
        "en": "Whose points are spent? Write a phone, a card number, the six digits of the customer's code, a part of the "
        "name, or “tg” and their Telegram id. To give up: /cancel.",
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
    "till_wished": {"ru": "Хочет списать: {points}", "en": "Wants to spend: {points}"},
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
    "step_tier": {"ru": "уровень «{name}» {factor} = {points}", "en": "tier “{name}” {factor} = {points}"},
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
    # help
    "help_staff": {"ru": "Вот что можно здесь, на работе:", "en": "What can be done here, at work:"},
    "help_credit": {
        "ru": "начислить баллы за чек, новому клиенту тоже",
        "en": "points for a check, to a new customer too",
    },
    "help_spend": {"ru": "списать баллы, а за остальное начислить", "en": "spend points, and credit the rest"},
    "help_customers": {"ru": "найти клиента, его карточка и история", "en": "find a customer, their card and history"},
    "help_purchases": {
        "ru": "чеки: отменить за минуту, вернуть позже",
        "en": "purchases: undo in a minute, return later",
    },
    "help_stats": {"ru": "сколько продано и начислено", "en": "what was sold and credited"},
    "help_office": {"ru": "точки, правила, сотрудники, файлы", "en": "branches, rules, staff, files"},
    "help_as_customer": {"ru": "ваши собственные баллы", "en": "your own points"},
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
    # purchases
    "purchases_head": {"ru": "🧾 Последние чеки, страница {page}", "en": "🧾 Latest purchases, page {page}"},
    "purchases_found": {"ru": "🧾 «{query}», страница {page}", "en": "🧾 “{query}”, page {page}"},
    "purchases_empty": {
        "ru": "Чеков пока нет. Первый появится с начислением: «{credit}».",
        "en": "No purchases yet. The first comes with a credit: “{credit}”.",
    },
    "purchases_nothing": {
        "ru": "По «{query}» чеков не нашлось. Напишите номер чека целиком, телефон или имя клиента.",
        "en": "Nothing was found for “{query}”. Write a whole receipt number, a phone or a customer's name.",
    },
    "purchases_ask": {
        "ru": "Нажмите номер, чтобы открыть чек, или напишите номер чека, телефон или имя клиента.",
        "en": "Press a number to open a purchase, or write a receipt number, a phone or a customer's name.",
    },
    "purchases_end": {"ru": "Более давние — на сайте: {link}", "en": "Earlier ones are on the site: {link}"},
    "purchases_back": {"ru": "← Чеки", "en": "← Purchases"},
    "purchase_row": {"ru": "{n}. {who}\n{moment} · {amount}{points}", "en": "{n}. {who}\n{moment} · {amount}{points}"},
    "purchase_mark_undone": {"ru": "отменён", "en": "undone"},
    "purchase_mark_returned": {"ru": "возвращён", "en": "returned"},
    "purchase_mark_partly": {"ru": "возврат {amount}", "en": "returned {amount}"},
    "purchase_mark_receipt": {"ru": "чек {number}", "en": "receipt {number}"},
    # a purchase
    "purchase_undone": {
        "ru": "↩️ Покупка отменена, баллы — как были до неё",
        "en": "↩️ Undone: all points are as they were before",
    },
    "purchase_returned": {"ru": "💸 Покупка возвращена целиком", "en": "💸 Everything was returned"},
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
    "purchase_receipt": {"ru": "Номер чека: {number}", "en": "Receipt number: {number}"},
    "purchase_where": {"ru": "Точка: {branch}", "en": "Branch: {branch}"},
    "purchase_cashier": {"ru": "Кто провёл: {name}", "en": "Entered by: {name}"},
    "purchase_refund": {
        "ru": "Возврат {moment}: {amount}, деньгами {money}{points}",
        "en": "Returned {moment}: {amount}, with money {money}{points}",
    },
    "purchase_left": {"ru": "Ещё можно вернуть: {amount}", "en": "Can still be returned: {amount}"},
    "undo": {"ru": "↩️ Отменить", "en": "↩️ Undo"},
    "undone_already": {"ru": "Это уже отменено.", "en": "This was undone already."},
    "refund": {"ru": "💸 Возврат", "en": "💸 Return"},
    # returns
    "refund_sum": {
        "ru": "Сколько вернуть? Из этого чека — до {left}, вместе с тем, что оплачено баллами. Передумали — /cancel.",
        "en": "How much is returned? Of this check up to {left}, what points paid included. To give up: /cancel.",
    },
    "refund_all": {"ru": "Всё: {amount}", "en": "All: {amount}"},
    "refund_head": {"ru": "💸 Возврат {amount} из чека {check}", "en": "💸 A return of {amount} of a check of {check}"},
    "refund_money": {"ru": "Отдать деньгами: {amount}", "en": "To hand back: {amount}"},
    "refund_gives": {"ru": "Вернётся списанное: {points}", "en": "Given back of what was spent: {points}"},
    "refund_takes": {"ru": "Снимется начисленное: {points}", "en": "Taken of what was credited: {points}"},
    "refund_moves_none": {"ru": "Баллов это не коснётся: 0", "en": "No points move: 0"},
    "refund_shortfall": {
        "ru": "Снять не удастся: {points}, их уже потратили",
        "en": "Cannot be taken: {points}, they were spent already",
    },
    "refund_debt": {
        "ru": "Баланс уйдёт в минус; его закроют следующие начисления.",
        "en": "The balance goes below zero; the next credits make up for it.",
    },
    "refund_now": {"ru": "✅ Вернуть {amount}", "en": "✅ Return {amount}"},
    "refund_done": {
        "ru": "💸 Возвращено {amount}. Отдайте клиенту {money}.",
        "en": "💸 {amount} returned. Hand back {money}.",
    },
}
