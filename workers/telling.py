"""Sends what `loyalty.notices` decided: the first way that works, or waits until the quiet hours are over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app

from connectors.errors import ConnectorError
from connectors.messages import Gateway, Message, gateways
from connectors.messages.gateway import NoGateway
from connectors.messages.telegram import TelegramGateway
from loyalty import business_notices, notices, survey_tasks, surveys
from loyalty.notices import Notice
from workers.pacing import GONE, Later, turn_to_write


def send_code(payload: dict, row, now: datetime) -> None:
    """`{code_id}`, sealed: the code and where to send it."""
    _send(notices.code_notice(UUID(payload["code_id"]), row.sealed, now), row, now, is_awaited=True)


def notify_purchase(payload: dict, row, now: datetime) -> None:
    """`{purchase_id, kinds}`"""
    purchase_id, kinds = UUID(payload["purchase_id"]), payload["kinds"]
    _send(notices.purchase_notice(row.partner_id, purchase_id, kinds, row.created_at, now), row, now)


def notify_refund(payload: dict, row, now: datetime) -> None:
    """`{refund_id}`"""
    _send(notices.refund_notice(row.partner_id, UUID(payload["refund_id"]), row.created_at, now), row, now)


def notify_entry(payload: dict, row, now: datetime) -> None:
    """`{entry_id, kind}`"""
    entry_id, kind = UUID(payload["entry_id"]), payload["kind"]
    _send(notices.entry_notice(row.partner_id, entry_id, kind, row.created_at, now), row, now)


def notify_expiring(payload: dict, row, now: datetime) -> None:
    """`{membership_id, until}`"""
    membership_id, until = UUID(payload["membership_id"]), datetime.fromisoformat(payload["until"])
    _send(notices.expiring_notice(row.partner_id, membership_id, until, now), row, now)


def notify_claim(payload: dict, row, now: datetime) -> None:
    """`{claim_id}`"""
    _send(notices.claim_notice(row.partner_id, UUID(payload["claim_id"]), now), row, now)


def notify_referral(payload: dict, row, now: datetime) -> None:
    """`{referral_id, news, to}`"""
    referral_id, news, to = UUID(payload["referral_id"]), payload["news"], payload["to"]
    _send(notices.referral_notice(row.partner_id, referral_id, news, to, row.created_at, now), row, now)


def notify_not_invited(payload: dict, row, now: datetime) -> None:
    """`{membership_id, reason}`: somebody registered with an invitation that is not for them."""
    membership_id, reason = UUID(payload["membership_id"]), payload["reason"]
    _send(notices.not_invited_notice(row.partner_id, membership_id, reason, row.created_at, now), row, now)


def ask_survey(payload: dict, row, now: datetime) -> None:
    """`{survey_id}`: asked, or, where it is not to be or nobody can be reached, given up for good."""
    survey_id, site = UUID(payload["survey_id"]), current_app.config["SETTINGS"].public_url
    if _send(surveys.prepare(row.partner_id, survey_id, site=site, now=now), row, now):
        surveys.note_asked(row.partner_id, survey_id, now)
    else:
        surveys.give_up(row.partner_id, survey_id)


def remind_survey(payload: dict, row, now: datetime) -> None:
    """`{survey_id}`"""
    survey_id, site = UUID(payload["survey_id"]), current_app.config["SETTINGS"].public_url
    if _send(surveys.prepare(row.partner_id, survey_id, site=site, now=now, is_reminder=True), row, now):
        surveys.note_reminded(row.partner_id, survey_id, now)


def notify_survey_task(payload: dict, row, now: datetime) -> None:
    """`{survey_id, staff_id}`: an unhappy answer, to one of those who deal with it."""
    survey_id, staff_id = UUID(payload["survey_id"]), UUID(payload["staff_id"])
    _send(survey_tasks.task_notice(row.partner_id, survey_id, staff_id, now), row, now)


def notify_application(payload: dict, row, now: datetime) -> None:
    """`{application_id}`: it was decided."""
    site = current_app.config["SETTINGS"].public_url
    _send(business_notices.application_notice(UUID(payload["application_id"]), site, now), row, now)


def notify_hired(payload: dict, row, now: datetime) -> None:
    """`{staff_id}`"""
    _send(business_notices.hired_notice(row.partner_id, UUID(payload["staff_id"]), now), row, now)


def notify_invitation(payload: dict, row, now: datetime) -> None:
    """`{link_id}`: it was accepted or declined."""
    _send(business_notices.invitation_notice(row.partner_id, UUID(payload["link_id"]), now), row, now)


def notify_waiting_claims(payload: dict, row, now: datetime) -> None:
    """`{staff_id, raised_at}`"""
    staff_id, raised_at = UUID(payload["staff_id"]), datetime.fromisoformat(payload["raised_at"])
    _send(business_notices.waiting_claims_notice(row.partner_id, staff_id, raised_at, now), row, now)


def _send(notice: Notice | None, row, now: datetime, *, is_awaited: bool = False) -> bool:
    """Try the ways in turn; whether it was sent. Raises `ConnectorError` when none works now, `Later` in quiet hours and when asked to wait.

    Somebody whom no way leads to, or no way that is set up here, gets nothing, and that is the end of it; where they wait for
    the message (`is_awaited`) what is not set up is a failure that is seen.
    """
    if notice is None:
        return False
    if notice.hold_until is not None:
        raise Later(notice.hold_until)
    senders = gateways(current_app.config["SETTINGS"])
    problems = []
    for route in notice.routes:
        if isinstance(senders[route.channel], NoGateway) and not is_awaited:
            continue
        # the same id at every try: a gateway or a reader can tell a repeat from a second message
        message_id = f"outbox-{row.id}-{route.channel}"
        body = notice.body_for(route.channel)
        message = Message(message_id, route.channel, route.address, body, notice.text.subject, notice.buttons)
        try:
            _hand_over(message, senders[route.channel], row.attempts)
            return True
        except ConnectorError as error:
            # wait for the best way once; after that any way that works is better
            if error.retryable and row.attempts == 0:
                raise
            problems.append(error)
    problems.sort(key=lambda problem: not problem.retryable)
    for problem in problems:
        if problem.code not in GONE:
            raise problem
    return False


def _hand_over(message: Message, sender: Gateway, tries: int) -> None:
    if isinstance(sender, TelegramGateway):
        with turn_to_write(sender.chat_of(message), tries):
            sender.send(message)
    else:
        sender.send(message)
