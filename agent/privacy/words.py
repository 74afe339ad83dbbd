"""The words of pages and commands about one person's data."""

from typing import Final

from agent.i18n import Message
from agent.privacy.erasure import Reason
from agent.privacy.person import Form
from agent.privacy.requests import CONFIGURATION, FILE, IN_CONFIGURATION, IN_FILE, UNREAD

TABLES: Final = {
    "account_states": Message("Facts of an account"),
    "audit": Message("Audit log"),
    "checklists": Message("Inspection"),
    "complaints": Message("Complaint"),
    "evidence": Message("Evidence"),
    "external_alerts": Message("Alert of another system"),
    "keep": Message("Stored state"),
    "lint_waivers": Message("Waiver"),
    "notifications": Message("Notification"),
    "outbox": Message("Delivery"),
    "provider_pushes": Message("Pushed message"),
    "sink_links": Message("Ticket in another system"),
    "test_call_files": Message("Recording or SIP messages of a test call"),
    "test_calls": Message("Test call"),
    "ticket_index": Message("List of tickets"),
    "ticket_notices": Message("Notice to customers and staff"),
    "tickets": Message("Ticket"),
    "timeline": Message("Timeline"),
    FILE: Message("File of the data folder"),
    CONFIGURATION: Message("Configuration"),
}
"""What a place is, by the name of its table; others are shown by their names."""
FORMS: Final = {
    Form.PHONE.value: Message("phone in full"),
    Form.MASKED.value: Message("masked phone"),
    Form.REPORTER.value: Message("id of the reporter"),
}
"""How a place names the person; a masked phone may be another's."""
REASONS: Final = {
    Reason.OPEN.value: Message("its ticket is open: ask again when it is closed"),
    Reason.AUDIT.value: Message(
        "the audit log must show who was shown what; its phones are masked"
    ),
    Reason.APPROVED.value: Message(
        "the approved configuration of a number has the phone: unbind it at the provider, approve"
        " the configuration, and ask again"
    ),
    Reason.BOUND.value: Message(
        "its provider reports the phone while it is bound to a number: unbind it there, and ask"
        " again while the agent runs"
    ),
    Reason.CHANGED.value: Message("it was changed meanwhile: ask again"),
    Reason.KEY.value: Message("it is part of the row's key"),
    UNREAD: Message("the file cannot be read, so what is in it is not known"),
    IN_FILE: Message(
        "what is kept has it, or a former content of the file: remove files that were put aside;"
        " for the ledger, stop the agent and ask again with --config"
    ),
    IN_CONFIGURATION: Message("the configuration names the phone: change it there"),
}
"""Why a place is left after a deletion, and what to do."""
