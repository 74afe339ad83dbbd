"""What people, ticket systems and providers may do with a ticket: the names alone.

Nothing is imported here but the standard library, so that the command line can list them fast.
"""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class TicketAction(StrEnum):
    """One thing that may be done; ``agent.tickets.actions.specs.DEEDS`` says what it does."""

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
    TicketAction.COMMENT: "Something to know.",
    TicketAction.DIAGNOSE: "Back to finding out what it is.",
    TicketAction.ESCALATE: "The base carrier is asked.",
    TicketAction.DISPATCH: "Staff is sent.",
    TicketAction.APPOINT: "An hour is agreed for the visit; until then the clocks stand.",
    TicketAction.ARRIVE: "Staff is on site.",
    TicketAction.RESTORE: "Service is back.",
    TicketAction.REPAIR: "The cause is repaired.",
    TicketAction.TEST: "It was tested together with the customer.",
    TicketAction.CONFIRM: "The confirmation form is filled in.",
    TicketAction.WAIVE: "The confirmation, or the visit, is done without.",
    TicketAction.CLOSE: "It is closed.",
    TicketAction.REOPEN: "It is not over.",
    TicketAction.MUTE: "The sinks hear of nothing but its end for a while.",
    TicketAction.UNMUTE: "The sinks hear of it again.",
    TicketAction.PAUSE: "The clocks stand.",
    TicketAction.RESUME: "The clocks go on.",
    TicketAction.GRADE: "Another grade was promised.",
    TicketAction.ATTRIBUTE: "Whose responsibility it is.",
    TicketAction.ANSWER: "Somebody has found out what the diagnosis asks.",
}
"""What each says."""
