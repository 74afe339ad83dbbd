"""Checks of accounts that other replicas poll wait until somebody looks; all wait for a second.

Negative controls: where only the tick without work looks for what became stale, an agent that is
busy all the time finds nothing (:func:`test_facts_become_stale_however_busy_the_agent_is` is red);
an account that failed, or whose facts are others, never waits.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from agent import postponed_checks
from agent.checks.engine import Checker, CheckResult
from agent.fleet import Fleet
from agent.model import AccountKey, Listing, Number, PollStatus, Snapshot
from agent.postponed_checks import PostponedChecks, differ_in_times_only, stale_at
from agent.refresher import Refresher
from agent.series import SeriesBuilder
from agent.states import Capability, NumberState, PollFailure
from exporters.exposition import Exposition
from tests.app.conftest import until
from tests.app.test_refresher import lines
from tests.tickets.scene import settings as settings_of

NUMBERS = Capability.NUMBERS
STALE_AFTER = 180.0
SUCCESS = "numwatch_poll_last_success_timestamp_seconds"
SNAPSHOT = Snapshot(
    "north",
    "hq",
    1,
    {NUMBERS: PollStatus(60.0, last_attempt=1000.0, last_success=1000.0)},
    {NUMBERS: STALE_AFTER},
    Listing((Number("4006220001", NumberState.ACTIVE),)),
)


def polled(before: Snapshot, at: float, **facts: Any) -> Snapshot:
    """``before`` after a poll at ``at`` that found ``facts``, and else the same."""
    status = PollStatus(60.0, last_attempt=at, last_success=at)
    own = {"revision": before.revision + 1, "polls": {NUMBERS: status}, **facts}
    return msgspec.structs.replace(before, **own)


class Scene:
    """A refresher that runs; its accounts are another replica's, but for ``north/own``."""

    def __init__(self) -> None:
        settings = settings_of()
        self.now = 1000.0
        self.fleet, self.exposition = Fleet(), Exposition()
        self.checker = Checker(settings)
        self.refresher = Refresher(
            self.fleet,
            self.exposition,
            lambda: self.now,
            self.checker,
            SeriesBuilder(settings.metrics),
        )
        self.is_deciding = False
        self.refresher.postponed.may_wait = lambda key: (
            not self.is_deciding and key != ("north", "own")
        )

    def checked_at(self, account: str = "hq") -> float | None:
        """The time of the newest poll that was checked."""
        return lines(self.exposition, SUCCESS).get(account)

    def poll(self, at: float, account: str = "hq", **facts: Any) -> None:
        self.now = at
        before = self.fleet.get("north", account) or msgspec.structs.replace(
            SNAPSHOT, account=account
        )
        self.fleet.swap(polled(before, at, **facts))

    async def settled(self) -> None:
        """Until what was asked for before this is done: another account is checked behind it."""
        self.poll(self.now, "own", balance=None, gone=frozenset({str(self.now)}))
        newest = self.fleet.get("north", "own")
        checked = self.refresher.results
        await until(lambda: checked["north", "own"].snapshot is newest, "the other is checked")


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    running = asyncio.create_task(scene.refresher.run())
    scene.poll(1000.0)
    scene.poll(1000.0, "own")
    await until(lambda: len(scene.refresher.results) == 2, "both are checked")
    yield scene
    running.cancel()


async def test_a_poll_that_found_nothing_new_waits_until_somebody_looks(scene: Scene) -> None:
    scene.poll(1060.0)
    await scene.settled()
    assert scene.checked_at() == 1000.0
    await scene.refresher.attend()
    assert scene.checked_at() == 1060.0
    # Whoever has looked may look again.
    scene.poll(1120.0)
    await until(lambda: scene.checked_at() == 1120.0, "it waits while somebody looks")


async def test_where_it_is_decided_nothing_waits(scene: Scene) -> None:
    scene.poll(1060.0)
    await scene.settled()
    scene.is_deciding = True
    await scene.refresher.catch_up()
    assert scene.checked_at() == 1060.0
    scene.poll(1120.0)
    await until(lambda: scene.checked_at() == 1120.0, "it waits")


async def test_a_fact_that_is_new_does_not_wait(scene: Scene) -> None:
    suspended = Number("4006220001", NumberState.SUSPENDED_VIOLATION)
    scene.poll(1060.0, listing=Listing((suspended,)))
    await until(
        lambda: lines(scene.exposition, "numwatch_number_up")["hq"] == 0.0, "the new fact waits"
    )


