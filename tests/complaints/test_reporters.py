"""One caller's complaints: found together, and known as repeats of each other for a month."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from agent.complaints.complaint import Channel, Complaint, ComplaintReport
from agent.complaints.reporters import REPEAT_WINDOW, SHOWN, Reporters, repeats
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.store.database import Database
from agent.store.schema import complaints as table

NUMBER, OTHER = "4006220001", "4006220002"
CALLER, SECOND = "13900001111", "13900002222"
AT = 1_000_000_000.0


class Desk:
    """Complaints that come in one after the other."""

    def __init__(self, repository: ComplaintRepository) -> None:
        self.repository = repository
        self.reporters = Reporters(repository)

    async def complain(
        self, caller: str, at: float, number: str = NUMBER, callers: tuple[str, ...] = ()
    ) -> Complaint:
        report = ComplaintReport(
            number=number,
            caller=caller,
            at=at,
            has_time=True,
            channel=Channel.HOTLINE,
            callers=callers,
            **dict.fromkeys(("prompt", "content", "reference", "handler"), ""),
        )
        made = await self.repository.add(None, report, Obligations(), 1000, at)
        assert made is not None
        return made

    async def repeats(self, *shown: Complaint) -> list[int]:
        found = await self.reporters.repeats_of(shown)
        return [found.get(it.id, 0) for it in shown]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(await ComplaintRepository.open(database))


async def test_who_complains_again_about_a_number_repeats_and_nobody_else_does(desk: Desk) -> None:
    first = await desk.complain(CALLER, AT)
    other_caller = await desk.complain(SECOND, AT + 1)
    other_number = await desk.complain(CALLER, AT + 2, OTHER)
    second = await desk.complain(CALLER, AT + 3)
    third = await desk.complain(CALLER, AT + REPEAT_WINDOW)
    much_later = await desk.complain(CALLER, AT + 2 * REPEAT_WINDOW + 1)
    shown = (first, other_caller, other_number, second, third, much_later)
    assert await desk.repeats(*shown) == [0, 0, 0, 1, 2, 0]
    assert await desk.repeats(third) == [2], "whatever else is shown"


async def test_an_answered_complaint_is_repeated_all_the_same(desk: Desk) -> None:
    first = await desk.complain(CALLER, AT)
    await desk.repository.update({}, [first.id], AT + 1)
    second = await desk.complain(CALLER, AT + 2)
    assert await desk.repeats(second) == [1]
    history = await desk.reporters.history_of(second)
    assert (history.total, history.about_number, history.waiting) == (2, 2, 1)
    assert [it.complaint.id for it in history.others] == [first.id]


async def test_callers_that_nobody_named_are_not_one_caller(desk: Desk, database: Database) -> None:
    first = await desk.complain("", AT)
    # The sample callers of a fault report are not who reported it.
    second = await desk.complain("", AT + 1, callers=(CALLER,))
    assert await desk.repeats(first, second) == [0, 0]
    assert (await desk.reporters.history_of(second)).total == 0
    async with database.transaction() as connection:
        stored = (await connection.execute(select(table.c.who))).scalars().all()
    assert stored == ["", ""]


async def test_a_history_shows_the_newest_and_counts_all(desk: Desk) -> None:
    made = [await desk.complain(CALLER, AT + i, OTHER if i % 2 else NUMBER) for i in range(14)]
    history = await desk.reporters.history_of(made[5])
    assert (history.total, history.about_number) == (14, 7)
    newest = [it.id for it in reversed(made) if it != made[5]]
    assert [it.complaint.id for it in history.others] == newest[:SHOWN]
    assert desk.repository.who_is(CALLER) == made[0].who != desk.repository.who_is(SECOND)


moments = st.integers(0, 100).map(lambda days: AT + days * 86400.0)
known = st.tuples(st.sampled_from("ab"), st.sampled_from((NUMBER, OTHER)), moments)


@given(st.lists(known, max_size=30))
def test_repeats_are_those_of_the_month_before(rows: list[tuple[str, str, float]]) -> None:
    shown = [
        Complaint(id=str(place), number=number, at=at, received_at=at, who=who, caller="1****")
        for place, (who, number, at) in enumerate(rows)
    ]
    found = repeats(shown, rows)
    for complaint, (who, number, at) in zip(shown, rows, strict=True):
        ages = [at - before for w, n, before in rows if (w, n) == (who, number) and before < at]
        assert found.get(complaint.id, 0) == len([age for age in ages if age <= 30 * 86400.0])
