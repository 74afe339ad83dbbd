"""SMS: who is told, in which words, what refusals mean, and that accepted is not delivered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.sinks.notifications import Notification, Notifications
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.sms import (
    FIRST,
    SECOND,
    AliyunSmsServer,
    PhoneServer,
    TencentSmsServer,
)

SERVICES = (AliyunSmsServer, TencentSmsServer)


def two_receivers(server: type[PhoneServer]) -> type[PhoneServer]:
    """A service whose second receiver reads English."""

    class Two(server):  # type: ignore[valid-type, misc]
        def receivers(self) -> list[dict[str, str]]:
            return [
                {"name": "li", "phone": FIRST},
                {"name": "smith", "phone": f"+86{SECOND}", "locale": "en"},
            ]

    return Two


@pytest.fixture(params=SERVICES, ids=lambda service: service.kind)
async def service(request: Any, harness: DispatcherHarness) -> AsyncIterator[PhoneServer]:
    async with harness.connect(two_receivers(request.param)(harness.clock)) as server:
        yield server


async def messages(harness: DispatcherHarness, ticket: str) -> dict[str, Notification]:
    ledger = Notifications(harness.database)
    return {it.receiver: it for it in await ledger.of_ticket(ticket)}


async def test_everybody_is_told_in_their_own_language(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    (chinese,) = service.of_phone(FIRST)
    (english,) = service.of_phone(SECOND)
    assert chinese.texts[0] == "新建"
    assert english.texts[0] == "New"
    assert ticket in chinese.texts
    assert "4006220001" in english.texts


async def test_updates_are_not_told_and_every_step_is_told_once(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    kinds = ("ticket.updated", "ticket.escalated", "ticket.updated", "ticket.resolved")
    await harness.story(writer, *kinds, "ticket.closed")
    assert [it.texts[0] for it in service.of_phone(SECOND)] == ["New", "Escalated", "Restored"]


async def test_a_ticket_milder_than_the_section_says_is_not_told(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    writer.severity = "info"
    await harness.story(writer)
    assert service.sent == []
    assert await harness.outbox.dead_letters() == []


async def test_accepted_is_not_called_delivered(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    await harness.read_receipts(40)
    assert {it.state for it in (await messages(harness, ticket)).values()} == {"accepted"}
    service.settle("delivered", "DELIVRD")
    await harness.read_receipts(120)
    told = await messages(harness, ticket)
    assert {it.state for it in told.values()} == {"delivered"}
    assert told["li"].reference == service.of_phone(FIRST)[0].reference
    kind = {"sink": "desk", "state": "delivered"}
    assert harness.sample("numwatch_notifications_total", **kind) == 2


async def test_a_receipt_that_says_failed_is_reported_by_name_and_never_by_phone(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    service.settle("failed", "MK:0001")
    with capture_logs() as logs:
        await harness.read_receipts(40)
    failed = [it for it in logs if it["event"] == "notification_not_delivered"]
    assert {(it["receiver"], it["detail"]) for it in failed} == {
        ("li", "MK:0001"),
        ("smith", "MK:0001"),
    }
    assert {it.state for it in (await messages(harness, ticket)).values()} == {"failed"}
    assert not any(phone in str(logs) for phone in (FIRST, SECOND))


async def test_without_a_receipt_it_stays_unknown_and_is_asked_for_no_more(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    await harness.read_receipts(86_400)
    assert {it.state for it in (await messages(harness, ticket)).values()} == {"unknown"}
    asked = len(service.requests)
    await harness.read_receipts(86_400)
    assert len(service.requests) == asked


async def test_receipts_that_cannot_be_read_now_are_read_later(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    ticket = await harness.story(writer)
    service.settle("delivered")
    service.fail(status=500)
    await harness.read_receipts(40)
    await harness.read_receipts(400)
    assert {it.state for it in (await messages(harness, ticket)).values()} == {"delivered"}


async def test_who_refuses_does_not_keep_the_others_from_being_told(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    service.blocked.add(FIRST)
    ticket = await harness.story(writer)
    await harness.pass_time(60, step=10)
    told = await messages(harness, ticket)
    assert (told["li"].state, told["smith"].state) == ("failed", "accepted")
    assert len(service.of_phone(SECOND)) == 1
    assert await harness.outbox.dead_letters() == []


async def test_where_nobody_can_be_told_the_delivery_is_a_dead_letter(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    service.blocked |= {FIRST, SECOND}
    await harness.story(writer)
    (dead,) = await harness.outbox.dead_letters()
    assert dead.failure == "receiver"


async def test_a_limit_of_one_phone_delays_that_one_alone_and_nobody_is_told_twice(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    service.day_limit = 0
    ticket = await harness.story(writer)
    assert service.sent == []
    first = service.is_limited
    service.is_limited = lambda phone: phone == FIRST  # type: ignore[method-assign]
    await harness.pass_time(7 * 3600, step=600)
    assert len(service.of_phone(SECOND)) == 1
    assert service.of_phone(FIRST) == []
    service.day_limit, service.is_limited = 50, first  # type: ignore[method-assign]
    await harness.pass_time(7 * 3600, step=600)
    assert len(service.of_phone(FIRST)) == len(service.of_phone(SECOND)) == 1
    assert {it.state for it in (await messages(harness, ticket)).values()} == {"accepted"}


@pytest.mark.parametrize("trouble", ["template", "balance"])
async def test_what_the_operator_has_to_put_right_holds_the_sink_and_loses_nothing(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter, trouble: str
) -> None:
    if trouble == "template":
        service.template = "SMS_2"
    else:
        service.balance = 0
    await harness.story(writer)
    await harness.pass_time(4 * 86_400, step=6 * 3600)
    assert harness.sample("numwatch_sink_held", sink="desk") == 1
    assert harness.sample("numwatch_sink_failures_total", sink="desk", reason=trouble)
    service.template, service.balance = "SMS_1", 100
    await harness.pass_time(120, step=20)
    assert (len(service.of_phone(FIRST)), len(service.of_phone(SECOND))) == (1, 1)
    assert await harness.outbox.dead_letters() == []


async def test_a_lost_answer_is_looked_for_and_the_message_not_sent_again(
    harness: DispatcherHarness, writer: ChangeWriter
) -> None:
    async with harness.connect(two_receivers(AliyunSmsServer)(harness.clock)) as service:
        service.fail(takes_effect=True, times=2)
        ticket = await harness.story(writer)
        await harness.pass_time(300, step=20)
        assert (len(service.of_phone(FIRST)), len(service.of_phone(SECOND))) == (1, 1)
        service.settle("delivered")
        await harness.read_receipts(60)
        assert {it.state for it in (await messages(harness, ticket)).values()} == {"delivered"}


async def test_a_message_that_never_arrived_is_sent_once_the_records_can_be_believed(
    harness: DispatcherHarness, writer: ChangeWriter
) -> None:
    async with harness.connect(AliyunSmsServer(harness.clock)) as service:
        service.fail()
        await harness.story(writer)
        await harness.pass_time(40, step=10)
        assert service.sent == []
        await harness.pass_time(200, step=20)
        assert len(service.sent) == 1


async def test_no_phone_of_a_person_is_in_a_text_or_in_the_ledger(
    harness: DispatcherHarness, service: PhoneServer, writer: ChangeWriter
) -> None:
    writer.text = "绑定电话 13911112222 停机 http://evil.example.com 【假】"
    ticket = await harness.story(writer)
    texts = str([it.texts for it in service.sent])
    assert "139" in texts
    assert not any(word in texts for word in ("13911112222", "http://", "【"))
    ledger = str(await messages(harness, ticket))
    assert not any(phone in ledger for phone in (FIRST, SECOND))


async def test_another_template_can_tell_the_end(
    harness: DispatcherHarness, writer: ChangeWriter
) -> None:
    async with harness.connect(AliyunSmsServer(harness.clock)) as service:
        section = harness.sections[0]
        own = section.aliyun_sms.model_copy(update={"templates": {"resolved": "SMS_9"}})
        harness.sections[0] = section.model_copy(update={"aliyun_sms": own})
        await harness.story(writer, "ticket.resolved")
        assert [it.template for it in service.sent] == ["SMS_1"]
        service.template = "SMS_9"
        await harness.pass_time(120, step=20)
        assert [it.template for it in service.sent] == ["SMS_1", "SMS_9"]
