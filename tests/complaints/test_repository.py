"""What the ledger has stored of complaints keeps its names, and waiting ones are evidence."""

import msgspec

from agent.complaints.complaint import Channel, Complaint, ComplaintReport
from agent.complaints.repository import ComplaintRepository, Obligations, StoredComplaint
from agent.states import Scope
from agent.store.database import Database
from agent.tickets.ticket import Subject

NUMBER = "4006220001"


def report(caller: str, at: float) -> ComplaintReport:
    return ComplaintReport(
        number=NUMBER,
        caller=caller,
        at=at,
        has_time=True,
        channel=Channel.HOTLINE,
        prompt="busy",
        **dict.fromkeys(("content", "reference", "handler"), ""),
    )


def test_the_stored_names_stay() -> None:
    complaint = Complaint(id="a", number="4006220001", at=1.0, received_at=2.0, who="b")
    stored = StoredComplaint(complaint, "NW-1", Subject(Scope.NUMBER, "number_down"))
    document = msgspec.to_builtins(stored)
    assert list(document) == ["complaint", "ticket_id", "again"]
    assert msgspec.convert(document, StoredComplaint) == stored


async def test_what_waits_for_an_answer_is_evidence_and_what_is_answered_is_not(
    database: Database,
) -> None:
    complaints = await ComplaintRepository.open(database)
    for identity, caller, at in (("late", "13900001111", 20.0), ("early", "13900002222", 10.0)):
        assert await complaints.add(identity, report(caller, at), Obligations(), 10, 30.0)
    for opened in (complaints, await ComplaintRepository.open(database)):
        found = opened.reports_about(NUMBER)
        assert [(it.at, it.words, it.callers) for it in found] == [
            (10.0, "busy", ("13900002222",)),
            (20.0, "busy", ("13900001111",)),
        ]
    assert complaints.reports_about("4006220002") == ()
    await complaints.update({}, ["early"], 40.0)
    assert [it.at for it in complaints.reports_about(NUMBER)] == [20.0]
    await complaints.update({}, ["late"], 50.0)
    assert complaints.reports_about(NUMBER) == ()
    assert (await ComplaintRepository.open(database)).reports_about(NUMBER) == ()
