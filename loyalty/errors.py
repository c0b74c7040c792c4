"""What can go wrong in the core: one tree, one class per broken rule; each door translates it in one place."""

from __future__ import annotations

from decimal import Decimal


class LoyaltyError(Exception):
    """A rule of the programme was broken.

    `code` is stable and read by machines, `status` is a hint for the HTTP door, `field` names the input at fault
    where there is one. The message is one English line that holds no personal data.
    """

    code: str = "loyalty_error"
    status: int = 400
    field: str | None = None


class InvalidAmount(LoyaltyError):
    """A sum of money is not written as `loyalty.money.parse_money` expects."""

    code = "invalid_amount"

    def __init__(self, value: object, reason: str, *, field: str | None = None):
        super().__init__(f"The amount {reason}.")
        self.value, self.reason, self.field = value, reason, field


class InvalidProgramme(LoyaltyError):
    """The rules of a programme cannot be used; `errors` maps each field (`birthday.factor`) to what is wrong."""

    code = "invalid_programme"
    status = 422

    def __init__(self, errors: dict[str, str]):
        super().__init__("; ".join(f"{name}: {message}" for name, message in sorted(errors.items())))
        self.errors = errors
        self.field = next(iter(sorted(errors)), None)


class ProgrammeChanged(LoyaltyError):
    """Somebody else put another version in force while this one was being written."""

    code = "programme_changed"
    status = 409

    def __init__(self, version: int):
        super().__init__(f"Version {version} of the programme came into force meanwhile; look at it first.")
        self.version = version


class InvalidPurchase(LoyaltyError):
    """A purchase cannot be priced as it stands."""

    code = "invalid_purchase"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"The purchase {reason}.")
        self.reason, self.field = reason, field


class InvalidPoints(LoyaltyError):
    """A number of points is not a whole number from 0 to 10**12 - 1."""

    code = "invalid_points"
    field = "points"

    def __init__(self, points: object):
        super().__init__("Points must be a whole number, zero or more, below 1000000000000.")
        self.points = points


class SpendRefused(LoyaltyError):
    """These points cannot pay for this purchase; the subclass says which rule refused."""

    code = "spend_refused"
    status = 422
    field = "points"


class NotEnoughPoints(SpendRefused):
    """Fewer points are available than were asked for."""

    code = "not_enough_points"
    status = 409

    def __init__(self, available: int, requested: int):
        super().__init__(f"{requested} points were asked for, {available} are available.")
        self.available, self.requested = available, requested


class WishHeld(SpendRefused):
    """A till has points of this person reserved right now: what they wish is not changed under it."""

    code = "wish_held"
    status = 409

    def __init__(self) -> None:
        super().__init__("A till has reserved points for this already: let it finish or give up first.")


class BelowMinimum(SpendRefused):
    """Fewer points were asked for than the programme lets one spend at once."""

    code = "below_minimum"

    def __init__(self, minimum: int, requested: int):
        super().__init__(f"At least {minimum} points can be spent at once, {requested} were asked for.")
        self.minimum, self.requested = minimum, requested


class NotAStep(SpendRefused):
    """The points are not a multiple of the programme's step."""

    code = "not_a_step"

    def __init__(self, step: int, requested: int):
        super().__init__(f"Points are spent in steps of {step}, {requested} were asked for.")
        self.step, self.requested = step, requested


class AboveShare(SpendRefused):
    """The points are worth more than the share of the check that may be paid with them."""

    code = "above_share"

    def __init__(self, share: Decimal, limit: int, requested: int):
        super().__init__(f"Points pay at most {share:f} % of this check: {limit} points, {requested} were asked for.")
        self.share, self.limit, self.requested = share, limit, requested


class NotEnoughSpendable(SpendRefused):
    """The points are worth more than the lines that may be paid with points."""

    code = "not_enough_spendable"

    def __init__(self, limit: int, requested: int):
        super().__init__(f"The lines of this check can take {limit} points, {requested} were asked for.")
        self.limit, self.requested = limit, requested


