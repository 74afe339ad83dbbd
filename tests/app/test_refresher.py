"""An account whose facts cannot be processed: its provider is down and its facts grow stale."""

import asyncio

import pytest

from agent.checks.engine import Checker
from agent.fleet import Fleet
from agent.model import Listing, Number, PollStatus, Snapshot
from agent.refresher import Refresher
from agent.series import SeriesBuilder
from agent.states import Capability, NumberState
from exporters.exposition import Exposition
from tests.app.conftest import until
from tests.tickets.scene import settings as settings_of

NUMBERS = Capability.NUMBERS
STALE_AFTER = 180.0


class Failing(Checker):
    """Fails for one account while ``broken`` is set, as a mistake of ours would."""

    broken = False

    def check(self, snapshot, now, before=None):  # type: ignore[no-untyped-def]
        if self.broken and snapshot.account == "hq":
            raise OverflowError("date value out of range")
        return super().check(snapshot, now, before)


def snapshot(account: str, at: float, state: NumberState) -> Snapshot:
    return Snapshot(
        "north",
        account,
        round(at),
        {NUMBERS: PollStatus(60.0, last_attempt=at, last_success=at)},
        {NUMBERS: STALE_AFTER},
        Listing((Number("4006220001", state),)),
    )


def lines(exposition: Exposition, family: str) -> dict[str, float]:
    """The account and value of every sample of a family."""
    found = {}
    for block in exposition.blocks():
        if block.family.name == family:
            column = block.frame.columns[block.frame.names.index("account")]
            found |= dict(zip(map(str, column), block.values.tolist(), strict=True))
    return found


async def test_a_refresh_that_fails_is_down_and_ages_and_the_other_account_goes_on() -> None:
    settings = settings_of()
    fleet, exposition, now = Fleet(), Exposition(), [1000.0]
    checker = Failing(settings)
    refresher = Refresher(
        fleet, exposition, lambda: now[0], checker, SeriesBuilder(settings.metrics)
    )
    running = asyncio.create_task(refresher.run())
    try:
        for account in ("hq", "shop"):
            fleet.swap(snapshot(account, now[0], NumberState.ACTIVE))
        await until(lambda: len(refresher.results) == 2, "both are checked")
        checker.broken = True
        now[0] = 1060.0
        for account in ("hq", "shop"):
            fleet.swap(snapshot(account, now[0], NumberState.SUSPENDED_VIOLATION))
        up = {"hq": 0.0, "shop": 1.0}
        await until(lambda: lines(exposition, "numwatch_provider_up") == up, "hq is down")
        await until(lambda: lines(exposition, "numwatch_number_up")["shop"] == 0.0, "shop goes on")
        # Its newest facts that could be processed are shown until they are too old.
        assert lines(exposition, "numwatch_number_up") == {"hq": 1.0, "shop": 0.0}
        success = lines(exposition, "numwatch_poll_last_success_timestamp_seconds")
        assert success == {"hq": 1000.0, "shop": 1060.0}
        now[0] = 1000.0 + STALE_AFTER + 1
        await until(
            lambda: "hq" not in lines(exposition, "numwatch_number_up"), "its facts are stale"
        )
        assert not refresher.results["north", "hq"].is_fresh(NUMBERS, now[0])
        assert lines(exposition, "numwatch_provider_up") == up
        checker.broken = False
        fleet.swap(snapshot("hq", now[0], NumberState.SUSPENDED_VIOLATION))
        await until(
            lambda: lines(exposition, "numwatch_provider_up") == {"hq": 1.0, "shop": 1.0},
            "hq is up again",
        )
        assert lines(exposition, "numwatch_number_up")["hq"] == 0.0
    finally:
        running.cancel()


@pytest.mark.parametrize("step", [86400.0, -86400.0])
async def test_facts_that_cannot_be_processed_are_no_older_for_a_clock_that_is_set(
    step: float,
) -> None:
    settings = settings_of()
    fleet, exposition, now = Fleet(), Exposition(), [200_000.0]
    checker = Failing(settings)
    refresher = Refresher(
        fleet, exposition, lambda: now[0], checker, SeriesBuilder(settings.metrics)
    )
    fleet.swap(snapshot("hq", now[0], NumberState.ACTIVE))
    await refresher.refresh_all()
    checker.broken = True
    now[0] += step
    refresher.clock_was_set(step)
    await refresher.refresh_all()
    assert refresher.failed == {("north", "hq")}
    assert refresher.results["north", "hq"].is_fresh(NUMBERS, now[0])
    assert lines(exposition, "numwatch_number_up") == {"hq": 1.0}
    success = lines(exposition, "numwatch_poll_last_success_timestamp_seconds")
    assert success == {"hq": now[0]}
