"""The service of test calls with an engine that hears what a script says, and no network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Snapshot
from agent.probing import call as call_module
from agent.probing.board import ProbeBoard
from agent.probing.engine.client import CallRecord
from agent.probing.engine.protocol import Order
from agent.probing.facts import ProbeCall
from agent.probing.hearing.quality import Reception
from agent.probing.observation import Ended, Signalling
from agent.store.database import Database
from agent.testcalls.outcome import CallRequest
from agent.testcalls.service import CallParts, CallService
from exporters.telemetry import Telemetry
from tests.account_facts import NOW, make_settings, make_snapshot, number

CONTROL = "4006229999"
HQ = ("north", "hq")
_SOUND = np.random.default_rng(7).integers(-8000, 8000, 12_000).astype("<i2").tobytes()


def _signalled(**values: Any) -> CallRecord:
    values = {"provisional": (180,), "setup": 1.0, "duration": 3.0, **values}
    return CallRecord(Signalling(**values))


RECORDS: Mapping[str, CallRecord] = {
    "answered": CallRecord(
        Signalling(200, provisional=(180,), setup=1.0, answered=2.0, duration=4.0),
        talk=_SOUND,
        reception=Reception(100, 0, 100, 1.0, 1.0),
    ),
    "busy": _signalled(status=486, cause=17),
    "congested": _signalled(status=503, cause=34),
    "nonexistent": _signalled(status=404, cause=1),
    "crash": CallRecord(Signalling(ended=Ended.ENGINE), failure="the engine ended without a word"),
}
"""What the engine may record."""
FAILURES = ("busy", "congested", "nonexistent")
"""Those of calls that did not get through."""


@dataclass
class ScriptedCalls:
    """A service of test calls; every call goes as :attr:`script` says of its number and caller."""

    service: CallService
    board: ProbeBoard
    fleet: Fleet
    settings: Settings
    now: float = NOW
    script: dict[tuple[str, str], str] = field(default_factory=dict)
    """By number and caller, a key of :data:`RECORDS`."""
    placed: list[tuple[str, str]] = field(default_factory=list)
    """The numbers and callers of the calls that were made."""

    async def call(self, number: str, caller: str, outcome: str, control: str = "") -> ProbeCall:
        """Call, and let the control number answer as ``control`` says."""
        self.script[number, caller], self.script[CONTROL, caller] = outcome, control
        return await self.service.call(CallRequest(number, caller, at_any_time=True))


def caller(name: str, **more: Any) -> dict[str, Any]:
    """A caller of the configuration that may always call."""
    values = {"trunk": "127.0.0.1:5060", "user": "100", "consent": "nobody is called"}
    return {
        "name": name,
        "auth_user": name,
        **values,
        "daily_budget": 10_000,
        "hours": ["00:00-24:00"],
        **more,
    }


def listed(*numbers: str) -> Snapshot:
    """An account with these numbers."""
    return make_snapshot(*map(number, numbers))


def scripted_calls(
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    callers: list[dict[str, Any]],
    snapshot: Snapshot,
    **dial: Any,
) -> ScriptedCalls:
    """A service in a new process, as it were: nothing is known but what the ledger has."""
    settings = make_settings(
        dial={"callers": callers, "control_number": CONTROL, **dial},
        evidence={"enabled": False},
    )
    fleet, board = Fleet(), ProbeBoard()
    fleet.swap(snapshot)
    parts = CallParts(database, lambda: settings, fleet, board, Telemetry(), lambda: made.now)
    made = ScriptedCalls(CallService(parts), board, fleet, settings)

    async def place(order: Order, *_: object) -> CallRecord:
        called = order.uri.partition(":")[2].partition("@")[0]
        key = called, order.auth_user
        made.placed.append(key)
        return RECORDS[made.script[key]]

    monkeypatch.setattr(call_module, "place", place)
    return made
