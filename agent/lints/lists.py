"""Lints of black list, white list and regions (domain.md §4 L20 to L27)."""

import re
from collections.abc import Sequence
from typing import Final

from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.model import Routing
from agent.routing.caller import Caller, area_of, entry_words
from agent.routing.evaluate import stopped_caller

_PLAIN: Final = re.compile(r"\+?\d+", re.ASCII)
_MOBILE_WITH_ZERO: Final = re.compile(r"01[3-9]\d*", re.ASCII)
_LEAST_MOBILE: Final = 4
_SHOWN: Final = 5


def _routing(facts: NumberFacts) -> Routing:
    return facts.routing or Routing()


def _entries(found: Sequence[str]) -> Values | None:
    """The entries, masked; the first few where there are many."""
    if not found:
        return None
    shown = ", ".join(map(entry_words, found[:_SHOWN]))
    return {"entries": shown + (" …" if len(found) > _SHOWN else "")}


@lint(
    "L20",
    Level.ERROR,
    Words("in both lists", "同时在黑白名单"),
    Words("in black and white list at once: {entries}", "同时在黑名单与白名单：{entries}"),
    Needs.LISTS,
)
def in_both_lists(facts: NumberFacts) -> Values | None:
    """An entry in both lists (domain.md §4 L20)."""
    routing = _routing(facts)
    return _entries(sorted(set(routing.blacklist) & set(routing.whitelist)))


@lint(
    "L21",
    Level.ERROR,
    Words("wildcard in a list", "名单含通配符"),
    Words(
        "lists match whole numbers and leading digits only, never these: {entries}",
        "名单只支持完整号码或号码开头，以下不会生效：{entries}",
    ),
    Needs.LISTS,
)
def wildcards(facts: NumberFacts) -> Values | None:
    """A wildcard, such as for trailing digits, which no provider heeds (domain.md §4 L21)."""
    routing = _routing(facts)
    return _entries([it for it in _both(routing) if it and not _PLAIN.fullmatch(it)])


@lint(
    "L22",
    Level.ERROR,
    Words("mobile with leading 0 in a list", "名单中的手机号带 0"),
    Words(
        "mobiles are listed without a leading 0, these never match: {entries}",
        "名单中的手机号不应加 0，以下不会匹配：{entries}",
    ),
    Needs.LISTS,
)
def mobile_with_zero(facts: NumberFacts) -> Values | None:
    """A mobile with a leading 0 in a list (domain.md §4 L22)."""
    return _entries(
        [
            it
            for it in _both(_routing(facts))
            if _MOBILE_WITH_ZERO.fullmatch(it) and len(it) >= _LEAST_MOBILE and _is_no_area(it)
        ]
    )


def _is_no_area(entry: str) -> bool:
    """010 is Beijing's area code, and 01 followed by 3 to 9 is no area's."""
    return area_of(entry) != "010"


def _both(routing: Routing) -> list[str]:
    return sorted({*routing.blacklist, *routing.whitelist})


@lint(
    "L23",
    Level.ERROR,
    Words("region finer than an area code", "区域细于区号"),
    Words(
        "regions go by area code, these never match: {entries}",
        "区域规则只支持区号，以下不会匹配：{entries}",
    ),
    Needs.REGION,
)
def too_fine(facts: NumberFacts) -> Values | None:
    """A region entry finer than an area code, or none at all (domain.md §4 L23)."""
    routing = _routing(facts)
    entries = sorted({*routing.region_allow, *routing.region_deny})
    return _entries([it for it in entries if it and area_of(it) != it and len(it) > 2])  # noqa: PLR2004 - 02 stands for all of 02x


@lint(
    "L24",
    Level.ERROR,
    Words("white list blocks nearly everyone", "白名单几乎拦截所有来电"),
    Words(
        "the white list is on with {count} entries: nearly everyone hears that they may not call",
        "白名单已启用且仅 {count} 条，几乎所有来电者都会听到“无权拨打”",
    ),
    Needs.LISTS,
)
def small_white_list(facts: NumberFacts) -> Values | None:
    """A white list that is on and empty or small (domain.md §4 L24)."""
    routing = _routing(facts)
    count = len(set(routing.whitelist))
    small = routing.whitelist_enabled and count < max(1, facts.place.parameters.whitelist_small)
    return {"count": count} if small else None


@lint(
    "L25",
    Level.ERROR,
    Words("key callers are stopped", "重要来电者被拦截"),
    Words(
        "test callers or key customers do not get through: {entries}",
        "测试号码或重要客户无法接通：{entries}",
    ),
    Needs.ROUTING | Needs.KEY_CALLERS,
)
def stops_key_callers(facts: NumberFacts) -> Values | None:
    """Lists or regions that stop one's own test callers or key customers (domain.md §4 L25)."""
    routing = _routing(facts)
    return _entries(
        [it for it in facts.place.key_callers if stopped_caller(routing, Caller.of(it))]
    )


@lint(
    "L26",
    Level.WARNING,
    Words("broad black list", "黑名单范围过大"),
    Words("black list entries that hit many: {entries}", "黑名单条目会误伤大量来电：{entries}"),
    Needs.LISTS,
)
def broad_black_list(facts: NumberFacts) -> Values | None:
    """A black list entry of three digits or fewer, or of a whole area (domain.md §4 L26)."""
    most = facts.place.parameters.broad_digits
    return _entries(
        [
            it
            for it in sorted(set(_routing(facts).blacklist))
            if it.isdigit() and (len(it) <= most or area_of(it) == it)
        ]
    )


@lint(
    "L27",
    Level.INFO,
    Words("some areas hear busy", "部分地区听到忙音"),
    Words("{en}", "{zh}"),
    Needs.REGION,
)
def incomplete_regions(facts: NumberFacts) -> Values | None:
    """Regions that leave areas which hear busy (domain.md §4 L27)."""
    routing = _routing(facts)
    if routing.region_allow:
        count = len(set(routing.region_allow))
        return {
            "en": f"only {count} areas are let through, all others hear busy",
            "zh": f"仅 {count} 个区号可接通，其他地区听到忙音",
        }
    if facts.bound and all(each.areas for each in facts.bound):
        return {
            "en": "every phone takes calls from some areas only, all others hear busy",
            "zh": "每部电话都只接部分地区来电，其他地区听到忙音",
        }
    return None
