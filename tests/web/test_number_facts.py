"""What a number is before it is opened, and what lies recorded for it: on its page and the API."""

import msgspec
import pytest

from agent.model import Listing
from agent.states import NumberState
from tests.web.facts import HEALTHY
from tests.web.test_api import get as get_json
from tests.web.test_number_page import get, section


@pytest.fixture
def restated(facts):
    """Shows the facts again with the healthy number changed."""

    def show(**changes):
        [listing] = [it.snapshot.listing for it in facts.results.values() if it.snapshot.listing]
        numbers = tuple(
            msgspec.structs.replace(it, **changes) if it.number == HEALTHY else it
            for it in listing.numbers
        )
        facts.restate(listing=Listing(numbers))

    return show


async def test_a_number_that_is_reserved_is_not_down(client, restated):
    restated(state=NumberState.PREOCCUPIED)
    state = section(await get(client, f"/numbers/{HEALTHY}?lang=en"), "state")
    assert "Not opened yet" in state
    assert "Down" not in state
    chinese = section(await get(client, f"/numbers/{HEALTHY}?lang=zh-CN"), "state")
    assert "尚未开通" in chinese
    assert (await get_json(client, f"/api/numbers/{HEALTHY}"))["health"] == "not_opened"
    home = await get(client, "/?lang=en")
    assert "/numbers?health=not_opened" in home
    listed = await get_json(client, "/api/numbers?health=not_opened")
    assert [it["number"] for it in listed["items"]] == [HEALTHY]


async def test_what_lies_recorded_is_shown_where_it_is_told(client, restated):
    silent = section(await get(client, f"/numbers/{HEALTHY}?lang=en"), "state")
    assert "Colour ring" not in silent
    assert "Voicemail" not in silent
    restated(recordings_pending=7, voicemail_unread=0, colour_ring=False)
    state = section(await get(client, f"/numbers/{HEALTHY}?lang=en"), "state")
    assert "Recordings not exported 7" in state
    assert "Voicemail nobody listened to 0" in state
    assert "Colour ring none of its own" in state
    detail = await get_json(client, f"/api/numbers/{HEALTHY}")
    assert (detail["recordings_pending"], detail["colour_ring"]) == (7, False)
