"""The newest test calls in memory, by account, number and caller: what checks and pages read."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from agent.model import AccountKey
from agent.probing.facts import CallsByNumber, ProbeCall, Purpose

KEPT: Final = 4
"""Calls of one caller to one number; an alert asks for two that failed in a row."""
MOST_NUMBERS: Final = 100_000
"""Numbers with calls, over all accounts; those called longest ago go first."""
_NONE: Final[CallsByNumber] = MappingProxyType({})


class ProbeBoard:
    """Holds the newest calls; every process that shares a ledger reads them into its own."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, CallsByNumber] = {}
        self._controls: dict[str, tuple[ProbeCall, ...]] = {}
        self.subscriber: Callable[[Iterable[AccountKey]], None] = lambda _: None
        """Called with the accounts of whose numbers there are new calls."""

    def of(self, account: AccountKey) -> CallsByNumber:
        """The calls of an account's numbers; the same object until there is a new one."""
        return self._accounts.get(account, _NONE)

    def controls(self) -> Mapping[str, tuple[ProbeCall, ...]]:
        """The calls of the control number by caller, the newest first."""
        return self._controls

    def add(self, calls: Iterable[ProbeCall]) -> None:
        """Add what is not known yet, in any order, and tell the subscriber."""
        changed: dict[AccountKey, dict[str, tuple[ProbeCall, ...]]] = {}
        for call in calls:
            if call.purpose is Purpose.CONTROL:
                self._controls[call.caller] = _with(self._controls.get(call.caller, ()), call)
                continue
            key = call.provider, call.account
            numbers = changed.setdefault(key, dict(self.of(key)))
            numbers[call.number] = _with(numbers.get(call.number, ()), call)
        for key, numbers in changed.items():
            self._accounts[key] = numbers
        self._shrink()
        if changed:
            self.subscriber(changed)

    def forget_before(self, at: float) -> None:
        """Drop the calls from before ``at`` (epoch seconds)."""
        changed = []
        for key, numbers in list(self._accounts.items()):
            lasting = {it: _since(calls, at) for it, calls in numbers.items()}
            lasting = {it: calls for it, calls in lasting.items() if calls}
            if lasting != numbers:
                self._accounts[key] = lasting
                changed.append(key)
            if not lasting:
                del self._accounts[key]
        self._controls = {
            caller: kept for caller, calls in self._controls.items() if (kept := _since(calls, at))
        }
        if changed:
            self.subscriber(changed)

    def _shrink(self) -> None:
        ages = [
            (calls[0].at, key, number)
            for key, numbers in self._accounts.items()
            for number, calls in numbers.items()
        ]
        for _, key, number in sorted(ages)[: max(0, len(ages) - MOST_NUMBERS)]:
            rest = {it: calls for it, calls in self._accounts[key].items() if it != number}
            self._accounts[key] = rest


def _with(calls: tuple[ProbeCall, ...], new: ProbeCall) -> tuple[ProbeCall, ...]:
    """``calls`` with ``new``: newest first, the last few of each caller; each once, by id."""
    known = {call.id: call for call in (*calls, new)}
    kept: list[ProbeCall] = []
    counts: dict[str, int] = {}
    for call in sorted(known.values(), key=lambda it: (-it.at, it.id)):
        counts[call.caller] = counts.get(call.caller, 0) + 1
        if counts[call.caller] <= KEPT:
            kept.append(call)
    return tuple(kept)


def _since(calls: tuple[ProbeCall, ...], at: float) -> tuple[ProbeCall, ...]:
    return tuple(call for call in calls if call.at >= at)