class NotFound(LoyaltyError):
    """There is no such thing here. A thing of another partner answers exactly like one that does not exist."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").partition("\n")[0])


class ProgrammeVersionNotFound(NotFound):
    """The programme has no such version."""

    code = "programme_version_not_found"


class PurchaseNotFound(NotFound):
    """The purchase was not found."""

    code = "purchase_not_found"


class EntryNotFound(NotFound):
    """The operation was not found."""

    code = "entry_not_found"


class HoldNotFound(NotFound):
    """The hold was not found."""

    code = "hold_not_found"


class MembershipClosed(LoyaltyError):
    """The membership was erased or merged: nothing is posted to it any more."""

    code = "membership_closed"
    status = 409

    def __init__(self) -> None:
        super().__init__("The membership is closed: nothing can be posted to it.")


class HoldResolved(LoyaltyError):
    """A hold is resolved once; `state` says what was done with it: captured, voided or expired."""

    code = "hold_resolved"
    status = 409

    def __init__(self, state: str):
        super().__init__(f"The hold is already {state}.")
        self.state = state


class QuoteChanged(LoyaltyError):
    """What was quoted is no longer so: the amount, the rules or the member's multipliers have changed."""

    code = "quote_changed"
    status = 409

    def __init__(self) -> None:
        super().__init__("What was quoted has changed: ask for a new quote.")


class ReceiptConflict(LoyaltyError):
    """A document number came again with other content."""

    code = "receipt_conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__("A purchase with this receipt number exists and says something else.")


class InvalidReceipt(LoyaltyError):
    """A receipt's number is too long or holds characters that are no text."""

    code = "invalid_receipt"
    field = "receipt_id"

    def __init__(self) -> None:
        super().__init__("A receipt number is text of 1 to 120 characters.")


class InvalidFiscalReceipt(LoyaltyError):
    """What was scanned is not the QR of a fiscal receipt, or of one that points can be asked for."""

    code = "invalid_fiscal_receipt"
    status = 422

    def __init__(self, reason: str, *, field: str = "receipt"):
        super().__init__(f"The receipt {reason}.")
        self.reason, self.field = reason, field


class FiscalReceiptNotSale(InvalidFiscalReceipt):
    """The receipt is of a return, or of something the shop bought."""

    code = "fiscal_receipt_not_sale"

    def __init__(self) -> None:
        super().__init__("is not of a sale: a return is made by the staff")


class FiscalReceiptFuture(InvalidFiscalReceipt):
    """The receipt's time has not come yet."""

    code = "fiscal_receipt_future"

    def __init__(self) -> None:
        super().__init__("is of the future")


class FiscalReceiptOld(InvalidFiscalReceipt):
    """The receipt is older than the partner takes."""

    code = "fiscal_receipt_old"

    def __init__(self, hours: int):
        super().__init__(f"is older than {hours} hours")
        self.hours = hours


class FiscalReceiptOtherSum(InvalidFiscalReceipt):
    """Another sum was entered than stands in the receipt, be it by a kopeck."""

    code = "fiscal_receipt_other_sum"

    def __init__(self) -> None:
        super().__init__("has another sum than was entered", field="amount")


class InvalidDrive(InvalidFiscalReceipt):
    """The number of a fiscal drive has 16 digits."""

    code = "invalid_drive"

    def __init__(self) -> None:
        super().__init__("names a fiscal drive that is not 16 digits", field="drive")


class SaleCodeGone(LoyaltyError):
    """A cashier's code with a sum does not work: it has ended, was taken back, or is none at all."""

    code = "sale_code_gone"
    status = 404

    def __init__(self) -> None:
        super().__init__("This code does not work any more.")


class SaleCodeUsed(LoyaltyError):
    """Somebody else was quicker with a cashier's code."""

    code = "sale_code_used"
    status = 409

    def __init__(self) -> None:
        super().__init__("The points of this code were taken already.")


class DriveNotFound(NotFound):
    """The fiscal drive was not found."""

    code = "drive_not_found"


class FiscalReceiptUsed(LoyaltyError):
    """Points were asked for with this receipt already, here or at another partner."""

    code = "fiscal_receipt_used"
    status = 409
    field = "receipt"

    def __init__(self) -> None:
        super().__init__("This receipt was used already.")


class InvalidClaim(LoyaltyError):
    """This cannot be claimed, or not be decided so."""

    code = "invalid_claim"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"The claim {reason}." if field is None else f"{field}: {reason}.")
        self.reason, self.field = reason, field


class FeatureLocked(LoyaltyError):
    """The partner's plan does not open this: `plan` is the lowest one that does, or None where the platform has switched the
    feature off for this partner although its plan opens it."""

    code = "feature_locked"
    status = 403

    def __init__(self, feature: str, plan: str | None):
        why = f"is opened by the plan {plan}" if plan else "is switched off for this partner"
        super().__init__(f"{feature} {why}.")
        self.feature, self.plan = feature, plan


