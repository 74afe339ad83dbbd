"""Tickets in a real ledger."""

from agent.states import Grade, Scope, Severity, Stage
from agent.store.database import Database
from agent.tickets.changes import Change
from agent.tickets.ledger import record_all
from agent.tickets.ticket import Entry, Subject, Text, Ticket
from agent.verdict import Evidence, Verdict
from tests.web.facts import NOW, PHONE


def ticket(name: str = "t-1", severity: Severity = Severity.CRITICAL, **more: object) -> Ticket:
    fields = {
        "key": f"key-{name}",
        "episode": 1,
        "subject": Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220002"),
        "stage": Stage.DIAGNOSING,
        "grade": Grade.AAA,
        "started_at": NOW - 4000,
        "detected_at": NOW - 3900,
        "text": Text("4006220002 is suspended for arrears", "No call gets through."),
        "diagnosis": Verdict(
            "4006220002",
            "number_suspended_arrears",
            "finance",
            "",
            0.9,
            NOW - 4000,
            (Evidence("bound phone", PHONE, "north/hq reachability"),),
        ),
        "timeline": (Entry(NOW - 3900, "numwatch", "detected", "an alert fired"),),
    }
    return Ticket(id=name, severity=severity, **{**fields, **more})


async def write(database: Database, *tickets: Ticket) -> None:
    async with database.transaction() as connection:
        for stored in tickets:
            await record_all(connection, [Change(None, stored, "ticket.opened")])
