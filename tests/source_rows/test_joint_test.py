"""Before it is closed the repair is tested together with the customer: a failed test sends it back,
a passed one leads to the customer's confirmation. A AAA ticket closes only after that, or after a
recorded waiver."""

from urllib.error import HTTPError

import pytest

from tests.source_rows.hotlines import Hotlines


def restored(hotlines: Hotlines) -> None:
    """Wait until the agent has seen that the number is in service."""
    hotlines.until(lambda: hotlines.ticket("joint_test")["stage"] == "restored", "service is back")


def test_a_repair_is_tested_and_confirmed_before_it_is_closed(hotlines: Hotlines) -> None:
    hotlines.set("joint_test", {"state": "suspended_violation"})
    key = hotlines.ticket("joint_test")["id"]
    hotlines.act(key, "grade", "as promised", grade="AAA")
    hotlines.set("joint_test", {"state": "active"})
    restored(hotlines)
    failed = hotlines.act(key, "test", "still no voice", result="failed")
    assert failed["stage"] == "diagnosing"
    restored(hotlines)
    hotlines.act(key, "test", "both sides hear", result="passed")
    with pytest.raises(HTTPError) as refused:
        hotlines.act(key, "close", "done", resolution="fixed")
    assert refused.value.code == 409
    form = {"customer": "王女士", "cause": "operator_equipment", "outcome": "restored"}
    assert hotlines.act(key, "confirm", "signed", **form)["stage"] == "confirmed"
    # Nothing stands in the way any more: the agent closes it by itself.
    closed = hotlines.until(
        lambda: next(iter(it for it in [hotlines.ticket("joint_test")] if it["closed_at"]), None),
        "it is closed",
    )
    assert (closed["stage"], closed["end"]["how"]) == ("closed", "restored")
    assert closed["confirmation"]["customer"] == "王女士"
