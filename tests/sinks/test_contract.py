"""What every sink keeps to, against a server that behaves like its system, over real HTTP."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.sinks.base import DigestingSink, RemoteState, SinkFailure
from agent.store.database import Database
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.sinks.post import Post
from tests.sinks.systems.bots import BotServer, DingTalkServer, FeishuServer, WeComServer
from tests.sinks.systems.hook import HookServer
from tests.sinks.systems.jira import JiraServer
from tests.sinks.systems.pagerduty import PagerDutyServer
from tests.sinks.systems.server import System
from tests.sinks.systems.servicenow import ServiceNowServer
from tests.sinks.systems.zammad import ZammadServer
from tests.sinks.writer import Writer

SYSTEMS: tuple[type[System], ...] = (
    HookServer,
    JiraServer,
    ServiceNowServer,
    ZammadServer,
    PagerDutyServer,
    FeishuServer,
    DingTalkServer,
    WeComServer,
)
STORY = ("ticket.updated", "ticket.escalated", "ticket.resolved", "ticket.closed")
HOUR = 3600.0
FULL = bool(os.environ.get("NUMWATCH_FULL"))


def spare(system: System, *kinds: str) -> None:
    """The long ones run for one system of each family, and for all with NUMWATCH_FULL=1."""
    if not FULL and system.kind not in kinds:
        pytest.skip("runs for every system with NUMWATCH_FULL=1")


@pytest.fixture
async def post(database: Database, telemetry: Telemetry) -> AsyncIterator[Post]:
    made = Post(database, telemetry)
    yield made
    await made.stop()


@pytest.fixture(params=SYSTEMS, ids=lambda system: system.kind)
async def system(request: Any, post: Post) -> AsyncIterator[System]:
    made = request.param(post.clock)
    url = await made.start()
    post.add("desk", url, **{"kind": made.kind, "secret": None, **made.section()})
    yield made
    await post.stop()
    await made.stop()


@pytest.fixture
def writer(post: Post) -> Writer:
    return Writer(post.database, "desk")


async def told(writer: Writer, post: Post, number: int, kinds: tuple[str, ...] = STORY) -> Ticket:
    """One ticket's story, each step a second after the one before."""
    writer.now = post.clock.now
    ticket = await writer.opened(number)
    for kind in kinds:
        writer.now += 1
        ticket = await writer.changed(ticket, kind)
    return ticket


async def test_a_ticket_is_opened_updated_and_ended(
    post: Post, system: System, writer: Writer
) -> None:
    await post.start()
    ticket = await told(writer, post, 1, ())
    await post.settle()
    assert system.seen() == [ticket.id]
    assert not system.is_over(ticket.id)
    for kind in STORY:
        post.clock.now += 30
        writer.now = post.clock.now
        ticket = await writer.changed(ticket, kind)
        await post.settle()
    assert system.seen() == [ticket.id]
    assert system.is_over(ticket.id)
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0
    assert post.sample("numwatch_sink_steps_refused_total", sink="desk", step="closed") == 0


async def test_a_ticket_made_while_the_answer_got_lost_is_not_made_again(
    post: Post, system: System, writer: Writer
) -> None:
    system.fail(method="POST", taken=True)
    await post.start()
    ticket = await told(writer, post, 1, ())
    await post.pass_time(300, step=30)
    assert system.seen() == [ticket.id]
    assert await post.outbox.dead_letters() == []
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_crash_between_making_and_noting_makes_no_second(
    post: Post, system: System, writer: Writer
) -> None:
    system.fail(method="POST", taken=True)
    await post.start()
    ticket = await told(writer, post, 1, ())
    await post.settle()
    await post.stop(grace=0)
    await post.start()
    await post.pass_time(300, step=30)
    assert system.seen() == [ticket.id]


@pytest.mark.parametrize("headers", [{"Retry-After": "120"}, {}], ids=["retry_after", "bare"])
async def test_429_loses_nothing_and_retry_after_is_kept_to(
    post: Post, system: System, writer: Writer, headers: dict[str, str]
) -> None:
    system.fail(status=429, headers=headers)
    await post.start()
    ticket = await told(writer, post, 1, ())
    await post.settle()
    await post.pass_time(110 if headers else 4, step=22)
    assert len(system.requests) == 1
    await post.pass_time(30, step=10)
    assert system.seen() == [ticket.id]


async def test_refused_credentials_hold_everything_and_lose_nothing(
    post: Post, system: System, writer: Writer
) -> None:
    spare(system, "webhook", "jira", "dingtalk")
    system.break_credentials()
    await post.start()
    with capture_logs() as logs:
        tickets = [await told(writer, post, number, ()) for number in range(4)]
        await post.pass_time(5 * 86400, step=6 * HOUR)
        assert await post.outbox.dead_letters() == []
        assert post.sample("numwatch_sink_held", sink="desk") == 1
        system.mend_credentials()
        await post.pass_time(300, step=30)
    assert sorted(system.seen()) == sorted(ticket.id for ticket in tickets)
    assert post.sample("numwatch_sink_held", sink="desk") == 0
    events = [line["event"] for line in logs]
    assert (events.count("sink_held"), events.count("sink_recovered")) == (1, 1)


