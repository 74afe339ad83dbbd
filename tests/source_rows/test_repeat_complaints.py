"""Who complains again is known by an id without a phone, and their complaints about the number in
the 30 days before are counted; another caller's count is their own."""

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines


def test_a_repeated_complaint_is_counted_by_its_caller(hotlines: Hotlines) -> None:
    number = hotlines.number("repeat_complaints")

    def complain(caller: str, reference: str) -> dict[str, object]:
        sent = {"number": number, "caller": caller, "reference": reference}
        taken = send_signed(hotlines, "/hooks/complaints", sent)
        return dict(hotlines.json(f"/api/complaints/{taken['id']}"))

    first = complain("13922220006", "R-1")
    again = complain("+86 139-2222-0006", "R-2")
    other = complain("13922220007", "R-3")
    assert (first["repeats"], again["repeats"], other["repeats"]) == (0, 1, 0)
    assert first["reporter"] == again["reporter"] != other["reporter"]
    assert "13922220006" not in str(again)
    listed = hotlines.json("/api/complaints", reporter=str(first["reporter"]))["items"]
    assert {it["reference"] for it in listed} == {"R-1", "R-2"}
