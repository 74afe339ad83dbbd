"""A complaint is checked when it comes: one that is none is refused with every mistake, a number
that nobody watches too; one about a known fault goes to its ticket with the diagnosis, and one
about a number that seems well opens a ticket of its own."""

import urllib.error

import pytest

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines


def test_a_complaint_is_checked_and_goes_to_the_right_ticket(hotlines: Hotlines) -> None:
    number = hotlines.number("complaint_pre_check")
    for wrong, status in (
        ({"number": number, "caller": "no phone"}, "400"),
        ({"number": "4009999999", "caller": "13922220004"}, "422"),
    ):
        with pytest.raises(urllib.error.HTTPError, match=status):
            send_signed(hotlines, "/hooks/complaints", wrong)
    taken = send_signed(hotlines, "/hooks/complaints", {"number": number, "caller": "13922220004"})

    def ticket_of(complaint: str) -> str:
        return str(hotlines.json(f"/api/complaints/{complaint}")["ticket"])

    own = hotlines.until(lambda: ticket_of(taken["id"]), "it has a ticket")
    assert hotlines.json(f"/api/tickets/{own}")["symptom"] == "complaint"

    hotlines.set("complaint_pre_check", {"state": "suspended_violation"})

    def is_diagnosed() -> bool:
        cause = hotlines.json(f"/api/tickets/{own}")["diagnosis"]["cause"]
        return bool(cause == "number_suspended_violation")

    hotlines.until(is_diagnosed, "the complaint's ticket says why")
    second = send_signed(hotlines, "/hooks/complaints", {"number": number, "caller": "13922220005"})
    right = hotlines.until(lambda: ticket_of(second["id"]), "the second has a ticket")

    def is_the_faults() -> bool:
        return right in {own, hotlines.json(f"/api/tickets/{own}")["parent"]}

    # Until the alarm fires that is the first complaint's, and then the one it became a part of.
    hotlines.until(is_the_faults, "both complaints are with one fault")
    hotlines.set("complaint_pre_check", {"state": "active"})
