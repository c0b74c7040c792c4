"""What every room needs: the buttons of the menus, the commands, and the answers to what leads nowhere."""

from __future__ import annotations

from loyalty.texts import ROLES

BUTTONS = {
    # the customer's menu
    "balance": {"ru": "💰 Баланс", "en": "💰 Balance"},
    "history": {"ru": "🧾 История", "en": "🧾 History"},
    "code": {"ru": "🔢 Мой код", "en": "🔢 My code"},
    "promotions": {"ru": "🎁 Акции", "en": "🎁 Promotions"},
    "invite": {"ru": "🤝 Пригласить друга", "en": "🤝 Invite a friend"},
    "services": {"ru": "💇 Услуги", "en": "💇 Services"},
    "profile": {"ru": "👤 Профиль", "en": "👤 Profile"},
    "partner": {"ru": "🤝 Стать партнёром", "en": "🤝 Become a partner"},
    "as_staff": {"ru": "🏪 Работа", "en": "🏪 Work"},
    # the menu of staff
    "credit": {"ru": "➕ Начислить", "en": "➕ Credit"},
    "spend": {"ru": "➖ Списать", "en": "➖ Spend"},
    "customers": {"ru": "🔎 Клиенты", "en": "🔎 Customers"},
    "purchases": {"ru": "🧾 Чеки", "en": "🧾 Purchases"},
    "stats": {"ru": "📊 Статистика", "en": "📊 Figures"},
    "office": {"ru": "⚙️ Управление", "en": "⚙️ Manage"},
    "as_customer": {"ru": "👛 Мои баллы", "en": "👛 My points"},
    # both
    "language": {"ru": "🌐 Язык", "en": "🌐 Language"},
    "help": {"ru": "❓ Помощь", "en": "❓ Help"},
    "cancel": {"ru": "✖️ Отмена", "en": "✖️ Cancel"},
}
"""The menu under the field where one types; a press arrives as its text, in whichever language it was shown."""

COMMANDS = (
    "start",
    "balance",
    "code",
    "history",
    "promotions",
    "invite",
    "services",
    "credit",
    "spend",
    "customers",
    "stats",
    "profile",
    "partner",
    "help",
    "cancel",
)
"""What Telegram's own menu lists, in this order; every button is a command too."""

TEXTS = {
    "command_start": {"ru": "Начать", "en": "Begin"},
    "command_balance": {"ru": "Баланс", "en": "Balance"},
    "command_history": {"ru": "История операций", "en": "History"},
    "command_code": {"ru": "Код для кассы", "en": "Code for the till"},
    "command_profile": {"ru": "Профиль, уведомления, язык", "en": "Profile, notices, language"},
    "command_credit": {"ru": "Для сотрудников: начислить баллы", "en": "For staff: credit points"},
    "command_spend": {"ru": "Для сотрудников: списать баллы", "en": "For staff: spend points"},
    "command_customers": {"ru": "Для сотрудников: клиенты", "en": "For staff: customers"},
    "command_stats": {"ru": "Для сотрудников: статистика", "en": "For staff: figures"},
    "command_partner": {"ru": "Подключить свой бизнес", "en": "Take your business into Kopilka"},
    "command_help": {"ru": "Помощь", "en": "Help"},
    "command_cancel": {"ru": "Отменить начатое", "en": "Cancel what was begun"},
    "cancelled": {"ru": "Отменено, ничего не изменилось.", "en": "Cancelled, nothing was changed."},
    "nothing_to_cancel": {"ru": "Отменять нечего.", "en": "There is nothing to cancel."},
    "who_are_you": {
        "ru": "Пока мы не знакомы. Напишите /start, и я покажу ваши баллы.",
        "en": "We have not met yet. Write /start and I shall show your points.",
    },
    "not_understood": {
        "ru": "Не понял вас. Нажмите кнопку внизу или напишите /help.",
        "en": "I did not understand. Press a button below or write /help.",
    },
    "button_is_old": {
        "ru": "Эта кнопка больше не действует. Нужное — в меню внизу.",
        "en": "This button no longer works. What you need is in the menu below.",
    },
    "only_in_private": {
        "ru": "Здесь вас слышат другие. Напишите мне в личные сообщения: {link}",
        "en": "Others can hear you here. Write to me in private: {link}",
    },
    "sorry": {
        "ru": "Не получилось ответить на это сообщение, мы уже знаем. Попробуйте иначе или напишите /help.",
        "en": "This message could not be answered, and we know. Try another way, or write /help.",
    },
    "works_at": {"ru": "Вы в «{partner}», {role}.", "en": "You are at {partner}, {role}."},
    "choose_place": {"ru": "Где вы сейчас работаете?", "en": "Where do you work now?"},
    "as_customer_now": {
        "ru": "Показываю ваши баллы. Вернуться к работе: «{button}».",
        "en": "Here are your own points. Back to work: “{button}”.",
    },
    "place_suspended": {
        "ru": "Там, где вы работали, работа приостановлена: провести пока ничего нельзя. Владелец может написать в поддержку.",
        "en": "Where you worked is suspended and nothing can be posted for now. The owner can write to support.",
    },
    "place_lost": {
        "ru": "Там, где вы работали, вы больше не в штате. Если это ошибка, скажите владельцу.",
        "en": "You are no longer on the staff of where you worked. If that is a mistake, tell the owner.",
    },
} | {f"role_{role}": versions for role, versions in ROLES.items()}
