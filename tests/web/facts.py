"""Facts to show: snapshots as polling makes them, checked as the agent checks them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker, CheckResult
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import (
    Balance,
    Binding,
    Listing,
    Marking,
    Number,
    PollStatus,
    Routing,
    Snapshot,
    Window,
)
from agent.states import (
    BindingKind,
    BindingState,
    Capability,
    MarkingTag,
    NetworkState,
    NumberState,
    PollFailure,
    Strategy,
)
from agent.tickets.ticket import Ticket
from agent.verdict import Evidence, Verdict
from agent.web.services import ReloadOutcome

NOW = 1_790_000_000.0
SEEN = NOW - 30
STALE_AFTER = 180.0
PHONE = "13800000001"
LANDLINE = "02287654321"
HEALTHY, DOWN, WEAK = "4006220001", "4006220002", "4006220003"

SETTINGS = Settings.model_validate(
    {
        "providers": [
            {
                "name": "north",
                "profile": "generic",
                "accounts": [{"id": "hq"}, {"id": "branch"}],
            }
        ]
    }
)


def number(name: str, state: NumberState = NumberState.ACTIVE, **more: object) -> Number:
    fields = {"network_state": NetworkState.ACTIVE, "company": "示例公司", **more}
    return Number(name, state, **fields)


def phone(name: str, state: BindingState = BindingState.OK, digits: str = PHONE) -> Binding:
    return Binding(name, digits, BindingKind.MOBILE, 1, state)


def routing() -> Routing:
    return Routing(
        strategy=Strategy.SEQUENTIAL,
        wait_seconds=20,
        schedule=(Window((0, 1, 2, 3, 4), 510, 1050, ("b1",)),),
        blacklist=("13900001111",),
        voicemail=True,
        binding_order=("b1", "b2"),
    )


def numbers() -> list[Number]:
    return [
        number(HEALTHY),
        number(
            DOWN,
            NumberState.SUSPENDED_ARREARS,
            reason=f"欠费 {PHONE}",
            native_status="STOP",
            marking=Marking(MarkingTag.FRAUD, 12, 0.0),
        ),
        number(WEAK),
    ]


def phones() -> dict[str, tuple[Binding, ...]]:
    fine = (phone("b1"), phone("b2", digits=LANDLINE))
    return {
        HEALTHY: fine,
        DOWN: fine,
        WEAK: (phone("b1", BindingState.ARREARS), phone("b2", digits=LANDLINE)),
    }


def snapshot(
    listed: Sequence[Number] | None = None,
    bindings: dict[str, tuple[Binding, ...]] | None = None,
    *,
    account: str = "hq",
    seen: float = SEEN,
    failure: PollFailure | None = None,
    detail: str = "",
) -> Snapshot:
    listed = numbers() if listed is None else listed
    return Snapshot(
        provider="north",
        account=account,
        revision=1,
        polls={
            capability: PollStatus(60.0, NOW - 1, seen, failure, detail)
            for capability in Capability
            if capability is not Capability.CALLS
        },
        stale_after=dict.fromkeys(Capability, STALE_AFTER),
        listing=Listing(tuple(sorted(listed, key=lambda snapshot: snapshot.number))),
        bindings=phones() if bindings is None else bindings,
        routings={HEALTHY: routing()},
        balance=Balance(9.8, "CNY", 35.0, 15.0, 12.0, 80.0, None),
    )


@dataclass
class Facts:
    """The fleet and what the checks found in it."""

    now: float = NOW
    settings: Settings = SETTINGS
    fleet: Fleet = field(default_factory=Fleet)
    results: dict[tuple[str, str], CheckResult] = field(default_factory=dict)
    baselines: BaselineBook = field(default_factory=BaselineBook)
    not_ready: str | None = None
    reload_errors: list[str] = field(default_factory=list)
    reloads: int = 0
    diagnoses: list[tuple[str, str | None]] = field(default_factory=list)
    evidence: tuple[Evidence, ...] = ()
    """That of every diagnosis."""
    tickets: tuple[Ticket, ...] = ()
    """The open tickets, as the health of numbers sees them."""

    def show(self, *snapshots: Snapshot) -> None:
        checker = Checker(self.settings, self.baselines)
        for snapshot in snapshots:
            self.results[snapshot.provider, snapshot.account] = checker.check(snapshot, self.now)
            self.fleet.swap(snapshot)

    def restate(self, **changes: object) -> None:
        """Show the first account again, changed."""
        newest = next(iter(self.results.values())).snapshot
        self.show(msgspec.structs.replace(newest, **changes))

    async def reload(self) -> ReloadOutcome:
        self.reloads += 1
        return ReloadOutcome(self.reload_errors)

    async def diagnose(
        self,
        number: str,
        caller: str | None,
        **_chosen: object,
    ) -> Verdict | None:
        self.diagnoses.append((number, caller))
        if number != DOWN:
            return None
        verdict = Verdict(number, "number_suspended_arrears", "finance", "财务", 0.95, SEEN)
        return msgspec.structs.replace(verdict, evidence=self.evidence)
