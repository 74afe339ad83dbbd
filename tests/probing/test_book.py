"""The book of calls: budget, hours, concurrency and phones, whatever the order of things."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.dial import Caller
from agent.probing.book import PAGE, CallBook, Permit, Refusal, RefusedError, Wish
from agent.providers.paid_queries import MemoryPages
from tests.proof_size import size

LONGEST = 60.0
NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC).timestamp()
"""12:00 in Shanghai."""
DAY = 86_400.0


def caller(name: str = "one", **values: object) -> Caller:
    return Caller.model_validate(
        {"name": name, "trunk": "192.0.2.1:5060", "user": "100", "consent": "us", **values}
    )


class HostilePages(MemoryPages):
    """A ledger that others hold now and then, that refuses to be written, and takes its time."""

    def __init__(self, rng: random.Random, trouble: float = 0.0) -> None:
        super().__init__()
        self.rng, self.trouble = rng, trouble

    async def load(self, name: str) -> bytes | None:
        await self.dawdle()
        return await super().load(name)

    async def save(self, name: str, content: bytes) -> bool:
        await self.dawdle()
        if self.rng.random() < self.trouble:
            return False
        return await super().save(name, content)

    async def dawdle(self) -> None:
        for _ in range(self.rng.randrange(4)):
            await asyncio.sleep(0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["HostilePages"]:
        await self.dawdle()
        if self.rng.random() < self.trouble:
            raise OSError("held")
        yield self


def book(pages: HostilePages, clock: Callable[[], float]) -> CallBook:
    return CallBook(pages.open, LONGEST, "Asia/Shanghai", clock)


async def refusal_of(one: CallBook, wish: Wish) -> Refusal | None:
    try:
        await one.permit(wish)
    except RefusedError as error:
        return error.refusal
    return None


async def test_the_budget_of_a_day_is_charged_before_the_call_and_survives_a_restart() -> None:
    pages = HostilePages(random.Random(1))
    who, now = caller(daily_budget=3, concurrency=10), NOON
    for number in range(3):
        # A new book each time: a restart forgets nothing.
        assert await refusal_of(book(pages, lambda: now), Wish(who, f"400000000{number}")) is None
    restarted = book(pages, lambda: now)
    assert await refusal_of(restarted, Wish(who, "4000000009")) is Refusal.BUDGET
    assert await restarted.remaining(who) == 0
    now += DAY
    assert await refusal_of(restarted, Wish(who, "4000000009")) is None


async def test_two_numbers_with_one_phone_are_not_called_at_once() -> None:
    pages = HostilePages(random.Random(1))
    one = book(pages, lambda: NOON)
    who, other = caller(concurrency=5), caller("two")
    permit = await one.permit(Wish(who, "4000000001", ("13800000001", "13800000002")))
    shared = Wish(other, "4000000002", ("13800000002",))
    assert await refusal_of(one, shared) is Refusal.PHONE_BUSY
    assert await one.end(permit)
    assert await refusal_of(one, shared) is None
    stored = await pages.load(PAGE)
    assert stored is not None
    assert b"13800000002" not in stored


async def test_the_phones_of_a_killed_process_are_free_once_its_call_must_have_ended() -> None:
    now = NOON
    pages = HostilePages(random.Random(1))
    await book(pages, lambda: now).permit(Wish(caller(), "4000000001"))
    restarted = book(pages, lambda: now)
    wish = Wish(caller("two"), "4000000001")
    now += LONGEST - 1
    assert await refusal_of(restarted, wish) is Refusal.PHONE_BUSY
    now += 1
    assert await refusal_of(restarted, wish) is None


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(caller(hours=["13:00-18:00"]), "4000000001"), Refusal.CALLER_HOURS),
        (
            Wish(caller(hours=["13:00-18:00"]), "4000000001", at_any_time=True),
            Refusal.CALLER_HOURS,
        ),
        (Wish(caller(), "4000000001", number_hours=["09:00-12:00"]), Refusal.NUMBER_HOURS),
        (Wish(caller(), "4000000001", number_hours=["12:00-24:00"]), None),
        (Wish(caller(), "4000000001", is_open=False), Refusal.NUMBER_HOURS),
        (Wish(caller(), "4000000001", is_open=False, at_any_time=True), None),
        (Wish(caller(), "4000000001", is_open=True), None),
        (Wish(caller(daily_budget=0), "4000000001"), Refusal.BUDGET),
    ],
)
async def test_hours_and_an_empty_budget(wish: Wish, expected: Refusal | None) -> None:
    one = book(HostilePages(random.Random(1)), lambda: NOON)
    assert await refusal_of(one, wish) is expected


async def test_what_cannot_be_charged_is_not_called() -> None:
    pages = HostilePages(random.Random(1), trouble=1.0)
    assert await refusal_of(book(pages, lambda: NOON), Wish(caller(), "4001")) is Refusal.LEDGER
    damaged = HostilePages(random.Random(1))
    await damaged.save(PAGE, b"\xc1")
    assert await refusal_of(book(damaged, lambda: NOON), Wish(caller(), "4001")) is Refusal.LEDGER


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "call", "end", "wait", "restart", "set back"]),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=40,
)


@given(STEPS, st.integers(0, 2**32 - 1), st.floats(0, 0.4))
@settings(max_examples=size(20, 1000), deadline=None)
def test_limits_hold_under_a_hostile_scheduler(
    steps: list[tuple[str, int, int]], seed: int, trouble: float
) -> None:
    asyncio.run(_hostile(steps, random.Random(seed), trouble))


async def _hostile(  # noqa: C901 - one step after the other
    steps: list[tuple[str, int, int]], rng: random.Random, trouble: float
) -> None:
    callers = [caller(f"c{it}", daily_budget=4 + it, concurrency=1 + it) for it in range(3)]
    phones = [("13800000001",), ("13800000001", "13800000002"), ("13800000003",), ()]
    pages, now = HostilePages(rng, trouble), NOON

    def clock() -> float:
        return now

    one = book(pages, clock)
    lasting: dict[str, tuple[Permit, Wish, float]] = {}
    made: Counter[str] = Counter()

    async def call(wish: Wish) -> None:
        try:
            permit = await one.permit(wish)
        except RefusedError:
            return
        for other, others_wish, _until in lasting.values():
            taken = {others_wish.number, *others_wish.phones}
            assert not taken & {wish.number, *wish.phones}, other
        lasting[permit.id] = (permit, wish, now + LONGEST)
        made[wish.caller.name] += 1
        own = [it for it, _, _ in lasting.values() if it.caller == wish.caller.name]
        assert len(own) <= wish.caller.concurrency

    for step, which, target in steps:
        if step == "call":
            number = f"400000000{target}"
            wishes = [Wish(callers[(which + it) % 3], number, phones[target]) for it in range(3)]
            await asyncio.gather(*map(call, wishes))
        elif step == "end" and lasting:
            permit, _, _ = lasting.pop(next(iter(lasting)))
            await one.end(permit)
        elif step == "wait":
            now += 25.0
            lasting = {key: it for key, it in lasting.items() if it[2] > now}
        elif step == "restart":
            one = book(pages, clock)
        elif step == "set back":
            # The clock is set back a little: no budget is granted for it, no phone is free sooner.
            now -= 5.0
    # All of it is one day.
    for each in callers:
        assert made[each.name] <= each.daily_budget


async def test_without_the_lock_of_a_change_the_budget_would_be_overdrawn() -> None:
    class Unlocked:
        async def __aenter__(self) -> None: ...
        async def __aexit__(self, *_: object) -> None: ...

    overdrawn = 0
    for seed in range(20):
        pages = HostilePages(random.Random(seed))
        one = book(pages, lambda: NOON)
        one._changing = Unlocked()
        who = caller(daily_budget=1, concurrency=10)
        wishes = [Wish(who, f"400000000{it}") for it in range(4)]
        granted = await asyncio.gather(*(refusal_of(one, it) for it in wishes))
        overdrawn += granted.count(None) > 1
    assert overdrawn
