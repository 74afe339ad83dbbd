"""A fault has one ticket with one number, and its progress is seen by that number: on its page,
by the interface, and at the ticket desk, which got it once."""

from tests.source_rows.hotlines import Hotlines


def test_a_ticket_has_one_number_and_its_progress_is_asked_by_it(hotlines: Hotlines) -> None:
    # Of violations several would be an outage of the provider, with a ticket of its own.
    hotlines.set("ticket_and_progress", {"state": "suspended_requested"})
    ticket = hotlines.ticket("ticket_and_progress")
    assert [it["id"] for it in hotlines.tickets("ticket_and_progress")] == [ticket["id"]]

    after = hotlines.act(ticket["id"], "accept", "on it", provider_ticket="P-7")
    assert (after["id"], after["stage"]) == (ticket["id"], "accepted")
    assert after["provider_ticket"] == "P-7"
    for lang, words in (("en", "accepted"), ("zh-CN", "已受理")):
        page = hotlines.page(f"/tickets/{ticket['id']}", lang)
        assert words in page
        assert "P-7" in page
    at_desk = hotlines.until(
        lambda: [
            it
            for it in hotlines.desk()
            if it["id"] == ticket["id"] and it["revision"] >= after["revision"]
        ],
        "the desk has the ticket as it is now",
    )
    assert len(at_desk) == 1
