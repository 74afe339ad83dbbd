"""The names of the actions on a ticket.

Nothing is imported but the standard library, so that the command line can list them fast.
"""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class TicketAction(StrEnum):
    """One action; ``agent.tickets.actions.specs.ACTION_SPECS`` has its form and its effect."""

    REPORT = "report"
    ACCEPT = "accept"
    PROVIDER_TICKET = "provider_ticket"
    REJECT = "reject"
    CONTACT = "contact"
    COMMENT = "comment"
    DIAGNOSE = "diagnose"
    ESCALATE = "escalate"
    DISPATCH = "dispatch"
    APPOINT = "appoint"
    ARRIVE = "arrive"
    RESTORE = "restore"
    REPAIR = "repair"
    TEST = "test"
    CONFIRM = "confirm"
    WAIVE = "waive"
    CLOSE = "close"
    REOPEN = "reopen"
    MUTE = "mute"
    UNMUTE = "unmute"
    PAUSE = "pause"
    RESUME = "resume"
    GRADE = "grade"
    ATTRIBUTE = "attribute"
    ANSWER = "answer"


ACTION_DESCRIPTIONS: Mapping[TicketAction, str] = {
    TicketAction.REPORT: "The fault is reported to the provider.",
    TicketAction.ACCEPT: "Somebody has taken it on; counts as contact.",
    TicketAction.PROVIDER_TICKET: "The provider has accepted it under a number of its own.",
    TicketAction.REJECT: "It is given back.",
    TicketAction.CONTACT: "The customer was called.",
    TicketAction.COMMENT: "A remark for the timeline.",
    TicketAction.DIAGNOSE: "The fault is under diagnosis again.",
    TicketAction.ESCALATE: "The fault is passed to the base carrier.",
    TicketAction.DISPATCH: "Staff is sent.",
    TicketAction.APPOINT: "A visit is agreed; the clocks pause until then.",
    TicketAction.ARRIVE: "Staff is on site.",
    TicketAction.RESTORE: "Service is back.",
    TicketAction.REPAIR: "The cause is repaired.",
    TicketAction.TEST: "It was tested together with the customer.",
    TicketAction.CONFIRM: "The confirmation form is filled in.",
    TicketAction.WAIVE: "The confirmation, or the visit, is waived.",
    TicketAction.CLOSE: "It is closed.",
    TicketAction.REOPEN: "It is opened again.",
    TicketAction.MUTE: "The sinks receive nothing but its end for a while.",
    TicketAction.UNMUTE: "The sinks receive its changes again.",
    TicketAction.PAUSE: "The clocks pause.",
    TicketAction.RESUME: "The clocks go on.",
    TicketAction.GRADE: "Another grade was promised.",
    TicketAction.ATTRIBUTE: "Whose responsibility it is.",
    TicketAction.ANSWER: "A question of the diagnosis is answered.",
}
"""What each action means, for help texts."""
