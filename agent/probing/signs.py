"""What one caller's newest test calls to a number say: the numbers that series and tickets read.

Only judged calls count (:attr:`agent.probing.facts.ProbeCall.is_judged`), the newest first.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from agent.probing.facts import ProbeCall, judged
from agent.probing.outcome import CallOutcome

_T = TypeVar("_T")

SETUP_SLOW: Final = 7.0
"""Seconds from dialling until something is heard, above which a caller waits too long
(docs/reference/dial-tests.md)."""
UNHEARD: Final = frozenset({CallOutcome.ONE_WAY, CallOutcome.SILENT})
"""Outcomes of calls that were answered, and in which the caller heard nothing."""
_OF_THE_NETWORK: Final = frozenset(
    {"balance", "barred", "no_right", "nonexistent", "off", "suspended", "unreachable"}
)
"""Announcements that only a network plays: they are no greeting, even after an answer."""


def unexpected_prompt(call: ProbeCall) -> str:
    """The announcement that was heard instead of the called party; empty where there is none.

    What is heard after an answer is mostly the hotline's own greeting, which is no fault.
    """
    is_unexpected = call.failed or call.prompt in _OF_THE_NETWORK
    return call.prompt if call.is_judged and is_unexpected else ""


def shows_trouble(call: ProbeCall) -> bool:
    """Whether a judged call shows that something is wrong, though it may have been answered."""
    is_slow = call.setup is not None and call.setup > SETUP_SLOW
    return call.failed or bool(unexpected_prompt(call)) or (call.is_judged and is_slow)


def prompt_repeats(calls: Sequence[ProbeCall]) -> tuple[str, int]:
    """The unexpected announcement of the newest judged call, and in how many in a row it was."""
    prompts = [unexpected_prompt(call) for call in judged(calls)]
    if not prompts or not prompts[0]:
        return "", 0
    return prompts[0], _in_a_row(prompts, lambda it: it == prompts[0])


def unheard_in_a_row(calls: Sequence[ProbeCall]) -> int | None:
    """In how many of the newest judged calls in a row nothing was heard after the answer.

    ``None`` where no call is judged.
    """
    known = judged(calls)
    return _in_a_row(known, lambda it: it.outcome in UNHEARD) if known else None


def setups(calls: Sequence[ProbeCall]) -> list[float]:
    """The seconds that judged calls took until something was heard, where that is known."""
    return [call.setup for call in judged(calls) if call.setup is not None]


def _in_a_row(items: Sequence[_T], holds: Callable[[_T], bool]) -> int:
    return next((count for count, it in enumerate(items) if not holds(it)), len(items))
