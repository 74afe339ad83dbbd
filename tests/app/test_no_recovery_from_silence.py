"""Whatever a provider does wrong, an open ticket never says recovered because of it."""

import asyncio
import time
from email.utils import formatdate

import pytest
from aiohttp import web

from agent.simulator.dialects.base import ApiResponse
from agent.simulator.responses import respond
from tests.app.conftest import Scene, until
from tests.fault_reasons import FAULT_REASONS, HARMLESS_FAULTS
from tests.proof_size import size

GOOD_NEWS = {"ticket.resolved", "ticket.closed"}
PAGED = ("empty_page", "duplicate_page")
"""On a listing of one page these may fail or give facts that can be read; both are allowed."""
FAILS = {kind: reason for kind, reason in FAULT_REASONS.items() if kind not in PAGED}
POLLS_SEEN = size(6, 360)
"""Polls that find nothing out; at full size as many as in three hours at half a minute each."""


def delivered_types(scene: Scene) -> set[str]:
    ticket = scene.ticket("number_down")
    assert ticket is not None
    return {delivery["type"] for delivery in ticket["deliveries"]}


@pytest.mark.timeout(size(120, 1200))
@pytest.mark.parametrize("kind", [*FAULT_REASONS, *HARMLESS_FAULTS])
async def test_a_faulty_provider_never_recovers_a_number(scene: Scene, kind: str) -> None:
    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    scene.world.apply({"provider": "north", "fault": {"kind": kind, "for": "1h"}})
    if kind in FAILS:
        await until(
            lambda: scene.failures("north", FAILS[kind]) >= POLLS_SEEN / 2,
            f"polls fail with {FAILS[kind]}",
            20.0 + POLLS_SEEN,
        )
    else:
        await asyncio.sleep(0.3 * POLLS_SEEN)
    assert not delivered_types(scene) & GOOD_NEWS
    assert scene.all_failures("south") == 0


async def test_the_number_recovers_when_it_is_seen_active(scene: Scene) -> None:
    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    scene.world.apply({"number": "4006220001", "set": {"state": "active"}})
    await until(lambda: delivered_types(scene) >= GOOD_NEWS, "the ticket is closed")


async def test_yesterdays_answers_never_recover_a_number(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache before the provider says what was true a day ago, in the provider's own words."""
    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    yesterday = formatdate(time.time() - 86400, usegmt=True)

    def respond_from_cache(reply: ApiResponse) -> web.Response:
        response = respond(reply)
        response.headers["Date"] = yesterday
        return response

    with monkeypatch.context() as cached:
        cached.setattr("agent.simulator.server.respond", respond_from_cache)
        scene.world.apply({"number": "4006220001", "set": {"state": "active"}})
        await until(
            lambda: scene.failures("north", "outdated") >= POLLS_SEEN / 2, "polls are outdated"
        )
        assert not delivered_types(scene) & GOOD_NEWS
    await until(lambda: delivered_types(scene) >= GOOD_NEWS, "fresh answers close the ticket")