class ClaimsNotTaken(LoyaltyError):
    """The partner takes no claims this way; customers are not told of its plan."""

    code = "claims_not_taken"
    status = 403

    def __init__(self) -> None:
        super().__init__("This partner takes no requests for points this way.")


class WishesNotTaken(LoyaltyError):
    """At this partner points are chosen at the till only; customers are not told of its plan."""

    code = "wishes_not_taken"
    status = 403

    def __init__(self) -> None:
        super().__init__("At this partner points are spent at the till only.")


class InvalidPlan(LoyaltyError):
    """There is no such plan or feature."""

    code = "invalid_plan"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'The plan'}: {reason}.")
        self.reason, self.field = reason, field


class InvalidReferralTerms(LoyaltyError):
    """Friends cannot be invited on these terms."""

    code = "invalid_referral_terms"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'The terms'}: {reason}.")
        self.reason, self.field = reason, field


class InvitationGone(LoyaltyError):
    """An invitation by a friend does not work: there is no such code, or nobody is invited there now."""

    code = "invitation_gone"
    status = 404
    field = "invitation"

    def __init__(self) -> None:
        super().__init__("This invitation does not work.")


class InvitationRefused(LoyaltyError):
    """The invitation is good, but not for this person; the subclass says why, and `reason` is how a refusal is noted."""

    code = "invitation_refused"
    status = 409
    field = "invitation"
    reason: str
    said: str

    def __init__(self) -> None:
        super().__init__(self.said)


class OwnInvitation(InvitationRefused):
    """Who invites and who comes are one person."""

    code, reason, said = "own_invitation", "own", "Nobody invites themselves."


class StaffInvitation(InvitationRefused):
    """One of the two works for the partner."""

    code, reason, said = "staff_invitation", "staff", "Staff of the partner neither invite nor are invited."


class MutualInvitation(InvitationRefused):
    """Who comes has invited who invites, perhaps by way of others."""

    code, reason, said = "mutual_invitation", "circle", "Who invited somebody is not invited by them."


class KnownCustomer(InvitationRefused):
    """Who comes was a customer with purchases before."""

    code, reason, said = "known_customer", "customer", "The person was a customer of this partner already."


class AlreadyInvited(InvitationRefused):
    """Who comes had come by another invitation before; the first one counts."""

    code, reason, said = "already_invited", "repeat", "The person came by another invitation before."


class ReferralNotFound(NotFound):
    """The invited friend was not found."""

    code = "referral_not_found"


class ReferralDecided(LoyaltyError):
    """Nobody has to decide on this friend any more; `state` says what became of them."""

    code = "referral_decided"
    status = 409

    def __init__(self, state: str):
        super().__init__("This has been decided already.")
        self.state = state


class InvalidLook(LoyaltyError):
    """A widget cannot look so."""

    code = "invalid_look"
    status = 422

    def __init__(self, reason: str, *, field: str):
        super().__init__(f"{field}: {reason}.")
        self.reason, self.field = reason, field


class InvalidReason(LoyaltyError):
    """A decision of the platform needs a reason that says something."""

    code = "invalid_reason"
    status = 422
    field = "reason"

    def __init__(self) -> None:
        super().__init__("A reason has 3 to 300 characters.")


class InvalidTiers(LoyaltyError):
    """These are no tiers."""

    code = "invalid_tiers"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'Tiers'}: {reason}.")
        self.reason, self.field = reason, field


class ClaimNeedsSum(InvalidClaim):
    """Neither a sum nor a receipt was given."""

    code = "claim_needs_sum"

    def __init__(self) -> None:
        super().__init__("needs the sum of the purchase or its receipt", field="amount")


class ClaimNeedsReason(InvalidClaim):
    """A claim is refused with a reason that the customer reads."""

    code = "claim_needs_reason"

    def __init__(self, longest: int):
        super().__init__(f"is refused with a reason of 1 to {longest} characters", field="reason")
        self.longest = longest


class TooManyClaims(InvalidClaim):
    """So many claims of one person do not wait at one partner."""

    code = "too_many_claims"
    status = 409

    def __init__(self, most: int):
        super().__init__(f"cannot wait beside {most} others: let the staff decide on those first")
        self.most = most


