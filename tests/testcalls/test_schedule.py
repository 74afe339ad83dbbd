"""When numbers are called by plan: never too often, in no burst, nobody forgotten."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.dial import Caller
from agent.probing.book import CallBook, Permit, Refusal, RefusedError, Wish
from agent.testcalls.planned import RETRIES, Pair, Planned
from agent.testcalls.schedule import MOST_STRIKES, OPINION_AFTER, Schedule
from tests.probing.test_book import LONGEST, NOON, HostilePages, caller
from tests.proof_size import size

HOUR, DAY = 3600.0, 86_400.0
ALWAYS = {"hours": ["00:00-24:00"], "daily_budget": 10_000}


def planned(number: int, who: str = "one", every: float = HOUR, **values: float | bool) -> Planned:
    return Planned(f"400000{number:04}", who, "plan", every, ("north", "hq"), **values)


@dataclass
class Simulated:
    """Runs a schedule over fake clocks; calls take ``length`` seconds."""

    wanted: list[Planned]
    callers: list[Caller]
    length: float = 20.0
    steady: float = 1000.0
    wall: float = NOON
    schedule: Schedule = field(default_factory=Schedule)
    stored: dict[Pair, float] = field(default_factory=dict)
    """By pair, when the wall clock said that its newest call began."""
    begun: list[tuple[float, Pair]] = field(default_factory=list)
    ends: list[tuple[float, float, Planned]] = field(default_factory=list)
    refuse: Callable[[Planned], Refusal | None] = lambda _: None
    fails: Callable[[Planned], bool] = lambda _: False

    def replace(self) -> None:
        ages = {pair: self.wall - at for pair, at in self.stored.items()}
        self.schedule.replace(self.wanted, self.callers, ages, self.steady, self.wall)

    def restart(self) -> None:
        """A new process: what was under way is lost, and no clock goes on but the wall's."""
        self.schedule, self.ends = Schedule(), []
        self.replace()

    def run(self, seconds: float, step: float = 5.0) -> None:
        until = self.steady + seconds
        while self.steady < until:
            self._tick()
            self.steady += step
            self.wall += step

    def _tick(self) -> None:
        for end in [it for it in self.ends if it[0] <= self.steady]:
            self.ends.remove(end)
            self._end(*end)
        while (due := self.schedule.due(self.steady)) is not None:
            if (refusal := self.refuse(due)) is not None:
                self.schedule.refused(due, self.steady, RETRIES[refusal])
                continue
            self.begun.append((self.steady, due.pair))
            self.stored[due.pair] = self.wall
            self.ends.append((self.steady + self.length, self.steady, due))

    def _end(self, _at: float, began: float, due: Planned) -> None:
        self.schedule.placed(due, began)
        if self.fails(due):
            self.schedule.failed(due, self.steady)
        else:
            self.schedule.got_through(due.number)

    def times(self, pair: Pair) -> list[float]:
        return [at for at, one in self.begun if one == pair]

    def gaps(self, pair: Pair) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.times(pair))]


EVENTS = st.lists(
    st.sampled_from(["run", "run", "run", "restart", "clock back", "clock ahead", "reload"]),
    min_size=3,
    max_size=12,
)


@given(EVENTS, st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(0, 0.5))
@settings(max_examples=size(15, 300), deadline=None)
def test_no_pair_is_called_more_often_than_every_whatever_happens(
    events: list[str], numbers: int, seed: int, spread: float
) -> None:
    rng = random.Random(seed)
    every = rng.choice([600.0, HOUR, 6 * HOUR])
    both = [caller(it, concurrency=rng.randint(1, 3), **ALWAYS) for it in ("one", "two")]
    wanted = [
        planned(number, who.name, every, spread=spread, second_opinion=False)
        for number in range(numbers)
        for who in both
    ]
    scene = Simulated(wanted, both)
    scene.refuse = lambda _: rng.choice(list(Refusal)) if rng.random() < 0.3 else None
    scene.replace()
    has_jumped_ahead = False
    for event in events:
        if event == "restart":
            # Stored times of a clock that was set ahead look older than they are: that alone may
            # bring a call early, and once.
            if not has_jumped_ahead:
                scene.restart()
        elif event == "clock back":
            scene.wall -= 2 * DAY
        elif event == "clock ahead":
            scene.wall += 2 * DAY
            has_jumped_ahead = True
        elif event == "reload":
            scene.replace()
        else:
            scene.run(rng.uniform(0.2, 2) * every, 10.0)
    for each in wanted:
        assert all(gap >= every for gap in scene.gaps(each.pair)), scene.gaps(each.pair)


