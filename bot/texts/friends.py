"""Invitations of friends: one's own link, coming by somebody's, and the partner's results."""

TEXTS = {
    "command_invite": {"ru": "Пригласить друга", "en": "Invite a friend"},
    "invite_none": {
        "ru": "Сейчас за друзей баллов нигде из ваших мест не дают. Загляните позже.",
        "en": "None of your partners gives points for friends now. Look again later.",
    },
    "invite_where": {"ru": "Куда пригласить друга?", "en": "Where to invite a friend?"},
    "invite": {
        "ru": "🤝 {partner}\n\nПерешлите другу это сообщение или ссылку:\n{link}\nВ Telegram: {telegram}\nКод: {code}\n\n{terms}",
        "en": "🤝 {partner}\n\nPass this message or the link on to a friend:\n{link}\nIn Telegram: {telegram}\nCode: {code}\n\n{terms}",
    },
    "invite_ended": {
        "ru": "🤝 {partner}: новых друзей сюда сейчас не приглашают. Кто пришёл раньше, получит обещанное.",
        "en": "🤝 {partner}: nobody new is invited there now. Who came before keeps what was promised.",
    },
    "invite_yours": {"ru": "Вам — {points} за друга.", "en": "You get {points} for a friend."},
    "invite_theirs": {"ru": "Другу — {points}.", "en": "The friend gets {points}."},
    "invite_condition": {
        "ru": "Нужна первая покупка{minimum}{window}.",
        "en": "It takes a first purchase{minimum}{window}.",
    },
    "invite_minimum": {"ru": " от {amount}", "en": " of {amount} or more"},
    "invite_window": {"ru": ", которую не вернут {days}", "en": " that is not returned for {days}"},
    "invite_days": {"ru": "день|дня|дней", "en": "day|days"},
    "invite_who": {"ru": "👥 Кто пришёл", "en": "👥 Who came"},
    "invited_head": {
        "ru": "👥 {partner}\nПришли: {invited}, купили: {bought}, ваши баллы: {points}.",
        "en": "👥 {partner}\nCame: {invited}, bought: {bought}, your points: {points}.",
    },
    "invited_line": {"ru": "• {name}, {day} — {state}", "en": "• {name}, {day}: {state}"},
    "invited_nobody": {"ru": "Пока никто.", "en": "Nobody yet."},
    "invited_friend": {"ru": "Друг", "en": "A friend"},
    "friend_waiting": {"ru": "ещё не покупал", "en": "no purchase yet"},
    "friend_bought": {"ru": "купил, ждём до {day}", "en": "bought, we wait until {day}"},
    "friend_review": {"ru": "на рассмотрении", "en": "being looked at"},
    "friend_rewarded": {"ru": "награждён", "en": "rewarded"},
    "friend_refused": {"ru": "без награды. {why}", "en": "no reward. {why}"},
    "friend_returned": {"ru": "награда отменена. {why}", "en": "the reward is taken back. {why}"},
    # coming
    "friend_invites": {
        "ru": "{name} приглашает вас в «{partner}». {terms}",
        "en": "{name} invites you to {partner}. {terms}",
    },
    "friend_somebody": {"ru": "Друг", "en": "A friend"},
    "friend_gift": {"ru": "Вам — {points}.", "en": "You get {points}."},
    "friend_joined": {
        "ru": "Вы пришли в «{partner}» по приглашению. {terms}",
        "en": "You came to {partner} by the invitation. {terms}",
    },
    # the partner's
    "office_friends": {"ru": "🤝 Приглашения", "en": "🤝 Invitations"},
    "friends_head": {"ru": "🤝 Приглашения друзей", "en": "🤝 Invitations of friends"},
    "friends_results": {
        "ru": "Пришли: {invited}, купили: {bought}, награждены: {rewarded}. Стоило {points}, оборот друзей {turnover}.\nЭто "
        "описание, а не эффект.",
        "en": "Came: {invited}, bought: {bought}, rewarded: {rewarded}. Cost {points}, turnover of friends {turnover}.\nA "
        "description, not an effect.",
    },
    "friends_review": {"ru": "Нужно решить: {count}", "en": "To be decided on: {count}"},
    "friends_off": {"ru": "Сейчас приглашения выключены.", "en": "Inviting is off now."},
    "friends_link": {
        "ru": "Условия и все друзья — на сайте: {link}",
        "en": "The terms and everybody on the site: {link}",
    },
    "friend_nameless": {"ru": "Без имени", "en": "Without a name"},
    "friend_line": {"ru": "{friend} ← {inviter}: {state}", "en": "{friend} ← {inviter}: {state}"},
    "friend_look": {
        "ru": "{friend}\nпо приглашению: {inviter}, {day}\nЧек {amount}\n\n{doubts}\n\nНаградить обоих?",
        "en": "{friend}\ninvited by {inviter}, {day}\nCheck of {amount}\n\n{doubts}\n\nReward both?",
    },
    "doubt_address": {
        "ru": "⚠️ С одного интернет-адреса пришло много друзей",
        "en": "⚠️ Many came from one internet address",
    },
    "doubt_device": {"ru": "⚠️ В одном браузере пришло несколько друзей", "en": "⚠️ Several came in one browser"},
    "doubt_inviters_device": {
        "ru": "⚠️ Друг пришёл в браузере самого пригласившего",
        "en": "⚠️ The friend came in the inviter's own browser",
    },
    "friend_yes": {"ru": "✅ Наградить", "en": "✅ Reward"},
    "friend_no": {"ru": "✖️ Не награждать", "en": "✖️ Do not reward"},
    "friend_was_rewarded": {"ru": "✅ Оба получили баллы.", "en": "✅ Both got their points."},
    "friend_was_refused": {"ru": "Награды не будет, обоим сообщим почему.", "en": "No reward; both are told why."},
    "friend_waits_again": {
        "ru": "Покупку тем временем вернули: ждём следующую.",
        "en": "The purchase was returned meanwhile: we wait for the next one.",
    },
}