class ConsentRequired(LoyaltyError):
    """Nobody becomes a customer by their own act without agreeing to the processing of their personal data."""

    code = "consent_required"
    status = 422
    field = "personal_data"

    def __init__(self) -> None:
        super().__init__("The consent to the processing of personal data is needed.")


class InvalidTargeting(LoyaltyError):
    """A rule that chooses people cannot be read."""

    code = "invalid_targeting"
    status = 422
    field = "rule"

    def __init__(self, reason: str):
        super().__init__(f"The rule {reason}.")
        self.reason = reason


class InvalidPromotion(LoyaltyError):
    """These are no terms of a promotion."""

    code = "invalid_promotion"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'The promotion'}: {reason}.")
        self.reason, self.field = reason, field


class InvalidService(LoyaltyError):
    """This is no service of a catalogue."""

    code = "invalid_service"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'The service'}: {reason}.")
        self.reason, self.field = reason, field


class ServiceExists(LoyaltyError):
    """Another service of the catalogue has this name."""

    code = "service_exists"
    status = 409
    field = "name"

    def __init__(self) -> None:
        super().__init__("The catalogue has a service of this name.")


class ClaimDecided(LoyaltyError):
    """The claim no longer waits; `state` says what became of it."""

    code = "claim_decided"
    status = 409

    def __init__(self, state: str):
        super().__init__(f"This claim is {state} already.")
        self.state = state


class RefundTooLarge(LoyaltyError):
    """A refund names more than the purchase, or one of its lines, has left."""

    code = "refund_too_large"
    status = 422

    def __init__(self, left: Decimal, requested: Decimal, *, field: str = "amount"):
        super().__init__(f"{requested:.2f} was asked back, {left:.2f} is left.")
        self.left, self.requested, self.field = left, requested, field


class CannotUndo(LoyaltyError):
    """A purchase is undone within a minute, and only one that people entered; afterwards it is refunded."""

    code = "cannot_undo"
    status = 409

    def __init__(self) -> None:
        super().__init__("A purchase can be undone within 60 seconds of being entered by hand: make a refund.")


class AlreadyReturned(LoyaltyError):
    """Nothing of the purchase is left to return."""

    code = "already_returned"
    status = 409

    def __init__(self) -> None:
        super().__init__("Everything of this purchase was returned already.")


class UnknownLine(LoyaltyError):
    """A refund names a line the purchase does not have."""

    code = "unknown_line"
    status = 422
    field = "lines"

    def __init__(self, n: int):
        super().__init__(f"The purchase has no line {n}.")
        self.n = n


class NotReversible(LoyaltyError):
    """Only a granted bonus or a manual entry is reversed by itself, and only once; a purchase is refunded."""

    code = "not_reversible"
    status = 409

    def __init__(self) -> None:
        super().__init__("This operation cannot be reversed by itself.")


class CannotMerge(LoyaltyError):
    """Two memberships cannot become one: they are the same, or one is closed."""

    code = "cannot_merge"
    status = 409

    def __init__(self) -> None:
        super().__init__("These two memberships cannot be merged.")


class InvalidPhone(LoyaltyError):
    """A phone number is not one that exists."""

    code = "invalid_phone"

    def __init__(self, *, field: str | None = "phone"):
        super().__init__("This is not a valid phone number.")
        self.field = field


class InvalidEmail(LoyaltyError):
    """An e-mail address cannot be one."""

    code = "invalid_email"

    def __init__(self, *, field: str | None = "email"):
        super().__init__("This is not a valid e-mail address.")
        self.field = field


class InvalidCard(LoyaltyError):
    """A card number is not well-formed; whether it was ever issued is another question."""

    code = "invalid_card"

    def __init__(self, *, field: str | None = "card_number"):
        super().__init__("This is not a valid card number.")
        self.field = field


class InvalidIdentifier(LoyaltyError):
    """A customer id, Telegram id or code is not written as one."""

    code = "invalid_identifier"

    def __init__(self, reason: str, *, field: str):
        super().__init__(f"The value {reason}.")
        self.reason, self.field = reason, field


class InvalidName(LoyaltyError):
    """A name is too long or holds characters that are no text."""

    code = "invalid_name"

    def __init__(self, *, field: str | None = "name"):
        super().__init__("A name is text of 1 to 200 characters.")
        self.field = field


class IdentifierRequired(LoyaltyError):
    """A person must be named by exactly one identifier."""

    code = "identifier_required"

    def __init__(self):
        super().__init__("Name the customer by exactly one identifier.")


