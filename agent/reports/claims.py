"""What a provider owes for a month: the promised times it broke, and what is not claimed; pure.

Only tickets that are closed are claimed, by the clocks' own ledger. Where the responsibility
was the customer's, or unclear, nothing is claimed, and the letter says so
(docs/reference/domain.md §3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique

from agent.config.reports import Contract
from agent.reports.measures import begin_of, end_of
from agent.reports.period import Period
from agent.reports.records import EvidenceFile, TicketRecord
from agent.states import ClockName, Grade
from agent.tickets.forms import Responsibility
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.sla.exclusions import Exclusion, exclusions
from agent.tickets.sla.severe_fault import customers_responsibility

_HOUR = 3600.0
MOST_LINES = 5000
"""Broken promises listed in one letter; further ones are counted and not claimed by it."""


@unique
class Unclaimed(StrEnum):
    """Why a broken promise is not claimed."""

    CUSTOMERS = "customers"
    UNCLEAR = "unclear"
    NO_FAULT = "no_fault"


@dataclass(frozen=True)
class ClaimLine:
    """One promised time that was broken.

    Attributes:
        ticket: The ticket's id.
        provider_ticket: Under which the provider had accepted it; empty where it never did.
        subject: The number, or what of the provider was broken.
        numbers: How many numbers it took.
        grade: The service grade.
        clock: Which time.
        began: When the clock began, epoch seconds.
        ended: When it stopped.
        allowed: The promised seconds.
        counted: The seconds that count.
        excluded: What did not count, and why.
        amount: What is owed for it.
        unclaimed: Why nothing is claimed for it; ``None`` where something is.
    """

    ticket: str
    provider_ticket: str
    subject: str
    numbers: int
    grade: Grade
    clock: ClockName
    began: float
    ended: float
    allowed: float
    counted: float
    excluded: tuple[Exclusion, ...]
    amount: float
    unclaimed: Unclaimed | None

    @property
    def excess(self) -> float:
        """Seconds beyond the promised time."""
        return self.counted - self.allowed


@dataclass
class Claim:
    """What is claimed of one provider for one month."""

    period: Period
    provider: str
    contract: Contract
    lines: list[ClaimLine] = field(default_factory=list)
    tickets: int = 0
    """Tickets of the provider that were closed in the month."""
    left_out: int = 0
    evidence: Sequence[EvidenceFile] = ()

    def add(self, records: Sequence[TicketRecord]) -> None:
        """Take in a batch of tickets that were closed in the month."""
        for record in records:
            self.tickets += 1
            for line in _lines(record, self.contract):
                if len(self.lines) < MOST_LINES:
                    self.lines.append(line)
                else:
                    self.left_out += 1

    @property
    def claimed(self) -> list[ClaimLine]:
        """The lines that are claimed."""
        return [line for line in self.lines if line.unclaimed is None]

    @property
    def unclaimed(self) -> list[ClaimLine]:
        """The broken promises that are not."""
        return [line for line in self.lines if line.unclaimed is not None]

    @property
    def amount(self) -> float:
        """What is owed in all, at most what the contract says for a month."""
        total = sum(line.amount for line in self.claimed)
        most = self.contract.most_a_month
        return total if most is None else min(total, most)

    @property
    def has_amounts(self) -> bool:
        """Whether the contract says what is owed."""
        return bool(self.contract.per_breach or self.contract.per_hour)


def _lines(record: TicketRecord, contract: Contract) -> list[ClaimLine]:
    end = end_of(record, record.detected_at)
    broken = [it for it in readings(record.clocks, end) if it.breached]
    reason = _unclaimed(record)
    return [_line(record, reading, contract, reason, end) for reading in broken]


def _line(
    record: TicketRecord,
    reading: Reading,
    contract: Contract,
    reason: Unclaimed | None,
    end: float,
) -> ClaimLine:
    stopped = end if reading.stopped_at is None else reading.stopped_at
    hours = (reading.elapsed - reading.allowed) / _HOUR
    owed = 0.0 if reason else contract.per_breach + contract.per_hour * hours
    subject = record.subject
    began = begin_of(record)
    paused = (it for it in exclusions(record.clocks, stopped) if it.start < stopped)
    return ClaimLine(
        record.id,
        record.provider_ticket,
        subject.number or subject.account or subject.carrier or subject.provider,
        max(1, len(record.members)),
        record.grade,
        reading.name,
        began,
        stopped,
        reading.allowed,
        reading.elapsed,
        tuple(paused),
        round(owed, 2),
        reason,
    )


def _unclaimed(record: TicketRecord) -> Unclaimed | None:
    if not record.is_fault:
        return Unclaimed.NO_FAULT
    if record.responsible == Responsibility.UNCLEAR:
        return Unclaimed.UNCLEAR
    if customers_responsibility(record):
        return Unclaimed.CUSTOMERS
    return None


def contract_of(contracts: Mapping[str, Contract], provider: str) -> Contract:
    """The contract with a provider; one without amounts where none is configured."""
    return contracts.get(provider, Contract())
