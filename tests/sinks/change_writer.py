"""Writes ticket changes with their outbox rows, as the manager does."""

from msgspec.structs import replace

from agent.states import Grade, Stage
from agent.store.database import Database
from agent.tickets.changes import Change
from agent.tickets.decide.decision import Decision, Transition
from agent.tickets.decide.faults import faults_of
from agent.tickets.ledger import record_all
from agent.tickets.number_details import Particulars
from agent.tickets.outbox.rows import encode_payload, enqueue_all
from agent.tickets.ticket import Entry, Text, Ticket
from agent.tickets.transitions import Opening, open_ticket
from tests.tickets.scene import START, alert


class ChangeWriter:
    def __init__(self, database: Database, *sinks: str) -> None:
        self.database = database
        self.sinks = sinks
        self.now = START
        self.text = ""
        self.severity = "critical"

    async def opened(self, number: int = 1) -> Ticket:
        firing = alert(severity=self.severity, number=f"40062200{number:02}")
        (fault,) = faults_of([firing], [self.severity]).values()
        decision = Decision(Transition.OPEN, fault.key, "it broke", fault)
        opening = Opening(
            Particulars(grade=Grade.AAA), Text(self.text or "broken", self.text), None
        )
        return await self._write(open_ticket(decision, fault, None, opening, self.now))

    async def changed(
        self,
        ticket: Ticket,
        kind: str = "ticket.updated",
        stage: Stage = Stage.DIAGNOSING,
        assignee: str = "",
    ) -> Ticket:
        """The next revision of ``ticket``, queued for the sinks as ``kind``."""
        stage = Stage.CLOSED if kind == "ticket.closed" else stage
        entry = Entry(self.now, "numwatch", "changed", self.text or "a test")
        after = replace(
            ticket,
            stage=stage,
            assignee=assignee,
            revision=ticket.revision + 1,
            changed_at=self.now,
            timeline=(*ticket.timeline, entry),
        )
        return await self._write(Change(ticket, after, kind))

    async def _write(self, change: Change) -> Ticket:
        async with self.database.transaction() as connection:
            await record_all(connection, [change])
            await enqueue_all(connection, self.sinks, [(change, encode_payload(change))])
        return change.after
