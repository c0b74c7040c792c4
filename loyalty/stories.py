"""What an entry of the ledger was to the person it happened to. Codes only: each door has the sentences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

STORIES = (
    "purchase",
    "purchase_raised",
    "purchase_lowered",
    "spent",
    "spend_lowered",
    "refund_took",
    "refund_gave",
    "purchase_undone",
    "welcome",
    "referral",
    "referral_undone",
    "bonus",
    "expired",
    "corrected",
    "undone",
    "merged",
)


def story_of(operation: Any) -> str:
    """The story (one of `STORIES`) of a row of `accounts.list_operations`.

    `purchase_raised` and the `_lowered` are a foreign system's second thoughts about a check; `undone` is a bonus or a
    correction taken back; `merged` ties the sums of two accounts that became one. `referral` is the reward for a friend or
    for coming by one, `referral_undone` the same taken back.
    """
    if operation.kind == "reversal":
        return _story_of_reversal(operation)
    if operation.kind == "earn":
        return "purchase" if operation.source_ref.endswith("#1") else "purchase_raised"
    if operation.kind == "bonus":
        return operation.label if operation.label in ("welcome", "referral") else "bonus"
    if operation.kind == "manual":
        return "merged" if operation.source_ref.startswith("merge:") else "corrected"
    return {"spend": "spent", "expire": "expired"}[operation.kind]


def _story_of_reversal(operation: Any) -> str:
    if operation.purchase_id is None:
        return "referral_undone" if operation.source == "referral" else "undone"
    if operation.is_undo:
        return "purchase_undone"
    if operation.refund_amount is not None:
        return "refund_took" if operation.points < 0 else "refund_gave"
    return "purchase_lowered" if operation.points < 0 else "spend_lowered"


def explaining_steps(operation: Any) -> list[dict[str, Any]]:
    """The steps of the breakdown that led to this very entry; none where they tell of another one.

    A check that changed keeps the breakdown of its last state only, which does not add up to its earlier entries.
    """
    steps = operation.breakdown or []
    if operation.kind != "earn" or not steps or int(Decimal(steps[-1]["points"])) != operation.points:
        return []
    return steps
