"""The customers behind a fault are told of it and of its end, once each, whatever happens."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.notices.ledger import NoticeLedger
from agent.states import Stage
from tests.notices.conftest import (
    BETA,
    HOTLINES,
    SMITH,
    WANG,
    Desk,
    member,
    parent,
    settings,
)
from tests.tickets.scene import START


async def told(desk: Desk) -> list[tuple[str, str, str]]:
    found = await NoticeLedger(desk.harness.database).of_ticket(parent().id)
    return [(it.notice.name, it.notice.event, it.state) for it in found]


async def test_each_contact_is_told_once_in_their_language_of_their_own_numbers(
    desk: Desk,
) -> None:
    await desk.write(parent())
    assert await desk.follow(1) == 2
    assert sorted(desk.sent()) == [
        (WANG, ["故障处理中", "4006220001 +1", "甲公司", parent().id]),
        (SMITH, ["Fault under repair", "4006220003", BETA, parent().id]),
    ]
    assert await desk.follow(10) == 0
    await desk.restart()
    assert await desk.follow(10) == 0
    assert len(desk.sent()) == 2
    assert sorted(await told(desk)) == [
        ("Smith", "customer.affected", "accepted"),
        ("王经理", "customer.affected", "accepted"),
    ]


async def test_the_notice_is_durable_before_anything_is_sent_and_has_the_same_id_in_retries(
    desk: Desk,
) -> None:
    await desk.write(parent())
    desk.server.break_credentials()
    await desk.follow(1)
    assert desk.sent() == []
    assert {name for name, _event, _state in await told(desk)} == {"Smith", "王经理"}
    await desk.restart()
    desk.server.restore_credentials()
    await desk.harness.pass_time(7200, step=600)
    assert sorted(desk.phones()) == [WANG, SMITH]
    assert await desk.follow(10) == 0


async def test_who_was_told_is_told_of_the_end_and_again_of_a_fault_that_comes_back(
    desk: Desk,
) -> None:
    await desk.write(parent())
    await desk.follow(1)
    over = parent(stage=Stage.RESTORED, restored_at=START + 60, revision=2)
    await desk.write(over)
    assert await desk.follow(10) == 2
    assert await desk.follow(10) == 0
    assert [it[1][0] for it in desk.sent() if it[0] == WANG] == ["故障处理中", "业务已恢复"]
    await desk.write(parent(revision=3, stage=Stage.REOPENED))
    assert await desk.follow(10) == 2
    assert len(desk.phones()) == 6


async def test_a_company_whose_numbers_are_back_is_told_before_the_others(desk: Desk) -> None:
    await desk.write(parent())
    await desk.follow(1)
    rest = [member(it) for it in HOTLINES if it != "4006220003"]
    await desk.write(parent(member("4006220003", left_for="restored"), *rest, revision=2))
    assert await desk.follow(10) == 1
    assert desk.sent()[-1] == (SMITH, ["Service is back", "4006220003", BETA, parent().id])


@pytest.mark.parametrize("left_for", ["other_cause", ""])
async def test_what_was_not_seen_to_be_restored_is_not_told_as_restored(
    desk: Desk, left_for: str
) -> None:
    await desk.write(parent())
    await desk.follow(1)
    members = [member(it, left_for=left_for) for it in HOTLINES]
    closed = parent(*members, stage=Stage.CLOSED, closed_at=START + 60, resolution="wont_fix")
    await desk.write(replace(closed, revision=2))
    assert await desk.follow(10) == 0


async def test_only_the_grades_that_are_configured_and_at_most_so_many(desk: Desk) -> None:
    desk.configured = settings(desk.sink, customers={"sinks": ["desk"], "grades": ["AAA", "A"]})
    ticket = parent()
    await desk.write(ticket)
    told = await desk.service.tell(ticket, "Li")
    await desk.harness.settle()
    assert (told.queued, told.of_other_grade, told.without_contact) == (1, 1, 1)
    assert desk.phones() == [WANG]
    desk.configured = settings(desk.sink, customers={"sinks": ["desk"], "at_most": 1})
    told = await desk.service.tell(ticket, "Li")
    assert (told.queued, told.told_before, told.beyond_limit) == (0, 1, 1)


async def test_nobody_is_told_by_the_agent_alone_unless_it_may(desk: Desk) -> None:
    desk.configured = settings(desk.sink, customers={"sinks": ["desk"]})
    await desk.write(parent())
    assert await desk.follow(3600) == 0


async def test_one_phone_that_refuses_keeps_nobody_else_from_being_told(desk: Desk) -> None:
    desk.server.blocked |= {WANG}
    await desk.write(parent())
    await desk.follow(1)
    assert desk.phones() == [SMITH]
    assert ("王经理", "customer.affected", "failed") in await told(desk)


async def test_no_phone_is_in_the_ledger(desk: Desk, tmp_path: Path) -> None:
    await desk.write(parent())
    await desk.follow(1)
    content = b"".join(it.read_bytes() for it in tmp_path.rglob("*") if it.is_file())
    assert "王经理".encode() in content
    assert WANG.encode() not in content
