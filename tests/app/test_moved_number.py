"""A number that moves from one account to another: one ticket at the desk, and its series end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agent.states import NumberState
from agent.web.app import make_app
from tests.app.conftest import Scene, until

NUMBER = "4006220001"
WORLD = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 500
        currency: CNY
        generate: {count: 5, first: "4008000000", bindings: 2}
        numbers:
          - number: "4006220001"
            state: suspended_violation
            network_state: active
            company: 示例公司
            bindings:
              - {id: b1, phone: "13800000001", kind: mobile, position: 1, state: ok}
              - {id: b2, phone: "02287654321", kind: landline, position: 2, state: ok}
      - id: shop
        credentials: {key: other, secret: other-secret}
        balance: 500
        currency: CNY
        generate: {count: 5, first: "4009000000", bindings: 2}
"""


@pytest.fixture
def world_text() -> str:
    return WORLD


def move(scene: Scene, *, copy: bool = False) -> None:
    """The provider moves the number; with ``copy`` it lists it in both accounts at first."""
    source, target = (scene.world.world.accounts[f"north/{name}"] for name in ("hq", "shop"))
    number = source.by_number[NUMBER]
    if NUMBER not in target.by_number:
        target.numbers.append(number)
        target.by_number[NUMBER] = number
        target.listing_changed()
    if not copy:
        source.numbers.remove(source.by_number.pop(NUMBER))
        source.listing_changed()


def down(scene: Scene) -> list[dict[str, Any]]:
    return [it for it in scene.desk() if it["symptom"] == "number_down"]


class Page:
    """The page of metrics over HTTP."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client

    async def series(self, account: str) -> list[str]:
        """The lines about the number at an account."""
        async with self.client.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        names = (f'account="{account}"', f'number="{NUMBER}"')
        return [line for line in lines if all(name in line for name in names)]

    async def until(self, account: str, condition: Callable[[list[str]], bool], what: str) -> None:
        try:
            async with asyncio.timeout(30):
                while not condition(await self.series(account)):  # noqa: ASYNC110 - a page has no event
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pytest.fail(f"still not: {what}")


@pytest.fixture
async def page(scene: Scene) -> AsyncIterator[Page]:
    async with TestClient(TestServer(make_app(scene.agent.web_services()))) as client:
        yield Page(client)


@pytest.mark.parametrize("overlap", [False, True], ids=["at once", "listed twice for a while"])
async def test_it_keeps_its_ticket(scene: Scene, page: Page, overlap: bool) -> None:
    await until(lambda: down(scene), "the ticket is at the desk")
    (first,) = down(scene)
    if overlap:
        move(scene, copy=True)
        also = "also_reported"
        await until(
            lambda: also in {it["event"] for it in down(scene)[0]["timeline"]},
            "the other account reports it too",
        )
    move(scene)
    await until(lambda: down(scene)[0]["account"] == "shop", "the ticket is the new account's", 30)
    await page.until("hq", lambda lines: not lines, "the former account's series end")
    assert await page.series("shop")
    (ticket,) = down(scene)
    assert ticket["id"] == first["id"]
    assert [it["reason"] for it in ticket["timeline"] if it["event"] == "moved"] == [
        f"{NUMBER} moved from north/hq to north/shop"
    ]
    assert ticket["diagnosis"]["cause"] != "number_reclaimed"
    target = scene.world.world.accounts["north/shop"]
    target.by_number[NUMBER].state = NumberState.ACTIVE
    target.listing_changed()
    await until(lambda: down(scene)[0]["stage"] == "closed", "it recovers there", 30)
    assert len(down(scene)) == 1


async def test_a_number_that_no_account_has_is_reclaimed(scene: Scene, page: Page) -> None:
    await until(lambda: down(scene), "the ticket is at the desk")
    source = scene.world.world.accounts["north/hq"]
    source.numbers.remove(source.by_number.pop(NUMBER))
    source.listing_changed()
    await page.until(
        "hq", lambda lines: any('state="reclaimed"' in it for it in lines), "it is reclaimed"
    )
    assert [it["account"] for it in down(scene)] == ["hq"]


async def test_its_approved_configuration_goes_with_it(scene: Scene, page: Page) -> None:
    await until(
        lambda: scene.agent.baselines.stored("north", "hq", NUMBER), "its configuration is known"
    )
    services = scene.agent.web_services()
    await services.baselines.approve(NUMBER, "ann", "as agreed")
    move(scene)
    await until(
        lambda: (it := scene.agent.baselines.stored("north", "shop", NUMBER)) and it.approved,
        "the new account has it",
        30,
    )
