"""Surveys after a visit: the customer's answer, and for staff what the answers add up to and what is done about them."""

TEXTS = {
    # the customer's
    "survey_thanks": {
        "ru": "Спасибо! Ваша оценка для «{partner}»: {score}.\n\nДобавьте пару слов, если хотите: что понравилось, что нет.",
        "en": "Thank you! Your score for {partner}: {score}.\n\nAdd a few words if you like: what was good, what was not.",
    },
    "survey_skip": {"ru": "Без слов", "en": "No words"},
    "survey_again": {"ru": "Изменить оценку", "en": "Change the score"},
    "survey_choose": {
        "ru": "«{partner}»: порекомендуете ли вы нас друзьям? 0 — ни за что, 10 — обязательно.",
        "en": "{partner}: would you recommend us to friends? 0: never, 10: certainly.",
    },
    "survey_done": {"ru": "Спасибо, ваш ответ сохранён.", "en": "Thank you, your answer is saved."},
    "survey_stopped": {
        "ru": "Больше не будем спрашивать. Передумаете — включите снова: «Профиль», там «Уведомления».",
        "en": "We shall not ask again. If you change your mind: “Profile”, there “Notices”.",
    },
    # staff's
    "office_nps": {"ru": "⭐ Отзывы", "en": "⭐ Answers"},
    "nps_head": {"ru": "⭐ Отзывы «{partner}», {period}", "en": "⭐ Answers, {partner}, {period}"},
    "nps_period_7": {"ru": "7 дней", "en": "7 days"},
    "nps_period_30": {"ru": "30 дней", "en": "30 days"},
    "nps_period_90": {"ru": "90 дней", "en": "90 days"},
    "nps_period_365": {"ru": "год", "en": "a year"},
    "nps_off": {
        "ru": "Сейчас клиентов не спрашивают. Включить и настроить: {link}",
        "en": "Customers are not asked now. To switch it on: {link}",
    },
    "nps_value": {
        "ru": "NPS {value} (от {low} до {high} с вероятностью 95 %)",
        "en": "NPS {value} ({low} to {high} with 95 % confidence)",
    },
    "nps_few": {"ru": "⚠️ Мало ответов: это ещё не вывод.", "en": "⚠️ Few answers: no conclusion yet."},
    "nps_groups": {
        "ru": "Ответов: {n}. Рекомендуют (9–10): {promoters}, нейтральны (7–8): {passives}, недовольны (0–6): {detractors}.",
        "en": "Answers: {n}. Promoters (9–10): {promoters}, passives (7–8): {passives}, detractors (0–6): {detractors}.",
    },
    "nps_asked": {"ru": "Спросили {asked}, ответили {answered}.", "en": "Asked {asked}, answered {answered}."},
    "nps_trend": {"ru": "По неделям: {drawn}", "en": "By weeks: {drawn}"},
    "nps_trend_365": {"ru": "По месяцам: {drawn}", "en": "By months: {drawn}"},
    "nps_none": {"ru": "Ответов за это время нет.", "en": "There are no answers in this time."},
    "nps_to_answers": {"ru": "💬 Ответы", "en": "💬 Answers"},
    "nps_to_tasks": {"ru": "👎 Недовольные ({count})", "en": "👎 Unhappy ({count})"},
    "nps_answers_head": {"ru": "💬 Ответы за 90 дней", "en": "💬 Answers of 90 days"},
    "nps_answers_end": {"ru": "Дальше ответов нет.", "en": "There are no more answers."},
    "nps_answer": {"ru": "{score} · {name} · {day}", "en": "{score} · {name} · {day}"},
    "nps_tasks_head": {"ru": "👎 С кем поговорить", "en": "👎 Whom to talk to"},
    "nps_tasks_none": {"ru": "Недовольных, с которыми не поговорили, нет.", "en": "There is nobody left to talk to."},
    "nps_task": {
        "ru": "👎 {score} из 10\n{name}{phone}\nВизит: {visit}{branch}\nСостояние: {state}",
        "en": "👎 {score} out of 10\n{name}{phone}\nVisit: {visit}{branch}\nState: {state}",
    },
    "nps_comment": {"ru": "«{comment}»", "en": "“{comment}”"},
    "nps_note": {"ru": "Заметка: {note}", "en": "Note: {note}"},
    "nps_state_open": {"ru": "новая", "en": "new"},
    "nps_state_in_work": {"ru": "в работе, {who}", "en": "in work, {who}"},
    "nps_state_done": {"ru": "закрыта, {who}", "en": "closed, {who}"},
    "nps_take": {"ru": "✋ В работу", "en": "✋ Take it"},
    "nps_finish": {"ru": "✅ Закрыть", "en": "✅ Close"},
    "nps_reopen": {"ru": "↩️ Открыть снова", "en": "↩️ Open again"},
    "nps_ask_note": {
        "ru": "Что сделали? Напишите коротко, клиент этого не увидит. Передумали — /cancel.",
        "en": "What was done? Write it shortly, the customer does not see it. To give up: /cancel.",
    },
    "nps_without_note": {"ru": "Без заметки", "en": "No note"},
    "nps_back_to_tasks": {"ru": "← К списку", "en": "← To the list"},
    "nps_back": {"ru": "← Отзывы", "en": "← Answers"},
}
