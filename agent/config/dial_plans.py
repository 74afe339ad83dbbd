"""Which numbers are called for tests by plan, and how tickets are tested before they are closed."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from agent.config.inventory.section import AccountText, NumberText
from agent.config.section import Section
from agent.config.unvalidated import UnvalidatedConfig
from agent.states import Grade
from agent.yamlfile.duration import parse_duration
from agent.yamlfile.paths import select
from agent.yamlfile.problems import Problem
from agent.yamlfile.values import Duration, Name

LEAST_INTERVAL: Final = 600.0
_DAY: Final = 86_400.0
_EVERY: Final = 21_600.0
_MINUTES_AN_HOUR: Final = 60
DEFAULT_BUDGET: Final = 20
DEFAULT_HOURS: Final = ("08:00-20:00",)
_SELECTIONS: Final = ("numbers", "accounts", "grades")


class DialPlan(Section):
    """Numbers that are called again and again; those to which all that is given here applies."""

    name: Name
    """Its name in the ledger of calls; unique."""
    numbers: Annotated[list[NumberText], Field(max_length=10_000)] = Field(default=[])
    """Only these numbers, in quotes."""
    accounts: Annotated[list[AccountText], Field(max_length=1000)] = Field(default=[])
    """Only numbers of these accounts, as ``PROVIDER/ACCOUNT``."""
    grades: list[Grade] = Field(default=[])
    """Only numbers of these grades."""
    callers: Annotated[list[Name], Field(min_length=1, max_length=100)]
    """The callers of ``dial.callers`` that call them, each every number."""
    every: Annotated[Duration, Field(ge=LEAST_INTERVAL, le=30 * _DAY)] = _EVERY
    """The shortest time from one call of a number by a caller to the next by the same caller."""
    spread: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """By up to which share of ``every`` calls come later, each number by another one."""
    second_opinion: bool = True
    """Whether a number whose call failed is called again about a minute later, by another caller
    where the plan has one; three calls that fail are the most within ``every``."""


class JointTest(Section):
    """Test calls before a ticket is confirmed: the joint test, made by calling the number."""

    callers: Annotated[list[Name], Field(max_length=10)] = Field(default=[])
    """The callers of ``dial.callers`` that call, best of two carriers; all must get through."""
    automatic: bool = False
    """Whether the agent calls by itself once a ticket about a number is repaired; otherwise a
    person asks for the calls."""


def open_share(hours: Iterable[str]) -> float:
    """The share of a day (0 to 1) that is within ``hours``, such as ``08:00-20:00``."""
    minutes = {
        minute
        for start, _, end in (it.partition("-") for it in hours)
        for minute in range(_minute_of(start), _minute_of(end))
    }
    return len(minutes) / (24 * _MINUTES_AN_HOUR)


def calls_a_day(every: float, share: float) -> float:
    """How many calls of one number a caller makes in a day, at most.

    Args:
        every: Seconds between two of them.
        share: The share of a day in which it may call.
    """
    return min(_DAY / every, share * _DAY / every + 1)


def _minute_of(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * _MINUTES_AN_HOUR + int(minute)


def dial_plans_are_consistent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Plans and joint tests name callers and accounts that exist, and budgets carry the plans."""
    callers = _by_name(it for _, it in select(config.data, "dial", "callers", "*"))
    named = (
        *select(config.data, "dial", "plans", "*", "callers", "*"),
        *select(config.data, "dial", "joint_test", "callers", "*"),
    )
    yield from _unknown(named, sorted(callers), "is no caller", "a caller under dial.callers")
    accounts = sorted(_accounts(config.data))
    named = tuple(select(config.data, "dial", "plans", "*", "accounts", "*"))
    yield from _unknown(named, accounts, "is no account", "an account under providers")
    plans = [
        (path, plan)
        for path, plan in select(config.data, "dial", "plans", "*")
        if isinstance(plan, dict)
    ]
    for path, plan in plans:
        if not any(plan.get(key) for key in _SELECTIONS):
            text = "says of no number that it is called, expected numbers, accounts or grades"
            yield Problem(path, text)
    for path, section in select(config.data, "dial", "joint_test"):
        is_automatic = isinstance(section, dict) and section.get("automatic") is True
        if is_automatic and not section.get("callers"):
            text = "is true without joint_test.callers, expected the callers that call"
            yield Problem((*path, "automatic"), text)
    for name, caller in callers.items():
        yield from _overdrawn(name, caller, plans)


def _unknown(
    named: Iterable[tuple[Any, Any]], known: Sequence[str], problem: str, missing: str
) -> Iterator[Problem]:
    for path, name in named:
        if isinstance(name, str) and name not in known:
            text = f"{problem}, got {name}; expected {', '.join(known[:20]) or missing}"
            yield Problem(path, text)


def _overdrawn(
    name: str, caller: Mapping[str, Any], plans: Iterable[tuple[Any, Mapping[str, Any]]]
) -> Iterator[Problem]:
    """A problem at the plan with which a caller is to make more calls a day than it may."""
    try:
        share = open_share(map(str, caller.get("hours", DEFAULT_HOURS)))
        budget = int(caller.get("daily_budget", DEFAULT_BUDGET))
    except (TypeError, ValueError):
        return  # Reported where values are validated.
    needed = 0.0
    for path, plan in plans:
        numbers, users = plan.get("numbers"), plan.get("callers")
        if not isinstance(numbers, list) or not isinstance(users, list) or name not in users:
            continue
        try:
            every = max(LEAST_INTERVAL, float(parse_duration(plan.get("every", _EVERY))))
        except (TypeError, ValueError):
            continue
        needed += len(set(map(str, numbers))) * calls_a_day(every, share)
        if needed > budget:
            text = (
                f"needs {math.ceil(needed)} calls a day of {name}, whose daily_budget is {budget};"
                " expected fewer numbers, a longer every or a larger budget"
            )
            yield Problem((*path, "every") if "every" in plan else path, text)
            return


def _by_name(sections: Iterable[Any]) -> dict[str, dict[str, Any]]:
    return {
        str(it["name"]): it
        for it in sections
        if isinstance(it, dict) and isinstance(it.get("name"), str)
    }


def _accounts(data: object) -> set[str]:
    return {
        f"{provider.get('name')}/{account}"
        for path, provider in select(data, "providers", "*")
        if isinstance(provider, dict)
        for _, account in select(provider, "accounts", "*", "id", at=path)
    }
