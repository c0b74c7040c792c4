"""What people read when something is refused: one sentence for each `code`, and it says what to do next."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from loyalty.errors import FeatureLocked, LoyaltyError
from web.formats import write_money, write_number
from web.plans import FEATURES, name_plan

SENTENCES = {
    "above_share": _("Points may pay at most %(share)s%% of this check: up to %(limit)s points."),
    "already_invited": _("Only the first invitation counts, and you came by another one."),
    "already_returned": _("Everything of this purchase has been returned already."),
    "already_staff": _("This person already works here."),
    "api_key_not_found": _("There is no such key. It may have been revoked already."),
    "application_decided": _("This application has been decided already. Open the list again."),
    "application_not_found": _("There is no such application."),
    "application_pending": _("Your earlier application is still being looked at. The answer will be on this page."),
    "below_minimum": _("At least %(minimum)s points can be spent at once."),
    "branch_not_found": _("There is no such branch. Choose one from the list."),
    "branch_required": _("Choose the branch this receipt belongs to."),
    "cannot_block_oneself": _("You cannot block yourself. Ask another admin."),
    "cannot_merge": _("These two accounts cannot be joined."),
    "cannot_undo": _("A purchase is undone within a minute. Make a refund instead."),
    "claim_decided": _("This request has been decided already."),
    "claim_needs_reason": _("Write why, in up to %(longest)s characters: the customer reads it."),
    "claim_needs_sum": _("Enter the sum of the check, or scan the receipt."),
    "claim_not_found": _("There is no such request."),
    "claims_not_taken": _("This business takes no requests for points this way. Ask for your points at the till."),
    "code_unknown": _("This code has expired or was used. Ask the customer to show a new one."),
    "code_wrong": _("The code is wrong or has expired. Check the digits or ask for a new code."),
    "consent_required": _("Without this consent we may not open an account for you."),
    "contact_needs_proof": _("A phone or e-mail is changed by the code we send to it."),
    "customer_not_found": _("Nobody was found. Check the number, or ask for the phone."),
    "draft_gone": _("This is out of date. Begin again: nothing was posted."),
    "drive_not_found": _("There is no such fiscal drive."),
    "entry_not_found": _("There is no such operation."),
    "feature_locked": _("This is not open to your business now. Look at the page of plans, or ask the owner."),
    "fiscal_receipt_future": _("This receipt's time has not come yet. Scan the code of a receipt that was paid."),
    "fiscal_receipt_not_sale": _("This is no receipt of a sale. About a return, ask the staff."),
    "fiscal_receipt_old": _("This receipt is too old: points are given for %(hours)s hours after the purchase."),
    "fiscal_receipt_other_sum": _("The receipt says another sum. Leave the sum empty: it is taken from the receipt."),
    "fiscal_receipt_used": _("Points were asked for with this receipt already."),
    "forbidden": _("Your role does not open this page. Ask the owner if you need it."),
    "form_expired": _(
        "This page was open for too long or was opened in another window. Go back, reload it and try again."
    ),
    "hold_not_found": _("The reservation was not found or has ended. Start again."),
    "hold_resolved": _("This reservation has been finished already. Look at the latest purchases."),
    "idempotency_conflict": _("This was sent already with other values. Open the page again."),
    "identifier_required": _("Enter a phone, an e-mail or a card number."),
    "identity_taken": _("Another account has this contact. Sign in with it, or write to support to join the two."),
    "import_busy": _("This file is being imported right now. Wait until it ends."),
    "import_not_found": _("There is no such import."),
    "invalid_amount": _("Enter the sum in roubles, for example 1250 or 1250.50."),
    "invalid_application": _("Check this field of the application."),
    "invalid_card": _("This is not a card number: it has 16 digits."),
    "invalid_consent": _("Check the boxes of consent."),
    "invalid_cursor": _("This page of the list is out of date. Start from the beginning."),
    "invalid_email": _("This does not look like an e-mail address. Example: name@example.com"),
    "invalid_identifier": _("Check what was typed: a phone, a card number or six digits of a code."),
    "invalid_claim": _("Check this field."),
    "invalid_colour": _("Write the colour as six digits, for example #0b6b63."),
    "invalid_drive": _("The number of a fiscal drive has 16 digits."),
    "invalid_fiscal_receipt": _(
        "This is not the code of a receipt. Scan the QR at the bottom of it, or enter the sum."
    ),
    "invalid_look": _("Check this field: up to 24 characters, without line breaks."),
    "invalid_mapping": _("The description of the file cannot be used."),
    "invalid_name": _("Enter a name of up to 200 characters."),
    "invalid_nps": _("A score is 0 to 10, words are up to 1000 characters."),
    "invalid_origin": _(
        "This is not the address of a site. Example: https://shop.ru, without * and not an IP address."
    ),
    "invalid_phone": _("This does not look like a phone number. Example: +7 916 123-45-67"),
    "invalid_plan": _("There is no such plan or feature."),
    "invalid_points": _("Enter a whole number of points."),
    "invalid_profile": _("Check this field."),
    "invalid_programme": _("Check the marked rules."),
    "invalid_promotion": _("Check the marked terms of the promotion."),
    "invalid_purchase": _("Check the sum of the purchase."),
    "invalid_reason": _("Write why, in 3 to 300 characters."),
    "invalid_receipt": _("A receipt number has up to 120 characters."),
    "invalid_referral_terms": _("Check the marked terms."),
    "invalid_role": _("Choose a role from the list."),
    "invalid_scope": _("Choose at least one thing the key may do."),
    "invalid_service": _("Check the marked fields of the service."),
    "invalid_targeting": _("The rule that chooses customers cannot be read."),
    "invalid_tiers": _("Check the marked tiers."),
    "invitation_gone": _("This invitation does not work. Check the code, or ask your friend for the link."),
    "invitation_refused": _("This invitation is not for you."),
    "known_customer": _("Invitations are for those who have not bought here before."),
    "last_branch": _("The last open branch stays. Open another one first."),
    "last_owner": _("The last owner stays. Make somebody else an owner first."),
    "link_gone": _("This link works no more. Make a new one."),
    "loyalty_error": _("This cannot be done. Check what was entered."),
    "membership_closed": _("This account is closed: nothing can be posted to it."),
    "mutual_invitation": _("Inviting each other does not count."),
    "new_customer": _("Nobody here has this number yet. Check it, and press again to make a new customer."),
    "not_a_step": _("Points are spent in steps of %(step)s."),
    "not_enough_points": _("Only %(available)s points are available."),
    "not_enough_spendable": _("This check can take at most %(limit)s points."),
    "not_found": _("There is no such page. It may have been moved or was never here."),
    "not_reversible": _("This operation cannot be undone."),
    "not_staff": _("This is for people who work for a partner. If you do, ask the owner to add you to the staff."),
    "own_invitation": _("Nobody invites themselves: pass the link on to a friend."),
    "partner_suspended": _("Your business is suspended, so nothing can be posted. The owner can write to support."),
    "partner_not_found": _("There is no such partner, or it is suspended."),
    "programme_changed": _(
        "Version %(version)s of the rules came into force while you were editing. Your draft is kept: look at what "
        "it would change and save it again if it should replace them."
    ),
    "programme_version_not_found": _("There is no such version of the programme."),
    "purchase_not_found": _("There is no such purchase."),
    "promotion_not_found": _("There is no such promotion."),
    "quote_changed": _("The conditions have changed meanwhile. Check the new sums and press again."),
    "quote_not_found": _("The calculation is out of date. Enter the sum again."),
    "quote_used": _("This purchase has been posted already. Look at the latest purchases."),
    "receipt_conflict": _("A purchase with this receipt number exists and says something else."),
    "referral_decided": _("This has been decided already."),
    "referral_not_found": _("There is no such friend here."),
    "refund_too_large": _("At most %(left)s can be returned."),
    "sale_code_gone": _("This code does not work any more. Ask the cashier for a new one."),
    "sale_code_used": _("The points of this code were taken already. Ask the cashier for a new one."),
    "service_exists": _("The catalogue has a service of this name already."),
    "service_not_found": _("There is no such service. It may have been archived."),
    "session_ended": _("You were signed out. Sign in again."),
    "session_not_found": _("There is no such device. It may have been signed out already."),
    "spend_refused": _("These points cannot be spent on this purchase."),
    "staff_invitation": _("People who work here take no part in invitations."),
    "staff_not_found": _("There is no such person on the staff."),
    "survey_closed": _("The answer was taken: it could be changed for a day."),
    "survey_gone": _("This survey is over. Thank you for wanting to answer."),
    "survey_task_not_found": _("There is no such task: the customer may have changed the score."),
    "too_many_claims": _("%(most)s of your requests wait there already. Let the staff decide on those first."),
    "too_many_requests": _("Too many tries. Wait a little and try again."),
    "site_not_found": _("This site is not on your list."),
    "too_many_sites": _("The widget stands on %(most)s sites at most. Remove one first."),
    "unknown_line": _("The purchase has no such line."),
    "wish_held": _("The cashier has reserved points for this already. Pay, or ask the cashier to give it up."),
    "unreadable_file": _("The file cannot be read."),
    "wishes_not_taken": _("Here points are spent at the till: show your code there."),
}
"""Values in a sentence are attributes of the error."""

BY_STATUS = {
    400: _("The page did not understand the request. Go back and try again."),
    403: _("This page is not for you."),
    404: SENTENCES["not_found"],
    405: _("This address only takes forms. Go back and try again."),
    409: _("Somebody else changed this at the same moment. Open the page again."),
    413: _("This is too much at once. Send less."),
    429: SENTENCES["too_many_requests"],
    503: _("We are busy right now. Try again in a minute."),
}
_OUR_FAULT = _("Something broke on our side and nothing was changed. Try again; we know of it already.")


def say_error(error: LoyaltyError) -> str:
    """The sentence for a rule that refused, with the numbers it speaks of."""
    if isinstance(error, FeatureLocked) and error.plan:
        values = {"feature": FEATURES[error.feature].name, "plan": name_plan(error.plan)}
        return gettext("%(feature)s: opened by the plan %(plan)s.", **values)
    values = {name: _written(name, value) for name, value in vars(error).items()}
    text = SENTENCES.get(error.code)
    return gettext(text._args[0], **values) if text is not None else say(error.code, error.status)


def say(code: str, status: int) -> str:
    """The sentence for a problem that is known by code and status alone."""
    found = SENTENCES.get(code)
    if found is None or "%(" in found._args[0]:
        found = BY_STATUS.get(status, _OUR_FAULT)
    return str(found)


def _written(name: str, value: object) -> str:
    """Sums are roubles; a share is a plain number of per cent."""
    if isinstance(value, Decimal):
        return write_number(value) if name == "share" else write_money(value)
    return str(value)
