"""Open tickets as series."""

from collections.abc import Mapping

import msgspec

from agent.states import ClockName, Grade, Scope, Severity, Stage
from agent.tickets.series import tickets_summary
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Events, Terms
from agent.tickets.ticket import Subject, Ticket
from exporters.block import Block


def ticket(stage: Stage, severity: Severity = Severity.CRITICAL, ledger: Events = ()) -> Ticket:
    return Ticket(
        id="NW-1",
        key="k",
        episode=1,
        subject=Subject(Scope.NUMBER, "number_down"),
        stage=stage,
        severity=severity,
        grade=Grade.AAA,
        started_at=1.0,
        detected_at=1.0,
        clocks=ledger,
    )


def samples(block: Block) -> Mapping[tuple[str, ...], float]:
    return dict(zip(zip(*block.frame.columns, strict=True), block.values.tolist(), strict=True))


def test_every_stage_and_severity_is_told_from_the_start() -> None:
    [block] = tickets_summary([], 10.0)
    assert set(samples(block).values()) == {0.0}
    assert block.size == len(Stage) * len(Severity)


def test_open_tickets_are_counted_and_closed_ones_are_not() -> None:
    block = tickets_summary([ticket(Stage.DIAGNOSING)] * 2 + [ticket(Stage.CLOSED)], 10.0)[0]
    assert samples(block)["diagnosing", "critical"] == 2
    assert sum(samples(block).values()) == 2


def test_only_running_clocks_have_deadlines() -> None:
    begun = clocks.start(Grade.AAA, Terms(contact=900.0, restore=7200.0), 0.0)
    ledger = clocks.stop(begun, 5.0, ClockName.CONTACT)
    _counts, deadlines, _changes = tickets_summary(
        [ticket(Stage.DIAGNOSING, Severity.CRITICAL, ledger)], 10.0
    )
    assert samples(deadlines) == {("NW-1", "AAA", "restore"): 7200.0}


def test_an_open_ticket_tells_when_it_was_changed() -> None:
    changed = msgspec.structs.replace(ticket(Stage.DISPATCHED), changed_at=77.0)
    changes = tickets_summary([changed, ticket(Stage.CLOSED)], 10.0)[-1]
    assert samples(changes) == {("NW-1", "dispatched"): 77.0}
