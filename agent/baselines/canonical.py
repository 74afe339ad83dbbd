"""A number's configuration in one canonical form, so that only real edits are differences.

Order is dropped where it has no meaning (windows, areas, list entries, phones of a strategy
that does not ring in order); a schedule is listed day by day, so that it does not
matter how windows were grouped. ``None`` stands for what a provider does not report.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from agent.model import Binding, Extension, MenuKey, Routing, SpecialDays, Window
from agent.states import BindingKind, ConfigSection, Strategy

Field = tuple[str, str]
"""What a value belongs to: the id of a phone or nothing, and the field's name."""
Values = Mapping[Field, object]

PHONE_FEATURES = ("wait_seconds", "weight", "filed")
LINE_FEATURES = ("declared", "paid", "capacity")
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1440
BOUND = "bound"
NOWHERE = "nowhere"
ORDERED_STRATEGIES = frozenset({Strategy.SEQUENTIAL, Strategy.CYCLIC, Strategy.UNKNOWN})
"""Strategies that ring phones in their order (docs/reference/domain.md §1)."""

FEATURES = (
    "concurrency_limit",
    "voicemail",
    "voicemail_recipient",
    "overflow",
    "recording",
    "recording_notice",
    "recording_export",
    "retention_days",
    "landing_forwarded",
    "trunk",
    "trunk_capacity",
)
"""Fields of a routing that are compared unchanged; the load of a trunk is no configuration."""

SECTION_FIELDS: Mapping[ConfigSection, tuple[str, ...]] = {
    ConfigSection.STRATEGY: ("strategy",),
    ConfigSection.WAIT: ("wait_seconds",),
    ConfigSection.SCHEDULE: ("schedule", "special_days", "national_calendar"),
    ConfigSection.REGION: ("region_allow", "region_deny"),
    ConfigSection.LISTS: ("blacklist", "whitelist_enabled", "whitelist"),
    ConfigSection.IVR: ("menu", "pin"),
    ConfigSection.FEATURES: (*FEATURES, "extensions"),
    ConfigSection.BINDINGS: ("binding_order",),
}
"""The fields of a routing by the section they belong to."""

ROUTING_SECTIONS: tuple[ConfigSection, ...] = tuple(
    section for section in ConfigSection if section is not ConfigSection.BINDINGS
)
"""Sections of the routing; the remaining one belongs to the bound phones."""


def rings_in_order(*routings: Routing | None) -> bool:
    """Whether the order of the phones has a meaning under every one of ``routings``."""
    return all(routing is None or routing.strategy in ORDERED_STRATEGIES for routing in routings)


def routing_values(routing: Routing) -> dict[ConfigSection, Values]:
    """Returns the canonical form of every section except the bindings."""
    return {
        ConfigSection.STRATEGY: {
            ("", "strategy"): None if routing.strategy is Strategy.UNKNOWN else routing.strategy
        },
        ConfigSection.WAIT: {("", "wait_seconds"): routing.wait_seconds},
        ConfigSection.SCHEDULE: {
            **{
                ("", day): windows
                for day, windows in zip(DAY_NAMES, days_of(routing.schedule), strict=True)
            },
            ("", "special_days"): _special_days(routing.special_days),
            ("", "national_calendar"): routing.national_calendar,
        },
        ConfigSection.REGION: {
            ("", "region_allow"): _entries(routing.region_allow),
            ("", "region_deny"): _entries(routing.region_deny),
        },
        ConfigSection.LISTS: {
            ("", "blacklist"): _entries(routing.blacklist),
            ("", "whitelist_enabled"): routing.whitelist_enabled,
            ("", "whitelist"): _entries(routing.whitelist),
        },
        ConfigSection.IVR: {
            **_menu_values(routing.menu),
            ("", "pin"): routing.pin,
        },
        ConfigSection.FEATURES: {
            **{("", name): getattr(routing, name) for name in FEATURES},
            ("", "extensions"): _extensions(routing.extensions),
        },
    }


