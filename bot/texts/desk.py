"""What the rooms of the staff's desk say: the office, customers, figures, files, rules."""

from __future__ import annotations

TEXTS = {
    # the office
    "office_head": {
        "ru": "«{partner}», вы — {role}. Что открыть?\n\nОстальное — на сайте: {link}",
        "en": "{partner}: you are {role}. What shall I open?\n\nEverything else is on the site: {link}",
    },
    "office_back": {"ru": "← Управление", "en": "← Manage"},
    "office_branches": {"ru": "🏬 Точки", "en": "🏬 Branches"},
    "office_invitation": {"ru": "🔗 QR для клиентов", "en": "🔗 QR for customers"},
    "office_language": {"ru": "🌐 Язык", "en": "🌐 Language"},
    "office_place": {"ru": "🏢 Сменить место", "en": "🏢 Another place"},
    "branches_head": {"ru": "🏬 Точки", "en": "🏬 Branches"},
    "branches_end": {
        "ru": "Открыть, закрыть или переименовать точку можно на сайте: {link}",
        "en": "Branches are opened, closed and renamed on the site: {link}",
    },
    "branches_empty": {
        "ru": "Здесь точек нет. Открыть точку можно на сайте: {link}",
        "en": "There are no branches here. They are opened on the site: {link}",
    },
    "invitation": {
        "ru": "Приглашение в программу «{partner}». Поставьте QR на кассу: клиент откроет его камерой и сразу станет "
        "участником.\nСсылка: {link}",
        "en": "The invitation to the programme of {partner}. Put the QR on the counter: a customer opens it with the "
        "camera and is a member at once.\nThe link: {link}",
    },
    # customers
    "customers_head": {"ru": "🔎 Клиенты, сначала новые", "en": "🔎 Customers, the newest first"},
    "customers_found": {"ru": "🔎 Клиенты по запросу «{query}»", "en": "🔎 Customers for “{query}”"},
    "customers_ask": {
        "ru": "Чтобы найти клиента, напишите телефон, последние цифры, имя, почту или номер карты.",
        "en": "To find a customer, write a phone, its last digits, a name, an e-mail or a card number.",
    },
    "customers_ask_name": {
        "ru": "Чтобы найти клиента, напишите имя или его часть.",
        "en": "To find a customer, write a name or a part of it.",
    },
    "customers_nobody": {
        "ru": "По запросу «{query}» никого нет. {asks} Нового клиента заводит первое начисление: «{credit}».",
        "en": "Nobody for “{query}”. {asks} A new customer is made by the first credit: “{credit}”.",
    },
    "customers_empty": {
        "ru": "Клиентов пока нет. Начислите баллы первому — «{credit}», или покажите QR-приглашение из «{office}».",
        "en": "No customers yet. Credit the first one with “{credit}”, or show the QR invitation from “{office}”.",
    },
    "customers_back": {"ru": "← К списку", "en": "← To the list"},
    "customer_back": {"ru": "← Карточка", "en": "← The card"},
    "visits": {"ru": "покупка|покупки|покупок", "en": "purchase|purchases"},
    "last_purchase": {"ru": "последняя {day}", "en": "the last on {day}"},
    "no_name": {"ru": "Без имени", "en": "No name"},
    "card_balance": {"ru": "Баланс: {points}", "en": "Balance: {points}"},
    "card_held": {"ru": "В резерве {held}, доступно {available}", "en": "{held} on hold, {available} available"},
    "card_pending": {"ru": "Ожидают: {points}", "en": "Waiting: {points}"},
    "card_bought": {"ru": "{visits} на {spent}", "en": "{visits} for {spent}"},
    "card_average": {"ru": "Средний чек {average}", "en": "Average check {average}"},
    "card_dates": {"ru": "Первая покупка {first}, последняя {last}", "en": "First purchase {first}, last {last}"},
    "card_no_purchases": {"ru": "Покупок пока нет", "en": "No purchases yet"},
    "card_joined": {"ru": "Клиент с {day}", "en": "A customer since {day}"},
    "card_credit": {"ru": "➕ Начислить баллы", "en": "➕ Credit points"},
    "card_spend": {"ru": "➖ Списать баллы", "en": "➖ Spend points"},
    "card_operations": {"ru": "📜 История", "en": "📜 History"},
    "card_rename": {"ru": "✏️ Имя", "en": "✏️ Name"},
    "card_vip_on": {"ru": "⭐ Сделать VIP", "en": "⭐ Make VIP"},
    "card_vip_off": {"ru": "☆ Снять VIP", "en": "☆ No longer VIP"},
    "customer_ask_name": {
        "ru": "Сейчас: {name}.\nНапишите, как называть этого клиента у вас; «-» уберёт имя. Его собственный профиль не "
        "изменится. Передумали — /cancel.",
        "en": "Now: {name}.\nWrite what you call this customer; “-” takes the name away. Their own profile stays as it "
        "is. To give up: /cancel.",
    },
    "customer_name_again": {
        "ru": "Имя нужно прислать текстом, до 200 знаков.",
        "en": "Send the name as text, up to 200 characters.",
    },
    "customer_renamed": {"ru": "Записано.", "en": "Noted."},
    "operations_head": {"ru": "📜 {name}: операции, страница {page}", "en": "📜 {name}: operations, page {page}"},
    "operations_empty": {
        "ru": "Здесь операций нет. Первая появится с начислением.",
        "en": "No operations here. The first comes with a credit.",
    },
    "operations_end": {"ru": "Более давние — на сайте: {link}", "en": "Earlier ones are on the site: {link}"},
    "customer_operation": {
        "ru": "{moment}\n{points} — {what}; стало {balance}",
        "en": "{moment}\n{points} — {what}; balance {balance}",
    },
    # figures
    "stats_head": {"ru": "📊 {place}: {period}", "en": "📊 {place}: {period}"},
    "stats_period_1": {"ru": "сегодня", "en": "today"},
    "stats_period_7": {"ru": "7 дней", "en": "7 days"},
    "stats_period_30": {"ru": "30 дней", "en": "30 days"},
    "stats_beside_1": {"ru": "рядом со вчерашним днём до этого часа", "en": "beside yesterday up to this hour"},
    "stats_beside_7": {"ru": "рядом с 7 днями до них", "en": "beside the 7 days before"},
    "stats_beside_30": {"ru": "рядом с 30 днями до них", "en": "beside the 30 days before"},
    "stats_turnover": {"ru": "Оборот: {value}", "en": "Turnover: {value}"},
    "stats_purchases": {"ru": "Покупки: {value}", "en": "Purchases: {value}"},
    "stats_average_check": {"ru": "Средний чек: {value}", "en": "Average check: {value}"},
    "stats_customers": {"ru": "Клиентов с покупками: {value}", "en": "Customers who bought: {value}"},
    "stats_people": {"ru": "клиент|клиента|клиентов", "en": "customer|customers"},
    "stats_joined": {"ru": "Новых клиентов: {value}", "en": "New customers: {value}"},
    "stats_earned": {"ru": "Начислено баллов: {value}", "en": "Points earned: {value}"},
    "stats_spent": {"ru": "Списано баллов: {value}", "en": "Points spent: {value}"},
    "stats_expired": {"ru": "Сгорело баллов: {value}", "en": "Points expired: {value}"},
    "stats_paid_with_points": {"ru": "Оплачено баллами: {value}", "en": "Paid with points: {value}"},
    "stats_refunded": {"ru": "Возвращено клиентам: {value}", "en": "Returned to customers: {value}"},
    "stats_more": {"ru": "▲ на {percent} % больше", "en": "▲ {percent} % more"},
    "stats_less": {"ru": "▼ на {percent} % меньше", "en": "▼ {percent} % less"},
    "stats_same": {"ru": "= столько же", "en": "= the same"},
    "stats_times": {"ru": "▲ больше в {times}", "en": "▲ {times} as much"},
    "stats_times_count": {"ru": "раз|раза|раз", "en": "time|times"},
    "stats_before": {"ru": "было {value}", "en": "was {value}"},
    "stats_first": {"ru": "раньше не было", "en": "none before"},
    "stats_empty": {
        "ru": "За это время ничего не было. Показатели появятся с первой покупкой: «{credit}».",
        "en": "Nothing happened in this time. Figures appear with the first purchase: “{credit}”.",
    },
    "stats_trend": {"ru": "Оборот по дням:", "en": "Turnover by days:"},
    "stats_most": {"ru": "самый высокий столбик — {turnover}", "en": "the tallest bar is {turnover}"},
    "stats_none": {"ru": "продаж не было", "en": "nothing was sold"},
    "stats_members": {
        "ru": "Всего: {customers}, на счетах {balance}, ожидают {pending}.",
        "en": "In all: {customers}, {balance} in their accounts, {pending} waiting.",
    },
    "stats_by_branch": {"ru": "🏬 По точкам", "en": "🏬 By branch"},
    "stats_all_branches": {"ru": "Все точки", "en": "All branches"},
    "stats_back": {"ru": "← Статистика", "en": "← Figures"},
    "stats_branches_head": {"ru": "🏬 Оборот по точкам: {period}", "en": "🏬 Turnover by branch: {period}"},
    "stats_branch": {"ru": "{branch}\n{turnover}, {purchases}", "en": "{branch}\n{turnover}, {purchases}"},
    "stats_no_branch": {"ru": "Без точки", "en": "No branch"},
    "branches_none": {"ru": "Здесь точек нет.", "en": "There are no branches here."},
    # files
    "office_files": {"ru": "📥 Файлы", "en": "📥 Files"},
    "files_head": {
        "ru": "Какой файл прислать? Это таблица CSV, она открывается в Excel и Google Таблицах. В ней телефоны клиентов: "
        "не пересылайте её посторонним.",
        "en": "Which file shall I send? It is a CSV table for Excel or Google Sheets. It has the customers' phones: do not "
        "forward it to strangers.",
    },
    "file_customers": {"ru": "👥 Клиенты", "en": "👥 Customers"},
    "file_transactions": {"ru": "🧾 Операции", "en": "🧾 Operations"},
    "file_begun": {
        "ru": "Готовлю файл «{file}»… Он придёт следующим сообщением.",
        "en": "Writing the file “{file}”… It comes as the next message.",
    },
    "file_caption": {"ru": "{file}, «{partner}», на {moment}", "en": "{file} of {partner}, as of {moment}"},
    "file_not_allowed": {
        "ru": "Файл не отправлен: у вас больше нет права на выгрузку. Если это ошибка, скажите владельцу.",
        "en": "The file was not sent: you may no longer export. If that is a mistake, tell the owner.",
    },
    "file_too_large": {
        "ru": "Файл слишком большой для Telegram. Скачайте его на сайте: {link}",
        "en": "The file is too large for Telegram. Download it on the site: {link}",
    },
    # pages
    "next_page": {"ru": "Дальше →", "en": "Next →"},
    "previous_page": {"ru": "← Назад", "en": "← Back"},
}
