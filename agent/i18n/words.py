"""Words for the codes of the closed lists (``agent/states.py``): states, parties, carriers.

What a person reads names a state by its word, whoever writes it: a page, a verdict, a message.
"""

from collections.abc import Mapping
from typing import Final

from agent.i18n.message import Message, contextual

NUMBER_STATES: Final[Mapping[str, Message]] = {
    "idle": Message("idle"),
    "preoccupied": Message("reserved"),
    "review": Message("in review"),
    "review_rejected": Message("review rejected"),
    "open_unfunded": Message("open, not funded"),
    "active": Message("active"),
    "low_balance": Message("low balance"),
    "suspended_arrears": Message("suspended: arrears"),
    "suspended_violation": Message("suspended: violation"),
    "suspended_requested": Message("suspended: on request"),
    "frozen": Message("frozen"),
    "expired": Message("expired"),
    "reclaimed": Message("reclaimed"),
    "cancelled": Message("cancelled"),
    "loaded": Message("loaded"),
    "deactivated": Message("deactivated"),
    "unloaded": Message("unloaded"),
    "deleted": Message("deleted"),
}
PHONE_STATES: Final[Mapping[str, Message]] = {
    "busy": Message("busy"),
    "no_answer": Message("no answer"),
    "off": Message("switched off"),
    "out_of_area": Message("out of area"),
    "arrears": Message("in arrears"),
    "barred": Message("barred"),
    "nonexistent": Message("does not exist"),
    "rejected": Message("rejected"),
    "dnd": Message("do not disturb"),
    "forwarded": Message("forwarded"),
    "unregistered": Message("not registered"),
    "unbound": Message("unbound"),
    "overseas": Message("overseas"),
}
SECTIONS: Final[Mapping[str, Message]] = {
    "bindings": Message("bound phones"),
    "strategy": Message("strategy"),
    "wait": Message("waiting time"),
    "schedule": Message("schedule"),
    "region": Message("regions"),
    "lists": Message("black and white lists"),
    "ivr": Message("voice menu"),
    "features": Message("features"),
}
"""Sections of a number's configuration."""
PARTIES: Final[Mapping[str, Message]] = {
    "caller": Message("caller"),
    "caller_carrier": Message("caller's carrier"),
    "holder": Message("phone holder"),
    "admin": Message("administrator"),
    "finance": Message("finance"),
    "security": Message("security"),
    "binding_carrier": Message("phone's carrier"),
    "provider": Message("provider"),
    "base_carrier": Message("base carrier"),
    "monitoring": Message("monitoring"),
    "none": Message("nobody"),
}
CAPABILITIES: Final[Mapping[str, Message]] = {
    "numbers": Message("numbers"),
    "routing": Message("routing"),
    "balance": Message("balance"),
    "reachability": Message("reachability"),
    "calls": Message("calls"),
}
POLL_FAILURES: Final[Mapping[str, Message]] = {
    "timeout": Message("timeout"),
    "dns": Message("DNS"),
    "connect": Message("no connection"),
    "tls": Message("TLS"),
    "tls_expired": Message("certificate expired"),
    "redirect": Message("redirect refused"),
    "too_large": Message("answer too large"),
    "encoding": Message("bad encoding"),
    "charset": Message("bad charset"),
    "decode": Message("not JSON"),
    "schema": Message("unexpected answer"),
    "api_error": Message("API error"),
    "auth": Message("credentials refused"),
    "rate_limited": Message("rate limited"),
    "http_4xx": Message("HTTP 4xx"),
    "http_5xx": Message("HTTP 5xx"),
    "pagination": Message("endless pages"),
    "partial": Message("incomplete"),
    "too_many": Message("too many records"),
    "outdated": Message("old answers"),
    "egress_denied": Message("address not allowed"),
}
CALL_RESULTS: Final[Mapping[str, Message]] = {
    "answered": contextual("call", "answered"),
    "busy": contextual("call", "busy"),
    "no_answer": contextual("call", "not answered"),
    "nonexistent": contextual("call", "phone does not exist"),
    "rejected": contextual("call", "rejected"),
    "out_of_area": contextual("call", "phone out of area"),
    "off": contextual("call", "phone switched off"),
    "suspended": contextual("call", "phone suspended"),
    "barred": contextual("call", "phone barred"),
    "forwarded": contextual("call", "forwarded"),
    "network": contextual("call", "network fault"),
    "blocked_by_carrier": contextual("call", "blocked by the carrier"),
    "over_concurrency": contextual("call", "too many calls at once"),
    "caller_blacklisted": contextual("call", "caller on the black list"),
    "closed_hours": contextual("call", "outside the hours"),
    "region_blocked": contextual("call", "caller's region blocked"),
    "abandoned": contextual("call", "caller hung up"),
    "unknown": contextual("call", "end not known"),
}
CARRIERS: Final[Mapping[str, Message]] = {
    "telecom": Message("China Telecom"),
    "unicom": Message("China Unicom"),
    "mobile": Message("China Mobile"),
    "broadnet": Message("China Broadnet"),
}
"""Carriers by the codes that profiles map to; any other has the name the provider gives."""
MARKINGS: Final[Mapping[str, Message]] = {
    "none": contextual("marking", "nothing"),
    "harassment": contextual("marking", "harassment"),
    "estate_agent": contextual("marking", "estate agent"),
    "finance": contextual("marking", "money lending"),
    "advertising": contextual("marking", "advertising"),
    "fraud": contextual("marking", "fraud"),
    "courier": contextual("marking", "courier"),
    "taxi": contextual("marking", "taxi"),
    "unknown": contextual("marking", "something else"),
}
"""What people mark a number as."""
ORIGINS: Final[Mapping[str, Message]] = {
    "provisional": Message("first configuration read"),
    "approved": Message("approved configuration"),
    "declared": Message("declared configuration"),
}
"""Where a baseline comes from."""
STAGES: Final[Mapping[str, Message]] = {
    "detected": Message("detected"),
    "reported": Message("reported"),
    "accepted": Message("accepted"),
    "diagnosing": Message("diagnosing"),
    "carrier_escalated": Message("with the carrier"),
    "dispatched": Message("dispatched"),
    "on_site": Message("on site"),
    "restored": Message("restored"),
    "repaired": Message("repaired"),
    "testing": Message("testing"),
    "confirmed": Message("confirmed"),
    "closed": Message("closed"),
    "observing": Message("observing"),
    "reopened": Message("reopened"),
    "suppressed": Message("suppressed"),
}
"""Stages of a ticket."""
PAUSES: Final[Mapping[str, Message]] = {
    "customer_caused": Message("customer caused"),
    "appointment": Message("appointment"),
    "interconnection": Message("interconnection"),
}
"""Why the clocks of a ticket stand still."""
CODES: Final[Mapping[str, Message]] = {
    **NUMBER_STATES,
    **PHONE_STATES,
    **SECTIONS,
    **PARTIES,
    **CAPABILITIES,
    **POLL_FAILURES,
    "ok": Message("OK"),
    "unknown": Message("Unknown"),
}
"""The codes that mean one thing wherever they stand; the same code has one word."""


def word(code: str, words: Mapping[str, Message] = CODES) -> Message | str:
    """The word for ``code``; the code itself where there is none."""
    return words.get(code, code)
