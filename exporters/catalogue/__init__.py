"""The table behind the catalogue: one row per family, in the order of the metrics page.

A HELP text says where the value comes from, because that is what a reader of a graph asks
first. Labels never carry callers or full bound phone numbers. The rows are in ``providers.py``
(what the providers report), ``probes.py`` (what test calls show) and ``agent.py`` (the agent
itself).
"""

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
    "too_many",
    "outdated",
    "egress_denied",
    "cancelled",
)
"""Why a poll can fail: the values of ``reason`` (docs/reference/interface.md, States)."""


class Row(NamedTuple):
    """One family as a row of the table; its labels are separated by spaces."""

    name: str
    kind: Kind
    unit: str
    labels: str
    help: str


ACCOUNT = "provider account"
NUMBER = "provider account number"
POLL = "provider account capability"
"""Labels that many families share."""
