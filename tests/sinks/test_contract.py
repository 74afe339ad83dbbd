"""The contract of every sink, against a server that behaves like its system, over real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.sinks.base import DigestingSink, RemoteState, SinkFailure
from agent.tickets.ticket import Ticket
from tests.proof_size import is_full
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.bots import BotServer, DingTalkServer, FeishuServer, WeComServer
from tests.sinks.systems.gateway import GatewayServer
from tests.sinks.systems.hook import HookServer
from tests.sinks.systems.jira import JiraServer
from tests.sinks.systems.pagerduty import PagerDutyServer
from tests.sinks.systems.server import System
from tests.sinks.systems.servicenow import ServiceNowServer
from tests.sinks.systems.sms import AliyunSmsServer, PhoneServer, TencentSmsServer
from tests.sinks.systems.voice import AliyunVoiceServer, TencentVoiceServer
from tests.sinks.systems.zammad import ZammadServer

SYSTEMS: tuple[type[System], ...] = (
    HookServer,
    JiraServer,
    ServiceNowServer,
    ZammadServer,
    PagerDutyServer,
    FeishuServer,
    DingTalkServer,
    WeComServer,
    AliyunSmsServer,
    TencentSmsServer,
    GatewayServer,
    AliyunVoiceServer,
    TencentVoiceServer,
)
STORY = ("ticket.updated", "ticket.escalated", "ticket.resolved", "ticket.closed")
HOUR = 3600.0
FULL = is_full()


def spare(system: System, *kinds: str) -> None:
    """The long ones run for one system of each family, and for all with NUMWATCH_FULL=1."""
    if not FULL and system.kind not in kinds:
        pytest.skip("runs for every system with NUMWATCH_FULL=1")


@pytest.fixture(params=SYSTEMS, ids=lambda system: system.kind)
async def system(request: Any, harness: DispatcherHarness) -> AsyncIterator[System]:
    async with harness.connect(request.param(harness.clock)) as server:
        yield server


async def record_story(
    writer: ChangeWriter, harness: DispatcherHarness, number: int, kinds: tuple[str, ...] = STORY
) -> Ticket:
    """One ticket's story, each step a second after the one before."""
    writer.now = harness.clock.now
    ticket = await writer.opened(number)
    for kind in kinds:
        writer.now += 1
        ticket = await writer.changed(ticket, kind)
    return ticket


