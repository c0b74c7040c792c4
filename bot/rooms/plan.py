"""The owner's plan: what it is, and what the running month comes to. It is changed on the site, where plans stand beside
each other."""

from __future__ import annotations

from flask import current_app

from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from loyalty import bills, plans

room = Room()


@room.press(r"plan", "partner:write")
def show(talk: Talk) -> None:
    """The plan, the turnover, the fee, and what the same month would be under the others."""
    words, partner = talk.words, talk.partner
    bill, own = bills.bill(partner, talk.now), plans.plan_of(partner)

    def money(amount) -> str:
        return words.money(amount, partner.currency)

    lines = [
        words("plan_head", plan=words(f"plan_{own.code}"), monthly=money(own.monthly), percent=f"{own.percent}"),
        "",
        words(
            "plan_month",
            turnover=money(bill.turnover),
            monthly=money(bill.monthly),
            share=money(bill.share),
            total=money(bill.total),
        ),
        "",
        words("plan_others"),
    ]
    lines += [
        words("plan_other", plan=words(f"plan_{one.code}"), total=money(bills.estimate(one, bill.turnover)))
        for one in plans.PLANS
        if one.code != own.code
    ]
    link = f"{current_app.config['SETTINGS'].public_url}/partner/plan"
    talk.rewrite("\n".join([*lines, "", words("plan_end", link=link)]), [office.back(talk)])
