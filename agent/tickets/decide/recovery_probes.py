"""Assesses from test calls whether a fault that test calls found is over.

What providers say of the number is no evidence here: it said that all was well while the calls
failed. Neither is that an alert ended: its series also ends when the calls are too old.
"""

from collections.abc import Callable, Mapping
from typing import Final

from agent.checks.result import CheckResult
from agent.probing import signs
from agent.probing.facts import ProbeCall, by_caller, judged
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.ticket import Subject

_IsOver = Callable[[ProbeCall], bool | None]
"""Whether a judged call shows that a fault is over; ``None`` where it does not say."""


def assess(checked: CheckResult, subject: Subject) -> Assessment:
    """Whether the newest test calls show that the fault of ``subject`` is over.

    It is over when the newest judged call of every caller shows so, and no caller whose calls
    failed has been silent since. The caller's calls must not be too old (``dial.stale_after``).
    """
    number, is_over = subject.number, RULES[subject.symptom]
    callers = by_caller(checked.probes.get(number, ()))
    known = {caller: found for caller, own in callers.items() if (found := judged(own))}
    shown = {caller: is_over(calls[0]) for caller, calls in known.items()}
    failing = sorted(caller for caller, over in shown.items() if over is False)
    if failing:
        how = "are heard late" if is_over is _fast else "fail"
        return Assessment(Finding.BAD, f"test calls from {', '.join(failing)} to {number} {how}")
    silent = sorted(checked.probes_troubled.get(number, frozenset()) - known.keys())
    if silent:
        reason = f"test calls from {', '.join(silent)} to {number} failed, and none was made since"
        return Assessment(Finding.UNKNOWN, reason)
    if not known or None in shown.values():
        return Assessment(Finding.UNKNOWN, f"no recent test call to {number} says whether it works")
    # As of its end: while it lasted, nothing was known of it.
    newest = max(calls[0].at + calls[0].duration for calls in known.values())
    reason = f"test calls from {', '.join(sorted(known))} to {number} get through"
    return Assessment(Finding.GOOD, reason, newest)


def _got_through(call: ProbeCall) -> bool:
    return call.got_through


def _without_prompt(call: ProbeCall) -> bool:
    return call.got_through and not signs.unexpected_prompt(call)


def _fast(call: ProbeCall) -> bool | None:
    return None if call.setup is None else call.setup <= signs.SETUP_SLOW


RULES: Final[Mapping[str, _IsOver]] = {
    "probe_fail_all": _got_through,
    "probe_fail_some": _got_through,
    "probe_prompt": _without_prompt,
    "probe_setup_slow": _fast,
    "probe_one_way": _got_through,
}
"""By symptom, whether the newest judged call of one caller shows that the fault is over."""
