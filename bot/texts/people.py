"""What is said about who works where: invitations, staff, linking one's account, and becoming a partner."""

from __future__ import annotations

TEXTS = {
    # an invitation, read by whom it is for
    "hiring_asked": {
        "ru": "«{partner}» зовёт вас в команду: {role}.",
        "en": "{partner} asks you to join its staff: {role}.",
    },
    "hiring_tells": {
        "ru": "Если согласитесь, начать можно сразу. Владелец узнает ваше имя в Telegram и номер, если вы им поделились "
        "с «Копилкой».",
        "en": "If you agree, you can begin at once. The owner learns your name in Telegram, and your number if you "
        "shared it with Kopilka.",
    },
    "hiring_accept": {"ru": "✅ Принять", "en": "✅ Accept"},
    "hiring_decline": {"ru": "✖️ Отказаться", "en": "✖️ Decline"},
    "hiring_accepted": {
        "ru": "✅ Вы приняли приглашение. Владелец уже знает.",
        "en": "✅ You accepted the invitation. The owner knows.",
    },
    "hiring_declined": {
        "ru": "Вы отказались от приглашения. Если передумаете, попросите новую ссылку.",
        "en": "You declined the invitation. Should you change your mind, ask for a new link.",
    },
    "hiring_already_there": {
        "ru": "Вы здесь уже работаете. Ссылка цела: перешлите её тому, кого зовёте.",
        "en": "You work here already. The link is unspent: pass it on to whom it is for.",
    },
    "hiring_first_steps": {
        "ru": "Чтобы начислить баллы, нажмите «{credit}» или напишите сумму и телефон клиента одной строкой: "
        "500 +79161234567.",
        "en": "To credit points press “{credit}”, or write a sum and the customer's phone in one line: "
        "500 +79161234567.",
    },
    # this Telegram and an account of the site
    "linking_asked": {
        "ru": "Привязать этот Telegram к счёту «{who}»?\n\nСоглашайтесь, только если ссылку открыли вы сами в своём "
        "кабинете.",
        "en": "Link this Telegram to the account “{who}”?\n\nAgree only if you opened the link in your own cabinet "
        "yourself.",
    },
    "linking_yes": {"ru": "🔗 Привязать", "en": "🔗 Link"},
    "linking_no": {"ru": "Не привязывать", "en": "Do not link"},
    "linking_done": {"ru": "🔗 Telegram привязан к счёту «{who}».", "en": "🔗 Telegram is linked to “{who}”."},
    "linking_done_before": {
        "ru": "Этот Telegram уже привязан к вашему счёту, всё готово.",
        "en": "This Telegram is linked to your account already, all is done.",
    },
    "linking_taken": {
        "ru": "Этот Telegram уже принадлежит счёту «{mine}», а ссылка — счёту «{other}». Ничего не изменилось, баллы обоих "
        "целы. Откройте ссылку в другом Telegram или попросите поддержку объединить счета.",
        "en": "This Telegram belongs to the account “{mine}” already, and the link to “{other}”. Nothing was changed and the "
        "points of both are safe. Open the link in another Telegram, or ask support to join the accounts.",
    },
    "linking_needed": {
        "ru": "Этот номер принадлежит сотруднику. Номера мало, чтобы открыть рабочее меню: войдите на сайте по коду и "
        "нажмите в профиле «Привязать Telegram»: {link}",
        "en": "This number belongs to somebody of a staff. A number is not enough to open the menu of staff: sign in on the "
        "site by a code and press “Link Telegram” in the profile: {link}",
    },
    "linking_nameless": {"ru": "без имени", "en": "without a name"},
    "linking_with_phone": {"ru": "{name}, телефон на {end}", "en": "{name}, phone ending in {end}"},
    "linking_with_email": {"ru": "{name}, {email}", "en": "{name}, {email}"},
    # staff
    "office_people": {"ru": "👥 Сотрудники", "en": "👥 Staff"},
    "office_leave": {"ru": "🚪 Уйти с работы", "en": "🚪 Stop working here"},
    "people_head": {"ru": "👥 «{partner}»: {people}.", "en": "👥 {partner}: {people}."},
    "people_count": {"ru": "сотрудник|сотрудника|сотрудников", "en": "person on the staff|people on the staff"},
    "people_back": {"ru": "← Сотрудники", "en": "← Staff"},
    "people_invite": {"ru": "➕ Пригласить", "en": "➕ Invite"},
    "people_invitations": {"ru": "✉️ Открытые приглашения: {count}", "en": "✉️ Open invitations: {count}"},
    "people_ask_role": {"ru": "Кем будет {name}?", "en": "What shall {name} be?"},
    "people_can_owner": {
        "ru": "Владелец: всё, включая правила, сотрудников и ключи касс.",
        "en": "The owner: everything, also the rules, the staff and the keys of tills.",
    },
    "people_can_manager": {
        "ru": "Управляющий: касса, клиенты, точки, цифры и файлы.",
        "en": "A manager: the till, customers, branches, figures and files.",
    },
    "people_can_cashier": {"ru": "Кассир: касса и клиенты.", "en": "A cashier: the till and customers."},
    "people_can_ai_marketer": {
        "ru": "Маркетолог: клиенты без телефонов и почты, цифры.",
        "en": "A marketer: customers without phones and e-mails, figures.",
    },
    "people_can_content_manager": {
        "ru": "Контент-менеджер: правила и точки, без клиентов.",
        "en": "A content manager: the rules and the branches, no customers.",
    },
    "people_make_owner": {
        "ru": "Сделать владельцем: {name}? Владелец меняет правила и может убрать любого, и вас тоже.",
        "en": "Make {name} an owner? An owner changes the rules and can remove anybody, you too.",
    },
    "people_make_owner_yes": {"ru": "Да, сделать владельцем", "en": "Yes, make an owner"},
    "people_ask_branch": {"ru": "Где работает {name}?", "en": "Where does {name} work?"},
    "people_ask_name": {
        "ru": "Сейчас: {name}. Напишите имя, под которым его видят коллеги.",
        "en": "Now: {name}. Write the name that colleagues shall see.",
    },
    "people_saved": {"ru": "✅ Записал.", "en": "✅ Noted."},
    "people_removed": {
        "ru": "{name} здесь больше не работает. Доступ закрыт.",
        "en": "{name} does not work here any more. Nothing opens for them.",
    },
    "people_leave": {
        "ru": "Уйти из «{partner}»? Доступ закроется сразу, вернуть его сможет только владелец. Ваши баллы останутся.",
        "en": "Stop working at {partner}? Nothing opens for you from then on, and only an owner can let you back. Your own "
        "points stay.",
    },
    "people_leave_yes": {"ru": "Да, уйти", "en": "Yes, leave"},
    "people_left": {"ru": "Вы больше не работаете в «{partner}».", "en": "You do not work at {partner} any more."},
    "people_menu_now": {"ru": "Меню теперь такое.", "en": "This is your menu now."},
    "person_name": {"ru": "👤 {name}", "en": "👤 {name}"},
    "person_role": {"ru": "Роль: {role}", "en": "Role: {role}"},
    "person_branch": {"ru": "Точка: {branch}", "en": "Branch: {branch}"},
    "person_since": {"ru": "Работает с {day}", "en": "Works here since {day}"},
    "person_is_you": {"ru": "Это вы.", "en": "This is you."},
    "person_nameless": {"ru": "Без имени", "en": "Without a name"},
    "person_back": {"ru": "← Назад", "en": "← Back"},
    "person_change_role": {"ru": "🎚 Роль", "en": "🎚 Role"},
    "person_change_branch": {"ru": "🏬 Точка", "en": "🏬 Branch"},
    "person_rename": {"ru": "✏️ Имя", "en": "✏️ Name"},
    "person_remove": {"ru": "🚫 Убрать", "en": "🚫 Remove"},
    "person_ask_remove": {
        "ru": "Убрать: {name}, {role}? Доступ закроется сразу, даже если открыта касса.",
        "en": "Remove {name}, {role}? Nothing opens for them from that moment, not even a till that is open.",
    },
    "person_remove_yes": {"ru": "🚫 Да, убрать", "en": "🚫 Yes, remove"},
    "anywhere": {"ru": "Любая точка", "en": "Any branch"},
    # making an invitation
    "invite_ask_role": {"ru": "Кого приглашаете?", "en": "Whom do you invite?"},
    "invite_ask_branch": {
        "ru": "На какой точке будет работать кассир?",
        "en": "At which branch will the cashier work?",
    },
    "invite_sure": {
        "ru": "Приглашение: {role}. Ссылка сработает один раз, в течение трёх дней, у того, кто её откроет. Передайте её "
        "лично.",
        "en": "An invitation: {role}. The link works once, within three days, for whoever opens it. Pass it on in person.",
    },
    "invite_make": {"ru": "🔗 Сделать ссылку", "en": "🔗 Make the link"},
    "invite_made": {
        "ru": "Готово: покажите QR или перешлите следующее сообщение. Когда приглашение примут, я напишу, кто это.",
        "en": "Done: show the QR or forward the next message. When it is accepted I shall write who did.",
    },
    "invite_made_already": {
        "ru": "Эта ссылка уже сделана, она выше в чате. Нужна ещё одна — пригласите снова.",
        "en": "This link was made already, it is above in the chat. For another one invite again.",
    },
    "invite_link": {
        "ru": "Приглашение в команду «{partner}»: {role}.\nОткройте ссылку в Telegram до {until}, она сработает один "
        "раз:\n{link}",
        "en": "An invitation to the staff of {partner}: {role}.\nOpen the link in Telegram before {until}, it works "
        "once:\n{link}",
    },
    "invite_revoke": {"ru": "✖️ Отозвать", "en": "✖️ Revoke"},
    "invitations_head": {"ru": "✉️ Открытые приглашения", "en": "✉️ Open invitations"},
    "invitations_none": {"ru": "Открытых приглашений нет.", "en": "There are no open invitations."},
    "invitation_line": {"ru": "{n}. {role}, до {until}", "en": "{n}. {role}, until {until}"},
    "invitation_revoke": {"ru": "✖️ Отозвать {n}", "en": "✖️ Revoke {n}"},
    "invitation_revoked": {
        "ru": "Приглашение отозвано, ссылка больше не действует.",
        "en": "The invitation is revoked, its link works no more.",
    },
    # becoming a partner
    "apply_intro": {
        "ru": "Подключим ваш бизнес к «Копилке»: несколько вопросов, минута времени. Заявку посмотрит человек, ответ придёт "
        "сюда.",
        "en": "Let us take your business into Kopilka: a few questions, a minute. A person looks at the application, and the "
        "answer comes here.",
    },
    "apply_ask_name": {
        "ru": "Как называется ваш бизнес? Так его увидят клиенты, например «Кофейня на углу».",
        "en": "What is your business called? Customers will see it so, for example “The Corner Café”.",
    },
    "apply_ask_city": {
        "ru": "В каком вы городе? Можно сразу с адресом: «Самара, Ленина 5».",
        "en": "Which town are you in? With the address if you like: “Samara, 5 Lenin St.”.",
    },
    "apply_ask_timezone": {
        "ru": "По какому времени вы работаете? Если города нет, напишите ближайший большой.",
        "en": "Which time do you work by? If your town is missing, write the nearest large one.",
    },
    "apply_ask_preset": {
        "ru": "Чем вы занимаетесь? От этого зависят правила для начала, потом их можно поменять.\n\n"
        "☕ Кафе, салон, услуги: {default_rate} % с чека и {default_welcome} за вступление.\n"
        "🛍 Магазин: {retail_rate} % с чека, больше — VIP-клиентам, в день рождения и за крупный чек.",
        "en": "What do you do? The rules to begin with depend on it, and you can change them later.\n\n"
        "☕ Café, salon, services: {default_rate} % of the check and {default_welcome} for joining.\n"
        "🛍 Shop: {retail_rate} % of the check, more for VIP customers, birthdays and large checks.",
    },
    "apply_kind_default": {"ru": "☕ Кафе, салон, услуги", "en": "☕ Café, salon, services"},
    "apply_kind_retail": {"ru": "🛍 Магазин", "en": "🛍 Shop"},
    "apply_rules_default": {
        "ru": "кафе, салон, услуги — {default_rate} % с чека и {default_welcome} за вступление",
        "en": "café, salon, services: {default_rate} % of the check and {default_welcome} for joining",
    },
    "apply_rules_retail": {
        "ru": "магазин — {retail_rate} % с чека, больше VIP-клиентам, в день рождения и за крупный чек",
        "en": "shop: {retail_rate} % of the check, more for VIP customers, birthdays and large checks",
    },
    "apply_ask_comment": {
        "ru": "Расскажите в двух словах, как сейчас работаете с клиентами: тетрадка, таблица, CRM. Можно пропустить.",
        "en": "Tell us in a few words how you work with customers today: a notebook, a table, a CRM. You may skip this.",
    },
    "apply_skip": {"ru": "⏭ Пропустить", "en": "⏭ Skip"},
    "apply_back": {"ru": "← Назад", "en": "← Back"},
    "apply_stop": {"ru": "✖️ Отмена", "en": "✖️ Cancel"},
    "apply_choose": {"ru": "Здесь выберите кнопкой.", "en": "Choose with a button here."},
    "apply_bad_name": {
        "ru": "Название — текст до 200 знаков, его увидят клиенты.",
        "en": "A name is text of up to 200 characters that customers can read.",
    },
    "apply_bad_city": {
        "ru": "Город и адрес — текст до 200 знаков.",
        "en": "Town and address are text of up to 200 characters.",
    },
    "apply_bad_timezone": {
        "ru": "Такого времени не знаю. Выберите город кнопкой.",
        "en": "I do not know this time. Choose a town with a button.",
    },
    "apply_bad_preset": {"ru": "Здесь выберите кнопкой.", "en": "Choose with a button here."},
    "apply_bad_comment": {
        "ru": "Получилось слишком длинно: до 2 000 знаков.",
        "en": "This is too long: up to 2,000 characters.",
    },
    "apply_check": {"ru": "Проверьте заявку:\n", "en": "Look at your application:\n"},
    "apply_sent_head": {"ru": "✅ Заявка отправлена:\n", "en": "✅ The application is sent:\n"},
    "apply_line_name": {"ru": "Название: {value}", "en": "Name: {value}"},
    "apply_line_city": {"ru": "Город: {value}", "en": "Town: {value}"},
    "apply_line_timezone": {"ru": "Время: {value}", "en": "Time: {value}"},
    "apply_line_preset": {"ru": "Правила: {value}", "en": "Rules: {value}"},
    "apply_line_comment": {"ru": "Комментарий: {value}", "en": "Comment: {value}"},
    "apply_field_name": {"ru": "✏️ Название", "en": "✏️ Name"},
    "apply_field_city": {"ru": "✏️ Город", "en": "✏️ Town"},
    "apply_field_timezone": {"ru": "✏️ Время", "en": "✏️ Time"},
    "apply_field_preset": {"ru": "✏️ Правила", "en": "✏️ Rules"},
    "apply_field_comment": {"ru": "✏️ Комментарий", "en": "✏️ Comment"},
    "apply_no_comment": {"ru": "нет", "en": "none"},
    "apply_send": {"ru": "✅ Отправить заявку", "en": "✅ Send the application"},
    "apply_sent": {
        "ru": "Заявка на рассмотрении. Когда её посмотрят, я напишу сюда. Узнать, что с ней, можно командой /partner.",
        "en": "The application is being looked at. When it is decided I shall write here. /partner tells how it stands.",
    },
    "apply_stopped": {
        "ru": "Заявка не отправлена. Начать заново можно командой /partner.",
        "en": "The application was not sent. /partner begins again.",
    },
    "apply_pending": {
        "ru": "Ваша заявка «{name}» от {day} на рассмотрении. Ответ придёт сюда.",
        "en": "Your application “{name}” of {day} is being looked at. The answer will come here.",
    },
    "apply_refused": {
        "ru": "Прошлая заявка «{name}» отклонена.{reason}\nИсправьте, что нужно, и отправьте снова.",
        "en": "Your last application “{name}” was refused.{reason}\nCorrect what is needed and send it again.",
    },
    "apply_reason": {"ru": " Причина: {reason}", "en": " The reason: {reason}"},
    "apply_approved": {
        "ru": "Заявка «{name}» одобрена {day}: бизнес уже в «Копилке». Можно подключить ещё один.",
        "en": "Your application “{name}” was approved on {day}: the business is in Kopilka. You can take in another.",
    },
    "apply_another": {"ru": "🤝 Подключить ещё один", "en": "🤝 Take in another"},
}
