"""The geographic tables are loaded beside the event loop, before anybody asks."""

import asyncio
import sys

import pytest

from agent.diagnosis import caller_area
from agent.diagnosis.area_table import AreaTable
from agent.diagnosis.caller_area import area_of_caller, is_outside

MOBILE, BEIJING, ELSEWHERE = "17000001111", "010", "022"


@pytest.fixture(scope="module")
def tables():
    """Tables as the agent loads them, and what was known meanwhile."""
    table = AreaTable()

    async def load() -> str:
        loading = asyncio.create_task(table.load_beside())
        await asyncio.sleep(0)
        meanwhile = table.place_of(MOBILE)
        await loading
        return meanwhile

    return table, asyncio.run(load())


def test_the_tables_are_loaded_beside_the_loop(tables):
    table, meanwhile = tables
    assert table.is_loaded
    assert meanwhile == ""
    assert table.place_of(MOBILE) == table.place_of("1088888888") != ""
    # Of some mobiles the tables know only the country: that is no place.
    assert table.place_of("19900001111") == ""
    assert "phonenumbers.geodata" not in sys.modules


def test_a_mobile_has_the_area_of_its_city(tables, monkeypatch):
    monkeypatch.setattr(caller_area, "AREAS", tables[0])
    assert area_of_caller(MOBILE, (ELSEWHERE, BEIJING)) == BEIJING
    # An area code of several cities, and a city whose region is written in two ways.
    assert area_of_caller("13881912345", (ELSEWHERE, "028")) == "028"
    assert area_of_caller("13900001111", (ELSEWHERE, "0991")) == "0991"
    assert is_outside(MOBILE, (ELSEWHERE, "021"))
    assert not is_outside(MOBILE, (ELSEWHERE, BEIJING))
    assert not is_outside("19900001111", (ELSEWHERE, "021"))
    assert area_of_caller("+86 22 8888 1111", ("021",)) == ELSEWHERE


async def test_loading_that_is_cancelled_leaves_the_places_to_be_loaded_later():
    table = AreaTable()
    loading = asyncio.create_task(table.load_beside())
    await asyncio.sleep(0)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert not table.is_loaded
