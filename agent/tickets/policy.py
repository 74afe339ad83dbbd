"""The settings that people's acts and the passing of time go by."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from agent.config.service import SevereFault, Step
from agent.config.settings import Settings
from agent.states import Grade, Party
from agent.tickets.sla.clocks import PauseReason, Terms
from agent.tickets.sla.terms import terms_of


class TicketPolicy(msgspec.Struct, frozen=True):
    """How tickets are handled; times in seconds."""

    terms: Mapping[Grade, Terms]
    pause_reasons: frozenset[PauseReason]
    confirmation: frozenset[Grade]
    waive_after: float | None
    warnings: tuple[int, ...]
    ladder: tuple[Step, ...]
    severe: SevereFault
    contacts: Mapping[Party, str]
    zone: ZoneInfo


def ticket_policy_of(settings: Settings) -> TicketPolicy:
    """What the configuration says of it."""
    levels = settings.tickets.sla
    return TicketPolicy(
        terms=terms_of(settings),
        pause_reasons=frozenset(PauseReason(name) for name in levels.pause_reasons),
        confirmation=frozenset(settings.tickets.confirmation.grades),
        waive_after=settings.tickets.confirmation.waive_after,
        warnings=tuple(sorted(set(levels.warnings) | {step.percent for step in levels.ladder})),
        ladder=tuple(levels.ladder),
        severe=levels.severe,
        contacts={party: contact.name for party, contact in settings.contacts.items()},
        zone=ZoneInfo(settings.timezone),
    )
