"""Lints of strategy and waiting time (docs/reference/domain.md §4)."""

import math
from typing import Final

from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.routing.order import sort_phones, wait_of
from agent.states import BindingKind, Strategy

_SEVERAL: Final = 2
_WHOLE: Final = 100.0
_ROUNDING: Final = 0.5


@lint(
    "L05",
    Level.WARNING,
    Message("short wait for one phone"),
    Message(
        "one bound phone and a wait of {wait:g} s: callers hear busy before it is answered "
        "({minimum:g} s at least)",
    ),
    Needs.SINGLE | Needs.ROUTING,
)
def single_waits_short(facts: NumberFacts) -> Result:
    """One bound phone, wait below 50 s (L05)."""
    routing, bound = facts.settings, facts.phones
    wait = wait_of(routing, bound[0]) if len(bound) == 1 else None
    minimum = facts.context.parameters.wait_single
    return None if wait is None or wait >= minimum else {"wait": wait, "minimum": minimum}


@lint(
    "L06",
    Level.WARNING,
    Message("short wait"),
    Message("a wait of {wait:g} s skips phones that would be answered ({minimum:g} s at least)"),
    Needs.SEVERAL | Needs.ROUTING,
)
def several_wait_short(facts: NumberFacts) -> Result:
    """Several bound phones, any wait below 15 s (L06)."""
    routing, bound = facts.settings, facts.phones
    if len(bound) < _SEVERAL:
        return None
    waits = [wait for phone in bound if (wait := wait_of(routing, phone)) is not None]
    minimum = facts.context.parameters.wait_several
    return {"wait": min(waits), "minimum": minimum} if waits and min(waits) < minimum else None


@lint(
    "L07",
    Level.WARNING,
    Message("chain of waits too long"),
    Message(
        "the phones ring one after the other for {total:g} s in all, platforms give up after "
        "{maximum:g} s",
    ),
    Needs.SEVERAL | Needs.SEQUENTIAL,
)
def chain_too_long(facts: NumberFacts) -> Result:
    """Sequential waits that sum to more than 90 s (L07)."""
    routing, bound = facts.settings, facts.phones
    if routing.strategy is not Strategy.SEQUENTIAL:
        return None
    total = sum(wait_of(routing, phone) or 0.0 for phone in bound)
    maximum = facts.context.parameters.wait_chain
    return {"total": total, "maximum": maximum} if total > maximum else None


@lint(
    "L08",
    Level.INFO,
    Message("mobile before landline"),
    Message("a mobile rings before a landline: switched off or busy it burns the whole wait"),
    Needs.SEVERAL | Needs.SEQUENTIAL,
)
def mobile_first(facts: NumberFacts) -> Result:
    """A mobile that rings before a landline (L08)."""
    routing, bound = facts.settings, facts.phones
    if routing.strategy is not Strategy.SEQUENTIAL:
        return None
    kinds = [phone.kind for phone in sort_phones(routing, bound)]
    if BindingKind.MOBILE not in kinds:
        return None
    later = kinds[kinds.index(BindingKind.MOBILE) :]
    return {} if BindingKind.LANDLINE in later else None


@lint(
    "L34",
    Level.ERROR,
    Message("weights are not 100 %"),
    Message("the weights sum to {total:g} %"),
    Needs.BOUND | Needs.WEIGHTED,
)
def weights_off(facts: NumberFacts) -> Result:
    """Weights of the weighted strategy that do not sum to 100 % (L34)."""
    routing, bound = facts.settings, facts.phones
    weights = [phone.weight for phone in bound]
    if routing.strategy is not Strategy.WEIGHTED or not bound or None in weights:
        return None
    total = math.fsum(weight for weight in weights if weight is not None)
    return None if abs(total - _WHOLE) < _ROUNDING else {"total": total}
