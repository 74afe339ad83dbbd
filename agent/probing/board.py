"""The newest test calls in memory, by account, number and caller: what checks and pages read."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from agent.model import AccountKey
from agent.probing.facts import CallsByNumber, ProbeCall, Purpose, by_caller, judged
from agent.probing.signs import shows_trouble

KEPT: Final = 4
"""Calls of one caller to one number; an alert asks for two that failed in a row."""
MOST_NUMBERS: Final = 100_000
"""Numbers with calls, over all accounts; those called longest ago go first."""
_NONE: Final[CallsByNumber] = MappingProxyType({})

TroubledCallers = Mapping[str, frozenset[str]]
"""By number the callers whose newest judged call showed trouble, however long ago that was."""
_NO_CALLERS: Final[TroubledCallers] = MappingProxyType({})


class ProbeBoard:
    """Holds the newest calls; every process that shares a ledger reads them into its own."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, CallsByNumber] = {}
        self._controls: dict[str, tuple[ProbeCall, ...]] = {}
        self._troubled: dict[AccountKey, TroubledCallers] = {}
        self._proofs: dict[str, ProbeCall] = {}
        self.subscriber: Callable[[Iterable[AccountKey]], None] = lambda _: None
        """Called with the accounts of whose numbers there are new calls."""

    def of(self, account: AccountKey) -> CallsByNumber:
        """The calls of an account's numbers; the same object until there is a new one."""
        return self._accounts.get(account, _NONE)

    def controls(self) -> Mapping[str, tuple[ProbeCall, ...]]:
        """The calls of the control number by caller, the newest first."""
        return self._controls

    def troubled(self, account: AccountKey) -> TroubledCallers:
        """The callers whose newest judged call showed trouble; that call may be forgotten by now.

        A fault that a caller met is over when that caller gets through, not when its call is old.
        """
        return self._troubled.get(account, _NO_CALLERS)

    def proofs(self) -> Mapping[str, ProbeCall]:
        """By caller the newest call that says whether its line works.

        That is a call of the control number, or a call of any number that got through.
        """
        return self._proofs

    def add(self, calls: Iterable[ProbeCall]) -> None:
        """Add what is not known yet, in any order, and tell the subscriber."""
        accounts: dict[AccountKey, dict[str, tuple[ProbeCall, ...]]] = {}
        read: dict[AccountKey, dict[str, list[ProbeCall]]] = {}
        for call in calls:
            self._prove(call)
            if call.purpose is Purpose.CONTROL:
                self._controls[call.caller] = _with(self._controls.get(call.caller, ()), call)
                continue
            key = call.provider, call.account
            numbers = accounts.setdefault(key, dict(self.of(key)))
            numbers[call.number] = _with(numbers.get(call.number, ()), call)
            read.setdefault(key, {}).setdefault(call.number, []).append(call)
        # What others stored is read several times; only what is new makes anything new of it.
        changed = {key: numbers for key, numbers in accounts.items() if numbers != self.of(key)}
        for key, numbers in changed.items():
            # Of more calls than are kept, too: those that are may all say nothing.
            seen = {it: (*new, *numbers[it]) for it, new in read[key].items()}
            self._troubled[key] = _followed(self.troubled(key), seen)
            self._accounts[key] = numbers
        self._shrink()
        if changed:
            self.subscriber(changed)

    def _prove(self, call: ProbeCall) -> None:
        newest = self._proofs.get(call.caller)
        is_proof = call.purpose is Purpose.CONTROL or call.got_through
        if is_proof and (newest is None or call.at >= newest.at):
            self._proofs[call.caller] = call

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
            caller: recent
            for caller, calls in self._controls.items()
            if (recent := _since(calls, at))
        }
        self._proofs = {it: call for it, call in self._proofs.items() if call.at >= at}
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
        while sum(map(len, self._troubled.values())) > MOST_NUMBERS:
            del self._troubled[next(iter(self._troubled))]


def _followed(troubled: TroubledCallers, seen: CallsByNumber) -> TroubledCallers:
    """``troubled`` after the calls in ``seen``, in any order: who of them is in trouble now."""
    found = dict(troubled)
    for number, calls in seen.items():
        newest = {
            caller: max(judged(own), key=lambda it: it.at, default=None)
            for caller, own in by_caller(calls).items()
        }
        callers = {it for it in found.pop(number, frozenset()) if newest.get(it) is None}
        callers |= {it for it, call in newest.items() if call and shows_trouble(call)}
        if callers:
            found[number] = frozenset(callers)
    return found


def _with(calls: tuple[ProbeCall, ...], new: ProbeCall) -> tuple[ProbeCall, ...]:
    """``calls`` with ``new``: newest first, the last few of each caller; each once, by id."""
    known = {call.id: call for call in (*calls, new)}
    newest: list[ProbeCall] = []
    counts: dict[str, int] = {}
    for call in sorted(known.values(), key=lambda it: (-it.at, it.id)):
        counts[call.caller] = counts.get(call.caller, 0) + 1
        if counts[call.caller] <= KEPT:
            newest.append(call)
    return tuple(newest)


def _since(calls: tuple[ProbeCall, ...], at: float) -> tuple[ProbeCall, ...]:
    return tuple(call for call in calls if call.at >= at)
