"""Lists go by full numbers, area codes and leading digits, regions by area codes alone, and callers
hear different things: no right to call, or busy. The diagnosis tells the two apart for a caller."""

from tests.source_rows.asking import configure, route, verdict
from tests.source_rows.hotlines import Hotlines

ROW = "lists_and_prompts"
NOON = ("--at", "2027-01-13T12:00")


def test_a_list_and_a_region_are_told_apart(hotlines: Hotlines) -> None:
    routing = {"routing.blacklist": ["139", "021"], "routing.region_deny": ["022"]}
    listed = configure(hotlines, ROW, routing, "list_blocks_caller", "13900001111")
    area = verdict(hotlines, ROW, "02288881111")
    assert area["cause"] == "region_blocks_caller"
    assert listed["evidence"] != area["evidence"]
    assert verdict(hotlines, ROW, "13700001399")["cause"] == "healthy", "trailing digits are none"
    heard = route(hotlines, ROW, *NOON, "--caller", "13900001111")
    assert (heard["cause"], heard["heard"]) == ("list_blocks_caller", "no_right")
