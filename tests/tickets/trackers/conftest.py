"""Alertmanager's words over real HTTP, all the way to the desk's queue."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.states import NumberState
from agent.tickets.changes import Change
from agent.tickets.ledger import Filter
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene
from tests.webhooks.conftest import Server

DOWN, UP = NumberState.SUSPENDED_VIOLATION, NumberState.ACTIVE


class Bridge:
    """An agent that is told of faults by Alertmanager and polls the numbers itself."""

    def __init__(self, hook: Server) -> None:
        self.hook = hook
        self.scene = Scene()
        self.run = Run(hook.database, self.scene)
        self.run.now = hook.clock.now

    async def tell(self, *alerts: Any, **changed: Any) -> None:
        await self.hook.send(*alerts, **changed)

    async def round(self, seconds: float = 60.0) -> tuple[Change, ...]:
        """One evaluation, some time after the one before."""
        self.hook.clock.now = self.run.now + seconds
        return await self.run.step(*await self.hook.firing(), seconds=seconds)

    async def rounds(self, count: int) -> list[Change]:
        return [change for _ in range(count) for change in await self.round()]

    def down(self, *numbers: str) -> None:
        self.scene.states.update(dict.fromkeys(numbers or (NUMBER,), DOWN))

    def up(self, *numbers: str) -> None:
        self.scene.states.update(dict.fromkeys(numbers or (NUMBER,), UP))

    @property
    def open(self) -> tuple[Ticket, ...]:
        return self.run.tickets.open

    async def total(self) -> int:
        """Tickets that there ever were."""
        return (await self.run.ledger.list(Filter())).total


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    hook = Server(tmp_path)
    await hook.start()
    yield Bridge(hook)
    await hook.stop()
