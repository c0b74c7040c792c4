"""An independent account of the ledger's rules, kept apart from `loyalty/` so that the two can disagree."""
