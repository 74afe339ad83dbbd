"""Whom a test call may reach: the number's own account, its phones and its hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.config.dial import Caller
from agent.config.settings import Settings
from agent.lints.linter import read_calendar
from agent.model import AccountKey, Binding, Snapshot
from agent.probing.book import Refusal, RefusedError, Wish
from agent.routing.evaluate import Call, Setting, evaluate
from agent.states import Capability, Cause


@dataclass(frozen=True)
class Known:
    """What is known of the accounts."""

    settings: Settings
    snapshots: Sequence[Snapshot]
    """The newest facts of the accounts of which anything is known."""
    at: float
    """Epoch seconds."""
    is_complete: bool = True
    """Whether there are facts of every configured account."""


# No repr: it would put people's phones into a traceback.
@dataclass(frozen=True, repr=False)
class Target:
    """A test call that may be asked for, and the account whose number it is for."""

    wish: Wish
    account: AccountKey | None
    """``None`` for the control number, where no account has it."""


def target_of(
    known: Known,
    caller: Caller,
    number: str,
    *,
    at_any_time: bool = False,
    account: AccountKey | None = None,
) -> Target:
    """The test call of ``number`` as the providers describe it.

    Args:
        known: What is known of the accounts.
        caller: The line that calls.
        number: The number, as its account lists it.
        at_any_time: Whether it may be called outside its hours.
        account: The account whose number it is, where several have it.

    Raises:
        RefusedError: when it is not ours, or its hours could not be read.
    """
    settings = known.settings
    hours = settings.dial.hours_of(number)
    snapshot = _account_of(known.snapshots, number, account)
    if snapshot is None and number != settings.dial.control_number:
        raise RefusedError(Refusal.NOT_OURS if _all_listed(known) else Refusal.LISTING_UNKNOWN)
    is_open = None if snapshot is None else _is_open(known, snapshot, number)
    is_known = is_open is not None or hours or at_any_time
    if snapshot is not None and not is_known and _is_missing(snapshot, Capability.ROUTING, known):
        raise RefusedError(Refusal.HOURS_UNKNOWN)
    bindings = () if snapshot is None else snapshot.bindings.get(number, ())
    wish = Wish(caller, number, _phones(bindings), hours, is_open, at_any_time)
    return Target(wish, None if snapshot is None else (snapshot.provider, snapshot.account))


def control_of(settings: Settings, caller: Caller) -> Wish | None:
    """The test call of the control number; ``None`` where none is configured."""
    number = settings.dial.control_number
    hours = () if number is None else settings.dial.hours_of(number)
    return None if number is None else Wish(caller, number, number_hours=hours)


def _account_of(
    snapshots: Iterable[Snapshot], number: str, account: AccountKey | None
) -> Snapshot | None:
    owners = (
        it
        for it in snapshots
        if account in {None, (it.provider, it.account)}
        and it.listing is not None
        and any(each.number == number for each in it.listing.numbers)
    )
    return next(owners, None)


def _all_listed(known: Known) -> bool:
    return known.is_complete and not any(
        _is_missing(each, Capability.NUMBERS, known) for each in known.snapshots
    )


def _is_missing(snapshot: Snapshot, capability: Capability, known: Known) -> bool:
    """Whether an account should tell it, and it is not known now."""
    return capability in snapshot.polls and not snapshot.is_fresh(capability, known.at)


def _is_open(known: Known, snapshot: Snapshot, number: str) -> bool | None:
    routing = snapshot.routings.get(number)
    if routing is None or not snapshot.is_fresh(Capability.ROUTING, known.at):
        return None
    calendar = read_calendar(known.settings.calendar)
    setting = Setting(routing, snapshot.bindings.get(number), calendar)
    local = datetime.fromtimestamp(known.at, ZoneInfo(known.settings.timezone)).replace(tzinfo=None)
    return evaluate(setting, Call(local), check_caller=False).obstacle != Cause.SCHEDULE_CLOSED


def _phones(bindings: Iterable[Binding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(binding.phone for binding in bindings if binding.phone))
