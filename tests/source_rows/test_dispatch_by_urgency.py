"""The queue has what waits for whom, the most urgent first. A ticket is handed over with a note,
the new holder gets an SMS, and when nothing moves the holder is reminded, then who is on call; the
reminders are in the timeline."""

from typing import Any

from tests.source_rows.command import ALONE, MILD, PEOPLE, Command


def test_the_urgent_goes_first_and_what_does_not_move_is_nudged(command: Command) -> None:
    command.outage()
    command.break_down(ALONE, MILD)
    first, second = (
        command.until(lambda number=number: command.tickets_of(number), f"{number} has a ticket")[0]
        for number in (ALONE, MILD)
    )
    ids = [it["id"] for it in command.json("/api/dispatch")["items"]]
    assert ids.index(first["id"]) < ids.index(second["id"])
    command.act(first["id"], "assign", "yours", assignee="chen")
    handed = command.act(first["id"], "hand_over", "the carrier calls back", assignee="li")
    assert handed["assignee"] == "li"
    li, chen = PEOPLE["li"], PEOPLE["chen"]

    def words(phone: str) -> list[str]:
        return [it.partition(":")[0] for it in command.gateway.of(phone)]

    command.until(lambda: "工单无进展" in words(li), "the holder is reminded")
    command.until(lambda: "工单无进展" in words(chen), "who is on call is reminded")
    assert "已派给您" in words(li)
    assert words(li).count("工单无进展") == 1
    document: Any = command.json(f"/api/tickets/{first['id']}")
    events = [it["event"] for it in document["timeline"]]
    assert events[events.index("hand_over") :].count("nudged") == 2
    assert "转交" in command.page(f"/tickets/{first['id']}", "zh-CN")
    (row,) = [it for it in command.json("/api/dispatch")["items"] if it["id"] == first["id"]]
    assert (row["stalled"], row["assignee"]) == (True, "li")
    command.repair(ALONE, MILD)