@pytest.mark.parametrize("after", ["restart", "clock back", "clock ahead", "a night"])
def test_what_is_overdue_comes_with_pauses_and_no_burst(after: str) -> None:
    who = [caller(concurrency=10, **ALWAYS)]
    scene = Simulated([planned(it, every=6 * HOUR) for it in range(60)], who)
    scene.replace()
    scene.run(7 * HOUR)
    assert len({pair for _, pair in scene.begun}) == 60
    before = len(scene.begun)
    scene.wall += {"clock back": -3 * DAY, "clock ahead": 3 * DAY}.get(after, 0.0)
    if after == "restart":
        # Everything is overdue after two days in which nothing ran.
        scene.wall += 2 * DAY
        scene.restart()
    elif after == "a night":
        scene.refuse = lambda _: Refusal.CALLER_HOURS
        scene.run(12 * HOUR, 60.0)
        scene.refuse = lambda _: None
    elif after == "clock ahead":
        scene.restart()
    scene.run(HOUR, 1.0)
    late = [at for at, _ in scene.begun[before:]]
    assert len(late) <= HOUR / 60 + 1, "at most one call a minute of one caller"
    assert all(later - earlier >= 60.0 for earlier, later in pairwise(late))


def test_nobody_starves_where_the_budget_does_not_suffice() -> None:
    who = [caller(**ALWAYS)]
    scene = Simulated([planned(it, every=HOUR) for it in range(40)], who)
    budget = 100

    def refuse(_: Planned) -> Refusal | None:
        today = sum(at > (scene.steady // DAY) * DAY for at, _ in scene.begun)
        return Refusal.BUDGET if today >= budget else None

    scene.refuse = refuse
    scene.replace()
    for _ in range(3):
        scene.run(DAY, 10.0)
        scene.restart()
    counts = Counter(pair for _, pair in scene.begun)
    assert len(counts) == 40, "every number was called"
    assert max(counts.values()) - min(counts.values()) <= 1, counts


def test_a_number_that_cannot_be_called_keeps_nobody_else_waiting() -> None:
    scene = Simulated([planned(it, every=HOUR) for it in range(20)], [caller(**ALWAYS)])
    closed = {planned(it).number for it in range(15)}
    scene.refuse = lambda it: Refusal.NUMBER_HOURS if it.number in closed else None
    scene.replace()
    scene.run(3 * HOUR)
    assert all(len(scene.times(planned(it).pair)) >= 2 for it in range(15, 20))
    scene.refuse = lambda _: None
    scene.run(HOUR)
    assert all(scene.times(planned(it).pair) for it in range(15)), "and it is called once it can be"


def test_a_call_that_somebody_else_made_counts() -> None:
    scene = Simulated([planned(1, every=HOUR)], [caller(**ALWAYS)])
    scene.replace()
    scene.run(2 * HOUR)
    (last,) = scene.times(planned(1).pair)[-1:]
    scene.schedule.called(planned(1).pair, scene.steady)
    by_hand = scene.steady
    scene.run(2 * HOUR)
    after = [at for at in scene.times(planned(1).pair) if at > last]
    assert after[0] >= by_hand + HOUR


def test_a_restart_forgets_no_call_and_moves_no_first_one() -> None:
    wanted = [planned(it, every=DAY) for it in range(10)]
    scene = Simulated(wanted, [caller(**ALWAYS)])
    scene.replace()
    # Restarted every ten minutes, it still calls everyone within the first hours, once.
    for _ in range(30):
        scene.run(600.0)
        scene.restart()
    assert sorted(pair for _, pair in scene.begun) == sorted(it.pair for it in wanted)


def test_a_clock_that_was_set_back_before_a_restart_delays_nobody_for_days() -> None:
    scene = Simulated([planned(1, every=HOUR)], [caller(**ALWAYS)])
    scene.replace()
    scene.run(2 * HOUR)
    scene.wall -= 3 * DAY
    scene.restart()
    before = len(scene.begun)
    scene.run(1.5 * HOUR)
    assert len(scene.begun) == before + 1, "its last call seems to be still to come"


def opinions(scene: Simulated, number: str) -> list[tuple[float, str]]:
    return [(at, pair[1]) for at, pair in scene.begun if pair[0] == number]


def test_the_second_opinion_is_asked_of_another_carrier_first_and_three_strikes_are_the_most() -> (
    None
):
    callers = [
        caller("a", carrier="telecom", **ALWAYS),
        caller("b", carrier="telecom", **ALWAYS),
        caller("c", carrier="unicom", **ALWAYS),
    ]
    wanted = [planned(1, it.name, every=6 * HOUR) for it in callers]
    scene = Simulated(wanted, callers, fails=lambda _: True)
    scene.replace()
    scene.run(HOUR + 1800)
    heard = opinions(scene, wanted[0].number)
    first = heard[0][1]
    assert {who for _, who in heard[:3]} == {"a", "b", "c"}
    assert heard[1][1] == ("c" if first != "c" else heard[1][1])
    waits = [later - earlier for (earlier, _), (later, _) in pairwise(heard[:MOST_STRIKES])]
    assert all(OPINION_AFTER + scene.length <= it <= OPINION_AFTER + 200 for it in waits), waits
    scene.run(4 * HOUR)
    assert len(opinions(scene, wanted[0].number)) == MOST_STRIKES


def test_a_plan_of_one_caller_asks_the_same_once_more_and_stops_when_it_gets_through() -> None:
    scene = Simulated([planned(1, every=6 * HOUR)], [caller(**ALWAYS)])
    broken = [True]
    scene.fails = lambda _: broken.pop() if broken else False
    scene.replace()
    scene.run(3 * HOUR)
    assert len(scene.begun) == 2
    quiet = Simulated([planned(1, second_opinion=False, every=6 * HOUR)], [caller(**ALWAYS)])
    quiet.fails = lambda _: True
    quiet.replace()
    quiet.run(3 * HOUR)
    assert len(quiet.begun) == 1


def test_an_opinion_that_cannot_be_had_is_given_up() -> None:
    callers = [caller("a", **ALWAYS), caller("b", **ALWAYS)]
    wanted = [planned(1, it.name, every=12 * HOUR) for it in callers]
    scene = Simulated(wanted, callers, fails=lambda _: len(scene.begun) == 1)
    scene.replace()
    while not scene.begun:
        scene.run(60.0)
    scene.refuse = lambda _: Refusal.CALLER_HOURS
    scene.run(2 * HOUR)
    scene.refuse = lambda _: None
    scene.run(HOUR)
    # The other caller's own first call was overdue; nobody is called for the old failure.
    assert sorted(who for _, who in opinions(scene, wanted[0].number)) == ["a", "b"]


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3))
@settings(max_examples=size(10, 200), deadline=None)
def test_no_plan_breaks_the_book_under_a_hostile_scheduler(seed: int, trouble: float) -> None:
    asyncio.run(_hostile(random.Random(seed), trouble))


