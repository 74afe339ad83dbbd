"""What callers hear, and the causes it speaks for (docs/reference/domain.md §2).

A prompt narrows the causes down and rarely proves one: the same words are said of the number and
of the phone behind it. The causes of a row are in the order in which they are believed; one that
the facts exclude gives way to the next, and the last stands where all are excluded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.announcement_words import ANNOUNCEMENTS
from agent.diagnosis.caller_reports import CallerReport
from agent.i18n import Message, contextual
from agent.states import Cause

_OUT_OF_SERVICE: Final = frozenset(cause for cause in Cause if cause.value.startswith("number_"))
_ROOTS: Final = frozenset(
    {
        Cause.PROVIDER_OUTAGE,
        Cause.CARRIER_OUTAGE,
        Cause.NETWORK_STATE_MISMATCH,
        Cause.PROVIDER_LEG,
        Cause.CONFIG_CHANGED,
    }
)
"""Causes that make callers hear anything."""
_MONEY: Final = frozenset({Cause.BALANCE_EXHAUSTED, Cause.SPEND_CAP_REACHED})
_SILENT_PHONES: Final = frozenset(
    {
        Cause.BINDING_OFF,
        Cause.BINDING_OUT_OF_AREA,
        Cause.BINDING_BUSY,
        Cause.BINDING_NO_ANSWER,
        Cause.BINDING_REJECTED,
        Cause.BINDING_DND,
        Cause.BINDING_FORWARDED,
        Cause.WAIT_TOO_SHORT,
        Cause.CAPACITY_EXCEEDED,
        Cause.NO_BINDING,
    }
)
"""Causes for which switches play one another's prompts, busy above all."""
_LISTS: Final = frozenset({Cause.LIST_BLOCKS_CALLER, Cause.WHITELIST_BLOCKS_CALLER})


@dataclass(frozen=True)
class Prompt:
    """One kind of prompt or trouble."""

    name: str
    text: Message
    words: str
    """The pattern by which it is recognized, in Chinese and English; empty for none."""
    causes: tuple[Cause, ...]
    """The causes it speaks for, the first believed first."""
    fits: frozenset[Cause] = frozenset()
    """Further causes that it does not contradict, besides the roots."""

    def fits_with(self, cause: Cause) -> bool:
        """Whether callers may well hear this because of ``cause``."""
        return cause in self.causes or cause in self.fits or cause in _ROOTS


