"""The world: providers, accounts and numbers, which change as world time passes."""

import copy
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from agent.simulator.account import Account
from agent.simulator.actions import Action, Change, Clear, Complaint, Entry, FaultPlan
from agent.simulator.desk import Desk
from agent.simulator.dialects import DIALECTS, Dialect
from agent.simulator.events import EventLog, mask
from agent.simulator.faults import ActiveFault, Faults
from agent.simulator.lifecycle import Lifecycle
from agent.simulator.plan import AccountPlan, generate
from agent.simulator.request_log import RequestLog
from agent.simulator.world_time import EventQueue, WorldClock, iso
from agent.simulator.worldfile import (
    WorldPlan,
    parse_entry,
    parse_world,
    read_world,
    references_of,
)


class Provider:
    """A provider: the dialect of its API, and its accounts."""

    def __init__(self, name: str, dialect: Dialect, accounts: list[Account]) -> None:
        self.name = name
        self.dialect = dialect
        self.accounts = accounts
        self.requests = RequestLog()


def _account(provider: str, plan: AccountPlan, seed: int) -> Account:
    numbers = copy.deepcopy(list(plan.numbers))
    for index, plan_part in enumerate(plan.generate):
        numbers.extend(generate(plan_part, f"{seed}:{provider}/{plan.id}:{index}"))
    return Account(provider, plan, numbers)


class World:
    """A world made from a plan. Its time starts with :meth:`begin`; :meth:`advance` moves it.

    A plan may make any number of worlds.
    """

    def __init__(self, plan: WorldPlan) -> None:
        self.plan = plan
        self.providers = {
            item.name: Provider(
                item.name,
                DIALECTS[item.dialect](item.name),
                [_account(item.name, account, plan.seed) for account in item.accounts],
            )
            for item in plan.providers
        }
        self.accounts = {
            account.key: account
            for provider in self.providers.values()
            for account in provider.accounts
        }
        self.references = references_of(plan)
        self.faults = Faults(plan.seed)
        self.events = EventLog()
        self.desk = Desk(plan.desk.secret)
        self.complaints: list[dict[str, str]] = []
        self.on_complaint: Callable[[Complaint], None] = lambda _complaint: None
        self.event_queue = EventQueue()
        self.clock = WorldClock(time.time)
        self.lifecycle: Lifecycle | None = None
        self.redirects_followed = 0
        """Requests for the target of ``redirect`` answers."""

    @classmethod
    def read(cls, path: Path) -> "World":
        """The world in a world file.

        Raises:
            WorldFileError: with every mistake in it.
        """
        return cls(read_world(path))

    @classmethod
    def parse(cls, text: str, file: str = "world.yaml") -> "World":
        """The world a world file's text describes.

        Raises:
            WorldFileError: with every mistake in it.
        """
        return cls(parse_world(text, file))

    def begin(self, clock: Callable[[], float] = time.time, speed: float = 1.0) -> None:
        """Starts world time at 0, now by ``clock``; beginning again changes nothing."""
        if self.lifecycle is not None:
            return
        self.clock = WorldClock(clock, speed)
        self.lifecycle = Lifecycle(self.event_queue, self.clock, self.note, self.plan.seed)
        for account in self.accounts.values():
            self.lifecycle.begin(account)
        for fault in self.plan.faults:
            self._act(fault)
        for entry in self.plan.timeline:
            self.event_queue.schedule(entry.at or 0.0, partial(self._happen, entry.action))
        self.event_queue.run_until(0.0)

    def advance(self) -> float:
        """Run everything that is due by now; return the world time."""
        self.event_queue.run_until(self.clock.now())
        for account in self.accounts.values():
            account.accrue(self.event_queue.now)
        return self.event_queue.now

    def next_due(self) -> float | None:
        """Wall seconds until something is due, or ``None`` when nothing is planned."""
        at = self.event_queue.next_at()
        return None if at is None else self.clock.wall_until(at)

    def note(
        self, kind: str, text: str, values: Mapping[str, str] | None = None, **where: str
    ) -> None:
        """Log an event at the current world time; ``values`` are the parts of its text."""
        at = self.event_queue.now
        self.events.add(at, iso(self.clock.wall_at(at)), kind, text, values, **where)

    def apply_text(self, text: str) -> None:
        """Applies one timeline entry without ``at``, as YAML or JSON text, at once.

        Raises:
            WorldFileError: with every mistake in it; nothing is applied then.
        """
        self.apply(parse_entry(text, self.references))

    def apply(self, entry: Entry) -> None:
        """Apply a valid entry at once."""
        self.advance()
        self._act(entry.action)
        self.event_queue.run_until(self.event_queue.now)

    def _happen(self, action: Action, _at: float) -> None:
        self._act(action)

    def _act(self, action: Action) -> None:
        if isinstance(action, FaultPlan):
            self._begin_fault(action)
        elif isinstance(action, Clear):
            for fault in self.faults.of(action.provider, action.kind):
                self._end_fault(fault, self.event_queue.now)
        elif isinstance(action, Complaint):
            self._complain(action)
        else:
            self._change(action)

    def _change(self, change: Change) -> None:
        assert self.lifecycle is not None, "the world has not begun"
        target = change.target
        account = self.accounts[target.account or self.references.accounts_of(_first(change))[0]]
        if target.numbers is None:
            self.lifecycle.set_account(account, change.values)
            return
        numbers = (
            account.numbers
            if target.every_number
            else [account.by_number[number] for number in target.numbers]
        )
        self.lifecycle.set_numbers(account, numbers, target.binding, change.values)

    def _begin_fault(self, plan: FaultPlan) -> None:
        fault = self.faults.begin(plan, self.event_queue.now)
        lasting = "" if plan.lasts is None else f" for {plan.lasts:g}s"
        share = "" if plan.share >= 1 else f" in {plan.share:.0%} of the answers"
        values = {"fault": str(plan.kind)}
        self.note("fault_began", f"{plan.kind}{share}{lasting}", values, **_where(plan))
        if fault.ends is not None:
            self.event_queue.schedule(fault.ends, partial(self._end_fault, fault))

    def _end_fault(self, fault: ActiveFault, _at: float) -> None:
        if self.faults.end(fault):
            kind = str(fault.plan.kind)
            self.note("fault_ended", kind, {"fault": kind}, **_where(fault.plan))

    def _complain(self, complaint: Complaint) -> None:
        caller, at = mask(complaint.caller), iso(self.clock.wall_at(self.event_queue.now))
        self.complaints.append(
            {"at": at, "number": complaint.number, "caller": caller, "prompt": complaint.prompt}
        )
        prompt = f", who heard “{complaint.prompt}”" if complaint.prompt else ""
        self.note(
            "complaint",
            f"by {caller or 'a caller'}{prompt}",
            {"caller": caller, "prompt": complaint.prompt},
            number=complaint.number,
        )
        self.on_complaint(complaint)


def _first(change: Change) -> str:
    assert change.target.numbers, "a change without an account names a number"
    return change.target.numbers[0]


def _where(plan: FaultPlan) -> dict[str, str]:
    return {"provider": plan.provider, "account": plan.account or ""}
