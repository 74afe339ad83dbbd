"""A number takes so many calls at once: its limit and the calls at once are metrics, calls that are
refused beyond it are diagnosed as too few lines and not as busy phones, and a trunk near its
capacity is a finding about the configuration."""

from tests.source_rows.asking import configure
from tests.source_rows.hotlines import Hotlines

ROW = "pbx_capacity"


def test_too_few_lines_are_told_from_busy_phones(hotlines: Hotlines) -> None:
    number = hotlines.number(ROW)
    lines = {
        "routing.concurrency_limit": 2,
        "routing.trunk_capacity": 30,
        "routing.trunk_peak": 28,
        "calls": {"per_hour": 3600, "results": {"over_concurrency": 0.7, "answered": 0.3}},
    }
    found = configure(hotlines, ROW, lines, "capacity_exceeded")
    assert found["next_steps"]
    metrics = hotlines.agent.get("/metrics").decode().splitlines()
    limits = [
        line
        for line in metrics
        if line.startswith("numwatch_number_concurrent_calls_limit{") and number in line
    ]
    assert [float(line.rpartition(" ")[2]) for line in limits] == [2.0]
    page = hotlines.page(f"/numbers/{number}")
    assert "L29" in page