async def _hostile(rng: random.Random, trouble: float) -> None:
    callers = [
        caller(f"c{it}", daily_budget=6 + it, concurrency=1 + it, hours=["11:00-18:00"])
        for it in range(3)
    ]
    wanted = [planned(it, who.name, 600.0) for it in range(8) for who in callers]
    pages, steady, wall = HostilePages(rng, trouble), 0.0, NOON
    book = CallBook(pages.open, LONGEST, "Asia/Shanghai", lambda: wall)
    schedule = Schedule()
    schedule.replace(wanted, callers, {}, steady, wall)
    by_name = {it.name: it for it in callers}
    made: Counter[str] = Counter()
    lasting: list[tuple[float, Permit, Planned, float]] = []

    async def place(due: Planned) -> None:
        began = steady
        phones = (f"1380000000{int(due.number) % 4}",)
        try:
            permit = await book.permit(Wish(by_name[due.caller], due.number, phones))
        except RefusedError as error:
            schedule.refused(due, steady, RETRIES[error.refusal])
            return
        made[due.caller] += 1
        lasting.append((steady + rng.uniform(5, 40), permit, due, began))

    for _ in range(900):
        for end in [it for it in lasting if it[0] <= steady]:
            lasting.remove(end)
            await book.end(end[1])
            schedule.placed(end[2], end[3])
            if rng.random() < 0.5:
                schedule.failed(end[2], steady)
        if rng.random() < 0.02:
            schedule.replace(wanted, callers, {}, steady, wall)
        due = []
        while (one := schedule.due(steady)) is not None:
            due.append(one)
        await asyncio.gather(*map(place, due))
        for who in callers:
            under_way = sum(it[2].caller == who.name for it in lasting)
            assert under_way <= who.concurrency
        steady, wall = steady + 10.0, wall + 10.0
    assert all(made[it.name] <= it.daily_budget for it in callers), made