def binding_values(
    bindings: Sequence[Binding], order: Sequence[str] | None, *, in_order: bool
) -> Values:
    """Returns the canonical form of the bindings section.

    Args:
        bindings: The bound phones; their states are ignored.
        order: The ids as the routing names them; ``None`` where no routing is known.
        in_order: Whether the order of the phones has a meaning.
    """
    values: dict[Field, object] = {}
    for key, binding in keyed(bindings):
        values[key, BOUND] = True
        values[key, "phone"] = binding.phone
        values[key, "kind"] = None if binding.kind is BindingKind.UNKNOWN else binding.kind
        values[key, "position"] = (binding.position or None) if in_order else None
        values[key, "areas"] = _entries(binding.areas)
        for name in PHONE_FEATURES:
            values[key, name] = getattr(binding, name)
        for name in LINE_FEATURES:
            values[key, name] = getattr(binding.lines, name, None)
    if order is not None:
        values["", "binding_order"] = tuple(order) if in_order else _entries(order)
    return values


def keyed(bindings: Sequence[Binding]) -> list[tuple[str, Binding]]:
    """Returns the phones by id; a second phone with the same id gets a numbered key."""
    seen: dict[str, int] = {}
    pairs = []
    for binding in sorted(bindings, key=_rank):
        seen[binding.id] = order = seen.get(binding.id, 0) + 1
        pairs.append((binding.id if order == 1 else f"{binding.id}#{order}", binding))
    return pairs


def days_of(schedule: Sequence[Window]) -> list[tuple[tuple[int, int, tuple[str, ...]], ...]]:
    """Returns the windows of each weekday, Monday first: start and end minute, ids of the phones.

    An empty schedule means always open (``Routing.schedule``).
    """
    if not schedule:
        return [((0, DAY_MINUTES, ()),)] * len(DAY_NAMES)
    days: list[set[tuple[int, int, tuple[str, ...]]]] = [set() for _ in DAY_NAMES]
    for window in schedule:
        stretch = (window.start_minute, window.end_minute, _entries(window.bindings))
        for day in window.days:
            days[day % len(DAY_NAMES)].add(stretch)
    return [tuple(sorted(windows)) for windows in days]


def _special_days(days: Sequence[SpecialDays] | None) -> object:
    """Each day by itself, so that it does not matter how days were grouped."""
    if days is None:
        return None
    return tuple(
        sorted(
            f"{date.fromordinal(day)} {_plan_words(plan)}"
            for plan in days
            for day in range(plan.first, plan.last + 1)
        )
    )


def _plan_words(plan: SpecialDays) -> str:
    hours = "+".join(stretch_words(*each) for each in sorted(plan.hours)) or "closed"
    bindings = "+".join(_entries(plan.bindings))
    return f"{hours} ({bindings})" if bindings else hours


def stretch_words(start: int, end: int) -> str:
    """``start`` to ``end`` in minutes after midnight, as a person reads it."""
    if (start, end) == (0, DAY_MINUTES):
        return "all day"
    return f"{_clock(start)}-{_clock(end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _menu_values(menu: Sequence[MenuKey] | None) -> dict[Field, object]:
    """One value for each key of the menu, and the menu that callers hear first."""
    if menu is None:
        return {}
    targets: dict[Field, object] = {
        (entry.menu, f"key {entry.key}"): entry.target or NOWHERE for entry in menu
    }
    return {**targets, ("", "menu"): menu[0].menu if menu else ""}


def _extensions(extensions: Sequence[Extension] | None) -> object:
    """The ids of the extensions; their balances are no configuration."""
    return None if extensions is None else _entries(each.id for each in extensions)


def _rank(binding: Binding) -> tuple[str, int, str]:
    return binding.id, binding.position, binding.phone


def _entries(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({entry.strip() for entry in entries}))
