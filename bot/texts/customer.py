"""What the customer's rooms say."""

from __future__ import annotations

TEXTS = {
    # beginning
    "hello_newcomer": {
        "ru": "Здравствуйте! Это «Копилка»: баллы ваших кофеен, салонов и магазинов в одном месте.",
        "en": "Hello! This is Kopilka: the points of your cafés, salons and shops in one place.",
    },
    "invited": {"ru": "Вас приглашает {partner}.", "en": "{partner} invites you."},
    "invitation_unknown": {
        "ru": "Эта ссылка больше не действует, но «Копилка» открыта и без неё.",
        "en": "This link no longer works, but Kopilka is open without it too.",
    },
    "ask_consent": {
        "ru": "Чтобы вести ваш счёт, нужно согласие на обработку персональных данных. "
        "Отозвать его можно в любой момент в профиле.",
        "en": "To keep your account we need your consent to the processing of your personal data. "
        "You can withdraw it in your profile at any time.",
    },
    "agree": {"ru": "Согласен на обработку данных", "en": "I agree to the processing"},
    "not_now": {"ru": "Не сейчас", "en": "Not now"},
    "declined": {
        "ru": "Хорошо, ничего не сохраняем. Передумаете — напишите /start.",
        "en": "All right, nothing is kept. Should you change your mind, write /start.",
    },
    "agreed": {"ru": "Спасибо, согласие записано.", "en": "Thank you, your consent is noted."},
    "ask_contact": {
        "ru": "Поделитесь своим номером кнопкой ниже: так найдутся баллы, которые вам уже начислили. "
        "Можно и без номера, тогда счёт начнётся с нуля, а объединить его с прежним потом сможет только поддержка.",
        "en": "Share your number with the button below, so that points you already have are found. "
        "You may also go on without it and begin at zero; only support can join that with an earlier account later.",
    },
    "ask_contact_again": {
        "ru": "Остался один шаг: нажмите «{share}» — так Telegram подтвердит, что номер ваш, — или «{without}».",
        "en": "One step is left: press “{share}”, so that Telegram vouches for your number, or “{without}”.",
    },
    "share_contact": {"ru": "📱 Поделиться номером", "en": "📱 Share my number"},
    "without_contact": {"ru": "Продолжить без номера", "en": "Go on without a number"},
    "contact_not_own": {
        "ru": "Это не ваш номер или карточка переслана. Нажмите «{share}», и Telegram отправит именно ваш.",
        "en": "This is not your own number, or the card was forwarded. Press “{share}” and Telegram sends yours.",
    },
    "contact_linked": {"ru": "Номер {phone} привязан.", "en": "The number {phone} is linked."},
    "account_found": {
        "ru": "Нашёлся ваш прежний счёт. Дальше всё на нём, и этот Telegram тоже.",
        "en": "Your earlier account was found. Everything is there from now on, this Telegram too.",
    },
    "joined": {"ru": "Вы участник программы «{partner}».", "en": "You are a member of {partner}'s programme."},
    "ask_advertising": {
        "ru": "Присылать вам акции и предложения? Уведомления о ваших баллах приходят в любом случае.",
        "en": "May we send you offers? Notices about your own points come anyway.",
    },
    "yes": {"ru": "Да", "en": "Yes"},
    "no": {"ru": "Нет", "en": "No"},
    "advertising_yes": {"ru": "Будем присылать предложения.", "en": "We shall send you offers."},
    "advertising_no": {"ru": "Предложений присылать не будем.", "en": "We shall send no offers."},
    # what one has
    "total": {"ru": "У вас {points}.", "en": "You have {points}."},
    "no_accounts": {
        "ru": "Баллов пока нет: покажите «{code}» при следующей покупке, и они появятся.",
        "en": "No points yet: show “{code}” at your next purchase and they will come.",
    },
    "pocket": {"ru": "{partner}: {points}", "en": "{partner}: {points}"},
    "waiting": {"ru": "ещё {points} можно будет потратить с {day}", "en": "{points} waiting until {day}"},
    "held": {"ru": "в резерве {points}", "en": "{points} held at a till"},
    "expiring": {"ru": "{points} {expire} после {day}", "en": "{points} {expire} after {day}"},
    "expire": {"ru": "сгорит|сгорят|сгорят", "en": "expires|expire"},
    # history
    "history_head": {"ru": "Операции, страница {page}", "en": "Operations, page {page}"},
    "history_empty": {
        "ru": "Операций пока нет. Они появятся после первой покупки.",
        "en": "No operations yet. They appear after your first purchase.",
    },
    "history_end": {
        "ru": "Более давние операции — в личном кабинете: {link}",
        "en": "Earlier operations are in your cabinet: {link}",
    },
    "operation": {
        "ru": "{day} · {partner}\n{points} — {what}",
        "en": "{day} · {partner}\n{points} — {what}",
    },
    "earlier": {"ru": "Раньше →", "en": "Earlier →"},
    "later": {"ru": "← Позже", "en": "← Later"},
    "story_purchase": {"ru": "покупка на {check}", "en": "a purchase of {check}"},
    "story_purchase_raised": {"ru": "чек уточнён: {check}", "en": "the check was corrected: {check}"},
    "story_purchase_lowered": {"ru": "чек уточнён: {check}", "en": "the check was corrected: {check}"},
    "story_spent": {"ru": "оплата баллами, чек {check}", "en": "paid with points, a check of {check}"},
    "story_spend_lowered": {"ru": "баллы возвращены, чек {check}", "en": "points given back, a check of {check}"},
    "story_refund_took": {"ru": "возврат покупки на {check}", "en": "a refund of a purchase of {check}"},
    "story_refund_gave": {
        "ru": "возврат: баллы вернулись, чек {check}",
        "en": "a refund: points came back, a check of {check}",
    },
    "story_welcome": {"ru": "приветственный подарок", "en": "a welcome gift"},
    "story_referral": {"ru": "за приглашение друга", "en": "for an invitation"},
    "story_referral_undone": {
        "ru": "награда за приглашение отменена",
        "en": "the reward of an invitation was taken back",
    },
    "story_bonus": {"ru": "бонус", "en": "a bonus"},
    "story_expired": {"ru": "срок баллов вышел", "en": "the points have expired"},
    "story_corrected": {"ru": "исправлено вручную", "en": "corrected by hand"},
    "story_corrected_because": {"ru": "исправлено вручную: {reason}", "en": "corrected by hand: {reason}"},
    "story_purchase_undone": {"ru": "покупка отменена, чек {check}", "en": "a purchase taken back, a check of {check}"},
    "story_undone": {"ru": "отменено", "en": "taken back"},
    "story_merged": {"ru": "счета объединены", "en": "accounts joined"},
    # one's code
    "code": {
        "ru": "Ваш код: {code}\nПокажите его или QR кассиру. Действует до {until} ({zone}), на одну покупку.",
        "en": "Your code: {code}\nShow it or the QR at the till. Good until {until} ({zone}), for one purchase.",
    },
    "new_code": {"ru": "🔄 Показать действующий код", "en": "🔄 Show the code in force"},
    # language, help
    "ask_language": {"ru": "На каком языке говорить?", "en": "Which language shall I speak?"},
    "language_chosen": {"ru": "Говорю по-русски.", "en": "I speak English now."},
    "help": {
        "ru": "Вот что я умею:\n{balance} — сколько у вас баллов и где\n{history} — за что начислены и списаны\n"
        "{code} — код и QR для кассы\n{profile} — имя и день рождения, телефон и почта, уведомления и тихие часы, согласия, "
        "ваши данные\n/language — русский или английский\n/cancel — оставить начатое\n\n"
        "Начислить баллы без номера можно по коду: покажите его кассиру.\nУ вас свой бизнес? Напишите /partner.",
        "en": "What I can do:\n{balance} — how many points you have, and where\n{history} — what came and went, and why\n"
        "{code} — a code and QR for the till\n{profile} — name and birthday, phone and e-mail, notices and quiet hours, "
        "consents, your data\n/language — Russian or English\n/cancel — leave what was begun\n\n"
        "Points can be credited without a number too: show your code at the till.\nYou run a business? Write /partner.",
    },
}
