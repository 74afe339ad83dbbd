"""Whom a test call may reach: the number's own account, its phones and its hours."""

import time
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.cli.observation import AccountReport, Report
from agent.config.dial import Caller as CallerSettings
from agent.config.settings import Settings
from agent.lints.linter import read_calendar
from agent.model import Binding
from agent.probing.book import Refusal, RefusedError, Wish
from agent.routing.evaluate import Call, Setting, evaluate
from agent.states import Capability, Cause


def wish_for(
    settings: Settings, report: Report, caller: CallerSettings, number: str, *, at_any_time: bool
) -> Wish:
    """The test call of ``number`` as the providers describe it in ``report``.

    Raises:
        RefusedError: when it is not ours, or its hours could not be read.
    """
    hours = settings.dial.hours_of(number)
    account = _account_of(report, number)
    if account is None and number != settings.dial.control_number:
        has_failed = any(_failed(each, Capability.NUMBERS) for each in report.accounts)
        raise RefusedError(Refusal.LISTING_UNKNOWN if has_failed else Refusal.NOT_OURS)
    is_open = None if account is None else _is_open(settings, account, number)
    is_known = is_open is not None or hours or at_any_time
    if account is not None and not is_known and _failed(account, Capability.ROUTING):
        raise RefusedError(Refusal.HOURS_UNKNOWN)
    bindings = (account and account.bindings(number)) or ()
    return Wish(caller, number, _phones(bindings), hours, is_open, at_any_time)


def control_wish(settings: Settings, caller: CallerSettings) -> Wish | None:
    """The test call of the control number; ``None`` where none is configured."""
    number = settings.dial.control_number
    hours = () if number is None else settings.dial.hours_of(number)
    return None if number is None else Wish(caller, number, number_hours=hours)


def _account_of(report: Report, number: str) -> AccountReport | None:
    owners = (
        account
        for account in report.accounts
        if any(each.number == number for each in account.numbers)
    )
    return next(owners, None)


def _failed(account: AccountReport, capability: Capability) -> bool:
    return any(
        outcome.failure is not None
        for outcome in account.outcomes
        if outcome.capability is capability
    )


def _is_open(settings: Settings, account: AccountReport, number: str) -> bool | None:
    routing = account.routing(number)
    if routing is None:
        return None
    setting = Setting(routing, account.bindings(number), read_calendar(settings.calendar))
    zone = ZoneInfo(settings.timezone)
    local = datetime.fromtimestamp(time.time(), zone).replace(tzinfo=None)
    return evaluate(setting, Call(local), check_caller=False).obstacle != Cause.SCHEDULE_CLOSED


def _phones(bindings: Iterable[Binding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(binding.phone for binding in bindings if binding.phone))
