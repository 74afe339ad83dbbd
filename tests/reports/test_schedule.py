"""Reports are sent on a schedule: to a real receiver, in simulated time, once over restarts."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from agent.config.reports import ScheduledReport
from agent.config.settings import Settings
from agent.reports.excerpt import MOST_BYTES
from agent.reports.schedule import due_reports, note_of
from agent.reports.scheduled import ScheduledReports
from agent.reports.service import ReportService
from agent.store import StoreError
from agent.store.database import Database
from agent.store.schema import outbox, pages
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.reports.book import ZONE, A, B, at, handled, outage
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.receiver import Receiver
from tests.sinks.systems.bots import BotServer, DingTalkServer, FeishuServer, WeComServer
from tests.web.ledger import write

URL = "https://numwatch.example.com"
MONTHLY = {"kind": "statistics", "sinks": ["desk"]}
CONTRACT = {"north": {"per_breach": 100, "per_hour": 50, "most_a_month": 1000}}


class Office:
    """What sends reports, its sinks, and the configuration that tests change."""

    def __init__(self, harness: DispatcherHarness) -> None:
        self.harness = harness
        self.schedule: list[dict[str, Any]] = [MONTHLY]
        self.external_url: str | None = URL
        self.harness.clock.now = at("09-20 12:00")

    @property
    def settings(self) -> Settings:
        account = {"id": "hq"}
        return Settings.model_validate(
            {
                "locale": "zh-CN",
                "providers": [{"name": "north", "profile": "generic", "accounts": [account]}],
                "sinks": [it.model_dump(exclude_unset=True) for it in self.harness.sections],
                "web": {"external_url": self.external_url} if self.external_url else {},
                "reports": {"schedule": self.schedule, "contracts": CONTRACT},
            }
        )

    def make(self) -> ScheduledReports:
        """What a start of the agent makes: it remembers nothing."""
        database, clock = self.harness.database, self.harness.clock
        settings = self.settings
        reports = ReportService(database, lambda: settings, clock)
        wake = self.harness.running.wake
        return ScheduledReports(database, reports, lambda: settings, clock, wake)

    async def start(self) -> None:
        await self.harness.start()
        self.scheduled = self.make()

    async def restart(self) -> None:
        await self.harness.stop()
        await self.start()

    async def follow(self, when: str) -> int:
        self.harness.clock.now = at(when)
        count = await self.scheduled.follow()
        await self.harness.settle()
        return count


@pytest.fixture
async def harness(database: Database) -> AsyncIterator[DispatcherHarness]:
    made = DispatcherHarness(database, Telemetry())
    yield made
    await made.stop()


@pytest.fixture
async def receiver(harness: DispatcherHarness) -> AsyncIterator[Receiver]:
    made = Receiver(clock=harness.clock)
    harness.add("desk", await made.start())
    yield made
    await harness.stop()
    await made.stop()


@pytest.fixture
async def office(harness: DispatcherHarness, receiver: Receiver) -> Office:
    assert receiver
    made = Office(harness)
    await write(harness.database, *_september())
    await made.start()
    assert await made.follow("09-20 12:00") == 0
    return made


def _september() -> list[Ticket]:
    late = {"contact": 20, "restored": 180, "closed": 200, "cause": "provider_leg"}
    return [
        handled("t-1", "09-03 10:00", contact=10, restored=60, closed=70, assignee="李伟"),
        handled("t-2", "09-05 10:00", number=B, assignee="李伟", **late),
        handled("t-3", "10-05 10:00", number=B, **late),
    ]


async def test_a_month_is_sent_when_its_hour_has_come_and_once(
    office: Office, receiver: Receiver
) -> None:
    assert await office.follow("10-01 07:59") == 0
    assert await office.follow("10-01 08:00") == 1
    (sent,) = receiver.deliveries
    assert (sent.type, sent.data["period"], sent.data["report"]) == (
        "report.ready",
        "2026-09",
        "statistics",
    )
    assert "." not in sent.webhook_id
    assert sent.data["url"] == f"{URL}/reports?period=2026-09"
    document = sent.data["document"]
    assert (document["period"], document["all"]["faults"]) == ("2026-09", 2)
    assert document["numbers"]
    assert sent.data["left_out"] == {}
    for when in ("10-01 08:01", "10-15 00:00", "10-31 23:59"):
        await office.restart()
        assert await office.follow(when) == 0
    assert await office.follow("11-01 08:00") == 1
    assert [it.data["period"] for it in receiver.deliveries] == ["2026-09", "2026-10"]
    assert len(set(receiver.ids())) == 2


async def test_of_several_periods_missed_while_it_was_down_the_last_is_sent(
    office: Office, receiver: Receiver
) -> None:
    await office.harness.stop()
    office.harness.clock.now = at("12-20 03:00")
    await office.start()
    assert await office.follow("12-20 03:00") == 1
    assert [it.data["period"] for it in receiver.deliveries] == ["2026-11"]
    await office.restart()
    assert await office.follow("12-20 03:05") == 0


async def test_an_entry_that_is_new_sends_nothing_of_before(
    office: Office, receiver: Receiver
) -> None:
    office.schedule = [MONTHLY, {**MONTHLY, "kind": "scores"}, {**MONTHLY, "every": "quarter"}]
    await office.restart()
    assert await office.follow("09-21 12:00") == 0
    assert await office.follow("10-01 09:00") == 3
    seen = [(it.data["report"], it.data["period"]) for it in receiver.deliveries]
    assert seen == [("statistics", "2026-09"), ("scores", "2026-09"), ("statistics", "2026-Q3")]
    assert "李伟" not in receiver.deliveries[1].body.decode()
    assert receiver.deliveries[1].data["document"]["all"]["tickets"] == 2


async def test_a_hour_that_is_moved_sends_nothing_twice(office: Office, receiver: Receiver) -> None:
    assert await office.follow("10-01 08:30") == 1
    office.schedule = [{**MONTHLY, "hour": 10}]
    await office.restart()
    assert await office.follow("10-01 10:30") == 0
    assert len(receiver.deliveries) == 1


def test_what_is_noted_is_not_counted_again() -> None:
    """Else the report would be made at every look, and only then be left out."""
    entry = ScheduledReport.model_validate(MONTHLY)
    note = note_of(entry, "desk")
    due = [
        [it.period.name for it in due_reports([entry], {note: name}, at("10-15 08:00"), ZONE)]
        for name in ("2026-08", "2026-09")
    ]
    assert due == [["2026-09"], []]
    assert list(due_reports([entry], {}, at("10-15 08:00"), ZONE)) == []


async def test_two_agents_at_once_and_a_pruned_outbox_send_it_once(
    office: Office, receiver: Receiver
) -> None:
    office.harness.clock.now = at("10-01 08:00")
    counts = await asyncio.gather(office.make().follow(), office.make().follow())
    await office.harness.settle()
    assert sorted(counts) == [0, 1]
    async with office.harness.database.transaction() as connection:
        await connection.execute(delete(outbox))
    assert await office.follow("10-09 08:00") == 0
    assert len(receiver.deliveries) == 1


async def test_the_database_refuses_a_second_delivery_of_the_same_report(office: Office) -> None:
    assert await office.follow("10-01 08:00") == 1
    async with office.harness.database.transaction() as connection:
        forgotten = pages.c.name.startswith("reports/schedule/")
        await connection.execute(pages.update().where(forgotten).values(value=b"2026-08"))
    with pytest.raises(StoreError):
        await office.follow("10-01 09:00")
    async with office.harness.database.reading() as connection:
        count = await connection.execute(select(func.count()).select_from(outbox))
        assert count.scalar_one() == 1


async def test_a_replica_that_does_not_decide_sends_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = SimpleNamespace(lease=lambda _name: None)
    monkeypatch.setattr(Database, "lease_keeper", property(lambda _self: keeper))
    assert await office.follow("10-01 08:00") == 0
    monkeypatch.setattr(Database, "lease_keeper", property(lambda _self: None))
    assert await office.follow("10-01 08:01") == 1


async def test_a_retry_over_a_restart_has_the_same_id_and_the_same_body(
    office: Office, receiver: Receiver
) -> None:
    receiver.answer = lambda _request: 503
    assert await office.follow("10-01 08:00") == 1
    await write(office.harness.database, handled("t-9", "09-28 10:00"))
    await office.restart()
    receiver.answer = lambda _request: None
    await office.follow("10-01 08:30")
    assert len(receiver.attempts) >= 2
    assert len({it.webhook_id for it in receiver.attempts}) == 1
    assert len({it.body for it in receiver.attempts}) == 1
    assert len(receiver.deliveries) == 1


async def test_a_report_that_is_refused_holds_no_ticket_up(
    office: Office, receiver: Receiver
) -> None:
    refused = lambda request: request.headers["webhook-id"].startswith("report_")  # noqa: E731
    receiver.answer = lambda request: 500 if refused(request) else None
    assert await office.follow("10-01 08:00") == 1
    writer = ChangeWriter(office.harness.database, "desk")
    writer.now = office.harness.clock.now
    await writer.opened()
    await office.harness.pass_time(7200, step=60)
    assert [it.type for it in receiver.deliveries] == ["ticket.opened"]


async def test_a_webhook_is_sent_a_bounded_document(office: Office, receiver: Receiver) -> None:
    numbers = [f"400{it:07}" for it in range(3000)]
    await write(office.harness.database, outage("wide", "09-15 09:50", 150, *numbers))
    assert await office.follow("10-01 08:00") == 1
    (sent,) = receiver.deliveries
    assert len(sent.data["document"]["numbers"]) == 100
    assert sent.data["left_out"]["numbers"] >= 2900
    assert len(sent.body) < MOST_BYTES
    assert sent.data["document"]["all"]["faults"] == 3


async def test_a_claim_is_on_its_provider_and_has_no_link_without_an_address(
    office: Office, receiver: Receiver
) -> None:
    office.schedule = [{**MONTHLY, "kind": "claim", "provider": "north", "language": "en"}]
    office.external_url = None
    await office.restart()
    assert await office.follow("09-21 12:00") == 0
    assert await office.follow("10-01 08:00") == 1
    data = receiver.deliveries[0].data
    assert (data["url"], data["provider"], data["language"]) == (None, "north", "en")
    assert data["document"]["amount"] > 0
    assert data["title"] == "Claim for service levels that were not kept"
    assert any(it.startswith("Amount: ") for it in data["lines"])
    assert not any("Details" in it for it in data["lines"])


async def test_a_template_for_tickets_does_not_touch_a_report(
    office: Office, receiver: Receiver
) -> None:
    url = office.harness.sections.pop().url
    office.harness.add("desk", url, template={"body": '{"type": "other", "data": {}}'})
    await office.restart()
    assert await office.follow("10-01 08:00") == 1
    assert json.loads(receiver.deliveries[0].body)["type"] == "report.ready"


async def test_a_report_stands_in_no_digest_and_holds_nothing_up(
    harness: DispatcherHarness,
) -> None:
    async with harness.connect(FeishuServer(harness.clock)) as bot:
        office = Office(harness)
        await write(harness.database, *_september())
        await office.start()
        assert await office.follow("09-21 12:00") == 0
        harness.clock.now = at("10-01 08:00")
        writer = ChangeWriter(harness.database, "desk")
        writer.now = harness.clock.now
        for number in range(6):
            await writer.opened(number)
        assert await office.follow("10-01 08:00") == 1
        await harness.pass_time(60)
        assert sum("故障统计" in it for it in bot.messages) == 1
        assert len(bot.messages) == 2


BOTS = (FeishuServer, DingTalkServer, WeComServer)


@pytest.mark.parametrize("kind", BOTS, ids=lambda kind: kind.kind)
async def test_a_group_is_told_the_figures_in_its_language_with_the_link(
    harness: DispatcherHarness, kind: type[BotServer]
) -> None:
    async with harness.connect(kind(harness.clock)) as bot:
        office = Office(harness)
        claim = {"kind": "claim", "provider": "north", "sinks": ["desk"], "language": "en"}
        office.schedule = [MONTHLY, claim, {**MONTHLY, "kind": "scores"}]
        await write(harness.database, *_september())
        await office.start()
        assert await office.follow("09-21 12:00") == 0
        assert await office.follow("10-01 08:00") == 3
        statistics, letter, scores = bot.messages
        assert "故障统计" in statistics
        assert "2026-09" in statistics
        assert f"{URL}/reports?period=2026-09" in statistics
        assert "Claim for service levels" in letter
        assert f"{URL}/reports/claim?period=2026-09&provider=north" in letter
        assert "未评分的工单" in scores
        assert not any(word in "".join(bot.messages) for word in (A, "李伟", "document"))
        await office.restart()
        assert await office.follow("10-01 09:00") == 0
        assert len(bot.messages) == 3
