"""A number's configuration in one canonical form, so that only real edits are differences.

Order is dropped where it has no meaning (windows, areas, list entries, phones of a strategy
that does not ring in order); the days of a schedule are told one by one, so that it does not
matter how windows were grouped. ``None`` stands for what a provider does not tell.
"""

from collections.abc import Iterable, Mapping, Sequence

from agent.model import Binding, Routing, Window
from agent.states import BindingKind, ConfigSection, Strategy

Field = tuple[str, str]
"""What a value belongs to: the id of a phone or nothing, and the field's name."""
Values = Mapping[Field, object]

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1440
BOUND = "bound"
ORDERED_STRATEGIES = frozenset({Strategy.SEQUENTIAL, Strategy.CYCLIC, Strategy.UNKNOWN})
"""Strategies that ring phones in their order (domain.md §1, strategy)."""

ROUTING_SECTIONS: tuple[ConfigSection, ...] = tuple(
    section for section in ConfigSection if section is not ConfigSection.BINDINGS
)
"""Sections that the routing tells; the bound phones tell the other one."""


def rings_in_order(*routings: Routing | None) -> bool:
    """Whether the order of the phones has a meaning under every one of ``routings``."""
    return all(routing is None or routing.strategy in ORDERED_STRATEGIES for routing in routings)


def routing_values(routing: Routing) -> dict[ConfigSection, Values]:
    """The canonical form of every section but the bindings."""
    return {
        ConfigSection.STRATEGY: {
            ("", "strategy"): None if routing.strategy is Strategy.UNKNOWN else routing.strategy
        },
        ConfigSection.WAIT: {("", "wait_seconds"): routing.wait_seconds},
        ConfigSection.SCHEDULE: {
            ("", day): windows
            for day, windows in zip(DAY_NAMES, days_of(routing.schedule), strict=True)
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
        ConfigSection.FEATURES: {
            ("", "concurrency_limit"): routing.concurrency_limit,
            ("", "voicemail"): routing.voicemail,
        },
    }


def binding_values(
    bindings: Sequence[Binding], order: Sequence[str] | None, *, in_order: bool
) -> Values:
    """The canonical form of the bindings section.

    Args:
        bindings: The bound phones; their states are no configuration.
        order: The ids as the routing names them; ``None`` where no routing is known.
        in_order: Whether the order of the phones has a meaning.
    """
    values: dict[Field, object] = {}
    for key, binding in keyed(bindings):
        values[key, BOUND] = True
        values[key, "phone"] = binding.phone
        values[key, "kind"] = None if binding.kind is BindingKind.UNKNOWN else binding.kind
        values[key, "position"] = (binding.position or None) if in_order else None
    if order is not None:
        values["", "binding_order"] = tuple(order) if in_order else _entries(order)
    return values


def keyed(bindings: Sequence[Binding]) -> list[tuple[str, Binding]]:
    """The phones by id; a second phone of the same id gets a key of its own."""
    seen: dict[str, int] = {}
    pairs = []
    for binding in sorted(bindings, key=_rank):
        seen[binding.id] = order = seen.get(binding.id, 0) + 1
        pairs.append((binding.id if order == 1 else f"{binding.id}#{order}", binding))
    return pairs


def days_of(schedule: Sequence[Window]) -> list[tuple[tuple[int, int, tuple[str, ...]], ...]]:
    """The windows of each day of the week, Monday first: start, end, ids of the phones.

    No windows at all mean always open (``Routing.schedule``).
    """
    if not schedule:
        return [((0, DAY_MINUTES, ()),)] * len(DAY_NAMES)
    days: list[set[tuple[int, int, tuple[str, ...]]]] = [set() for _ in DAY_NAMES]
    for window in schedule:
        stretch = (window.start_minute, window.end_minute, _entries(window.bindings))
        for day in window.days:
            days[day % len(DAY_NAMES)].add(stretch)
    return [tuple(sorted(windows)) for windows in days]


def _rank(binding: Binding) -> tuple[str, int, str]:
    return binding.id, binding.position, binding.phone


def _entries(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({entry.strip() for entry in entries}))
