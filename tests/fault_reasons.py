"""The reason each fault kind of a world is named by in ``numwatch_poll_failures_total``."""

FAULT_REASONS = {
    "http_500": "http_5xx",
    "http_429": "rate_limited",
    "hang": "timeout",
    "drip": "timeout",
    "reset": "connect",
    "truncate": "partial",
    "bad_json": "decode",
    "wrong_type": "schema",
    "error_200": "api_error",
    "empty_page": "partial",
    "endless_pages": "pagination",
    "duplicate_page": "pagination",
    "redirect": "redirect",
    "gzip_bomb": "too_large",
    "auth": "auth",
}
HARMLESS_FAULTS = ("clock_skew", "gbk", "new_word")
"""Faults that a careful client reads through."""
