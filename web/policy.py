"""What a page of ours may do, as browsers are told: nothing inline, nothing from elsewhere, in nobody's frame."""

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
