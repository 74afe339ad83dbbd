"""Why an alert opens no ticket, where its rule says ``ticket: "false"``."""

from collections.abc import Mapping
from typing import Final

from agent.i18n import Message

_UNDELIVERED: Final = Message("a ticket about deliveries that fail would not be delivered either")
_HAS_ONE: Final = Message("it is about a ticket that is open")
_BY_SYMPTOM: Final[Mapping[str, Message]] = {
    "ledger": Message("without the ledger no ticket can be opened"),
    "outbox": _UNDELIVERED,
    "dead_letters": _UNDELIVERED,
    "sink_held": _UNDELIVERED,
    "sink_step_refused": _UNDELIVERED,
    "rules_missed": Message("it is about the agent that would open the ticket"),
    "loop_lag": Message("it is about the agent that would open the ticket"),
    "ticket_contact": _HAS_ONE,
    "ticket_restore": _HAS_ONE,
    "ticket_stalled": _HAS_ONE,
    "severe_fault": Message("the fault has its ticket since it began"),
}
"""The reasons of the shipped rules (``alert_rules/``), by the symptom of each."""
_OWN_RULE: Final = Message("its rule only informs")


def no_ticket_reason(labels: Mapping[str, str]) -> Message | None:
    """Why an alert with ``labels`` opens no ticket; ``None`` where it opens one."""
    if labels.get("ticket") != "false":
        return None
    return _BY_SYMPTOM.get(labels.get("symptom", ""), _OWN_RULE)
