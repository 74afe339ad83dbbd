"""A number that leaves the account: its tickets end as gone, and nothing is raised beside."""

from typing import Any

import pytest

from agent.simulator.entities import Number
from agent.states import BindingState, NetworkState, NumberState
from tests.app.conftest import Scene, until

DROPPED, RECLAIMED, CANCELLED, CHANGED = (f"40062200{last:02}" for last in range(1, 5))


@pytest.fixture
def world_text() -> str:
    numbers = "\n".join(
        f"""
          - number: "{number}"
            state: active
            network_state: active
            company: 示例公司
            bindings:
              - {{id: b1, phone: "13800000{position}01", kind: mobile, position: 1, state: ok}}
              - {{id: b2, phone: "13800000{position}02", kind: mobile, position: 2, state: ok}}"""
        for position, number in enumerate((DROPPED, RECLAIMED, CANCELLED, CHANGED), 1)
    )
    return f"""
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: demo, secret: demo-secret}}
        balance: 500
        currency: CNY
        generate: {{count: 5, first: "4008000000", bindings: 2}}
        numbers:{numbers}
"""


class Account:
    """The provider's account, whose numbers a test changes and takes away."""

    def __init__(self, scene: Scene) -> None:
        self.account = scene.world.world.accounts["north/hq"]

    def number(self, name: str) -> Number:
        return self.account.by_number[name]

    def drop(self, name: str) -> None:
        self.account.numbers.remove(self.account.by_number.pop(name))
        self.account.listing_changed()

    def unbind(self, name: str, state: NumberState) -> None:
        number = self.number(name)
        number.state, number.bindings = state, number.bindings[:0]
        if state is not NumberState.ACTIVE:
            number.network_state = NetworkState.DELETED
        self.account.listing_changed()


def about(scene: Scene, number: str) -> dict[str, dict[str, Any]]:
    return {it["symptom"]: it for it in scene.desk() if it["number"] == number}


def is_gone(ticket: dict[str, Any] | None) -> bool:
    return ticket is not None and (ticket["stage"], ticket["resolution"]) == ("closed", "gone")


def evaluations(scene: Scene) -> float:
    (metric,) = scene.agent.telemetry.rule_duration.collect()
    return next(it.value for it in metric.samples if it.name.endswith("_count"))


async def test_its_tickets_end_as_gone_and_no_drift_is_raised(scene: Scene) -> None:
    scene.write(lambda settings: settings["tickets"].update(gone_after=1.0))
    await scene.agent.reload()
    account = Account(scene)
    await until(
        lambda: scene.agent.baselines.stored("north", "hq", CHANGED), "configurations are known"
    )
    for binding in account.number(DROPPED).bindings:
        binding.state = BindingState.OFF
    await until(lambda: about(scene, DROPPED).get("binding_down"), "its phones have a ticket")
    account.drop(DROPPED)
    account.unbind(RECLAIMED, NumberState.RECLAIMED)
    account.unbind(CANCELLED, NumberState.CANCELLED)
    # The control: what changes on a number that stays is drift.
    account.unbind(CHANGED, NumberState.ACTIVE)
    await until(lambda: about(scene, CHANGED).get("drift"), "a change of the others is drift")
    await until(
        lambda: is_gone(about(scene, DROPPED).get("binding_down")), "what was open ends as gone"
    )
    for number in (DROPPED, RECLAIMED):
        await until(
            lambda number=number: is_gone(about(scene, number).get("number_down")),
            f"{number} ends as gone",
        )
    # Its alert goes on firing, for as long as the account's series say that it was reclaimed.
    later = evaluations(scene) + 10
    await until(lambda: evaluations(scene) >= later, "many evaluations later")
    assert set(about(scene, DROPPED)) == {"binding_down", "number_down"}
    assert set(about(scene, RECLAIMED)) == {"number_down"}
    assert about(scene, CANCELLED) == {}
    tickets = [it for it in scene.desk() if it["number"] in (DROPPED, RECLAIMED)]
    assert {it["episode"] for it in tickets} == {1}
    assert all(map(is_gone, tickets))
