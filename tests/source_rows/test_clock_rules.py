"""Clocks start at the first alarm, or at a customer's report where that came before it. They stop
for what the contract excludes and go on after it, pause for an agreed visit, and stop for good when
service is back, by repair or by another way."""

import json
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

import yaml
from standardwebhooks.webhooks import Webhook

from tests.source_rows.hotlines import Hotlines


def report(hotlines: Hotlines, document: dict[str, str]) -> None:
    """Post a complaint, signed as its senders sign."""
    settings = yaml.safe_load(hotlines.agent.config.read_text(encoding="utf-8"))
    body, now, message = json.dumps(document), datetime.now(UTC), "msg-clock-rules"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(settings["intake"]["complaints"]["secret"]).sign(
            message, now, body
        ),
    }
    request = Request(f"{hotlines.agent.url}/hooks/complaints", body.encode(), headers)
    with urlopen(request, timeout=30) as answer:
        assert json.load(answer)["id"]


def test_clocks_start_pause_and_stop(hotlines: Hotlines) -> None:
    hotlines.set("clock_rules", {"state": "suspended_violation"})
    ticket = hotlines.ticket("clock_rules")
    key = ticket["id"]
    began = hotlines.act(key, "grade", "as promised", grade="AAA")["clocks"]
    assert {it["paused"] for it in began} == {False}
    reported = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    number = hotlines.number("clock_rules")
    complaint = {"number": number, "at": reported, "caller": "13900007777"}
    report(hotlines, complaint)
    earlier = hotlines.until(
        lambda: [
            it for it in hotlines.ticket("clock_rules")["clocks"] if it["elapsed_seconds"] > 590
        ],
        "the clocks begin at the report",
    )
    assert earlier
    paused = hotlines.act(key, "pause", "nobody lets us in", why="customer_caused")
    assert {reason for it in paused["clocks"] for reason in it["pause_reasons"]} == {
        "customer_caused"
    }
    going = hotlines.act(key, "resume", "the door is open", why="customer_caused")
    assert not any(it["paused"] for it in going["clocks"])
    hour = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    visit = hotlines.act(key, "appoint", "agreed by phone", time=hour)
    restore = next(it for it in visit["clocks"] if it["name"] == "restore")
    assert restore["pause_reasons"] == ["appointment"]
    over = hotlines.act(key, "restore", "calls go another way")
    assert all(it["stopped_at"] for it in over["clocks"])
