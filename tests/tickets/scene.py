"""A small world for ticket tests: real snapshots, real checks, alerts as a rule engine has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Alert, Balance, Binding, Listing, Number, PollStatus, Snapshot
from agent.states import (
    BindingState,
    Capability,
    Cause,
    Grade,
    NetworkState,
    NumberState,
    Party,
    PollFailure,
)
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ticket import Subject
from agent.verdict import Evidence, Verdict

START = 1_790_000_000.0
NUMBER = "4006220001"
POLLED = (Capability.NUMBERS, Capability.REACHABILITY, Capability.BALANCE)

IDENTITY = {
    "provider": ("provider",),
    "account": ("provider", "account"),
    "number": ("provider", "account", "number"),
    "binding": ("provider", "account", "number", "binding"),
}


def settings(sinks: Sequence[Mapping[str, object]] = (), **tickets: object) -> Settings:
    return Settings.model_validate(
        {
            "providers": [
                {"name": "north", "profile": "generic", "accounts": [{"id": "hq"}, {"id": "shop"}]}
            ],
            "tickets": {
                "hold": 120,
                "recovery_polls": 2,
                "reopen_window": 1800,
                "confirmation": {"grades": []},
                "sla": {"warnings": [], "severe": {"after": "30d"}},
                **tickets,
            },
            # Days pass in these stories; tests of reminders ask for them.
            "dispatch": {"steps": 0},
            "sinks": [dict(sink) for sink in sinks],
        }
    )


def alert(
    name: str = "NumberNotActive",
    scope: str = "number",
    symptom: str = "number_down",
    severity: str = "critical",
    *,
    state: str = "firing",
    at: float = START,
    **labels: str,
) -> Alert:
    thing = {"provider": "north", "account": "hq", "number": NUMBER, "binding": "b1", **labels}
    identity = {key: thing[key] for key in IDENTITY.get(scope, ())}
    extra = {key: value for key, value in labels.items() if key not in identity}
    labelled = {"severity": severity, "symptom": symptom, "scope": scope, **identity, **extra}
    return Alert(
        name=name,
        labels=dict(sorted(labelled.items())),
        annotations={
            "summary": f"{name} {identity.get('number', '')}",
            "summary_zh": f"故障 {identity.get('number', '')}",
            "description": "call 13800000001",
        },
        state=state,
        active_at=at,
        fired_at=at if state == "firing" else None,
        value=0.0,
    )


def verdict(cause: Cause = Cause.NUMBER_SUSPENDED_ARREARS) -> Verdict:
    return Verdict(
        number=NUMBER,
        cause=cause,
        party=Party.FINANCE,
        contact="finance desk",
        confidence=0.9,
        since=START,
        evidence=(Evidence("state", "suspended_arrears", "north/hq numbers", 3.0),),
        next_steps=("pay the account",),
        questions=("since when?",),
    )


@dataclass
class Scene:
    """One provider with one account whose facts a test changes and polls."""

    accounts: tuple[str, ...] = ("hq",)
    states: dict[str, NumberState] = field(default_factory=lambda: {NUMBER: NumberState.ACTIVE})
    phones: dict[str, BindingState] = field(
        default_factory=lambda: {"b1": BindingState.OK, "b2": BindingState.OK}
    )
    balance: float = 120.0
    grade: Grade = Grade.AAA
    stale_after: float = 180.0
    fleet: Fleet = field(default_factory=Fleet)
    diagnosed: Verdict | None = field(default_factory=verdict)
    checker: Checker = field(default_factory=lambda: Checker(settings()))

    def poll(self, now: float, failure: PollFailure | None = None) -> None:
        """Every account is polled at ``now``; a failed poll keeps the facts of the one before."""
        for account in self.accounts:
            self.fleet.swap(self._polled(account, now, failure))

    def _polled(self, account: str, now: float, failure: PollFailure | None) -> Snapshot:
        before = self.fleet.get("north", account)
        if failure is not None:
            polls = {} if before is None else before.polls
            failed = {
                it: msgspec.structs.replace(
                    polls.get(it, PollStatus(60.0)), last_attempt=now, failure=failure
                )
                for it in POLLED
            }
            if before is None:
                return self._snapshot(account, failed)
            return msgspec.structs.replace(before, revision=before.revision + 1, polls=failed)
        status = PollStatus(60.0, last_attempt=now, last_success=now)
        numbers = tuple(
            Number(
                number,
                state,
                network_state=NetworkState.ACTIVE,
                company="示例公司",
                carrier="unicom",
                grade=self.grade,
            )
            for number, state in sorted(self.states.items())
        )
        bound = tuple(
            Binding(label, f"1380000000{position}", position=position, state=state)
            for position, (label, state) in enumerate(sorted(self.phones.items()), 1)
        )
        return msgspec.structs.replace(
            self._snapshot(account, dict.fromkeys(POLLED, status)),
            listing=Listing(numbers),
            bindings=dict.fromkeys(self.states, bound),
            balance=Balance(self.balance, "CNY"),
        )

    def _snapshot(self, account: str, polls: dict[Capability, PollStatus]) -> Snapshot:
        before = self.fleet.get("north", account)
        return Snapshot(
            provider="north",
            account=account,
            revision=before.revision + 1 if before else 1,
            polls=polls,
            stale_after=dict.fromkeys(POLLED, self.stale_after),
        )

    def checked_of(self, provider: str, account: str) -> CheckResult | None:
        snapshot = self.fleet.get(provider, account)
        return None if snapshot is None else self.checker.check(snapshot, START)

    def diagnose(self, _subject: Subject, _fleet: Fleet, _now: float) -> Verdict | None:
        return self.diagnosed

    @property
    def recovery(self):
        return recovery_by_facts(self.checked_of)