class IdentityTaken(LoyaltyError):
    """The identity belongs to another person; two records of one person are merged, not re-attached."""

    code = "identity_taken"
    status = 409

    def __init__(self, kind: str):
        super().__init__(f"This {kind} belongs to another customer.")
        self.kind = kind


class CustomerNotFound(NotFound):
    """The customer was not found.

    A person who is no member of this partner looks exactly the same.
    """

    code = "customer_not_found"
    status = 404


class CodeUnknown(NotFound):
    """The code is not valid or no longer valid."""

    code = "code_unknown"
    status = 404
    field = "code"


class CannotBlockOneself(LoyaltyError):
    """Admins who block themselves could not undo it."""

    code = "cannot_block_oneself"
    status = 409

    def __init__(self):
        super().__init__("Nobody can block themselves.")


class InvalidCursor(LoyaltyError):
    """A list was asked to go on from a place that it never gave out."""

    code = "invalid_cursor"
    field = "cursor"

    def __init__(self):
        super().__init__("The cursor was not given out by this list.")


class InvalidScope(LoyaltyError):
    """A key must be given at least one of the known scopes, and no other."""

    code = "invalid_scope"
    field = "scopes"

    def __init__(self, known):
        super().__init__(f"Give one or more of: {', '.join(known)}.")
        self.known = tuple(known)


class ApiKeyNotFound(NotFound):
    """The key was not found."""

    code = "api_key_not_found"
    status = 404


class DraftGone(NotFound):
    """What was shown can no longer be confirmed: it is too old, was given up, or was shown to somebody else."""

    code = "draft_gone"
    status = 409


class PromotionNotFound(NotFound):
    """The promotion was not found."""

    code = "promotion_not_found"
    status = 404


class ServiceNotFound(NotFound):
    """The service was not found."""

    code = "service_not_found"


class ClaimNotFound(NotFound):
    """The claim was not found."""

    code = "claim_not_found"
    status = 404


class LinkGone(NotFound):
    """The link does not work, or no longer.

    One and the same for a link that was never made, has expired, was revoked, or was used by somebody else.
    """

    code = "link_gone"
    status = 409


class BranchNotFound(NotFound):
    """The branch was not found."""

    code = "branch_not_found"
    status = 404
    field = "branch_id"


class TooMany(LoyaltyError):
    """Something was tried too often; `retry_after` is in whole seconds, at least one."""

    code = "too_many_requests"
    status = 429

    def __init__(self, retry_after: int):
        super().__init__(f"Too many tries; try again in {max(retry_after, 1)} seconds.")
        self.retry_after = max(retry_after, 1)


class InvalidConsent(LoyaltyError):
    """A consent is an answer, yes or no, to one of the known texts."""

    code = "invalid_consent"
    field = "consents"

    def __init__(self, known):
        super().__init__(f"Consents are true or false for: {', '.join(known)}.")
        self.known = tuple(known)


class SessionEnded(LoyaltyError):
    """The refresh token opens nothing (any more): sign in again."""

    code = "session_ended"
    status = 401

    def __init__(self):
        super().__init__("The session has ended; sign in again.")


class SessionNotFound(NotFound):
    """The session was not found."""

    code = "session_not_found"


class CodeWrong(LoyaltyError):
    """The one-time code does not open anything: wrong, expired, used, tried too often, or never sent — all the same."""

    code = "code_wrong"
    status = 401
    field = "code"

    def __init__(self):
        super().__init__("The code is wrong or no longer valid.")


class BranchRequired(LoyaltyError):
    """A receipt number means something only within a branch, and the partner has several."""

    code = "branch_required"
    status = 422
    field = "branch_id"

    def __init__(self) -> None:
        super().__init__("Say which branch the receipt is of.")


class PartnerNotFound(NotFound):
    """The partner was not found."""

    code = "partner_not_found"
    field = "partner_id"


class InvalidRole(LoyaltyError):
    """There is no such role within a partner."""

    code = "invalid_role"
    field = "role"

    def __init__(self, known):
        super().__init__(f"The role is one of: {', '.join(known)}.")
        self.known = tuple(known)


class StaffNotFound(NotFound):
    """The member of staff was not found."""

    code = "staff_not_found"


class AlreadyStaff(LoyaltyError):
    """The person works for this partner already; change their role instead."""

    code = "already_staff"
    status = 409

    def __init__(self):
        super().__init__("This person already works here.")


