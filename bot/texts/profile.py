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
    "not_linked": {"ru": "нет", "en": "none"},
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
    # notices
    "open_notices": {"ru": "🔔 Уведомления", "en": "🔔 Notices"},
    "notices": {
        "ru": "🔔 Уведомления\nНажмите, чтобы включить или выключить. Коды приходят всегда.\n\n"
        "Куда: {channel}\nТихие часы: {quiet} ({zone})",
        "en": "🔔 Notices\nPress to switch on or off. Codes always come.\n\n"
        "Where: {channel}\nQuiet hours: {quiet} ({zone})",
    },
    "notice_credited": {"ru": "Начислены баллы", "en": "Points were credited"},
    "notice_spent": {"ru": "Потрачены баллы", "en": "Points were spent"},
    "notice_returned": {"ru": "Оформлен возврат", "en": "A purchase was returned"},
    "notice_expiring": {"ru": "Баллы скоро сгорят", "en": "Points are about to expire"},
    "notice_survey": {"ru": "Спрашивают, как прошёл визит", "en": "Somebody asks how my visit was"},
    "notice_welcome": {"ru": "Приветственный подарок", "en": "A welcome gift"},
    "notice_referral": {"ru": "Новости о приглашениях друзей", "en": "Something became of an invitation"},
    "back_to_notices": {"ru": "← Уведомления", "en": "← Notices"},
    "change_channel": {"ru": "📮 Куда", "en": "📮 Where"},
    "ask_channel": {
        "ru": "Куда присылать уведомления? Если туда не дойдёт, попробуем другой способ.",
        "en": "Where shall notices go? If they do not arrive there, we try another way.",
    },
    "channel_any": {"ru": "Как получится", "en": "Whatever reaches me"},
    "channel_telegram": {"ru": "Telegram", "en": "Telegram"},
    "channel_sms": {"ru": "СМС", "en": "SMS"},
    "channel_email": {"ru": "Почта", "en": "E-mail"},
    "change_quiet": {"ru": "🌙 Тихие часы", "en": "🌙 Quiet hours"},
    "ask_quiet": {
        "ru": "Сейчас: {now}.\nВ тихие часы уведомления ждут и приходят потом. «Как обычно» — с {begin} до {end}, но о "
        "покупке, которая прошла только что, пишем сразу.\nВыберите или напишите свои, например 22:00-08:00.",
        "en": "Now: {now}.\nIn quiet hours notices wait and come later. “As usual” is from {begin} to {end}, but of a "
        "purchase that has just happened we write at once.\nChoose, or write your own, for example 22:00-08:00.",
    },
    "hours": {"ru": "{begin}–{end}", "en": "{begin}–{end}"},
    "quiet_usual": {"ru": "Как обычно", "en": "As usual"},
    "quiet_never": {"ru": "Выключить тихие часы", "en": "No quiet hours"},
    "quiet_is_usual": {"ru": "как обычно, {begin}–{end}", "en": "as usual, {begin}–{end}"},
    "quiet_is_off": {"ru": "выключены", "en": "off"},
    "hours_unreadable": {
        "ru": "Не понял часы. Напишите начало и конец, например 22:00-08:00.",
        "en": "I cannot read these hours. Write the beginning and the end, for example 22:00-08:00.",
    },
    # consents
    "open_consents": {"ru": "📄 Согласия", "en": "📄 Consents"},
    "consents_head": {"ru": "📄 Ваши согласия", "en": "📄 Your consents"},
    "consents_note": {
        "ru": "Отказ «Копилке» действует у всех партнёров. Уведомления о ваших баллах — не реклама.\n"
        "Выберите, где изменить ответ.",
        "en": "A no to Kopilka holds for every partner. Notices about your own points are not advertising.\n"
        "Choose where to change an answer.",
    },
    "platform": {"ru": "«Копилка» целиком", "en": "Kopilka as a whole"},
    "consent_personal_data": {"ru": "персональные данные", "en": "personal data"},
    "consent_advertising": {"ru": "предложения и новости", "en": "offers and news"},
    "agreed_on": {"ru": "согласие от {day}, текст {version}", "en": "agreed on {day}, text {version}"},
    "declined_on": {"ru": "отказ от {day}, текст {version}", "en": "declined on {day}, text {version}"},
    "agreed_for_all": {"ru": "действует общее согласие", "en": "agreed to for all partners"},
    "not_asked": {"ru": "ещё не спрашивали", "en": "not asked yet"},
    "platform_declined": {
        "ru": "не действует, пока вы отказали «Копилке» целиком",
        "en": "without effect while you decline Kopilka as a whole",
    },
    "give": {"ru": "✅ Согласиться: {what}", "en": "✅ Agree: {what}"},
    "withdraw": {"ru": "✖️ Отозвать: {what}", "en": "✖️ Withdraw: {what}"},
    "withdraw_platform": {
        "ru": "Отозвать согласие на обработку персональных данных у всех партнёров?\n\n"
        "Баллы останутся, копить и тратить их можно и дальше. Приветственных подарков не будет, пока вы снова не "
        "согласитесь. Имя и контакты при этом не стираются: для этого в профиле есть «Забыть меня».",
        "en": "Withdraw the consent to the processing of personal data from all partners?\n\n"
        "Your points stay, and you can go on collecting and spending them. There will be no welcome gifts until you agree "
        "again. Your name and contacts are not wiped by this: “Forget me” in the profile does that.",
    },
    "withdraw_partner": {
        "ru": "Отозвать согласие на обработку персональных данных у «{name}»?\n\n"
        "Баллы останутся, копить и тратить их можно и дальше. Приветственного подарка там не будет, пока вы снова не "
        "согласитесь. Имя и контакты при этом не стираются: для этого в профиле есть «Забыть меня».",
        "en": "Withdraw the consent to the processing of personal data from {name}?\n\n"
        "Your points stay, and you can go on collecting and spending them. There will be no welcome gift there until you "
        "agree again. Your name and contacts are not wiped by this: “Forget me” in the profile does that.",
    },
    "withdraw_surely": {"ru": "Да, отозвать", "en": "Yes, withdraw"},
    "keep_it": {"ru": "Оставить как есть", "en": "Leave it"},
    "consent_given": {"ru": "Записал: вы согласны.", "en": "Noted: you agree."},
    "consent_withdrawn": {"ru": "Записал: вы не согласны.", "en": "Noted: you do not agree."},
    "welcomed": {"ru": "{change} в подарок!", "en": "{change} as a gift!"},
    "back_to_consents": {"ru": "← Согласия", "en": "← Consents"},
    # one's data
    "open_data": {"ru": "📦 Мои данные", "en": "📦 My data"},
    "my_data": {
        "ru": "📦 Что у нас о вас есть: {contacts}, {places}, {purchases}, {points}. Всё целиком — в файле, он придёт "
        "следующим сообщением.",
        "en": "📦 What we keep of you: {contacts}, {places}, {purchases}, {points}. All of it is in a file, which is the "
        "next message.",
    },
    "contacts_count": {"ru": "контакт|контакта|контактов", "en": "contact|contacts"},
    "places_count": {"ru": "партнёр|партнёра|партнёров", "en": "partner|partners"},
    "purchases_count": {"ru": "покупка|покупки|покупок", "en": "purchase|purchases"},
    "my_data_file": {
        "ru": "Профиль, контакты, согласия, входы, операции и покупки. Файл видите только вы.",
        "en": "Profile, contacts, consents, sign-ins, operations and purchases. Nobody but you sees this file.",
    },
    # being forgotten
    "open_forgetting": {"ru": "🗑 Забыть меня", "en": "🗑 Forget me"},
    "forget_head": {
        "ru": "🗑 Забыть меня\n\nУдалим навсегда: имя, день рождения, телефон, почту, номер карты, связь с этим Telegram, "
        "настройки, входы на сайт и в приложения, и имя, под которым вас записали партнёры.",
        "en": "🗑 Forget me\n\nWe delete for good: your name, birthday, phone, e-mail, card number, the link to this "
        "Telegram, settings, sign-ins on sites and in apps, and the name that partners have written down for you.",
    },
    "forget_stays": {
        "ru": "Останутся суммы покупок и баллов без имени и контактов: партнёру они нужны для учёта, и узнать по ним вас "
        "нельзя. То, что партнёр хранит в своих программах, удаляет он сам.",
        "en": "Sums of purchases and points stay, without name and contacts: partners need them for their books, and they do "
        "not tell who you were. What a partner keeps in programs of its own, it deletes itself.",
    },
    "forget_points": {
        "ru": "У вас {points} ({split}). Они пропадут, и вернуть их нельзя.",
        "en": "You have {points} ({split}). They will be lost and cannot be brought back.",
    },
    "forget_no_points": {"ru": "Баллов у вас сейчас нет.", "en": "You have no points now."},
    "forget_work": {
        "ru": "Вы перестанете быть сотрудником: {partners}.",
        "en": "You will no longer be on the staff of: {partners}.",
    },
    "forget_only_owner": {
        "ru": "Вы единственный владелец: {partners}. Без владельца бизнес останется без управления, поэтому сначала "
        "назначьте другого владельца или попросите поддержку закрыть бизнес.",
        "en": "You are the only owner of: {partners}. Nobody could manage it without you, so make somebody else an owner "
        "first, or ask support to close the business.",
    },
    "forget_on": {"ru": "Понятно, продолжить", "en": "I understand, go on"},
    "forget_word": {"ru": "УДАЛИТЬ", "en": "DELETE"},
    "ask_forget_word": {
        "ru": "Последний шаг. Напишите слово {word}, и мы вас забудем. Отменить это будет нельзя.",
        "en": "The last step. Write the word {word} and we forget you. It cannot be undone.",
    },
    "not_the_word": {
        "ru": "Ничего не удалено. Чтобы мы вас забыли, напишите {word}; чтобы остаться, нажмите «Профиль».",
        "en": "Nothing was deleted. For us to forget you, write {word}; to stay, press “Profile”.",
    },
    "forgotten": {
        "ru": "Готово, мы вас больше не знаем. Спасибо, что были с нами! Эту переписку Telegram хранит сам: её можно "
        "удалить в меню чата. Захотите начать заново — напишите /start.",
        "en": "Done, we do not know you any more. Thank you for having been with us! Telegram keeps this chat by itself: you "
        "can delete it in the menu of the chat. To begin anew, write /start.",
    },
}
