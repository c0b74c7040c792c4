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
    # pages
    "next_page": {"ru": "Дальше →", "en": "Next →"},
    "previous_page": {"ru": "← Назад", "en": "← Back"},
}
