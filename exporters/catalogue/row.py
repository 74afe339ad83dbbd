"""What the tables of the catalogue are made of."""

from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "histogram", "info"]


POLL_FAILURE_REASONS: tuple[str, ...] = (
    "timeout",
    "dns",
    "connect",
    "tls",
    "tls_expired",
    "redirect",
    "too_large",
    "encoding",
    "charset",
    "decode",
    "schema",
    "api_error",
    "auth",
    "rate_limited",
    "http_4xx",
    "http_5xx",
    "pagination",
    "partial",
    "egress_denied",
    "cancelled",
)
"""Why a poll can fail: the values of ``reason`` (contracts.md, States)."""


class Row(NamedTuple):
    """One family as the table writes it."""

    name: str
    kind: Kind
    unit: str
    labels: str
    help: str


ACCOUNT = "provider account"
NUMBER = "provider account number"
POLL = "provider account capability"
"""Labels that many families share."""
