"""What the person's own rooms say: the profile, notices, consents, one's data, and being forgotten."""

from __future__ import annotations

TEXTS = {
    # profile
    "profile_head": {"ru": "👤 Профиль", "en": "👤 Profile"},
    "profile_name": {"ru": "Имя: {name}", "en": "Name: {name}"},
    "profile_birthday": {"ru": "День рождения: {day}", "en": "Birthday: {day}"},
    "profile_language": {"ru": "Язык: {language}", "en": "Language: {language}"},
    "profile_zone": {"ru": "Часовой пояс: {zone}", "en": "Time zone: {zone}"},
    "profile_phone": {"ru": "Телефон: {value}{note}", "en": "Phone: {value}{note}"},
    "profile_email": {"ru": "Почта: {value}{note}", "en": "E-mail: {value}{note}"},
    "profile_card": {"ru": "Карта: {value}", "en": "Card: {value}"},
    "not_given": {"ru": "не указано", "en": "not given"},
    "not_linked": {"ru": "не привязано", "en": "not linked"},
    "not_proven": {"ru": " (не подтверждено)", "en": " (not confirmed)"},
    "saved": {"ru": "Записал.", "en": "Noted."},
    "back_to_profile": {"ru": "← Профиль", "en": "← Profile"},
    # name, birthday, time zone
    "change_name": {"ru": "✏️ Имя", "en": "✏️ Name"},
    "ask_name": {"ru": "Напишите, как к вам обращаться.", "en": "Write how we shall call you."},
    "change_birthday": {"ru": "🎂 День рождения", "en": "🎂 Birthday"},
    "ask_birthday": {
        "ru": "Когда у вас день рождения? Он нужен только для подарков: в эти дни многие начисляют больше баллов.\n"
        "Напишите день, месяц и год, например 5.12.1990.",
        "en": "When is your birthday? It is used for gifts alone: around that day many give more points.\n"
        "Write the day, the month and the year, for example 5.12.1990 or 5 December 1990.",
    },
    "no_birthday": {"ru": "Не указывать", "en": "Leave it out"},
    "birthday_unreadable": {
        "ru": "Не понял дату. Напишите день, месяц и год, например 5.12.1990 или 5 декабря 1990.",
        "en": "I cannot read this date. Write the day, the month and the year, for example 5.12.1990.",
    },
    "birthday_impossible": {
        "ru": "Получилось {day}: в этот день вы родиться не могли. Проверьте год.",
        "en": "That reads as {day}, and you cannot be born then. Check the year.",
    },
    "change_zone": {"ru": "🕒 Часовой пояс", "en": "🕒 Time zone"},
    "ask_zone": {
        "ru": "Где вы живёте? От этого зависят время в сообщениях и тихие часы. Если города нет, напишите пояс "
        "по-английски, например Asia/Tbilisi.",
        "en": "Where do you live? The times in messages and the quiet hours depend on it. If your town is missing, write "
        "the zone's name, for example Asia/Tbilisi.",
    },
    "zone_unknown": {
        "ru": "Такого пояса не знаю. Выберите город кнопкой или напишите, например, Asia/Tbilisi.",
        "en": "I do not know this zone. Choose a town with a button, or write for example Asia/Tbilisi.",
    },
    "zone_Europe/Kaliningrad": {"ru": "Калининград", "en": "Kaliningrad"},
    "zone_Europe/Moscow": {"ru": "Москва", "en": "Moscow"},
    "zone_Europe/Minsk": {"ru": "Минск", "en": "Minsk"},
    "zone_Europe/Samara": {"ru": "Самара", "en": "Samara"},
    "zone_Asia/Yekaterinburg": {"ru": "Екатеринбург", "en": "Yekaterinburg"},
    "zone_Asia/Almaty": {"ru": "Алматы", "en": "Almaty"},
    "zone_Asia/Omsk": {"ru": "Омск", "en": "Omsk"},
    "zone_Asia/Novosibirsk": {"ru": "Новосибирск", "en": "Novosibirsk"},
    "zone_Asia/Krasnoyarsk": {"ru": "Красноярск", "en": "Krasnoyarsk"},
    "zone_Asia/Irkutsk": {"ru": "Иркутск", "en": "Irkutsk"},
    "zone_Asia/Yakutsk": {"ru": "Якутск", "en": "Yakutsk"},
    "zone_Asia/Vladivostok": {"ru": "Владивосток", "en": "Vladivostok"},
    "zone_Asia/Magadan": {"ru": "Магадан", "en": "Magadan"},
    "zone_Asia/Kamchatka": {"ru": "Камчатка", "en": "Kamchatka"},
    # phone, e-mail
    "link_phone": {"ru": "📱 Телефон", "en": "📱 Phone"},
    "ask_phone": {
        "ru": "Нажмите «{share}»: Telegram отправит ваш номер и подтвердит, что он ваш. Номер, написанный текстом, "
        "ничего не подтверждает.",
        "en": "Press “{share}”: Telegram sends your number and vouches for it. A number that is typed proves nothing.",
    },
    "link_email": {"ru": "📧 Почта", "en": "📧 E-mail"},
    "ask_email": {
        "ru": "Напишите адрес почты, например name@example.com. Пришлём туда код, чтобы убедиться, что она ваша.",
        "en": "Write your e-mail address, for example name@example.com. We send a code there to make sure it is yours.",
    },
    "email_yours_already": {"ru": "Почта {email} уже привязана к вам.", "en": "{email} is linked to you already."},
    "email_code_sent": {
        "ru": "Отправили код на {email}. Напишите сюда шесть цифр из письма: они действуют 5 минут.",
        "en": "A code is on its way to {email}. Write the six digits here: they are good for 5 minutes.",
    },
    "email_code_again": {
        "ru": "Если с прошлого письма прошла минута, на {email} ушёл новый код; если нет — действует прежний.",
        "en": "If a minute has passed since the last message, a new code is on its way to {email}; else the last one holds.",
    },
    "code_again": {"ru": "🔄 Прислать код ещё раз", "en": "🔄 Send the code again"},
    "another_email": {"ru": "✏️ Другой адрес", "en": "✏️ Another address"},
    "code_is_six_digits": {
        "ru": "В коде шесть цифр, например 012345. Они в письме, которое мы отправили.",
        "en": "The code has six digits, for example 012345. They are in the message we sent.",
    },
    "email_code_wrong": {
        "ru": "Код не подошёл: он неверный, истёк или попыток было больше пяти. Проверьте цифры или запросите новый код.",
        "en": "This code does not work: it is wrong, has expired, or was tried more than five times. Check the digits or "
        "ask for a new one.",
    },
    "email_linked": {"ru": "Почта {email} привязана.", "en": "{email} is linked."},
}
