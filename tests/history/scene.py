"""An account whose facts are set by hand, observed as the agent observes its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker, CheckResult
from agent.config.settings import Settings
from agent.history.database import HistoryDatabase
from agent.history.ledger_reader import LedgerHistory
from agent.history.recorder import HistoryRecorder
from agent.model import (
    AccountKey,
    Balance,
    Binding,
    BindingKind,
    Listing,
    Number,
    PollStatus,
    Snapshot,
)
from agent.states import (
    BindingState,
    CallResult,
    Capability,
    NetworkState,
    NumberState,
    Severity,
)

START = 498_844 * 3600.0
"""The beginning of an hour."""
KEY: AccountKey = ("north", "hq")
SETTINGS = Settings.model_validate(
    {"providers": [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}]}
)
A, B = "4006220001", "4006220002"


def phones(up: int, down: int) -> tuple[Binding, ...]:
    states = [BindingState.OK] * up + [BindingState.ARREARS] * down
    return tuple(
        Binding(f"b{place}", f"1380000000{place}", BindingKind.MOBILE, place, state)
        for place, state in enumerate(states, 1)
    )


@dataclass
class Scene:
    """One account: what is true of it now."""

    now: float = START
    phones: dict[str, tuple[Binding, ...] | None] = field(
        default_factory=lambda: {A: phones(2, 0), B: phones(1, 0)}
    )
    balance: float | None = 100.0
    calls: dict[tuple[str, CallResult], int] = field(default_factory=dict)
    tickets: list[Severity] = field(default_factory=list)
    silent: set[Capability] = field(default_factory=set)
    """What has not been polled for long."""
    _before: CheckResult | None = None

    def results(self) -> Mapping[AccountKey, CheckResult]:
        checker = Checker(SETTINGS, BaselineBook())
        self._before = checker.check(self._snapshot(), self.now, self._before)
        return {KEY: self._before}

    def _snapshot(self) -> Snapshot:
        numbers = [Number(n, NumberState.ACTIVE, NetworkState.ACTIVE) for n in sorted(self.phones)]
        return Snapshot(
            provider="north",
            account="hq",
            revision=1,
            polls={
                capability: PollStatus(
                    60.0, self.now, self.now - (86400 if capability in self.silent else 1)
                )
                for capability in Capability
            },
            stale_after=dict.fromkeys(Capability, 180.0),
            listing=Listing(tuple(numbers)),
            bindings={n: bound for n, bound in self.phones.items() if bound is not None},
            balance=None if self.balance is None else Balance(self.balance, "CNY"),
            call_totals=dict(self.calls),
        )


@dataclass
class Run:
    """A recorder over one folder, started and stopped as an agent starts and stops."""

    folder: Path
    scene: Scene
    database: HistoryDatabase
    recorder: HistoryRecorder
    reader: LedgerHistory

    @classmethod
    async def start(cls, folder: Path, scene: Scene, keep: float = 400 * 86400.0) -> "Run":
        async def expiry() -> float:
            return scene.now - keep

        database = await HistoryDatabase.open(folder)
        recorder = HistoryRecorder(
            database, scene.results, lambda: scene.tickets, lambda: scene.now, expiry
        )
        return cls(folder, scene, database, recorder, LedgerHistory(database))

    async def stop(self) -> None:
        await self.recorder.write()
        await self.kill()

    async def kill(self) -> None:
        await self.database.close()

    async def spend(self, seconds: float, step: float = 60.0) -> None:
        """Let time pass while the recorder observes."""
        end = self.scene.now + seconds
        await self.recorder.observe()
        while self.scene.now < end:
            self.scene.now = min(self.scene.now + step, end)
            await self.recorder.observe()

    async def restart(self) -> "Run":
        await self.stop()
        self.scene.calls = {}  # An agent counts calls from its start.
        self.scene._before = None
        return await Run.start(self.folder, self.scene)
