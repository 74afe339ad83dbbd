"""A fault that makes numbers unusable for longer than is configured is severe: it is critical,
stands first in the queue, the province's monitoring room commands it, and the city with affected
numbers watches it. Both are told by SMS, once."""

from tests.source_rows.command import PEOPLE, Command


def test_a_severe_fault_is_commanded_by_the_province_and_watched_by_the_city(
    command: Command,
) -> None:
    seen = command.outage()
    assert seen.ticket["severity"] == "critical"
    assert seen.ticket["severe"]["excluded"] == ""
    assert "severe_fault" in {it["event"] for it in seen.ticket["timeline"]}
    assert seen.customers["province"]
    assert seen.customers["cities"] == ["广州", "深圳"]
    assert [it.partition(":")[0] for it in seen.during[PEOPLE["room"]]] == ["重大故障，请指挥处理"]
    assert [it.partition(":")[0] for it in seen.during[PEOPLE["guangzhou"]]] == ["本市故障"]
    assert seen.queue[0]["id"] == seen.ticket["id"]
    assert "省级指挥" in seen.page
