"""The ladder through the ledger and a real SMS service: who is told, once, until somebody acts."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from agent.config.on_call import OnCall
from agent.states import Stage
from agent.tickets.ticket import Ticket
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.sms import FIRST, SECOND, AliyunSmsServer
from tests.sinks.test_sms import messages


class OnCallServer(AliyunSmsServer):
    def receivers(self) -> list[dict[str, str]]:
        return [{"name": "li", "phone": FIRST}, {"name": "wang", "phone": SECOND}]

    def section(self) -> dict[str, Any]:
        whole = super().section()
        return {"aliyun_sms": {**whole["aliyun_sms"], "on_call_only": True}}


POLICY = OnCall.model_validate(
    {
        "rota": {"people": ["li", "wang"], "begins": "2020-01-06T09:00"},
        "ladder": [
            {"after": 0, "sinks": ["desk"]},
            {"after": 600, "sinks": ["desk"], "turn": 1},
        ],
    }
)


@pytest.fixture
async def service(harness: DispatcherHarness) -> AsyncIterator[OnCallServer]:
    async with harness.connect(OnCallServer(harness.clock)) as server:
        await start(harness)
        yield server


async def start(harness: DispatcherHarness) -> None:
    await harness.start()
    settings = SimpleNamespace(on_call=POLICY, timezone="Asia/Shanghai")
    harness.running.ladder.settings = lambda: settings


async def opened(harness: DispatcherHarness, writer: ChangeWriter) -> Ticket:
    writer.now = harness.clock.now
    ticket = await writer.opened()
    await harness.settle()
    return ticket


async def climb(harness: DispatcherHarness, seconds: float = 0.0) -> int:
    harness.clock.now += seconds
    count = await harness.running.ladder.climb()
    await harness.settle()
    return count


def people(service: OnCallServer) -> list[str]:
    return [{FIRST: "li", SECOND: "wang"}[it.phone] for it in service.sent]


async def test_nobody_acts_and_the_next_person_is_told_and_each_step_once(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    await opened(harness, writer)
    assert service.sent == []
    assert await climb(harness, 1) == 1
    assert await climb(harness, 300) == 0
    assert await climb(harness, 300) == 1
    assert await climb(harness, 3600) == 0
    assert sorted(people(service)) == ["li", "wang"]


async def test_after_a_restart_no_step_is_told_again(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    await opened(harness, writer)
    await climb(harness, 1)
    await harness.stop()
    await start(harness)
    assert await climb(harness, 10) == 0
    assert len(service.sent) == 1


async def test_accepting_the_ticket_ends_the_ladder(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    ticket = await opened(harness, writer)
    await climb(harness, 1)
    await writer.changed(ticket, "ticket.updated", Stage.ACCEPTED)
    assert await climb(harness, 600) == 0
    assert len(service.sent) == 1


async def test_assigning_the_ticket_ends_the_ladder_though_its_stage_stays(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    ticket = await opened(harness, writer)
    await climb(harness, 1)
    await writer.changed(ticket, stage=ticket.stage, assignee="wang")
    assert await climb(harness, 600) == 0
    assert len(service.sent) == 1


async def test_who_cannot_be_reached_is_followed_by_the_next_person(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    ticket = await opened(harness, writer)
    await climb(harness, 1)
    first = people(service)
    service.settle("failed", "MK:0001")
    await harness.read_receipts(60)
    assert await climb(harness, 1) == 1
    assert sorted(people(service)) == ["li", "wang"]
    assert (await messages(harness, ticket.id))[first[0]].state == "failed"


async def test_a_phone_that_refuses_is_followed_by_the_next_person(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    await opened(harness, writer)
    service.blocked |= {FIRST}
    for _ in range(4):
        await climb(harness, 1)
    assert people(service) == ["wang"]


async def test_those_who_were_told_are_told_of_the_end_and_nobody_else(
    harness: DispatcherHarness, service: OnCallServer, writer: ChangeWriter
) -> None:
    ticket = await opened(harness, writer)
    await climb(harness, 1)
    writer.now = harness.clock.now + 1
    await writer.changed(ticket, "ticket.resolved")
    await harness.pass_time(20, step=10)
    assert [it.texts[0] for it in service.sent] == ["升级", "已恢复"]
    assert len(set(people(service))) == 1
