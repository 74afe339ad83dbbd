"""Labels of what only a number's page shows: kinds of phones, ways of ringing, ends of calls."""

from collections.abc import Mapping
from typing import Final

from agent.baselines.baseline import Origin
from agent.i18n import Message
from agent.i18n import words as common
from agent.states import BindingKind, Strategy
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
CALL_RESULTS: Final = common.CALL_RESULTS
MARKINGS: Final = common.MARKINGS
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