async def test_where_nothing_is_polled_all_that_does_not_wait_is_checked_again(
    scene: Scene,
) -> None:
    before = scene.refresher.results["north", "own"]
    await until(
        lambda: scene.refresher.results["north", "own"] is not before, "it does not grow older"
    )


async def test_what_waits_becomes_stale_by_its_newest_poll(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postponed_checks, "_LOOK_INTERVAL", 0.0)
    scene.poll(1060.0)
    scene.now = 1001.0 + STALE_AFTER
    await scene.settled()
    await scene.settled()
    assert scene.checked_at() == 1000.0, "what is polled has become stale"
    scene.now = 1061.0 + STALE_AFTER
    await until(
        lambda: "hq" not in lines(scene.exposition, "numwatch_number_up"), "it waits for ever"
    )


async def test_polls_that_found_nothing_new_are_checked_together(scene: Scene) -> None:
    checked: list[float] = []
    check = scene.checker.check

    def counting(snapshot: Snapshot, now: float, before: CheckResult | None = None) -> CheckResult:
        checked.append(snapshot.polls[NUMBERS].last_success or 0.0)
        return check(snapshot, now, before)

    scene.checker.check = counting  # type: ignore[method-assign]
    for second in range(20):
        scene.poll(1060.0 + second, "own")
        await asyncio.sleep(0)
    assert checked == []
    await until(lambda: scene.checked_at("own") == 1079.0, "the newest poll is not checked")
    assert checked == [1079.0]


async def test_a_check_that_fails_stops_none_of_those_beside_it(scene: Scene) -> None:
    check = scene.checker.check

    def failing(snapshot: Snapshot, now: float, before: CheckResult | None = None) -> CheckResult:
        if snapshot.account == "a":
            raise OverflowError("date value out of range")
        return check(snapshot, now, before)

    scene.checker.check = failing  # type: ignore[method-assign]
    for account in ("a", "own"):
        scene.poll(1060.0, account)
    await until(lambda: scene.checked_at("own") == 1060.0, "the other is not checked")
    assert scene.refresher.failed == {("north", "a")}


async def test_facts_become_stale_however_busy_the_agent_is(scene: Scene) -> None:
    scene.now = 1001.0 + STALE_AFTER

    def stale_while_busy() -> bool:
        scene.poll(scene.now, "own")
        return "hq" not in lines(scene.exposition, "numwatch_number_up")

    await until(stale_while_busy, "what nobody polls any more looks current")


async def test_what_follows_from_another_account_is_checked_when_somebody_looks(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    dependents = {("north", "shop"): [("north", "hq")]}
    attribution = scene.checker.attribution
    monkeypatch.setattr(attribution, "dependents", lambda key: dependents.get(key, []))
    before = scene.refresher.results["north", "hq"]
    scene.poll(1030.0, "shop")
    await scene.settled()
    assert scene.refresher.results["north", "hq"] is before
    await scene.refresher.attend()
    assert scene.refresher.results["north", "hq"] is not before


@pytest.mark.parametrize(("step", "stale"), [(86_400.0, []), (0.0, [("north", "hq")])])
def test_a_clock_that_is_set_makes_nothing_stale(step: float, stale: list[AccountKey]) -> None:
    checks = PostponedChecks()
    checks.checked(SNAPSHOT, 1000.0, 0.0)
    checks.clock_was_set(step)
    assert checks.take_stale(1001.0 + 86_400.0) == stale


@pytest.mark.parametrize(
    "change",
    [
        {"listing": Listing((Number("4006220001", NumberState.ACTIVE),))},
        {"polls": {NUMBERS: PollStatus(60.0, 1060.0, 1000.0, PollFailure.TIMEOUT)}},
        {"polls": {NUMBERS: PollStatus(60.0, 1060.0, None)}},
        {"polls": {**SNAPSHOT.polls, Capability.BALANCE: PollStatus(60.0)}},
        {"stale_after": {NUMBERS: 60.0}},
    ],
)
def test_whatever_is_more_than_a_time_is_another_fact(change: dict[str, Any]) -> None:
    assert differ_in_times_only(SNAPSHOT, polled(SNAPSHOT, 1060.0))
    assert not differ_in_times_only(SNAPSHOT, polled(SNAPSHOT, 1060.0, **change))


def test_facts_that_are_stale_become_so_no_more() -> None:
    assert stale_at(SNAPSHOT, 1000.0) == 1000.0 + STALE_AFTER
    assert stale_at(SNAPSHOT, 1001.0 + STALE_AFTER) == float("inf")
