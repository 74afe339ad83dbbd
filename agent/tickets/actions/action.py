"""What people, ticket systems and providers may do with a ticket: the names alone.

Nothing is imported here but the standard library, so that the command line can list them fast.
"""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class Act(StrEnum):
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


ABOUT: Mapping[Act, str] = {
    Act.REPORT: "The fault is reported to the provider.",
    Act.ACCEPT: "Somebody has taken it on; counts as contact.",
    Act.PROVIDER_TICKET: "The provider has accepted it under a number of its own.",
    Act.REJECT: "It is given back.",
    Act.CONTACT: "The customer was called.",
    Act.COMMENT: "Something to know.",
    Act.DIAGNOSE: "Back to finding out what it is.",
    Act.ESCALATE: "The base carrier is asked.",
    Act.DISPATCH: "Staff is sent.",
    Act.APPOINT: "An hour is agreed for the visit; until then the clocks stand.",
    Act.ARRIVE: "Staff is on site.",
    Act.RESTORE: "Service is back.",
    Act.REPAIR: "The cause is repaired.",
    Act.TEST: "It was tested together with the customer.",
    Act.CONFIRM: "The confirmation form is filled in.",
    Act.WAIVE: "The confirmation, or the visit, is done without.",
    Act.CLOSE: "It is closed.",
    Act.REOPEN: "It is not over.",
    Act.MUTE: "The sinks hear of nothing but its end for a while.",
    Act.UNMUTE: "The sinks hear of it again.",
    Act.PAUSE: "The clocks stand.",
    Act.RESUME: "The clocks go on.",
    Act.GRADE: "Another grade was promised.",
    Act.ATTRIBUTE: "Whose responsibility it is.",
    Act.ANSWER: "Somebody has found out what the diagnosis asks.",
}
"""What each says."""
