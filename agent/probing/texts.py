"""Test calls in words: outcomes, tones, announcements, and why a call is not made."""

from collections.abc import Mapping
from typing import Final

from agent.i18n import Message, contextual
from agent.probing.book import Refusal
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.observation import Ended
from agent.probing.outcome import CallOutcome

OUTCOMES: Final[Mapping[CallOutcome, Message]] = {
    CallOutcome.ANSWERED: Message("the call was answered, and the other side was heard"),
    CallOutcome.SILENT: Message("the call was answered, and there was only silence"),
    CallOutcome.ONE_WAY: Message("the call was answered, and no sound reached the caller"),
    CallOutcome.NO_ANSWER: Message("it rang, and nobody answered"),
    CallOutcome.BUSY: contextual("test call", "busy"),
    CallOutcome.CONGESTED: Message("the network had no way to the number"),
    CallOutcome.REJECTED: Message("the call was rejected"),
    CallOutcome.NONEXISTENT: Message("the network knows no such number"),
    CallOutcome.UNREACHABLE: Message("the phone could not be reached: off, or out of coverage"),
    CallOutcome.BARRED: Message("the call is not allowed"),
    CallOutcome.ANNOUNCEMENT: Message("the network played a known announcement"),
    CallOutcome.UNKNOWN: Message("it is not known how the call went"),
}
TONES: Final[Mapping[ToneKind, Message]] = {
    ToneKind.RINGBACK: Message("ringback tone"),
    ToneKind.BUSY: Message("busy tone"),
    ToneKind.CONGESTION: Message("congestion tone"),
    ToneKind.SPECIAL_INFORMATION: Message("special information tone"),
}
ENDED: Final[Mapping[Ended, Message]] = {
    Ended.CALLER: Message("we hung up"),
    Ended.NETWORK: Message("the other side or the network ended it"),
    Ended.ENGINE: Message("our engine failed"),
}
REFUSALS: Final[Mapping[Refusal, Message]] = {
    Refusal.CALLER_HOURS: Message(
        "{caller} may not call at this hour; its hours are dial.callers.hours"
    ),
    Refusal.NUMBER_HOURS: Message(
        "{number} is not to be called at this hour; --any-time, or the tick on its page, calls it "
        "all the same"
    ),
    Refusal.HOURS_UNKNOWN: Message(
        "the hours of {number} could not be read from its provider; give them under "
        "dial.number_hours, or use --any-time or the tick on its page"
    ),
    Refusal.NOT_OURS: Message(
        "{number} is no number of a configured account, nor dial.control_number: "
        "strangers are not called"
    ),
    Refusal.LISTING_UNKNOWN: Message(
        "{number} could not be found, since not every account could be asked; strangers are not "
        "called. numwatch poll shows what failed"
    ),
    Refusal.BUDGET: Message(
        "{caller} has no call left today; its budget is dial.callers.daily_budget"
    ),
    Refusal.CONCURRENCY: Message("{caller} is in a call; wait until that has ended"),
    Refusal.PHONE_BUSY: Message(
        "another test call rings at the same phones; wait until that has ended"
    ),
    Refusal.LEDGER: Message(
        "the ledger cannot be written, and what is not charged is not called; numwatch doctor "
        "says why"
    ),
}
ENGINE_MISSING: Final = Message(
    "the engine for test calls is not installed; install it with: pip install 'numwatch[dial]'"
)
SPEECH_MISSING: Final = Message(
    "speech recognition is configured and not installed; install it with: "
    "pip install 'numwatch[speech]'"
)
SPEECH_FAILED: Final = Message("What was said could not be written down: {reason}")
LINE_AT_FAULT: Final = Message(
    "The control number did not answer either: the line {caller} is at fault, and nothing is "
    "concluded about {number}."
)
CONTROL_UNKNOWN: Final = Message(
    "The control number could not be called: whether the line {caller} works is not known."
)
