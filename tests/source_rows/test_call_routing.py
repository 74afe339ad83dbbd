"""Where a call goes is told for any hour and any caller: which phone rings first and how long, that
a window closes, that an area hears busy, and what changes when the wait is changed."""

from tests.source_rows.asking import configure, route
from tests.source_rows.hotlines import Hotlines

ROW = "call_routing"
OFFICE = [{"days": "mon-fri", "from": "08:30", "to": "17:30", "bindings": ["b1", "b2"]}]


def test_wait_strategy_time_and_region_are_told(hotlines: Hotlines) -> None:
    routing = {
        "routing.schedule": OFFICE,
        "routing.strategy": "sequential",
        "routing.wait_seconds": 20,
        "routing.region_deny": ["022"],
    }
    configure(hotlines, ROW, routing, "region_blocks_caller", "02288881111")
    open_now = route(hotlines, ROW, "--at", "2027-01-13T10:00")
    assert [it["binding"] for it in open_now["legs"]] == ["b1", "b2"]
    assert [it["for_seconds"] for it in open_now["legs"]] == [20, 20]
    wednesday = next(it for it in open_now["week"] if it["date"] == "2027-01-13")
    rings = {it["from"]: it["rings"] for it in wednesday["stretches"]}
    assert rings["08:30"]
    assert not rings["17:30"]