class LastOwner(LoyaltyError):
    """A partner always has an owner."""

    code = "last_owner"
    status = 409

    def __init__(self, partner_name: str | None = None):
        where = f" of {partner_name}" if partner_name else ""
        super().__init__(f"The last owner{where} stays; make somebody else an owner first.")
        self.partner_name = partner_name


class ApplicationNotFound(NotFound):
    """The application was not found."""

    code = "application_not_found"


class ApplicationDecided(LoyaltyError):
    """An application is decided once."""

    code = "application_decided"
    status = 409

    def __init__(self, state: str):
        super().__init__(f"The application was {state} already.")
        self.state = state


class ApplicationPending(LoyaltyError):
    """A person has one undecided application at a time."""

    code = "application_pending"
    status = 409

    def __init__(self):
        super().__init__("An earlier application is not decided yet.")


class InvalidApplication(LoyaltyError):
    """A field of an application cannot be used."""

    code = "invalid_application"

    def __init__(self, reason: str, *, field: str):
        super().__init__(f"The {field} {reason}.")
        self.reason, self.field = reason, field


class LastBranch(LoyaltyError):
    """A partner always has an open branch."""

    code = "last_branch"
    status = 409

    def __init__(self):
        super().__init__("The last open branch stays; open another one first.")


class InvalidProfile(LoyaltyError):
    """A field of the customer's profile cannot be changed, or not to this."""

    code = "invalid_profile"

    def __init__(self, reason: str, *, field: str):
        super().__init__(f"The {field} {reason}.")
        self.reason, self.field = reason, field


class ContactNeedsProof(LoyaltyError):
    """A phone or an e-mail is added by proving it with a code, not by writing it down."""

    code = "contact_needs_proof"
    status = 409

    def __init__(self, *, field: str):
        super().__init__("A contact is changed by proving it with a one-time code.")
        self.field = field


class InvalidMapping(LoyaltyError):
    """The mapping of an import file cannot be used, or does not fit the file."""

    code = "invalid_mapping"
    status = 422

    def __init__(self, sentence: str):
        super().__init__(sentence)


class UnreadableFile(LoyaltyError):
    """An import file cannot be read as what it is said to be."""

    code = "unreadable_file"
    status = 422

    def __init__(self, sentence: str):
        super().__init__(sentence)


class ImportNotFound(NotFound):
    """The import was not found."""

    code = "import_not_found"
    status = 404


class ImportBusy(LoyaltyError):
    """Two processes read the same file in at once; the second one stops."""

    code = "import_busy"
    status = 409

    def __init__(self) -> None:
        super().__init__("This file is being imported by another process right now.")


class InvalidOrigin(LoyaltyError):
    """This is not the address of a site that may show a widget."""

    code = "invalid_origin"

    def __init__(self, reason: str, *, field: str | None = "origin"):
        super().__init__(f"The address {reason}.")
        self.reason, self.field = reason, field


class SiteNotFound(LoyaltyError):
    """This site is not on the partner's list."""

    code = "site_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such site on the list.")


class TooManySites(LoyaltyError):
    """A partner's widget stands on so many sites at most."""

    code = "too_many_sites"
    status = 409
    field = "origin"

    def __init__(self, most: int):
        super().__init__(f"At most {most} sites; remove one first.")
        self.most = most


class InvalidColour(LoyaltyError):
    """A colour is written as six hexadecimal digits."""

    code = "invalid_colour"

    def __init__(self, *, field: str | None = "accent"):
        super().__init__("The colour is not written like #0b6b63.")
        self.field = field


class InvalidNps(LoyaltyError):
    """A score, a comment, a note or a setting of surveys that cannot be."""

    code = "invalid_nps"
    status = 422

    def __init__(self, reason: str, *, field: str | None = None):
        super().__init__(f"{field or 'It'} {reason}.")
        self.reason, self.field = reason, field


class SurveyGone(NotFound):
    """There is no such survey, or its time is over."""

    code = "survey_gone"
    status = 404


class SurveyClosed(LoyaltyError):
    """An answer can be changed for a day, and that day is over."""

    code = "survey_closed"
    status = 409

    def __init__(self) -> None:
        super().__init__("The answer was taken and can no longer be changed.")


class SurveyTaskNotFound(NotFound):
    """There is no such task; the customer may have thought better of the answer."""

    code = "survey_task_not_found"
    status = 404
