"""Drives tickets through simulated time."""

from collections.abc import Callable

from agent.model import Alert
from agent.states import PollFailure
from agent.store.database import Database
from agent.tickets.changes import Change
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from tests.tickets.scene import START, Scene, settings

DESK = {"name": "desk", "kind": "webhook", "url": "http://127.0.0.1:9/"}


class Run:
    """Drives a manager through simulated time, polling a minute apart and judging after it."""

    def __init__(
        self,
        database: Database,
        scene: Scene,
        desk: dict[str, object] = DESK,
        committed: Callable[[], None] = lambda: None,
        **overrides: object,
    ) -> None:
        self.database = database
        self.scene = scene
        self.settings = settings([desk], **overrides)
        self.committed = committed
        self.ledger = Ledger(database)
        self.now = START
        self.restart()

    def restart(self) -> None:
        self.tickets = Tickets(
            self.database,
            self.settings,
            self.scene.diagnose,
            self.scene.recovery,
            self.committed,
        )

    async def step(
        self,
        *alerts: Alert,
        seconds: float = 60.0,
        failure: PollFailure | None = None,
        poll: bool = True,
    ) -> tuple[Change, ...]:
        self.now += seconds
        if poll:
            self.scene.poll(self.now - 1, failure)
        return await self.tickets.observe(alerts, self.scene.fleet, self.now)

    async def until_closed(self, limit: int = 20) -> list[Change]:
        changes: list[Change] = []
        for _ in range(limit):
            changes.extend(await self.step())
            if not self.tickets.open:
                return changes
        raise AssertionError("still open")

    async def kinds(self) -> list[str]:
        """What waits in the outbox, after coalescing, in order."""
        outbox = Outbox(self.database)
        kinds = []
        while row := await outbox.claim("desk", self.now):
            await outbox.delivered([row], self.now)
            kinds.append(row.type)
        return kinds
