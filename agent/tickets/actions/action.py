"""The names of the actions on a ticket.

Nothing that takes time is imported, so that the command line can list them fast.
"""

from collections.abc import Mapping
from enum import StrEnum, unique

from agent.i18n import N_


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
    TEST_CALLS = "test_calls"
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
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    HAND_OVER = "hand_over"
    ABSENT = "absent"
    DEPART = "depart"
    CONDUCT = "conduct"
    QUALITY_CHECK = "quality_check"


ACTION_DESCRIPTIONS: Mapping[TicketAction, str] = {
    TicketAction.REPORT: N_("The fault is reported to the provider."),
    TicketAction.ACCEPT: N_("Somebody has taken it on; counts as contact."),
    TicketAction.PROVIDER_TICKET: N_("The provider has accepted it under a number of its own."),
    TicketAction.REJECT: N_("It is given back."),
    TicketAction.CONTACT: N_("The customer was called."),
    TicketAction.COMMENT: N_("A remark for the timeline."),
    TicketAction.DIAGNOSE: N_("The fault is under diagnosis again."),
    TicketAction.ESCALATE: N_("The fault is passed to the base carrier."),
    TicketAction.DISPATCH: N_("Staff is sent."),
    TicketAction.APPOINT: N_("A visit is agreed; the clocks pause until then."),
    TicketAction.ARRIVE: N_("Staff is on site."),
    TicketAction.RESTORE: N_("Service is back."),
    TicketAction.REPAIR: N_("The cause is repaired."),
    TicketAction.TEST: N_("It was tested together with the customer."),
    TicketAction.TEST_CALLS: N_("The number is called by test calls for the joint test."),
    TicketAction.CONFIRM: N_("The confirmation form is filled in."),
    TicketAction.WAIVE: N_("The confirmation, or the visit, is waived."),
    TicketAction.CLOSE: N_("It is closed."),
    TicketAction.REOPEN: N_("It is opened again."),
    TicketAction.MUTE: N_("The sinks receive nothing but its end for a while."),
    TicketAction.UNMUTE: N_("The sinks receive its changes again."),
    TicketAction.PAUSE: N_("The clocks pause."),
    TicketAction.RESUME: N_("The clocks go on."),
    TicketAction.GRADE: N_("Another grade was promised."),
    TicketAction.ATTRIBUTE: N_("Whose responsibility it is."),
    TicketAction.ANSWER: N_("A question of the diagnosis is answered."),
    TicketAction.ASSIGN: N_("Somebody is to work on it."),
    TicketAction.UNASSIGN: N_("Nobody works on it any more."),
    TicketAction.HAND_OVER: N_("Somebody else goes on with it; the note says where it stands."),
    TicketAction.ABSENT: N_("Staff waited and the customer was absent; the clocks pause."),
    TicketAction.DEPART: N_("Staff has left the site."),
    TicketAction.CONDUCT: N_("What staff did before and after they touched anything."),
    TicketAction.QUALITY_CHECK: N_("How it was handled is looked at, at any stage."),
}
"""What each action means, for help texts."""
