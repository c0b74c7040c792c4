"""Plans: what they and what they open are called."""

from __future__ import annotations

TEXTS = {
    "office_plan": {"ru": "💳 Тариф", "en": "💳 Plan"},
    "plan_head": {
        "ru": "💳 Тариф «{plan}»: {monthly} в месяц и {percent} % оборота через программу",
        "en": "💳 The plan {plan}: {monthly} a month and {percent} % of the turnover through the programme",
    },
    "plan_month": {
        "ru": "В этом месяце: оборот {turnover} → {monthly} + {share} = {total}",
        "en": "This month: a turnover of {turnover} → {monthly} + {share} = {total}",
    },
    "plan_others": {"ru": "При таком обороте за целый месяц:", "en": "At this turnover a whole month would be:"},
    "plan_other": {"ru": "• «{plan}» — {total}", "en": "• {plan}: {total}"},
    "plan_end": {
        "ru": "Это расчёт, счета появятся позже. Сравнить и сменить тариф: {link}",
        "en": "Counted, not charged: invoices come later. Compare and change: {link}",
    },
    "plan_basic": {"ru": "Базовый", "en": "Basic"},
    "plan_advanced": {"ru": "Advanced", "en": "Advanced"},
    "plan_enterprise": {"ru": "Enterprise", "en": "Enterprise"},
    "feature_off": {
        "ru": "🔒 {feature}: для вашего бизнеса это отключено. Если это нужно, пусть владелец напишет в поддержку.",
        "en": "🔒 {feature}: this is switched off for your business. If you need it, let the owner write to support.",
    },
    "feature_telegram_bot": {"ru": "Работа в Telegram", "en": "Work in Telegram"},
    "feature_statistics": {"ru": "Цифры", "en": "Figures"},
    "feature_promotions": {"ru": "Акции", "en": "Promotions"},
    "feature_services": {"ru": "Каталог услуг", "en": "Catalogue of services"},
    "feature_nps": {"ru": "Мнение клиентов", "en": "Customers' opinion"},
    "feature_referrals": {"ru": "Приведи друга", "en": "Bring a friend"},
    "feature_search": {"ru": "Поиск", "en": "Search"},
    "feature_export": {"ru": "Файлы", "en": "Files"},
    "feature_qr_codes": {"ru": "QR на стойке", "en": "QR on the counter"},
    "feature_web_widget": {"ru": "Виджет на сайте", "en": "Widget on the site"},
    "feature_widget_spending": {"ru": "Списание через виджет", "en": "Spending by the widget"},
    "feature_targeting": {"ru": "Акции для выбранных клиентов", "en": "Promotions for chosen customers"},
    "feature_extended_statistics": {"ru": "Расширенные цифры", "en": "Extended figures"},
    "feature_contact_base": {"ru": "База телефонов и почт", "en": "Base of phones and e-mails"},
    "feature_till_integration": {"ru": "Программа вашей кассы", "en": "Your till's own program"},
    "feature_crm_sync": {"ru": "Баллы из CRM", "en": "Points from the CRM"},
    "feature_full_sync": {"ru": "Полный обмен с CRM", "en": "Full exchange with the CRM"},
    "feature_ai_analytics": {"ru": "AI-персонализация", "en": "AI personalisation"},
    "feature_crm_analytics": {"ru": "Аналитика CRM", "en": "Analytics of the CRM"},
}
