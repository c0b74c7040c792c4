"""What looks odd about a claim, a sentence for each of `claims.DOUBTS`."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

DOUBTS = {
    "drive_unknown": lazy("The receipt's till is not on your list of tills."),
    "drive_elsewhere": lazy("The receipt is from a till of another branch."),
    "drive_foreign": lazy("The receipt is from another business's till."),
    "other_sign": lazy("A receipt with this number was shown with another sign: one of the two is made up."),
    "out_of_order": lazy("The receipt's number does not fit its time: receipts before and after it say otherwise."),
    "refused_before": lazy("This receipt was refused before."),
    "bought_already": lazy("The same sum was credited to this customer about that time."),
    "same_sum": lazy("The customer has asked for the same sum today already."),
    "many_today": lazy("This is the third request of the customer today, or more."),
    "large": lazy("The sum is unusually large."),
    "at_night": lazy("The receipt is of the small hours."),
}
