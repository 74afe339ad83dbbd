"""Three numbers that fail together are one ticket about what they share: it alone stands in the
queue, the numbers are its members, and it says why they belong together. Restoration goes first: it
stops the clocks before the cause is repaired."""

from tests.source_rows.command import OUTAGE, Command
from tests.source_rows.hotlines import Hotlines


def test_the_root_has_the_ticket_and_its_numbers_have_none(command: Command) -> None:
    seen = command.outage()
    assert seen.ticket["scope"] in {"account", "provider"}
    assert {it["number"] for it in seen.ticket["members"]} == set(OUTAGE)
    numbers = [it["title"] for it in seen.queue if it["id"] != seen.ticket["id"]]
    assert not [it for it in numbers if any(number in it for number in OUTAGE)]


def test_service_is_restored_before_the_cause_is_repaired(hotlines: Hotlines) -> None:
    hotlines.set("root_alarm_first", {"state": "suspended_violation"})
    ticket = hotlines.ticket("root_alarm_first")
    hotlines.act(ticket["id"], "grade", "as promised", grade="AAA")
    hotlines.set("root_alarm_first", {"state": "active"})
    restored = hotlines.until(
        lambda: it if (it := hotlines.ticket("root_alarm_first"))["stage"] == "restored" else None,
        "service is back",
    )
    assert all(it["stopped_at"] for it in restored["clocks"])
    repaired = hotlines.act(ticket["id"], "repair", "the line is spliced")
    assert repaired["stage"] == "repaired"
    assert repaired["restored_at"] == restored["restored_at"]