async def test_a_ticket_is_opened_updated_and_ended(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await record_story(writer, harness, 1, ())
    await harness.settle()
    assert system.seen() == [ticket.id]
    assert not system.is_over(ticket.id)
    for kind in STORY:
        harness.clock.now += 30
        writer.now = harness.clock.now
        ticket = await writer.changed(ticket, kind)
        await harness.settle()
    assert system.seen() == [ticket.id]
    assert system.is_over(ticket.id)
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    assert harness.sample("numwatch_sink_steps_refused_total", sink="desk", step="closed") == 0


async def test_a_ticket_made_while_the_answer_got_lost_is_not_made_again(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    system.fail(method="POST", takes_effect=True)
    await harness.start()
    ticket = await record_story(writer, harness, 1, ())
    await harness.pass_time(300, step=30)
    assert system.seen() == [ticket.id]
    assert await harness.outbox.dead_letters() == []
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_crash_between_making_and_noting_makes_no_second(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    system.fail(method="POST", takes_effect=True)
    await harness.start()
    ticket = await record_story(writer, harness, 1, ())
    await harness.settle()
    await harness.stop(grace=0)
    await harness.start()
    await harness.pass_time(300, step=30)
    assert system.seen() == [ticket.id]


@pytest.mark.parametrize("headers", [{"Retry-After": "120"}, {}], ids=["retry_after", "bare"])
async def test_429_loses_nothing_and_retry_after_is_honoured(
    harness: DispatcherHarness, system: System, writer: ChangeWriter, headers: dict[str, str]
) -> None:
    system.fail(status=429, headers=headers)
    await harness.start()
    ticket = await record_story(writer, harness, 1, ())
    await harness.settle()
    await harness.pass_time(110 if headers else 4, step=22)
    assert len(system.requests) == 1
    await harness.pass_time(30, step=10)
    assert system.seen() == [ticket.id]


async def test_refused_credentials_hold_everything_and_lose_nothing(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    spare(system, "webhook", "jira", "dingtalk")
    system.break_credentials()
    await harness.start()
    with capture_logs() as logs:
        tickets = [await record_story(writer, harness, number, ()) for number in range(4)]
        await harness.pass_time(5 * 86400, step=6 * HOUR)
        assert await harness.outbox.dead_letters() == []
        assert harness.sample("numwatch_sink_held", sink="desk") == 1
        system.restore_credentials()
        await harness.pass_time(300, step=30)
    assert sorted(system.seen()) == sorted(ticket.id for ticket in tickets)
    assert harness.sample("numwatch_sink_held", sink="desk") == 0
    events = [line["event"] for line in logs]
    assert (events.count("sink_held"), events.count("sink_recovered")) == (1, 1)


async def test_after_six_hours_down_the_queue_drains_in_order_with_the_original_times(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    spare(system, "webhook", "jira", "feishu")
    system.fail(status=503, times=float("inf"))
    await harness.start()
    opened_at = harness.clock.now
    ticket = await record_story(writer, harness, 1, ("ticket.updated",) * 20)
    other = await record_story(writer, harness, 2)
    await harness.pass_time(90, step=10)
    await harness.pass_time(6 * HOUR, step=900)
    assert system.seen() == []
    requests = len(system.requests)
    assert requests < 100
    system.faults.clear()
    await harness.pass_time(300, step=30)
    assert system.seen() == [ticket.id, other.id]
    assert system.is_over(other.id)
    assert not system.is_over(ticket.id)
    # Twenty updates became one: a few requests a delivery, not twenty.
    assert len(system.requests) - requests <= 25
    assert ticket.detected_at == opened_at
    assert await harness.outbox.dead_letters() == []


async def test_what_is_refused_for_good_waits_with_the_dead_letters_for_its_replay(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    if isinstance(system, BotServer):
        pytest.skip("a bot refuses by a code, see test_bots.py")
    system.fail(status=400, body='{"errorMessages":["no"],"errors":{}}', times=float("inf"))
    await harness.start()
    ticket = await record_story(writer, harness, 1)
    await harness.pass_time(120, step=30)
    dead = await harness.outbox.dead_letters()
    assert dead[0].type == "ticket.opened"
    assert {row.failure for row in dead} <= {SinkFailure.HTTP_4XX, SinkFailure.UNOPENED}
    assert harness.sample("numwatch_dead_letters", sink="desk") == len(dead)
    system.faults.clear()
    await harness.outbox.replay(None, harness.clock())
    await harness.pass_time(60, step=20)
    assert system.seen() == [ticket.id]
    assert system.is_over(ticket.id)
    assert harness.sample("numwatch_dead_letters", sink="desk") == 0


LONG = (
    "x" * 256,
    "📵" * 400,
    "热线中断" * 300,
    "👨‍👩‍👧‍👦é" * 200,
    '"\\' * 40_000,
    '<at user_id="all"></at> [a](http://b) **c** {code}',
    "号" * 60_000,
)


async def test_any_text_fits_the_systems_limits(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    await harness.start()
    tickets = []
    for number, text in enumerate(LONG):
        writer.text = text
        ticket = await record_story(writer, harness, number, ("ticket.updated", "ticket.resolved"))
        tickets.append(ticket.id)
        await harness.pass_time(60, step=30)
    assert await harness.outbox.dead_letters() == []
    assert system.seen() == tickets
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    assert sum(_failures(harness)) == 0


def _failures(harness: DispatcherHarness) -> list[float]:
    samples = (
        harness.sample("numwatch_sink_failures_total", sink="desk", reason=reason.value)
        for reason in SinkFailure
    )
    return [value or 0.0 for value in samples]


async def test_a_storm_makes_new_tickets_before_it_updates_old_ones(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    spare(system, "jira", "pagerduty", "wecom")
    tickets = [
        await record_story(writer, harness, number, ("ticket.updated",)) for number in range(12)
    ]
    system.fail(status=429, times=3)
    await harness.start()
    await harness.pass_time(240, step=20)
    assert sorted(system.seen()) == sorted(ticket.id for ticket in tickets)
    assert await harness.outbox.dead_letters() == []
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    if isinstance(system, JiraServer):
        methods = [method for method, path, _ in system.requests if path.endswith("/issue")]
        first_update = next(i for i, it in enumerate(system.requests) if it[0] == "PUT")
        made_before = [it for it in system.requests[:first_update] if it[1].endswith("/issue")]
        # The one that was refused waits by itself.
        assert len(methods) == 15
        assert len(made_before) >= 14


async def test_a_system_without_a_query_is_unknown_and_every_other_says_its_state(
    harness: DispatcherHarness, system: System, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await record_story(writer, harness, 1, ())
    await harness.settle()
    status = await harness.remote_status(ticket.id)
    can_be_queried = not isinstance(system, HookServer | PagerDutyServer | BotServer | PhoneServer)
    assert status.state is (RemoteState.OPEN if can_be_queried else RemoteState.UNKNOWN)


async def test_a_sink_that_digests_is_a_chat(harness: DispatcherHarness, system: System) -> None:
    await harness.start()
    assert isinstance(harness.sink, DigestingSink) == isinstance(system, BotServer)
