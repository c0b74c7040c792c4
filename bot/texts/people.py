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
}
