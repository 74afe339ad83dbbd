"""Plans that ask more of a caller than its daily budget are reported where people look."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.config.dial import Caller
from agent.testcalls.overdrafts import overdrafts
from agent.testcalls.planned import Planned
from tests.app.conftest import until
from tests.testcalls.conftest import CLOSED, calling_scene
from tests.testcalls.served_calls import asking

pytestmark = pytest.mark.timeout(180)
HOUR = 3600.0


def caller(budget: int, name: str = "telecom", **more: Any) -> Caller:
    facts = {"trunk": "192.0.2.1:5060", "user": "1", "local_address": "192.0.2.2"}
    facts |= {"consent": "all of them", "hours": ["00:00-24:00"]}
    return Caller.model_validate({**facts, "name": name, "daily_budget": budget, **more})


def planned(count: int, every: float = HOUR, **more: Any) -> list[Planned]:
    numbers = (f"40062200{it:02}" for it in range(count))
    return [Planned(it, "telecom", "all", every, ("north", "hq"), **more) for it in numbers]


def test_what_a_budget_carries_is_no_overdraft() -> None:
    assert overdrafts(planned(10), [caller(240), caller(0, "unused")]) == ()
    assert overdrafts(planned(10, HOUR, spread=1.0), [caller(200)]) == ()


def test_an_overdraft_says_how_often_numbers_are_called_instead() -> None:
    (found,) = overdrafts(planned(10), [caller(60)])
    assert (found.needed, found.budget, found.rarer, found.plans) == (240, 60, 4.0, ("all",))
    text = found.text.text("en")
    assert "240 calls a day of telecom" in text
    assert "every 1 hours are called about every 4 hours" in text
    assert "larger daily_budget" in text
    assert "约每 4 小时" in found.text.text("zh-CN")


def test_closed_hours_count_and_a_budget_of_nothing_calls_nobody() -> None:
    by_day = caller(50, hours=["08:00-20:00"])
    assert overdrafts(planned(3), [by_day]) == ()
    assert overdrafts(planned(4), [by_day])[0].needed == 4 * 13
    (found,) = overdrafts(planned(1), [caller(0)])
    assert "nobody is called" in found.text.text("en")


async def test_a_plan_by_account_that_overdraws_is_logged_once_and_shown(tmp_path: Path) -> None:
    async with calling_scene(tmp_path) as scene, asking(scene) as client:

        def change(written: dict[str, Any]) -> None:
            written["dial"]["callers"][0]["daily_budget"] = 2
            plan = {"name": "everybody", "accounts": ["north/hq"], "callers": ["simulated"]}
            written["dial"]["plans"] = [plan | {"every": "1h"}]

        with capture_logs() as logs:
            await scene.change(change)
            await until(lambda: scene.calls.overdrafts, "the plan is measured", 60.0)
            for _ in range(3):
                await scene.agent._upkeep._plans.follow()
        reported = [it for it in logs if it["event"] == "test_plans_over_budget"]
        assert [it["caller"] for it in reported] == ["simulated"]
        for lang, words in (("en", "whose daily_budget is 2"), ("zh-CN", "everybody")):
            async with client.get(f"/test-calls?lang={lang}") as answer:
                shown = await answer.text()
            assert words in shown
            assert 'class="notice"' in shown
        await scene.change(lambda written: written["dial"]["callers"][0].update(daily_budget=9000))
        await until(lambda: not scene.calls.overdrafts, "it is taken back", 60.0)
        assert scene.calls_of(CLOSED) == 0
