"""The rule for the health of a number, as a table: the first line that applies decides.

docs/health.md has the same table for people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np
import numpy.typing as npt

from agent.checks.lifecycle import Flags, Floats
from agent.health.call_columns import ENOUGH_CALLS
from agent.states import Health

HEALTHS: tuple[Health, ...] = tuple(Health)
HEALTH_CODES: Mapping[Health, int] = {health: code for code, health in enumerate(HEALTHS)}
WORST_FIRST = (Health.DOWN, Health.UNKNOWN, Health.DEGRADED, Health.NOT_OPENED, Health.OK)
"""The order of lists and of the headline: what is not known may be down."""

Codes = npt.NDArray[np.int8]


@unique
class Reason(StrEnum):
    """The line of the table that decided."""

    TICKET_DOWN = "ticket_down"
    STALE = "stale"
    NOT_OPENED = "not_opened"
    OUT_OF_SERVICE = "out_of_service"
    NO_PHONE = "no_phone"
    UNANSWERED = "unanswered"
    STATE_UNKNOWN = "state_unknown"
    IMPAIRED = "impaired"
    BY_PHONES = "by_phones"
    BY_CALLS = "by_calls"
    SILENT = "silent"


@dataclass(frozen=True, eq=False)
class HealthFacts:
    """The facts about each number of an account, by row."""

    listing_fresh: Flags
    """Whether the listing is current; the same for all numbers of an account."""
    not_opened: Flags
    """Not in service yet: reserved, in review or not funded, and not fallen back from service."""
    up: Floats
    """1 if its states let calls through, 0 if they do not, NaN if they are not known."""
    impaired: Flags
    """Low balance, contradicting states, or not configured as approved."""
    phones: Floats
    """How many phones are bound; NaN if that is not known or not current."""
    reachable: Floats
    """How many of them are known to be reachable; 0 if nothing is known."""
    unreachable: Floats
    """How many of them are known not to be."""
    offered: npt.NDArray[np.integer]
    """Recent calls that were to be answered."""
    answered: npt.NDArray[np.integer]
    tickets: Codes
    """Code of the worst effect of its open tickets."""

    @property
    def enough_calls(self) -> Flags:
        """Whether there were enough calls to judge by."""
        return np.asarray(self.offered >= ENOUGH_CALLS)

    @property
    def few_answered(self) -> Flags:
        """Whether fewer than half of enough calls were answered."""
        are_few: Flags = 2 * self.answered < self.offered
        return np.logical_and(self.enough_calls, are_few)


def _ticket(health: Health) -> Callable[[HealthFacts], Flags]:
    return lambda facts: np.asarray(facts.tickets == HEALTH_CODES[health])


def _no_phone(facts: HealthFacts) -> Flags:
    # A comparison with NaN is false: phones that are not known do not count as none.
    return np.asarray(facts.unreachable == facts.phones)


def _unanswered(facts: HealthFacts) -> Flags:
    are_none: Flags = facts.answered == 0
    return np.logical_and(facts.enough_calls, are_none)


def _impaired(facts: HealthFacts) -> Flags:
    of_ticket = _ticket(Health.DEGRADED)(facts)
    is_phone_lost = np.asarray(facts.unreachable > 0)
    return np.asarray(of_ticket | facts.impaired | is_phone_lost | facts.few_answered)


RULE: tuple[tuple[Reason, Health, Callable[[HealthFacts], Flags]], ...] = (
    (Reason.TICKET_DOWN, Health.DOWN, _ticket(Health.DOWN)),
    (Reason.STALE, Health.UNKNOWN, lambda facts: ~facts.listing_fresh),
    (Reason.NOT_OPENED, Health.NOT_OPENED, lambda facts: facts.not_opened),
    (Reason.OUT_OF_SERVICE, Health.DOWN, lambda facts: np.asarray(facts.up == 0)),
    (Reason.NO_PHONE, Health.DOWN, _no_phone),
    (Reason.UNANSWERED, Health.DOWN, _unanswered),
    (Reason.STATE_UNKNOWN, Health.UNKNOWN, lambda facts: np.isnan(facts.up)),
    (Reason.IMPAIRED, Health.DEGRADED, _impaired),
    (Reason.BY_PHONES, Health.OK, lambda facts: np.asarray(facts.reachable > 0)),
    (Reason.BY_CALLS, Health.OK, lambda facts: facts.enough_calls),
    (Reason.SILENT, Health.UNKNOWN, lambda facts: np.ones(facts.up.size, dtype=np.bool_)),
)
"""Reason, health and condition of every line, in order."""
REASONS: tuple[Reason, ...] = tuple(reason for reason, _, _ in RULE)
_HEALTH_OF_REASON = np.array([HEALTH_CODES[health] for _, health, _ in RULE], dtype=np.int8)


def decide(facts: HealthFacts) -> Codes:
    """The deciding line for each number, as indices into ``REASONS``."""
    undecided = np.full(facts.up.size, len(RULE) - 1, dtype=np.int8)
    # From the last line to the first, so that an earlier one takes the place of a later one.
    for line in range(len(RULE) - 2, -1, -1):
        undecided[RULE[line][2](facts)] = line
    return undecided


def healths_of(reasons: Codes) -> Codes:
    """The health that follows from each deciding line, as indices into ``HEALTHS``."""
    return np.asarray(_HEALTH_OF_REASON[reasons], dtype=np.int8)
