"""Describes the effect of an edit on particular callers and days, and on the services offered."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from agent.i18n import Message
from agent.masking import mask_text
from agent.model import Routing
from agent.routing.caller import Caller, is_mobile, mask_entry
from agent.routing.coverage import week
from agent.routing.evaluate import Setting, evaluate_caller
from agent.routing.outcome import TREATMENT_TEXTS

MAX_SHOWN: Final = 4
"""The most items of a kind that are named; an ellipsis stands for the others."""
_MAX_PROBES: Final = 20
"""The most list entries, and areas, that are compared: lists may have thousands of entries."""


def callers_change(before: Setting, after: Setting) -> Iterator[Message]:
    """Callers named in the lists and regions of either side, and one whom no entry names."""
    for caller, description in _probes(before.routing, after.routing):
        old, new = (evaluate_caller(setting.routing, caller) for setting in (before, after))
        if (old is None) == (new is None):
            continue
        if new is None:
            yield Message("{callers} get through again", {"callers": description})
        else:
            yield Message(
                "{callers} no longer get through: they hear {treatment}",
                {"callers": description, "treatment": TREATMENT_TEXTS[new.treatment]},
            )


def _probes(before: Routing, after: Routing) -> Iterator[tuple[Caller, Message]]:
    """A caller for every entry that only one side has, and one whom no entry names."""
    entries = set(before.blacklist) ^ set(after.blacklist)
    entries |= set(before.whitelist) ^ set(after.whitelist)
    for entry in sorted(entries)[:_MAX_PROBES]:
        description = Message("callers beginning with {entry}", {"entry": mask_entry(entry)})
        yield Caller.of(_complete(entry)), description
    areas = set(before.region_allow) ^ set(after.region_allow)
    areas |= set(before.region_deny) ^ set(after.region_deny)
    for area in sorted(areas)[:_MAX_PROBES]:
        yield Caller(area=area), Message("callers from {area}", {"area": area})
    listed = {*before.blacklist, *after.blacklist, *before.whitelist, *after.whitelist} - {""}
    unlisted = next((it for it in _MOBILES if not any(map(it.startswith, listed))), None)
    if unlisted is not None:
        yield Caller(unlisted, _unused_area(before, after)), Message("all other callers")


def _complete(entry: str) -> str:
    """A full number that begins with ``entry``."""
    size = len("13800000000") if is_mobile(entry.ljust(11, "0")) else len("01080000000")
    return entry.ljust(size, "0")


_MOBILES: Final = ("18612345678", "15987654321", "17712345678", "13512345678", "19912345678")


def _unused_area(before: Routing, after: Routing) -> str:
    used = {*before.region_allow, *after.region_allow, *before.region_deny, *after.region_deny}
    candidates = ("0898", "0891", "0771", "0431", "0991")
    return next((it for it in candidates if not any(map(it.startswith, used))), "")


def days_change(before: Setting, after: Setting) -> Iterator[Message]:
    """Days with hours of their own that only one side has."""
    old_days, new_days = (set(setting.routing.special_days or ()) for setting in (before, after))
    for days in sorted(old_days ^ new_days, key=lambda days: days.first)[:MAX_SHOWN]:
        first, last = date.fromordinal(days.first), date.fromordinal(days.last)
        old, new = (_ringing(setting, first) for setting in (before, after))
        span = f"{first}" if first == last else f"{first} - {last}"
        texts = {"days": span, "new": _DAY_TEXTS[bool(new)], "old": _DAY_TEXTS[bool(old)]}
        if bool(old) is not bool(new):
            yield Message("{days}: {new}, before {old}", texts)
        elif old != new:
            yield Message("{days}: phones ring at other hours than before", {"days": span})
    if before.routing.national_calendar != after.routing.national_calendar:
        if after.routing.national_calendar:
            yield Message("public holidays and adjusted workdays are kept")
        else:
            yield Message("public holidays and adjusted workdays are not kept")


def _ringing(setting: Setting, day: date) -> list[tuple[int, int]]:
    """From when to when phones ring on ``day``, in minutes."""
    stretches = week(setting, day)[0].stretches
    return [(it.start, it.end) for it in stretches if it.outcome.rings]


_DAY_TEXTS: Final = {
    True: Message("phones ring in that day's hours"),
    False: Message("nothing rings all day"),
}


def features_change(before: Setting, after: Setting) -> Iterator[Message]:
    """Changes of menu, code, capacity, voicemail and recording."""
    for name, message in _FEATURES.items():
        old, new = getattr(before.routing, name), getattr(after.routing, name)
        if old != new and not (old in _EMPTY and new in _EMPTY):
            yield message.with_values(value=_shown(new))


_EMPTY: Final = (None, (), "")
_FEATURES: Final[Mapping[str, Message]] = {
    "menu": Message("callers hear another menu"),
    "pin": Message("callers are asked for a code: {value}"),
    "concurrency_limit": Message("calls at once, then busy: {value}"),
    "overflow": Message("after all others this phone rings: {value}"),
    "trunk_capacity": Message("calls the trunk carries at once: {value}"),
    "landing_forwarded": Message("the landing number is forwarded, one call at a time: {value}"),
    "voicemail": Message("callers whom nobody answers can leave a message: {value}"),
    "voicemail_recipient": Message("messages go to somebody else"),
    "recording": Message("calls are recorded: {value}"),
    "recording_notice": Message("callers are told that they are recorded: {value}"),
    "trunk": Message("calls land on another trunk"),
    "extensions": Message("extensions have changed"),
}


def _shown(value: object) -> str | Message:
    if isinstance(value, bool):
        return Message("yes") if value else Message("no")
    return mask_text(f"{value}") if value not in _EMPTY else Message("none")
