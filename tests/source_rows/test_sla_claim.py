"""A promised time that runs out is said in the ticket's timeline, and the provider that broke it
gets a claim for the month: the clocks' ledger, the tickets, and digests of the evidence, as a
letter in both languages. What the customer is responsible for is not claimed."""

from datetime import datetime, timedelta, timezone
from typing import Any

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines

_CHINA = timezone(timedelta(hours=8))


def _claim(hotlines: Hotlines) -> dict[str, Any]:
    return dict(hotlines.json("/api/reports/claim", provider="north"))


def test_a_broken_promise_is_reminded_of_and_claimed(hotlines: Hotlines) -> None:
    hotlines.set("sla_claim", {"state": "suspended_violation"})
    ticket = hotlines.ticket("sla_claim")["id"]
    # A caller had the trouble five hours ago: the clocks run from then on.
    earlier = (datetime.now(_CHINA) - timedelta(hours=5)).isoformat()
    complaint = {"number": hotlines.number("sla_claim"), "caller": "13911110001", "at": earlier}
    send_signed(hotlines, "/hooks/complaints", complaint)

    def is_reminded() -> bool:
        events = {it["event"] for it in hotlines.json(f"/api/tickets/{ticket}")["timeline"]}
        return "sla_breached" in events

    hotlines.until(is_reminded, "the timeline says that the time is over")
    hotlines.act(ticket, "provider_ticket", "accepted there", provider_ticket="BF-0815")
    hotlines.act(ticket, "attribute", "theirs", responsible="provider")
    hotlines.act(ticket, "close", "agreed", resolution="wont_fix", waiver="agreed by phone")

    lines = [it for it in _claim(hotlines)["lines"] if it["ticket"] == ticket]
    assert "restore" in {it["clock"] for it in lines}
    for line in lines:
        assert line["counted_seconds"] > line["allowed_seconds"]
        assert (line["provider_ticket"], line["unclaimed"]) == ("BF-0815", "")
    hotlines.until(
        lambda: [it for it in _claim(hotlines)["evidence"] if it["ticket"] == ticket],
        "the evidence is named",
    )
    for lang, words in (("en", "Claim for service levels"), ("zh-CN", "索赔函")):
        query = f"?provider=north&format=html&lang={lang}"
        letter = hotlines.agent.get(f"/api/reports/claim{query}").decode()
        assert words in letter
        assert "BF-0815" in letter
        assert words in hotlines.page("/reports/claim", lang, provider="north")

    hotlines.act(ticket, "reopen", "the customer did it")
    hotlines.act(ticket, "attribute", "theirs", responsible="customer")
    hotlines.act(ticket, "close", "agreed", resolution="wont_fix", waiver="agreed by phone")
    reasons = {it["unclaimed"] for it in _claim(hotlines)["lines"] if it["ticket"] == ticket}
    assert reasons == {"customers"}
    hotlines.set("sla_claim", {"state": "active"})
