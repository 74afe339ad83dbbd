"""Labels of what only a number's page shows: kinds of phones, ways of ringing, ends of calls."""

from collections.abc import Mapping
from typing import Final

from agent.baselines.baseline import Origin
from agent.i18n import Message, contextual
from agent.states import BindingKind, CallResult, MarkingTag, Strategy
from agent.web.pages.number.countdowns import Event
from agent.web.pages.number.phones import Means

KINDS: Final[Mapping[str, Message]] = {
    BindingKind.MOBILE: Message("mobile"),
    BindingKind.LANDLINE: Message("landline"),
    BindingKind.TRUNK: Message("trunk"),
    BindingKind.PBX: Message("switchboard"),
    BindingKind.UNKNOWN: Message("kind not known"),
}
STRATEGIES: Final[Mapping[str, Message]] = {
    Strategy.SEQUENTIAL: Message("They ring one after the other, in this order."),
    Strategy.RANDOM: Message("They ring one after the other, in an order drawn for each call."),
    Strategy.CYCLIC: Message("They ring one after the other; each call begins with the next one."),
    Strategy.WEIGHTED: Message("They ring one after the other; the first is drawn by its share."),
    Strategy.SIMULTANEOUS: Message("They ring all at once."),
    Strategy.UNKNOWN: Message("The order in which they ring is not known."),
}
MEANS: Final[Mapping[str, Message]] = {
    Means.STATUS: Message("{source} reports it"),
    Means.OTHER_ACCOUNT: Message("{source} reports it, where the phone is registered"),
    Means.CALLS: Message("the newest calls show it"),
    Means.NOTHING: Message("nothing tells it"),
}
CALL_RESULTS: Final[Mapping[str, Message]] = {
    CallResult.ANSWERED: contextual("call", "answered"),
    CallResult.BUSY: contextual("call", "busy"),
    CallResult.NO_ANSWER: contextual("call", "not answered"),
    CallResult.NONEXISTENT: contextual("call", "phone does not exist"),
    CallResult.REJECTED: contextual("call", "rejected"),
    CallResult.OUT_OF_AREA: contextual("call", "phone out of area"),
    CallResult.OFF: contextual("call", "phone switched off"),
    CallResult.SUSPENDED: contextual("call", "phone suspended"),
    CallResult.BARRED: contextual("call", "phone barred"),
    CallResult.FORWARDED: contextual("call", "forwarded"),
    CallResult.NETWORK: contextual("call", "network fault"),
    CallResult.BLOCKED_BY_CARRIER: contextual("call", "blocked by the carrier"),
    CallResult.OVER_CONCURRENCY: contextual("call", "too many calls at once"),
    CallResult.CALLER_BLACKLISTED: contextual("call", "caller on the black list"),
    CallResult.CLOSED_HOURS: contextual("call", "outside the hours"),
    CallResult.REGION_BLOCKED: contextual("call", "caller's region blocked"),
    CallResult.ABANDONED: contextual("call", "caller hung up"),
    CallResult.UNKNOWN: contextual("call", "end not known"),
}
MARKINGS: Final[Mapping[str, Message]] = {
    MarkingTag.NONE: contextual("marking", "nothing"),
    MarkingTag.HARASSMENT: contextual("marking", "harassment"),
    MarkingTag.ESTATE_AGENT: contextual("marking", "estate agent"),
    MarkingTag.FINANCE: contextual("marking", "money lending"),
    MarkingTag.ADVERTISING: contextual("marking", "advertising"),
    MarkingTag.FRAUD: contextual("marking", "fraud"),
    MarkingTag.COURIER: contextual("marking", "courier"),
    MarkingTag.TAXI: contextual("marking", "taxi"),
    MarkingTag.UNKNOWN: contextual("marking", "something else"),
}
EVENTS: Final[Mapping[str, Message]] = {
    Event.CONTRACT_END: Message("Contract ends"),
    Event.RECLAIM: Message("Provider takes the number back"),
    Event.LICENCE_END: Message("Business licence ends"),
    Event.IDENTITY_END: Message("Identity papers end"),
}
ORIGINS: Final[Mapping[str, Message]] = {
    Origin.PROVISIONAL: Message(
        "Nobody has approved a configuration yet: it is compared with the first one that was read,"
        " on {at}."
    ),
    Origin.APPROVED: Message("Version {version}, approved by {by} on {at}."),
    Origin.DECLARED: Message("Declared in a file of the configuration."),
}
ORIGIN_NAMES: Final[Mapping[str, Message]] = {
    Origin.PROVISIONAL: Message("first configuration read"),
    Origin.APPROVED: Message("approved configuration"),
    Origin.DECLARED: Message("declared configuration"),
}
OTHER_QUESTIONS: Final[Mapping[str, Message]] = {
    "caller_area": Message("Which area code does the caller have?"),
}
CHOICES: Final[Mapping[str, Message]] = {
    "works": contextual("answer", "it works"),
    "fails": contextual("answer", "it fails"),
    "one_caller": contextual("answer", "one caller"),
    "one_carrier": contextual("answer", "callers of one carrier"),
    "one_area": contextual("answer", "callers of one area"),
    "everyone": contextual("answer", "everyone"),
    "bad_by_400_only": contextual("answer", "bad by the 400 number only"),
    "bad_directly_too": contextual("answer", "bad directly, too"),
    "good": contextual("answer", "good"),
    "arrears": contextual("answer", "in arrears"),
    "barred": contextual("answer", "barred from calls"),
    "nonexistent": contextual("answer", "the phone does not exist"),
    "off": contextual("answer", "the phone is switched off"),
    "out_of_area": contextual("answer", "the phone is out of area"),
    "busy": contextual("answer", "busy"),
    "no_answer": contextual("answer", "nobody answers"),
    "rejected": contextual("answer", "rejected"),
    "forwarded": contextual("answer", "forwarded"),
    "yes": contextual("answer", "yes"),
    "no": contextual("answer", "no"),
    "one": contextual("answer", "this user alone"),
    "range": contextual("answer", "a whole range of numbers"),
    "no_access": contextual("answer", "no access to the network"),
    "drops": contextual("answer", "dropped calls"),
    "slow": contextual("answer", "slow data"),
    "interference": contextual("answer", "interference"),
    "handover": contextual("answer", "handover between cells"),
    "repeater": contextual("answer", "a repeater"),
    "equipment": contextual("answer", "equipment"),
    "unknown": contextual("answer", "not known"),
}
SOURCES: Final[Mapping[str, Message]] = {
    "answer": Message("a person's answer"),
    "numbers": Message("numbers of all accounts"),
}
