"""Compares a number's configuration with its baseline, section by section.

Source: docs/reference/domain.md §4 (L42); docs/reference/interface.md, Metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from agent.baselines import canonical
from agent.baselines.baseline import Baseline
from agent.baselines.canonical import (
    BOUND,
    ROUTING_SECTIONS,
    Values,
    binding_values,
    rings_in_order,
    routing_values,
    stretch_words,
)
from agent.masking import looks_like_phone, mask_phone, mask_text
from agent.model import Binding, Routing
from agent.states import ConfigSection

SECTIONS: tuple[ConfigSection, ...] = tuple(ConfigSection)
SECTION_BITS: Mapping[ConfigSection, int] = {
    section: 1 << index for index, section in enumerate(SECTIONS)
}
BINDINGS_BIT = SECTION_BITS[ConfigSection.BINDINGS]
ROUTING_BITS = sum(SECTION_BITS[section] for section in ROUTING_SECTIONS)

_ABSENT = object()
_OF_PEOPLE = frozenset({"phone", "voicemail_recipient"})
_CONFIGURED = attrgetter(
    "id", "phone", "kind", "position", "areas", "lines", *canonical.PHONE_FEATURES
)


@dataclass(frozen=True)
class Difference:
    """One field that differs from the baseline, as text with phones masked."""

    section: ConfigSection
    field: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.field}: {self.was} -> {self.now}"


@dataclass(frozen=True)
class Drift:
    """Which sections drifted and which could be compared, as bits of ``SECTION_BITS``."""

    drifted: int
    known: int


NO_DRIFT = Drift(0, 0)


def sections_of(bits: int) -> tuple[ConfigSection, ...]:
    """Returns the sections whose bits are set."""
    return tuple(section for section, bit in SECTION_BITS.items() if bits & bit)


def compare(
    baseline: Baseline | None, routing: Routing | None, bindings: Sequence[Binding] | None
) -> Drift:
    """Compare every section with ``baseline``; a section that either side lacks is unknown."""
    if baseline is None:
        return NO_DRIFT
    known = ROUTING_BITS if routing is not None and baseline.routing is not None else 0
    if bindings is not None and baseline.bindings is not None:
        known |= BINDINGS_BIT
    known &= _covered_sections(baseline)
    if _unchanged(baseline, routing, bindings):
        return Drift(0, known)
    drifted = 0
    for difference in differences(baseline, routing, bindings):
        drifted |= SECTION_BITS[difference.section]
    return Drift(drifted, known)


def _covered_sections(baseline: Baseline) -> int:
    """The bits of the sections that the baseline covers."""
    if baseline.sections is None:
        return ROUTING_BITS | BINDINGS_BIT
    return sum(SECTION_BITS[section] for section in baseline.sections)


def differences(
    baseline: Baseline, routing: Routing | None, bindings: Sequence[Binding] | None
) -> tuple[Difference, ...]:
    """Returns every field that differs from ``baseline``."""
    differing: list[Difference] = []
    if bindings is not None and baseline.bindings is not None:
        differing += _binding_differences(baseline, baseline.bindings, routing, bindings)
    if routing is not None and baseline.routing is not None:
        was, now = routing_values(baseline.routing), routing_values(routing)
        for section in ROUTING_SECTIONS:
            differing += _section_differences(section, was[section], now[section])
    covered = sections_of(_covered_sections(baseline))
    return tuple(difference for difference in differing if difference.section in covered)


def _unchanged(
    baseline: Baseline, routing: Routing | None, bindings: Sequence[Binding] | None
) -> bool:
    """The usual case, decided without building canonical forms."""
    if routing is not baseline.routing and routing is not None and routing != baseline.routing:
        return False
    if bindings is None or baseline.bindings is None or bindings is baseline.bindings:
        return True
    return list(map(_CONFIGURED, bindings)) == list(map(_CONFIGURED, baseline.bindings))


def _binding_differences(
    baseline: Baseline,
    approved: Sequence[Binding],
    routing: Routing | None,
    bindings: Sequence[Binding],
) -> Iterator[Difference]:
    in_order = rings_in_order(baseline.routing, routing)
    both = baseline.routing is not None and routing is not None
    was_order = baseline.routing.binding_order if baseline.routing and both else None
    now_order = routing.binding_order if routing and both else None
    return _section_differences(
        ConfigSection.BINDINGS,
        binding_values(approved, was_order, in_order=in_order),
        binding_values(bindings, now_order, in_order=in_order),
    )


def _section_differences(section: ConfigSection, was: Values, now: Values) -> Iterator[Difference]:
    for key in {**was, **now}:
        old, new = was.get(key, _ABSENT), now.get(key, _ABSENT)
        owner, name = key
        both_known = old is not None and new is not None
        # An added or removed phone or key is one difference, not one for each of its fields.
        is_shown = _is_whole_entry(name) or (old is not _ABSENT and new is not _ABSENT)
        if both_known and is_shown and old != new:
            field = f"{mask_text(owner)} {name}" if owner else name
            yield Difference(section, field, _words(name, old), _words(name, new))


def _is_whole_entry(name: str) -> bool:
    return name == BOUND or name.startswith("key ")


def _words(name: str, value: object) -> str:
    """``value`` as text, without full phone numbers or names of people."""
    if value is _ABSENT or value == "":
        return "no" if value is _ABSENT else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_entry_words, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if name in _OF_PEOPLE:
        return _person(str(value))
    return mask_text(str(value))


def _person(text: str) -> str:
    return mask_phone(text) if looks_like_phone(text) else f"{text[:1]}***"


def _entry_words(entry: object) -> str:
    if not isinstance(entry, tuple):
        return mask_text(str(entry))
    start, end, bindings = entry
    hours = stretch_words(start, end)
    return f"{hours} ({'+'.join(map(mask_text, bindings))})" if bindings else hours
