"""Claims: what staff decide on, what customers ask for, and the QR codes that both begin with."""

TEXTS = {
    # staff
    "office_claims": {"ru": "📥 Заявки", "en": "📥 Requests"},
    "office_qr": {"ru": "🔳 QR для баллов", "en": "🔳 QR for points"},
    "claims_head": {"ru": "📥 Заявки на баллы, сначала давние", "en": "📥 Requests for points, the oldest first"},
    "claims_none": {
        "ru": "📥 Заявок нет. Клиент отправляет их по QR-коду на стойке: он в «{office}», «{qr}».",
        "en": "📥 No requests. Customers send them by the QR on the counter: see “{office}”, “{qr}”.",
    },
    "claims_end": {"ru": "Дальше заявок нет.", "en": "There are no more requests."},
    "claims_back": {"ru": "← Заявки", "en": "← Requests"},
    "claim_line": {"ru": "{amount} · {who}\n{details}", "en": "{amount} · {who}\n{details}"},
    "claim_new": {"ru": "новый клиент", "en": "a new customer"},
    "claim_without_receipt": {"ru": "без чека", "en": "no receipt"},
    "claim_with_receipt": {"ru": "чек от {moment}", "en": "receipt of {moment}"},
    "claim_from_site": {"ru": "с вашего сайта", "en": "from your site"},
    "claim_doubts": {"ru": "⚠️ вопросы: {count}", "en": "⚠️ questions: {count}"},
    "claim_head": {"ru": "📥 Заявка на {amount}", "en": "📥 A request for {amount}"},
    "claim_asked": {"ru": "Клиент просил за {amount}", "en": "The customer asked for {amount}"},
    "claim_look": {"ru": "⚠️ Присмотритесь:", "en": "⚠️ Look closely:"},
    "claim_changed": {
        "ru": "Пока вы смотрели, расчёт изменился. Вот как теперь:",
        "en": "The sum of points changed while you looked. This is how it is now:",
    },
    "claim_will_credit": {"ru": "Начислится {points}", "en": "{points} will be credited"},
    "claim_approve": {"ru": "✅ Одобрить: {points}", "en": "✅ Approve: {points}"},
    "claim_correct": {"ru": "✏️ Другая сумма", "en": "✏️ Another sum"},
    "claim_refuse": {"ru": "❌ Отказать", "en": "❌ Refuse"},
    "claim_ask_sum": {
        "ru": "В заявке {amount}. Напишите сумму по чеку. Передумали — /cancel.",
        "en": "The request says {amount}. Write the sum of the check. To give up: /cancel.",
    },
    "claim_ask_reason": {
        "ru": "Почему отказываем? Выберите или напишите своими словами: клиент это прочтёт. Передумали — /cancel.",
        "en": "Why is it refused? Choose, or write it in your own words: the customer reads it. To give up: /cancel.",
    },
    "claim_reason_1": {"ru": "Такой покупки не было.", "en": "There was no such purchase."},
    "claim_reason_2": {
        "ru": "Сумма другая. Отправьте заявку с суммой по чеку.",
        "en": "The sum is another one. Ask again with the sum of the check.",
    },
    "claim_reason_3": {
        "ru": "За этот чек баллы уже начислены.",
        "en": "Points for this check were credited already.",
    },
    "claim_reason_4": {"ru": "Это не наш чек.", "en": "The receipt is not ours."},
    "claim_approved": {
        "ru": "✅ Одобрено: {who}, {points} за {amount}.",
        "en": "✅ Approved: {who}, {points} for {amount}.",
    },
    "claim_refused": {
        "ru": "❌ Отказано: {who}, {amount}. Клиенту сообщим: {reason}",
        "en": "❌ Refused: {who}, {amount}. The customer is told: {reason}",
    },
    "claim_gone": {
        "ru": "Заявка больше не ждёт решения: клиент отозвал её, или вышел срок.",
        "en": "The request waits no more: the customer withdrew it, or its time is over.",
    },
    "claim_next": {"ru": "📥 Следующая · {count}", "en": "📥 The next one · {count}"},
    "claim_purchase": {"ru": "🧾 Чек и возврат", "en": "🧾 The check, or a return"},
    "doubt_drive_unknown": {
        "ru": "Кассы из этого чека нет в вашем списке.",
        "en": "The receipt's till is not on your list of tills.",
    },
    "doubt_drive_elsewhere": {
        "ru": "Чек с кассы другого филиала.",
        "en": "The receipt is from a till of another branch.",
    },
    "doubt_drive_foreign": {
        "ru": "Чек с кассы другого заведения.",
        "en": "The receipt is from another business's till.",
    },
    "doubt_other_sign": {
        "ru": "Чек с таким номером уже показывали с другим признаком: один из двух выдуман.",
        "en": "A receipt with this number was shown with another sign: one of the two is made up.",
    },
    "doubt_out_of_order": {
        "ru": "Номер чека не сходится с временем: соседние чеки говорят другое.",
        "en": "The receipt's number does not fit its time: receipts before and after it say otherwise.",
    },
    "doubt_refused_before": {"ru": "По этому чеку уже отказывали.", "en": "This receipt was refused before."},
    "doubt_bought_already": {
        "ru": "Клиенту примерно тогда же начислили за такую же сумму.",
        "en": "The same sum was credited to this customer about that time.",
    },
    "doubt_same_sum": {
        "ru": "Клиент сегодня уже присылал заявку на такую же сумму.",
        "en": "The customer has asked for the same sum today already.",
    },
    "doubt_many_today": {
        "ru": "Это уже третья заявка клиента за день, если не больше.",
        "en": "This is the third request of the customer today, or more.",
    },
    "doubt_large": {"ru": "Необычно крупная сумма.", "en": "The sum is unusually large."},
    "doubt_at_night": {"ru": "Чек пробит глубокой ночью.", "en": "The receipt is of the small hours."},
    # QR codes as pictures
    "qr_which": {
        "ru": "🔳 Какой QR показать?\n\nНа стойку — один на всех: клиент сканирует, вводит сумму или чек, вы решаете. С суммой — "
        "на одну покупку, действует десять минут и один раз.",
        "en": "🔳 Which QR?\n\nThe one for the counter is for everybody: customers scan it and say what they bought, you decide. "
        "The one with the sum is for one purchase, ten minutes, once.",
    },
    "qr_standing": {"ru": "📌 На стойку", "en": "📌 For the counter"},
    "qr_standing_branch": {"ru": "📌 На стойку: {branch}", "en": "📌 For the counter: {branch}"},
    "qr_sum": {"ru": "🔳 С суммой", "en": "🔳 With the sum"},
    "qr_standing_shown": {
        "ru": "QR на стойку: {place}.\nКлиент сканирует его камерой и отправляет заявку, она придёт в «Заявки».\nСсылка: {link}\n"
        "Напечатать плакат: {poster}",
        "en": "The QR for the counter: {place}.\nCustomers scan it and send a request, which comes to “Requests”.\nThe link: "
        "{link}\nTo print the poster: {poster}",
    },
    "qr_ask_sum": {
        "ru": "Напишите сумму чека, покажу QR на неё. Передумали — /cancel.",
        "en": "Write the sum of the check and I show a QR for it. To give up: /cancel.",
    },
    "qr_sum_shown": {
        "ru": "{amount}. Дайте клиенту отсканировать: действует до {until} и один раз.\nСсылка: {link}",
        "en": "{amount}. Let the customer scan this: good until {until}, once.\nThe link: {link}",
    },
    "qr_check": {"ru": "🔄 Кто получил?", "en": "🔄 Who took it?"},
    "qr_revoke": {"ru": "✖️ Отменить код", "en": "✖️ Take the code back"},
    "qr_open": {
        "ru": "Код на {amount} пока никто не отсканировал. Действует до {until}.",
        "en": "Nobody has taken the code of {amount} yet. It is good until {until}.",
    },
    "qr_ended": {
        "ru": "Код на {amount} больше не действует, баллы по нему никто не получил.",
        "en": "The code of {amount} works no more, and nobody took its points.",
    },
    # the customer
    "my_claims": {"ru": "📥 Мои заявки", "en": "📥 My requests"},
    "my_claims_head": {"ru": "📥 Мои заявки, сначала новые", "en": "📥 My requests, the latest first"},
    "my_claims_none": {
        "ru": "📥 Заявок пока нет. После покупки наведите камеру на QR-код на стойке.",
        "en": "📥 No requests yet. After a purchase point your camera at the QR on the counter.",
    },
    "my_claim": {"ru": "{day} · {partner}, {amount}\n{state}", "en": "{day} · {partner}, {amount}\n{state}"},
    "my_claim_waiting": {"ru": "⏳ ждёт решения", "en": "⏳ waits for a decision"},
    "my_claim_approved": {"ru": "✅ {points}", "en": "✅ {points}"},
    "my_claim_corrected": {
        "ru": "✅ {points} за {approved}: сумму исправил сотрудник",
        "en": "✅ {points} for {approved}: the staff corrected the sum",
    },
    "my_claim_refused": {"ru": "❌ отказ: {reason}", "en": "❌ refused: {reason}"},
    "my_claim_refused_wordless": {"ru": "❌ отказ", "en": "❌ refused"},
    "my_claim_withdrawn": {"ru": "↩️ отозвана", "en": "↩️ withdrawn"},
    "my_claim_expired": {"ru": "⌛ не решена за две недели", "en": "⌛ not decided within two weeks"},
    "my_claim_withdraw": {"ru": "↩️ Отозвать {amount}", "en": "↩️ Withdraw {amount}"},
    "my_claim_was_withdrawn": {"ru": "Заявка на {amount} отозвана.", "en": "The request for {amount} is withdrawn."},
    "checkin_hello": {
        "ru": "«{partner}»: баллы за покупку. Нажмите «Согласен», и дальше останется назвать сумму чека.",
        "en": "{partner}: points for a purchase. Press “I agree”, then say the sum of the check.",
    },
    "checkin_ask": {
        "ru": "«{partner}»: напишите сумму чека или пришлите текст QR-кода кассового чека (начинается с t=). "
        "Передумали — /cancel.",
        "en": "{partner}: write the sum of the check, or send the text of the fiscal receipt's QR (it begins with t=). "
        "To give up: /cancel.",
    },
    "checkin_sent": {
        "ru": "📥 Заявка на {amount} отправлена в «{partner}». Покажите это кассиру: как только решат, я напишу.",
        "en": "📥 The request for {amount} is with {partner}. Show this to the cashier: I shall write once it is decided.",
    },
    "checkin_passed": {
        "ru": "✅ {partner}: {points} за {amount}.",
        "en": "✅ {partner}: {points} for {amount}.",
    },
}
