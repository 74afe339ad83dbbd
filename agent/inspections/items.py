"""The rows of checklists, and how the agent looks at those that its facts can tell.

What is not fresh or not told is unknown, never in order; a person looks then. Dialling from several
areas and carriers is a row for people as long as the agent makes no test calls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent.health.account import AccountHealth
from agent.health.call_columns import ENOUGH_CALLS
from agent.i18n import N_
from agent.inspections.checklist import Kind, Result, SeenFact
from agent.lints.finding import Level
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    NumberState,
)

_DAY: Final = 86_400.0
CONTRACT_NEAR: Final = 30 * _DAY
"""Seconds before its end from which a contract is no longer in order
(docs/reference/domain.md §5)."""
Seen = tuple[Result, tuple[str, ...]]
Look = Callable[[AccountHealth, int, float], Seen]
"""Health of the account, row of the number and now, to how it is and what was seen."""
_UNKNOWN: Final[Seen] = (Result.UNKNOWN, ())


@dataclass(frozen=True)
class Item:
    """One row.

    Args:
        code: In stored checklists.
        text: What is looked at, marked for translation.
        look: How the agent does; ``None`` where only people can.
        is_day: Whether what it sees is a time, of which the day is shown.
    """

    code: str
    text: str
    look: Look | None = None
    is_day: bool = False


def _is_current(health: AccountHealth, row: int, now: float) -> bool:
    return row < health.result.listed and health.result.is_fresh(Capability.NUMBERS, now)


def _verdict(is_good: bool, *detail: str) -> Seen:  # noqa: FBT001 - a fact, not a switch
    return (Result.PASSED if is_good else Result.FAILED), detail


def _in_service(health: AccountHealth, row: int, now: float) -> Seen:
    state = health.result.number_state(health.result.names[row])
    if not _is_current(health, row, now) or state in (None, NumberState.UNKNOWN):
        return _UNKNOWN
    return _verdict(state in IN_SERVICE_STATES, str(state))


def _real_name(health: AccountHealth, row: int, now: float) -> Seen:
    known = health.result.numbers[row].realname_ok if _is_current(health, row, now) else None
    return _UNKNOWN if known is None else _verdict(known)


def _contract(health: AccountHealth, row: int, now: float) -> Seen:
    end = health.result.numbers[row].contract_end if _is_current(health, row, now) else None
    if end is None:
        return _UNKNOWN
    return _verdict(end - now > CONTRACT_NEAR, str(end))


def _phones(health: AccountHealth, row: int, now: float) -> Seen:
    result = health.result
    if not result.is_fresh(Capability.REACHABILITY, now) or result.phones.bound[row] is None:
        return _UNKNOWN
    states = result.phones.states_of(row)
    if not states:
        return Result.FAILED, ("finding.no_binding",)
    if all(state is BindingState.UNKNOWN for state in states.values()):
        return _UNKNOWN
    fine = REACHABLE_STATES | {BindingState.UNKNOWN}
    bad = [
        word for label, state in states.items() if state not in fine for word in (label, str(state))
    ]
    return _verdict(not bad, *bad)


def _balance(health: AccountHealth, _row: int, now: float) -> Seen:
    money = health.result.money
    if money is None or not health.result.is_fresh(Capability.BALANCE, now):
        return _UNKNOWN
    amount = f"{money.balance.amount:.2f} {money.balance.currency}"
    return _verdict(not (money.at_notice or money.below_stop or money.cap_reached), amount)


def _configuration(health: AccountHealth, row: int, now: float) -> Seen:
    result, number = health.result, health.result.names[row]
    if not result.is_fresh(Capability.ROUTING, now) or not result.drift_known(number):
        return _UNKNOWN
    sections = [section.value for section in result.drift_sections(number)]
    return _verdict(not sections, *sections)


def _lints(health: AccountHealth, row: int, now: float) -> Seen:
    result = health.result
    if result.lints is None or not result.is_fresh(Capability.ROUTING, now):
        return _UNKNOWN
    found = result.lint_findings(result.names[row], now)
    errors = [it.lint for it in found if it.level is Level.ERROR and not it.is_waived]
    return _verdict(not errors, *dict.fromkeys(errors))


def _calls(health: AccountHealth, row: int, _now: float) -> Seen:
    offered, answered = int(health.offered[row]), int(health.answered[row])
    if offered < ENOUGH_CALLS:
        return _UNKNOWN
    return _verdict(2 * answered >= offered, f"{answered}/{offered}")


def _recordings(health: AccountHealth, row: int, now: float) -> Seen:
    known = health.result.numbers[row] if _is_current(health, row, now) else None
    if known is None or known.recordings_pending is None:
        return _UNKNOWN
    return _verdict(known.recordings_pending == 0, str(known.recordings_pending))


_IN_SERVICE = Item("in_service", N_("The number is in service"), _in_service)
_REAL_NAME = Item("real_name", N_("The real-name review is passed"), _real_name)
_CONTRACT = Item("contract", N_("The contract is signed and lasts"), _contract, is_day=True)
_PHONES = Item("phones", N_("Every bound phone can be reached"), _phones)
_CONFIGURATION = Item("configuration", N_("The configuration is the approved one"), _configuration)
_LINTS = Item("lints", N_("The configuration has no known mistake"), _lints)
_RECORDINGS = Item("recordings", N_("Recordings are exported before they are deleted"), _recordings)
_MENU = Item("menu", N_("Menu, hours and announcements are right, every key walked through"))
_CONTACTS = Item("contacts", N_("Whom to call is right, at the company and at the provider"))

ITEMS: Final = {
    Kind.INSPECTION: (
        _IN_SERVICE,
        _REAL_NAME,
        _CONTRACT,
        Item("balance", N_("The balance is above the notice line"), _balance),
        _PHONES,
        _CONFIGURATION,
        _LINTS,
        Item("calls", N_("Calls are answered, as call records show"), _calls),
        _RECORDINGS,
        Item("dialled", N_("A call from outside gets through, and both sides hear each other")),
        _MENU,
        Item("equipment", N_("Phones, switchboard and power on site are in order")),
        _CONTACTS,
    ),
    Kind.ONBOARDING: (
        Item("provider", N_("The provider is chosen: licence, carrier, price, support")),
        _REAL_NAME,
        _CONTRACT,
        Item("filing", N_("The bound phones are filed with the provider")),
        _IN_SERVICE,
        _PHONES,
        _CONFIGURATION,
        _LINTS,
        Item("opening_test", N_("The opening test: a call gets through, and both sides hear it")),
        Item("areas", N_("Calls from several areas and carriers get through")),
        _MENU,
        Item("recording", N_("Recording, voicemail and colour ring are as ordered")),
        Item("reports", N_("The provider's console and reports can be used")),
        Item("charges", N_("Prices and the first charges are as agreed")),
        _CONTACTS,
    ),
}
"""The rows of each kind, in order."""


def look(
    health: AccountHealth, number: str, kind: Kind, now: float, zone: ZoneInfo
) -> tuple[SeenFact, ...]:
    """What the agent sees of each of its rows; nothing of a number that the account lacks."""
    row = health.result.number_row(number)
    if row is None:
        return ()
    return tuple(
        _seen(item, *item.look(health, row, now), zone)
        for item in ITEMS[kind]
        if item.look is not None
    )


def _seen(item: Item, result: Result, detail: tuple[str, ...], zone: ZoneInfo) -> SeenFact:
    if item.is_day:
        days = (datetime.fromtimestamp(float(it), zone) for it in detail)
        detail = tuple(day.date().isoformat() for day in days)
    return SeenFact(item.code, result, detail)
