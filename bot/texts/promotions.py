"""Promotions: of a partner in the office, and those that run for a customer."""

TEXTS = {
    "tier_is": {"ru": "{tier} {factor}", "en": "{tier} {factor}"},
    "tier_next": {"ru": "до уровня «{tier}» осталось {missing}", "en": "{missing} more to “{tier}”"},
    "office_promotions": {"ru": "🎁 Акции", "en": "🎁 Promotions"},
    "promotions_head": {"ru": "🎁 Акции", "en": "🎁 Promotions"},
    "promotions_empty": {
        "ru": "Акций пока нет. Начните с «двойных баллов на неделю»: до включения видно, сколько бы это стоило.",
        "en": "No promotions yet. Begin with “double points for a week”: before it is on you see what it would have cost.",
    },
    "promotions_end": {"ru": "Дальше акций нет.", "en": "There are no more promotions."},
    "promotions_link": {
        "ru": "Подробнее и другие виды — на сайте: {link}",
        "en": "More, and other kinds, on the site: {link}",
    },
    "promotion_line": {"ru": "{name}\n{effect} · {state}", "en": "{name}\n{effect} · {state}"},
    "promotion_draft": {"ru": "черновик", "en": "draft"},
    "promotion_on": {"ru": "идёт", "en": "is on"},
    "promotion_stopped": {"ru": "остановлена", "en": "stopped"},
    "promotion_times": {"ru": "раз|раза|раз", "en": "time|times"},
    "promotion_results": {
        "ru": "Использована {times}, людей: {people}, выдано {points}, оборот этих покупок {turnover}.\nЭто описание, а не "
        "эффект: часть этих людей пришла бы и так.",
        "en": "Used {times} by {people} people, {points} given, turnover of these purchases {turnover}.\nA description, not "
        "an effect: some of these people would have come anyway.",
    },
    "promotion_new": {"ru": "➕ Новая акция", "en": "➕ New promotion"},
    "promotion_stop": {"ru": "⏹ Остановить", "en": "⏹ Stop"},
    "promotion_try": {"ru": "Сколько бы это стоило", "en": "What would it have cost?"},
    "promotions_back": {"ru": "← Акции", "en": "← Promotions"},
    "promotion_ask_stop": {
        "ru": "Остановить «{name}»? С этой минуты она ничего не даст; что дала, остаётся у клиентов. Снова включить её нельзя.",
        "en": "Stop “{name}”? From now on it gives nothing; what it gave stays. It cannot be switched on again.",
    },
    "promotion_was_stopped": {"ru": "⏹ Акция «{name}» остановлена.", "en": "⏹ The promotion “{name}” is stopped."},
    "promotion_ask_kind": {"ru": "Какая акция?", "en": "What kind of promotion?"},
    "promotion_kind_multiplier": {"ru": "✖️ Больше баллов за всё", "en": "✖️ More points for everything"},
    "promotion_kind_fixed": {"ru": "🎁 Баллы за каждую покупку", "en": "🎁 Points for every purchase"},
    "promotion_kind_happy_hours": {"ru": "⏰ Счастливые часы", "en": "⏰ Happy hours"},
    "promotion_kind_category": {"ru": "💇 За услугу или категорию", "en": "💇 For a service or a category"},
    "promotion_kind_welcome": {"ru": "👋 За первый визит", "en": "👋 For the first visit"},
    "promotion_kind_second_visit": {"ru": "🔁 За второй визит", "en": "🔁 For the second visit"},
    "promotion_kind_birthday": {"ru": "🎂 На день рождения", "en": "🎂 For a birthday"},
    "promotion_kind_return": {"ru": "💌 Вернуть тех, кто пропал", "en": "💌 For those away for long"},
    "promotion_ask_factor": {
        "ru": "Во сколько раз больше баллов? Например: 2 или 1,5. Передумали — /cancel.",
        "en": "How many times as many points? Such as 2 or 1.5. To give up: /cancel.",
    },
    "promotion_ask_points": {
        "ru": "Сколько баллов дарить? Например: 100. Передумали — /cancel.",
        "en": "How many points as a gift? Such as 100. To give up: /cancel.",
    },
    "promotion_ask_hours": {
        "ru": "По каким дням и с какого до какого часа? Например: пн-пт 14:00-17:00. Передумали — /cancel.",
        "en": "On which days, from when until when? Such as: mon-fri 14:00-17:00. To give up: /cancel.",
    },
    "promotion_hours_again": {
        "ru": "Нужны дни и часы, например: пн-пт 14:00-17:00 или сб, вс 10-12.",
        "en": "Days and hours, such as: mon-fri 14:00-17:00 or sat, sun 10-12.",
    },
    "promotion_ask_lines": {
        "ru": "За какие услуги или категории? Напишите через запятую, как они называются в каталоге или на кассе.",
        "en": "For which services or categories? Write their names, as in the catalogue or at the till, with commas between.",
    },
    "promotion_known_lines": {"ru": "В каталоге: {names}", "en": "In the catalogue: {names}"},
    "promotion_ask_share": {
        "ru": "Сколько давать: процент от их цены, например 10%, или баллы, например 100?",
        "en": "How much: a percent of their price, such as 10%, or points, such as 100?",
    },
    "promotion_share_again": {
        "ru": "Нужен процент от 0,01 до 100, например 10%, или целое число баллов.",
        "en": "A percent from 0.01 to 100, such as 10%, or a whole number of points.",
    },
    "promotion_factor_again": {
        "ru": "Нужно число больше 1 и до 100, например 2 или 1,5.",
        "en": "A number above 1 and up to 100, such as 2 or 1.5.",
    },
    "promotion_points_again": {
        "ru": "Нужно целое число от 1 до 1 000 000.",
        "en": "A whole number from 1 to 1,000,000.",
    },
    "promotion_ask_days": {
        "ru": "Сколько дней ей идти, начиная с сегодня? Напишите число от 1 до 365; 0 — пока не остановите. После запятой "
        "можно бюджет в баллах: 7, 5000.",
        "en": "For how many days, from today? Write a number from 1 to 365; 0: until you stop it. A budget in points may "
        "follow after a comma: 7, 5000.",
    },
    "promotion_days_again": {"ru": "Нужно целое число от 0 до 365.", "en": "A whole number from 0 to 365."},
    "promotion_name_multiplier": {"ru": "Больше баллов: {what}", "en": "More points: {what}"},
    "promotion_name_fixed": {"ru": "Подарок за покупку: {what}", "en": "A gift for a purchase: {what}"},
    "promotion_name_happy_hours": {"ru": "Счастливые часы: {what}", "en": "Happy hours: {what}"},
    "promotion_name_category": {"ru": "За услуги: {what}", "en": "For services: {what}"},
    "promotion_name_welcome": {"ru": "Подарок за первый визит: {what}", "en": "A gift for the first visit: {what}"},
    "promotion_name_second_visit": {
        "ru": "Подарок за второй визит: {what}",
        "en": "A gift for the second visit: {what}",
    },
    "promotion_name_birthday": {"ru": "Подарок на день рождения: {what}", "en": "A birthday gift: {what}"},
    "promotion_name_return": {"ru": "Мы скучали: {what}", "en": "We have missed you: {what}"},
    "promotion_until": {"ru": "до {moment}", "en": "until {moment}"},
    "promotion_open": {"ru": "пока не остановите", "en": "until you stop it"},
    "promotion_cost": {
        "ru": "За последние 90 дней это стоило бы {points}: {times}, людей {people}, оборот этих покупок {turnover} (покупок "
        "всего {purchases}). Это цена на ваших покупках, а не эффект.",
        "en": "In the last 90 days it would have cost {points}: {times}, {people} people, turnover of these purchases "
        "{turnover} (of {purchases} purchases in all). A cost on your own purchases, not an effect.",
    },
    "promotion_cost_gone": {"ru": "Бюджет кончился бы {day}.", "en": "The budget would have been gone on {day}."},
    "promotion_no_past": {
        "ru": "За последние 90 дней покупок не было, примерить не на чем.",
        "en": "There were no purchases in the last 90 days to try it on.",
    },
    "promotion_confirm": {"ru": "✅ Включить", "en": "✅ Switch on"},
    "promotion_cancel": {"ru": "✖️ Не включать", "en": "✖️ Leave it"},
    "promotion_is_on": {"ru": "✅ Акция «{name}» включена.", "en": "✅ The promotion “{name}” is on."},
    # what one gives and asks for
    "offer_factor": {"ru": "баллы {factor}", "en": "points {factor}"},
    "offer_rate": {"ru": "{percent} % баллами", "en": "{percent} % in points"},
    "offer_categories": {"ru": "за: {names}", "en": "for: {names}"},
    "offer_min_amount": {"ru": "чек от {amount}", "en": "check from {amount}"},
    "offer_hours": {"ru": "{days} {since}–{until}", "en": "{days} {since}–{until}"},
    "offer_weekdays": {"ru": "пн|вт|ср|чт|пт|сб|вс", "en": "Mon|Tue|Wed|Thu|Fri|Sat|Sun"},
    "offer_first": {"ru": "за первую покупку", "en": "for the first purchase"},
    "offer_second": {"ru": "за вторую покупку", "en": "for the second purchase"},
    "offer_second_within": {"ru": "за вторую покупку в течение {days}", "en": "for the second purchase within {days}"},
    "offer_days": {"ru": "дня|дней|дней", "en": "day|days"},
    "offer_return": {"ru": "после {days} без покупок", "en": "after {days} away"},
    "offer_birthday": {
        "ru": "в день рождения, дней до — {before}, после — {after}",
        "en": "for the birthday, {before} days before and {after} after",
    },
    # a customer's
    "command_promotions": {"ru": "Акции", "en": "Promotions"},
    "offers_head": {"ru": "🎁 Сейчас у ваших партнёров:", "en": "🎁 At your partners now:"},
    "offers_none": {
        "ru": "Сейчас у ваших партнёров акций для вас нет. Загляните позже.",
        "en": "Nothing runs for you at your partners now. Look again later.",
    },
    "offers_partner": {"ru": "{partner}:", "en": "{partner}:"},
    "offers_line": {"ru": "• {name} — {what}", "en": "• {name}: {what}"},
}
