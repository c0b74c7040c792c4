"""What is said when something cannot be: one sentence for each code of the core's errors, with the next step.

Values in a sentence are attributes of the error, written as people read them.
"""

from __future__ import annotations

TEXTS = {
    "refused": {
        "ru": "Так не получится. Проверьте, что написали, или нажмите /help.",
        "en": "That does not work. Check what you wrote, or press /help.",
    },
    # who one is
    "refused_not_staff": {
        "ru": "Это для сотрудников. Если вы работаете у партнёра, попросите владельца добавить вас.",
        "en": "This is for staff. If you work for a partner, ask the owner to add you.",
    },
    "refused_partner_suspended": {
        "ru": "Работа партнёра приостановлена, провести ничего нельзя. Владелец может написать в поддержку.",
        "en": "The partner is suspended and nothing can be posted. The owner can write to support.",
    },
    "refused_forbidden": {
        "ru": "Ваша роль этого не позволяет. Если это нужно для работы, попросите владельца.",
        "en": "Your role does not allow this. If your work needs it, ask the owner.",
    },
    "refused_too_many_requests": {
        "ru": "Слишком часто. Попробуйте через {wait}.",
        "en": "Too often. Try again in {wait}.",
    },
    "account_closed": {
        "ru": "Этот счёт закрыт. Если это ошибка, напишите в поддержку.",
        "en": "This account is closed. If that is a mistake, write to support.",
    },
    # surveys
    "refused_survey_gone": {
        "ru": "Этот опрос уже закончился. Спасибо, что хотели ответить.",
        "en": "This survey is over. Thank you for wanting to answer.",
    },
    "refused_survey_closed": {
        "ru": "Ответ уже принят: изменить его можно было в течение суток.",
        "en": "The answer was taken: it could be changed for a day.",
    },
    "refused_survey_task_not_found": {
        "ru": "Такой задачи нет: возможно, клиент изменил оценку.",
        "en": "There is no such task: the customer may have changed the score.",
    },
    "refused_invalid_nps": {
        "ru": "Оценка — от 0 до 10, слова — до 1000 знаков.",
        "en": "A score is 0 to 10, words are up to 1000 characters.",
    },
    # people and their identities
    "refused_customer_not_found": {
        "ru": "Никого не нашлось. Проверьте номер или попросите телефон.",
        "en": "Nobody was found. Check the number, or ask for the phone.",
    },
    "refused_code_unknown": {
        "ru": "Этот код истёк или уже использован. Попросите клиента показать новый.",
        "en": "This code has expired or was used. Ask the customer to show a new one.",
    },
    "refused_code_wrong": {
        "ru": "Код неверный или истёк. Проверьте цифры или запросите новый.",
        "en": "The code is wrong or has expired. Check the digits or ask for a new one.",
    },
    "refused_identifier_required": {
        "ru": "Напишите телефон, номер карты или шесть цифр кода.",
        "en": "Write a phone, a card number or the six digits of a code.",
    },
    "refused_invalid_identifier": {
        "ru": "Это не телефон, не карта и не код. Например: +7 916 123-45-67.",
        "en": "This is no phone, no card and no code. For example: +7 916 123-45-67.",
    },
    "refused_invalid_phone": {
        "ru": "Этот номер не похож на телефонный. Например: +7 916 123-45-67.",
        "en": "This does not look like a phone number. For example: +7 916 123-45-67.",
    },
    "refused_invalid_email": {
        "ru": "Это не похоже на почту. Например: name@example.com.",
        "en": "This does not look like an e-mail address. For example: name@example.com.",
    },
    "refused_invalid_card": {
        "ru": "Это не номер карты: в нём 16 цифр.",
        "en": "This is not a card number: it has 16 digits.",
    },
    "refused_identity_taken": {
        "ru": "Этот номер или адрес уже привязан к другому счёту, а этот Telegram — к вашему. Объединить их может поддержка; "
        "баллы обоих счетов целы.",
        "en": "This number or address belongs to another account, and this Telegram to yours. Support can join them; "
        "the points of both are safe.",
    },
    "refused_membership_closed": {
        "ru": "Этот счёт закрыт, провести по нему ничего нельзя.",
        "en": "This account is closed: nothing can be posted to it.",
    },
    "refused_invalid_name": {
        "ru": "Имя — до 200 знаков, без переносов строки.",
        "en": "A name has up to 200 characters and one line.",
    },
    "refused_invalid_profile": {
        "ru": "Так записать нельзя. Попробуйте иначе.",
        "en": "It cannot be noted so. Try another way.",
    },
    "refused_invalid_consent": {"ru": "Такого согласия нет.", "en": "There is no such consent."},
    "refused_contact_needs_proof": {
        "ru": "Телефон и почта меняются по коду, который мы на них пришлём.",
        "en": "A phone or e-mail is changed by the code we send to it.",
    },
    # sums and points
    "refused_invalid_amount": {
        "ru": "Напишите сумму в рублях, например 1250 или 1250,50.",
        "en": "Write the sum in roubles, for example 1250 or 1250.50.",
    },
    "refused_invalid_points": {
        "ru": "Напишите целое число баллов, например 100.",
        "en": "Write a whole number of points, for example 100.",
    },
    "refused_invalid_purchase": {"ru": "Проверьте сумму покупки.", "en": "Check the sum of the purchase."},
    "refused_not_enough_points": {
        "ru": "Столько баллов нет: доступно {available}.",
        "en": "There are not so many points: {available} can be spent.",
    },
    "refused_below_minimum": {
        "ru": "Слишком мало баллов: за раз списывают от {minimum}.",
        "en": "Too few points: at once one spends {minimum} or more.",
    },
    "refused_not_a_step": {"ru": "Баллы списываются шагами по {step}.", "en": "Points are spent in steps of {step}."},
    "refused_above_share": {
        "ru": "Баллами можно оплатить только часть этого чека, самое большее — {limit}.",
        "en": "Points may pay a part of this check only, at the most {limit}.",
    },
    "refused_not_enough_spendable": {
        "ru": "Столько баллов этот чек не примет, самое большее — {limit}.",
        "en": "This check does not take so many points, at the most {limit}.",
    },
    "refused_spend_refused": {
        "ru": "Эти баллы нельзя списать на эту покупку.",
        "en": "These points cannot be spent on this purchase.",
    },
    "refused_invalid_receipt": {
        "ru": "Номер чека — до 120 знаков.",
        "en": "A receipt number has up to 120 characters.",
    },
    "refused_receipt_conflict": {
        "ru": "Чек с таким номером уже есть, и в нём другое.",
        "en": "A purchase with this receipt number exists and says something else.",
    },
    "refused_idempotency_conflict": {
        "ru": "Это уже было отправлено с другими числами. Начните заново.",
        "en": "This was sent already with other values. Begin again.",
    },
    "refused_draft_gone": {
        "ru": "Этот расчёт больше не действует, по этой кнопке ничего не проведено. Начните заново.",
        "en": "This calculation is no longer good, and this button has posted nothing. Begin again.",
    },
    "refused_link_gone": {
        "ru": "Эта ссылка больше не действует. Попросите новую у того, кто её прислал.",
        "en": "This link works no more. Ask whoever sent it for a new one.",
    },
    # purchases
    "refused_purchase_not_found": {"ru": "Такого чека здесь нет.", "en": "There is no such purchase here."},
    "refused_cannot_undo": {
        "ru": "Отменить можно в течение минуты. Оформите возврат.",
        "en": "A purchase is undone within a minute. Make a refund instead.",
    },
    "refused_refund_too_large": {"ru": "Вернуть можно не больше {left}.", "en": "At most {left} can be returned."},
    "refused_already_returned": {
        "ru": "По этому чеку уже всё возвращено.",
        "en": "Everything of this purchase has been returned already.",
    },
    "refused_not_reversible": {"ru": "Эту операцию отменить нельзя.", "en": "This operation cannot be undone."},
    # customers' claims
    "refused_claims_not_taken": {
        "ru": "Здесь баллы по заявке сейчас не начисляют. Назовите телефон или покажите код на кассе.",
        "en": "Points are not given on request here now. Name your phone or show your code at the till.",
    },
    "refused_claim_decided": {"ru": "По этой заявке уже решили.", "en": "This request has been decided already."},
    "refused_claim_not_found": {"ru": "Такой заявки здесь нет.", "en": "There is no such request here."},
    "refused_claim_needs_reason": {
        "ru": "Напишите причину, до {longest} знаков: её прочтёт клиент.",
        "en": "Write why, in up to {longest} characters: the customer reads it.",
    },
    "refused_claim_needs_sum": {
        "ru": "Напишите сумму покупки, например 1250 или 1250,50.",
        "en": "Write the sum of the purchase, for example 1250 or 1250.50.",
    },
    "refused_invalid_claim": {"ru": "Проверьте сумму покупки.", "en": "Check the sum of the purchase."},
    "refused_fiscal_receipt_used": {
        "ru": "По этому чеку баллы уже запрашивали.",
        "en": "Points were asked for with this receipt already.",
    },
    "refused_invalid_fiscal_receipt": {
        "ru": "Этот чек не подходит: нужен QR чека продажи за последние дни.",
        "en": "This receipt cannot be used: it takes the QR of a sale of the last days.",
    },
    "refused_fiscal_receipt_future": {
        "ru": "Чек из будущего: проверьте дату. Если она верная, часы кассы спешат — попросите кассира начислить баллы.",
        "en": "The receipt is of the future: check its date. If it is right, the till's clock is fast: ask the cashier.",
    },
    "refused_fiscal_receipt_not_sale": {
        "ru": "Это чек возврата. Нужен чек покупки.",
        "en": "This is the receipt of a return. It takes that of a purchase.",
    },
    "refused_fiscal_receipt_old": {
        "ru": "Чек слишком давний: принимаются за последние {hours} ч. Попросите кассира.",
        "en": "The receipt is too old: those of the last {hours} hours are taken. Ask the cashier.",
    },
    "refused_fiscal_receipt_other_sum": {
        "ru": "В чеке другая сумма. Пришлите только чек: сумма возьмётся из него.",
        "en": "The receipt says another sum. Send the receipt alone: the sum is taken from it.",
    },
    "refused_too_many_claims": {
        "ru": "Здесь уже ждут {most} ваших заявок. Дождитесь решения или отзовите лишние: «Мои заявки».",
        "en": "You have {most} requests waiting here already. Wait for them, or withdraw some in “My requests”.",
    },
    "refused_sale_code_gone": {
        "ru": "Этот код больше не действует. Покажите новый.",
        "en": "This code works no more. Show a new one.",
    },
    # plans
    "refused_feature_locked": {
        "ru": "🔒 {feature}: открывается на тарифе «{plan}». Тариф меняет владелец на сайте.",
        "en": "🔒 {feature}: opened by the plan {plan}. The owner changes the plan on the site.",
    },
    "refused_invalid_plan": {"ru": "Такого тарифа нет.", "en": "There is no such plan."},
    # promotions and tiers
    "refused_invalid_tiers": {"ru": "Проверьте уровни.", "en": "Check the tiers."},
    "refused_invalid_promotion": {"ru": "Проверьте условия акции.", "en": "Check the terms of the promotion."},
    "refused_invalid_targeting": {
        "ru": "Правило отбора клиентов не читается.",
        "en": "The rule that chooses customers cannot be read.",
    },
    "refused_invalid_service": {
        "ru": "Проверьте, что написали об услуге.",
        "en": "Check what you wrote of the service.",
    },
    "refused_service_exists": {
        "ru": "Услуга с таким названием уже есть. Напишите другое название.",
        "en": "There is a service of this name already. Write another one.",
    },
    "refused_service_not_found": {"ru": "Такой услуги нет.", "en": "There is no such service."},
    "refused_promotion_not_found": {"ru": "Такой акции нет.", "en": "There is no such promotion."},
    # invitations of friends
    "refused_invitation_gone": {
        "ru": "Такого приглашения нет, или оно больше не действует. Проверьте код.",
        "en": "There is no such invitation, or it works no more. Check the code.",
    },
    "refused_invitation_refused": {
        "ru": "Это приглашение не для вас.",
        "en": "This invitation is not for you.",
    },
    "refused_own_invitation": {
        "ru": "Пригласить самого себя нельзя: передайте ссылку другу.",
        "en": "Nobody invites themselves: pass the link on to a friend.",
    },
    "refused_staff_invitation": {
        "ru": "Сотрудники заведения в приглашениях не участвуют.",
        "en": "People who work there take no part in invitations.",
    },
    "refused_mutual_invitation": {
        "ru": "Взаимные приглашения не считаются.",
        "en": "Inviting each other does not count.",
    },
    "refused_known_customer": {
        "ru": "Приглашение — для тех, кто здесь ещё не покупал.",
        "en": "Invitations are for those who have not bought there before.",
    },
    "refused_already_invited": {
        "ru": "Считается только первое приглашение, а оно уже было.",
        "en": "Only the first invitation counts, and there was one.",
    },
    "refused_referral_not_found": {"ru": "Такого друга здесь нет.", "en": "There is no such friend here."},
    "refused_referral_decided": {"ru": "По этому другу уже решили.", "en": "This has been decided already."},
    "refused_invalid_referral_terms": {"ru": "Проверьте условия.", "en": "Check the terms."},
    # the business
    "refused_partner_not_found": {
        "ru": "Такого партнёра нет, или он больше не принимает участников.",
        "en": "There is no such partner, or it takes no members any more.",
    },
    "refused_branch_not_found": {
        "ru": "Такой точки нет или она закрыта. Выберите другую; если вы закреплены за ней, скажите владельцу.",
        "en": "There is no such branch, or it is closed. Choose another; if you are bound to it, tell the owner.",
    },
    "refused_branch_required": {
        "ru": "Выберите точку, где прошла покупка.",
        "en": "Choose the branch of this purchase.",
    },
    "refused_already_staff": {"ru": "Этот человек уже работает у вас.", "en": "This person already works here."},
    "refused_staff_not_found": {"ru": "Такого сотрудника нет.", "en": "There is no such person on the staff."},
    "refused_last_owner": {
        "ru": "Последнего владельца убрать нельзя. Сначала назначьте другого.",
        "en": "The last owner stays. Make somebody else an owner first.",
    },
    "refused_invalid_role": {"ru": "Выберите роль из списка.", "en": "Choose a role from the list."},
    "refused_invalid_programme": {
        "ru": "Такие правила не годятся. Проверьте число.",
        "en": "These rules cannot be used. Check the number.",
    },
    "refused_programme_changed": {
        "ru": "Правила только что изменил кто-то другой. Посмотрите их и повторите.",
        "en": "Somebody else has just changed the rules. Look at them and try again.",
    },
    "refused_application_pending": {
        "ru": "Ваша прошлая заявка ещё рассматривается. Ответ придёт сюда.",
        "en": "Your earlier application is still being looked at. The answer will come here.",
    },
    "refused_invalid_application": {"ru": "Проверьте этот ответ.", "en": "Check this answer."},
    "refused_invalid_cursor": {
        "ru": "Этот список устарел. Откройте его заново.",
        "en": "This list is out of date. Open it again.",
    },
}

ELSEWHERE = frozenset(
    {
        "api_key_not_found", "application_decided", "application_not_found", "cannot_block_oneself", "cannot_merge",
        "consent_required", "drive_not_found", "entry_not_found",
        "form_expired", "hold_not_found", "hold_resolved",
        "import_busy", "import_not_found", "invalid_colour", "invalid_drive", "invalid_look", "invalid_mapping", "invalid_origin",
        "invalid_reason",
        "invalid_scope", "last_branch", "loyalty_error", "not_found", "programme_version_not_found", "quote_changed",
        "quote_not_found", "quote_used", "sale_code_used", "session_ended", "session_not_found",
        "site_not_found", "too_many_sites", "unknown_line", "unreadable_file", "wish_held",
        "wishes_not_taken",
    }
)  # fmt: skip
"""Codes of what the bot has no room for: keys of tills, imports, pages, the desk of the platform."""
