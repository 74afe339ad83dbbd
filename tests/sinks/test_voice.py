"""Calls: who is called, and that a call nobody answered is not called delivered."""

from typing import Any

import pytest

from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.sms import FIRST, SECOND
from tests.sinks.systems.voice import AliyunVoiceServer, TencentVoiceServer
from tests.sinks.test_sms import messages, two_receivers

SERVICES = (AliyunVoiceServer, TencentVoiceServer)


@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.kind)
async def test_everybody_is_called_once_for_each_step(
    harness: DispatcherHarness, writer: ChangeWriter, kind: Any
) -> None:
    async with harness.connect(two_receivers(kind)(harness.clock)) as service:
        await harness.story(writer, "ticket.updated", "ticket.escalated")
        assert [it.texts[0] for it in service.of_phone(FIRST)] == ["新建", "升级"]
        assert [it.texts[0] for it in service.of_phone(SECOND)] == ["New", "Escalated"]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("200000", "delivered"),
        ("200001", "delivered"),
        ("200003", "failed"),
        ("200010", "failed"),
        ("200103", "accepted"),
        ("", "accepted"),
    ],
)
async def test_a_call_is_delivered_when_somebody_answered(
    harness: DispatcherHarness, writer: ChangeWriter, code: str, state: str
) -> None:
    async with harness.connect(AliyunVoiceServer(harness.clock)) as service:
        ticket = await harness.story(writer)
        service.settle("", code)
        await harness.read_receipts(60)
        assert (await messages(harness, ticket))["li"].state == state


@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.kind)
async def test_a_milder_ticket_calls_nobody(
    harness: DispatcherHarness, writer: ChangeWriter, kind: Any
) -> None:
    async with harness.connect(kind(harness.clock)) as service:
        writer.severity = "warning"
        await harness.story(writer)
        assert service.requests == []


@pytest.mark.parametrize("trouble", ["template", "balance"])
@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.kind)
async def test_what_the_operator_has_to_put_right_holds_the_sink(
    harness: DispatcherHarness, writer: ChangeWriter, kind: Any, trouble: str
) -> None:
    async with harness.connect(kind(harness.clock)) as service:
        setattr(service, trouble, {"template": "SMS_2", "balance": 0}[trouble])
        await harness.story(writer)
        assert harness.sample("numwatch_sink_held", sink="desk") == 1
        service.template, service.balance = "SMS_1", 9
        await harness.pass_time(120, step=20)
        assert len(service.sent) == 1


async def test_what_no_record_says_ends_as_unknown(
    harness: DispatcherHarness, writer: ChangeWriter
) -> None:
    async with harness.connect(TencentVoiceServer(harness.clock)):
        ticket = await harness.story(writer)
        await harness.read_receipts(3600)
        assert (await messages(harness, ticket))["li"].state == "accepted"
        await harness.read_receipts(86_400)
        assert (await messages(harness, ticket))["li"].state == "unknown"