async def test_after_six_hours_down_the_queue_drains_in_order_with_the_original_times(
    post: Post, system: System, writer: Writer
) -> None:
    spare(system, "webhook", "jira", "feishu")
    system.fail(status=503, times=float("inf"))
    await post.start()
    opened_at = post.clock.now
    ticket = await told(writer, post, 1, ("ticket.updated",) * 20)
    other = await told(writer, post, 2)
    await post.pass_time(90, step=10)
    await post.pass_time(6 * HOUR, step=900)
    assert system.seen() == []
    requests = len(system.requests)
    assert requests < 100
    system.faults.clear()
    await post.pass_time(300, step=30)
    assert system.seen() == [ticket.id, other.id]
    assert system.is_over(other.id)
    assert not system.is_over(ticket.id)
    # Twenty updates became one: a few requests a delivery, not twenty.
    assert len(system.requests) - requests <= 25
    assert ticket.detected_at == opened_at
    assert await post.outbox.dead_letters() == []


async def test_what_is_refused_for_good_waits_with_the_dead_letters_for_its_replay(
    post: Post, system: System, writer: Writer
) -> None:
    if isinstance(system, BotServer):
        pytest.skip("a bot refuses by a code, see test_bots.py")
    system.fail(status=400, body='{"errorMessages":["no"],"errors":{}}', times=float("inf"))
    await post.start()
    ticket = await told(writer, post, 1)
    await post.pass_time(120, step=30)
    dead = await post.outbox.dead_letters()
    assert dead[0].type == "ticket.opened"
    assert {row.failure for row in dead} <= {SinkFailure.HTTP_4XX, SinkFailure.UNOPENED}
    assert post.sample("numwatch_dead_letters", sink="desk") == len(dead)
    system.faults.clear()
    await post.outbox.replay(None, post.clock())
    await post.pass_time(60, step=20)
    assert system.seen() == [ticket.id]
    assert system.is_over(ticket.id)
    assert post.sample("numwatch_dead_letters", sink="desk") == 0


LONG = (
    "x" * 256,
    "📵" * 400,
    "热线中断" * 300,
    "👨‍👩‍👧‍👦é" * 200,
    '"\\' * 40_000,
    '<at user_id="all"></at> [a](http://b) **c** {code}',
    "号" * 60_000,
)


async def test_any_text_fits_the_systems_limits(post: Post, system: System, writer: Writer) -> None:
    await post.start()
    tickets = []
    for number, text in enumerate(LONG):
        writer.text = text
        ticket = await told(writer, post, number, ("ticket.updated", "ticket.resolved"))
        tickets.append(ticket.id)
        await post.pass_time(60, step=30)
    assert await post.outbox.dead_letters() == []
    assert system.seen() == tickets
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0
    assert sum(_failures(post)) == 0


def _failures(post: Post) -> list[float]:
    samples = (
        post.sample("numwatch_sink_failures_total", sink="desk", reason=reason.value)
        for reason in SinkFailure
    )
    return [value or 0.0 for value in samples]


async def test_a_storm_makes_new_tickets_before_it_updates_old_ones(
    post: Post, system: System, writer: Writer
) -> None:
    spare(system, "jira", "pagerduty", "wecom")
    tickets = [await told(writer, post, number, ("ticket.updated",)) for number in range(12)]
    system.fail(status=429, times=3)
    await post.start()
    await post.pass_time(240, step=20)
    assert sorted(system.seen()) == sorted(ticket.id for ticket in tickets)
    assert await post.outbox.dead_letters() == []
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0
    if isinstance(system, JiraServer):
        methods = [method for method, path, _ in system.requests if path.endswith("/issue")]
        first_update = next(i for i, it in enumerate(system.requests) if it[0] == "PUT")
        made_before = [it for it in system.requests[:first_update] if it[1].endswith("/issue")]
        # The one that was refused waits by itself.
        assert len(methods) == 15
        assert len(made_before) >= 14


async def test_what_cannot_be_asked_is_unknown_and_the_rest_says_how_it_stands(
    post: Post, system: System, writer: Writer
) -> None:
    await post.start()
    ticket = await told(writer, post, 1, ())
    await post.settle()
    assert post.dispatcher is not None
    standing = (await post.dispatcher.look_up(ticket.id))["desk"]
    asked = not isinstance(system, HookServer | PagerDutyServer | BotServer)
    assert standing.state is (RemoteState.OPEN if asked else RemoteState.UNKNOWN)


async def test_a_sink_that_digests_is_a_chat(post: Post, system: System) -> None:
    await post.start()
    assert post.dispatcher is not None
    (sink,) = post.dispatcher.sinks
    assert isinstance(sink, DigestingSink) == isinstance(system, BotServer)
