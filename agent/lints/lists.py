"""Lints of black list, white list and regions (docs/reference/domain.md §4)."""

import re
from collections.abc import Sequence
from typing import Final

from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.model import Routing
from agent.routing.caller import Caller, area_of, mask_entry
from agent.routing.evaluate import evaluate_caller

_PLAIN: Final = re.compile(r"\+?\d+", re.ASCII)
_MOBILE_WITH_ZERO: Final = re.compile(r"01[3-9]\d*", re.ASCII)
_SHORTEST_MOBILE: Final = 4
_AREA_GROUP: Final = 2
"""Entries of two digits stand for a group of areas: 02 for all of 02x."""
_SHOWN: Final = 5


def _masked(entries: Sequence[str]) -> Result:
    """The entries, masked, the first few of many; ``None`` where there are none."""
    if not entries:
        return None
    shown = ", ".join(map(mask_entry, entries[:_SHOWN]))
    return {"entries": shown + (" …" if len(entries) > _SHOWN else "")}


@lint(
    "L20",
    Level.ERROR,
    Message("in both lists"),
    Message("in black and white list at once: {entries}"),
    Needs.LISTS,
)
def in_both_lists(facts: NumberFacts) -> Result:
    """An entry in both lists (L20)."""
    routing = facts.settings
    return _masked(sorted(set(routing.blacklist) & set(routing.whitelist)))


@lint(
    "L21",
    Level.ERROR,
    Message("wildcard in a list"),
    Message("lists match whole numbers and leading digits only, never these: {entries}"),
    Needs.LISTS,
)
def wildcards(facts: NumberFacts) -> Result:
    """A wildcard, such as for trailing digits, which no provider supports (L21)."""
    routing = facts.settings
    return _masked([entry for entry in _both(routing) if entry and not _PLAIN.fullmatch(entry)])


@lint(
    "L22",
    Level.ERROR,
    Message("mobile with leading 0 in a list"),
    Message("mobiles are listed without a leading 0, these never match: {entries}"),
    Needs.LISTS,
)
def mobile_with_zero(facts: NumberFacts) -> Result:
    """A mobile with a leading 0 in a list (L22)."""
    return _masked(
        [
            entry
            for entry in _both(facts.settings)
            if _MOBILE_WITH_ZERO.fullmatch(entry)
            and len(entry) >= _SHORTEST_MOBILE
            and _is_no_area(entry)
        ]
    )


def _is_no_area(entry: str) -> bool:
    """010 is Beijing's area code, and 01 followed by 3 to 9 is no area's."""
    return area_of(entry) != "010"


def _is_area(entry: str) -> bool:
    return area_of(entry) == entry


def _both(routing: Routing) -> list[str]:
    return sorted({*routing.blacklist, *routing.whitelist})


@lint(
    "L23",
    Level.ERROR,
    Message("region finer than an area code"),
    Message("regions go by area code, these never match: {entries}"),
    Needs.REGION,
)
def too_fine(facts: NumberFacts) -> Result:
    """A region entry finer than an area code, or none at all (L23)."""
    routing = facts.settings
    entries = sorted({*routing.region_allow, *routing.region_deny})
    return _masked([entry for entry in entries if len(entry) > _AREA_GROUP and not _is_area(entry)])


@lint(
    "L24",
    Level.ERROR,
    Message("white list blocks nearly everyone"),
    Message(
        "the white list is on with {count} entries: nearly everyone hears that they may not call"
    ),
    Needs.LISTS,
)
def small_white_list(facts: NumberFacts) -> Result:
    """A white list that is on and empty or small (L24)."""
    routing = facts.settings
    count = len(set(routing.whitelist))
    small = routing.whitelist_enabled and count < max(1, facts.context.parameters.whitelist_small)
    return {"count": count} if small else None


@lint(
    "L25",
    Level.ERROR,
    Message("key callers are stopped"),
    Message("test callers or key customers do not get through: {entries}"),
    Needs.ROUTING | Needs.KEY_CALLERS,
)
def stops_key_callers(facts: NumberFacts) -> Result:
    """Lists or regions that stop the company's own test callers or key customers (L25)."""
    routing = facts.settings
    return _masked(
        [key for key in facts.context.key_callers if evaluate_caller(routing, Caller.of(key))]
    )


@lint(
    "L26",
    Level.WARNING,
    Message("broad black list"),
    Message("black list entries that hit many: {entries}"),
    Needs.LISTS,
)
def broad_black_list(facts: NumberFacts) -> Result:
    """A black list entry of three digits or fewer, or of a whole area (L26)."""
    maximum = facts.context.parameters.broad_digits
    return _masked(
        [
            entry
            for entry in sorted(set(facts.settings.blacklist))
            if entry.isdigit() and (len(entry) <= maximum or _is_area(entry))
        ]
    )


@lint("L27", Level.INFO, Message("some areas hear busy"), needs=Needs.REGION)
def incomplete_regions(facts: NumberFacts) -> Result:
    """Regions that leave out areas, whose callers hear busy (L27)."""
    routing = facts.settings
    if routing.region_allow:
        count = len(set(routing.region_allow))
        values = {"count": count}
        return Message("only {count} areas are let through, all others hear busy", values)
    if facts.bound and all(phone.areas for phone in facts.bound):
        return Message("every phone takes calls from some areas only, all others hear busy")
    return None
