"""What we keep of the person: in a few words, and all of it in a file."""

from __future__ import annotations

from bot.router import Room
from bot.talk import Talk
from loyalty import personal_data, profiles
from loyalty.wallet import open_wallet

room = Room()


@room.press(r"my_data")
def show(talk: Talk) -> None:
    """Raises `TooMany`."""
    talk.ask(None)
    personal_data.count_request(talk.customer.id, talk.now, once=talk.key)
    words, shown = talk.words, profiles.show_profile(talk.customer)
    told = words(
        "my_data",
        contacts=words.count("contacts_count", len(shown["identities"])),
        places=words.count("places_count", len(open_wallet(talk.customer.id, talk.now).pockets)),
        purchases=words.count("purchases_count", shown["total_purchases"]),
        points=words.points(shown["loyalty_points"]),
    )
    talk.rewrite(told, [[(words("back_to_profile"), "profile")]])
    talk.send_file({"kind": "my_data"}, words("my_data_file"))