# In the order in which words are looked for: what is said in fewer situations goes first.
PROMPTS: Final[Sequence[Prompt]] = (
    Prompt(
        "balance",
        Message("the balance is insufficient"),
        ANNOUNCEMENTS["balance"],
        (Cause.BALANCE_EXHAUSTED,),
        _MONEY | {Cause.NUMBER_SUSPENDED_ARREARS},
    ),
    Prompt(
        "no_right",
        Message("no right to call"),
        ANNOUNCEMENTS["no_right"],
        (Cause.LIST_BLOCKS_CALLER, Cause.WHITELIST_BLOCKS_CALLER, Cause.PROVIDER_LEG),
        frozenset({Cause.REGION_BLOCKS_CALLER}),
    ),
    Prompt(
        "nonexistent",
        Message("the number does not exist"),
        ANNOUNCEMENTS["nonexistent"],
        (Cause.NUMBER_RECLAIMED, Cause.BINDING_NONEXISTENT),
        _OUT_OF_SERVICE,
    ),
    Prompt(
        "suspended",
        Message("the number is suspended"),
        ANNOUNCEMENTS["suspended"],
        (Cause.NUMBER_SUSPENDED_ARREARS, Cause.BINDING_ARREARS),
        _OUT_OF_SERVICE | _MONEY,
    ),
    Prompt(
        "barred",
        Message("the service is paused"),
        ANNOUNCEMENTS["barred"],
        (Cause.NUMBER_SUSPENDED_REQUESTED, Cause.BINDING_BARRED),
        _OUT_OF_SERVICE | _MONEY | {Cause.BINDING_ARREARS, Cause.BINDING_UNREGISTERED},
    ),
    Prompt(
        "off",
        Message("the phone is switched off"),
        ANNOUNCEMENTS["off"],
        (Cause.BINDING_OFF,),
        _SILENT_PHONES,
    ),
    Prompt(
        "unreachable",
        Message("the phone cannot be reached"),
        ANNOUNCEMENTS["unreachable"],
        (Cause.BINDING_OUT_OF_AREA,),
        _SILENT_PHONES | {Cause.BINDING_NONEXISTENT, Cause.BINDING_BARRED},
    ),
    Prompt(
        "one_way",
        Message("sound in one direction only"),
        r"单通|单向|一方听不|对方听不|one[ -]way|only one (side|direction)",
        (Cause.VOICE_QUALITY,),
    ),
    Prompt(
        "choppy",
        Message("the sound comes and goes"),
        r"断断续续|卡顿|杂音|噪音|回音|听不清|chopp?y|breaking up|noise|echo",
        (Cause.VOICE_QUALITY,),
    ),
    Prompt(
        "cut_off",
        Message("the call is cut off"),
        r"掉话|掉线|中断|突然挂断|通话中断|cut off|drops?\b|dropped",
        (Cause.VOICE_QUALITY,),
        frozenset({Cause.WAIT_TOO_SHORT}),
    ),
    Prompt(
        "silence",
        Message("silence"),
        r"无声|没有?声音|没声|静音|听不到|听不见|silen|no (sound|voice|audio)|hear nothing",
        (Cause.VOICE_QUALITY,),
    ),
    Prompt(
        "closed",
        Message("it is closed"),
        ANNOUNCEMENTS["closed"],
        (Cause.SCHEDULE_CLOSED,),
    ),
    Prompt(
        "network",
        Message("the network is busy or out of order"),
        ANNOUNCEMENTS["network"],
        (Cause.PROVIDER_LEG,),
        frozenset({Cause.CAPACITY_EXCEEDED}),
    ),
    Prompt(
        "rejected",
        Message("the call is rejected"),
        ANNOUNCEMENTS["rejected"],
        (Cause.BINDING_REJECTED,),
        _SILENT_PHONES,
    ),
    Prompt(
        "no_answer",
        Message("it rings and nobody answers"),
        ANNOUNCEMENTS["no_answer"],
        (Cause.WAIT_TOO_SHORT, Cause.BINDING_NO_ANSWER),
        _SILENT_PHONES,
    ),
    Prompt(
        "busy",
        Message("busy"),
        ANNOUNCEMENTS["busy"],
        (Cause.REGION_BLOCKS_CALLER, Cause.CAPACITY_EXCEEDED, Cause.BINDING_BUSY),
        _SILENT_PHONES,
    ),
    Prompt(
        "no_connection",
        contextual("prompt", "no connection"),
        ANNOUNCEMENTS["no_connection"],
        (Cause.PROVIDER_LEG,),
        frozenset(Cause) - {Cause.HEALTHY, Cause.VOICE_QUALITY},
    ),
    Prompt(
        "wrong_destination",
        Message("somebody else answers"),
        r"串线|打错|接错|wrong (number|person|company)|somebody else",
        (Cause.CONFIG_CHANGED, Cause.BINDING_FORWARDED),
        frozenset({Cause.NUMBER_RECLAIMED}),
    ),
    Prompt(
        "outgoing_refused",
        Message("calls from the number are refused"),
        r"被标记|骚扰电话|marked as",
        (Cause.NUMBER_MARKED,),
    ),
)
TROUBLES: Final[Mapping[str, str]] = {
    "no_connection": "no_connection",
    "busy": "busy",
    "no_answer": "no_answer",
    "wrong_destination": "wrong_destination",
    "cut_off": "cut_off",
    "bad_voice": "choppy",
    "outgoing_refused": "outgoing_refused",
}
"""What is meant where nothing but a kind of trouble was chosen; others say nothing definite."""
PROMPTS_BY_NAME: Final[Mapping[str, Prompt]] = {it.name: it for it in PROMPTS}
OTHER: Final = "other"
OTHER_TEXT: Final = Message("something else")
_PATTERNS: Final = tuple((re.compile(it.words, re.IGNORECASE), it) for it in PROMPTS)


def prompt_of(report: CallerReport) -> Prompt | None:
    """What a caller heard, by the words of the report, else by the trouble that was chosen.

    ``None`` if the report says nothing that the table knows.
    """
    return _prompt_in(report.words) or PROMPTS_BY_NAME.get(TROUBLES.get(report.trouble, ""))


# A verdict asks several times about each report, and every verdict until they are answered.
@lru_cache(maxsize=1024)
def _prompt_in(words: str) -> Prompt | None:
    return next((it for pattern, it in _PATTERNS if pattern.search(words)), None)
