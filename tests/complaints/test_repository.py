"""What the ledger has stored of complaints keeps its names."""

import msgspec

from agent.complaints.complaint import Complaint
from agent.complaints.repository import StoredComplaint
from agent.states import Scope
from agent.tickets.ticket import Subject


def test_the_stored_names_stay() -> None:
    complaint = Complaint(id="a", number="4006220001", at=1.0, received_at=2.0, who="b")
    stored = StoredComplaint(complaint, "NW-1", Subject(Scope.NUMBER, "number_down"))
    document = msgspec.to_builtins(stored)
    assert list(document) == ["complaint", "ticket_id", "again"]
    assert msgspec.convert(document, StoredComplaint) == stored
