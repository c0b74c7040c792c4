"""Services: the catalogue for staff, and what a customer's partners sell."""

TEXTS = {
    "office_services": {"ru": "💇 Услуги", "en": "💇 Services"},
    "services_head": {"ru": "💇 Услуги", "en": "💇 Services"},
    "services_empty": {
        "ru": "Каталог пуст. Добавьте, что вы продаёте: касса и акции возьмут это отсюда, клиенты увидят цены.",
        "en": "The catalogue is empty. Add what you sell: the till and promotions take it from here, customers see prices.",
    },
    "services_end": {"ru": "Дальше услуг нет.", "en": "There are no more services."},
    "services_link": {
        "ru": "Порядок, цены и загрузка таблицей — на сайте: {link}",
        "en": "The order, prices and tables are on the site: {link}",
    },
    "services_back": {"ru": "← Услуги", "en": "← Services"},
    "service_new": {"ru": "➕ Добавить услугу", "en": "➕ Add a service"},
    "service_hide": {"ru": "🙈 Не показывать клиентам", "en": "🙈 Hide from customers"},
    "service_show": {"ru": "👀 Показать клиентам", "en": "👀 Show to customers"},
    "service_archive": {"ru": "🗄 В архив", "en": "🗄 To the archive"},
    "service_restore": {"ru": "↩️ Вернуть", "en": "↩️ Bring back"},
    "service_archived": {"ru": "В архиве: больше не продаётся.", "en": "In the archive: sold no more."},
    "service_is_hidden": {"ru": "🙈 {service}", "en": "🙈 {service}"},
    "service_free": {"ru": "бесплатно", "en": "free"},
    "service_minutes": {"ru": ", {n} мин", "en": ", {n} min"},
    "service_ask_name": {
        "ru": "Как называется? Например: Стрижка. Передумали — /cancel.",
        "en": "What is it called? Such as: Haircut. To give up: /cancel.",
    },
    "service_ask_price": {"ru": "Сколько стоит, в рублях? Например: 1500.", "en": "What does it cost? Such as: 1500."},
    "service_ask_category": {
        "ru": "Категория и, через запятую, сколько минут? Например: Волосы, 45. Без категории — «-».",
        "en": "The category and, after a comma, how many minutes? Such as: Hair, 45. Without a category: “-”.",
    },
    "service_known_categories": {"ru": "Уже есть: {names}", "en": "There are: {names}"},
    "service_made": {"ru": "✅ В каталоге: {service}", "en": "✅ In the catalogue: {service}"},
    # a customer's
    "command_services": {"ru": "Услуги и цены", "en": "Services and prices"},
    "menu_none": {
        "ru": "Ваши партнёры пока не показывают услуги. Загляните позже.",
        "en": "Your partners show no services yet. Look again later.",
    },
    "menu_choose": {"ru": "Чьи услуги показать?", "en": "Whose services?"},
    "menu_head": {"ru": "💇 {partner}: услуги и цены", "en": "💇 {partner}: services and prices"},
}
