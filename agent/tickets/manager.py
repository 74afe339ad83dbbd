"""The manager of tickets: alerts, facts, complaints and actions in, ledger and outbox out.

The only writer of tickets. Decisions are pure (``agent/tickets/decide``); what they make of a
ticket, its timeline and its outbox rows are written in one transaction. A change that could not
be written did not happen and is decided again in the next round.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import AccountKey, Alert
from agent.rules.rule import GoneRule
from agent.store import StoreError
from agent.store.database import Database, finish
from agent.tickets import repeats
from agent.tickets.actions.request import ActionRequest
from agent.tickets.actions.specs import perform
from agent.tickets.changes import Change, attach_complaints, log_change, redelivery, track
from agent.tickets.clock_steps import ClockSteps
from agent.tickets.decide.common_cause import Threshold
from agent.tickets.decide.decision import Decision, DecisionPolicy, Recovery, by_ticket
from agent.tickets.decide.diagnosis import Diagnose, FaultDiagnoser
from agent.tickets.decide.faults import keys_of_alerts
from agent.tickets.decide.limit import decide_within_limit
from agent.tickets.decide.recovery import shifted
from agent.tickets.decide.repeated import RepeatedAlerts
from agent.tickets.decide.view import (
    View,
    assessments,
    gone_keys,
    keys_of_ended,
    watched_subjects,
    with_moves,
)
from agent.tickets.draft import Draft, PreparedChange, Round, batches, prepare
from agent.tickets.landing_ids import LandingIds
from agent.tickets.ledger import Ledger, record_all
from agent.tickets.lines import Lines
from agent.tickets.outbox.rows import enqueue_all
from agent.tickets.policy import ticket_policy_of
from agent.tickets.present_faults import FaultReader
from agent.tickets.stored import StoredTickets, current, follow
from agent.tickets.ticket import Ticket

_DIAGNOSIS_ROUNDS = 2
"""A lasting fault is diagnosed again after this many rule evaluations."""


class Tickets:
    """Opens, updates and closes tickets. One per ledger.

    Args:
        database: The open ledger.
        settings: The configuration; see :meth:`reconfigure`.
        diagnose: Returns the verdict on why a subject is broken.
        recovery: Returns what the facts say about a subject that has no alert now.
        committed: Called after every transaction that wrote something; must not block.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        diagnose: Diagnose,
        recovery: Recovery,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._ledger = Ledger(database)
        self._settings = settings
        self._policy = ticket_policy_of(settings)
        self._diagnoser = FaultDiagnoser(diagnose)
        self._recovery = recovery
        self._repeated = RepeatedAlerts(recovery)
        self._committed = committed
        self.waiting: Mapping[AccountKey, int] = {}
        """By account, how many faults have no ticket because it has too many open."""
        self._open: dict[str, Ticket] = {}
        self._muted: dict[str, Ticket] = {}
        self._lines = Lines()
        self._last_alert_at: dict[str, float] = {}
        self._gone_rules: list[GoneRule] = []
        self._clock_steps = ClockSteps()
        self._mark = ""
        self._landing_ids = LandingIds(b"")
        self._is_loaded = False
        self.is_shared = False  # whether other replicas write tickets as well
        # Rounds, complaints, actions and redeliveries each read a ticket and write its next
        # revision. They come from different tasks (rule scheduler, HTTP handlers, reconciler):
        # without the lock, two of them could start from the same revision, and the ledger would
        # refuse the second. One that arrives while a round runs waits for the round's end.
        self._lock = asyncio.Lock()

    def reconfigure(self, settings: Settings) -> None:
        """Uses ``settings`` from the next round on."""
        self._settings = settings
        self._policy = ticket_policy_of(settings, self._clock_steps.settings)

    @property
    def open(self) -> tuple[Ticket, ...]:
        """The open tickets as last written, oldest first; empty before the first round."""
        return tuple(self._open.values())

    def rules_gone(self, rules: Iterable[GoneRule]) -> None:
        """Keeps the tickets of the alerts of ``rules``, which the rule files no longer have.

        That an alert ends because its rule was taken away is no recovery. The next round writes
        it into the timelines; from then on the tickets wait for a person or for another alert.
        """
        self._gone_rules.extend(rules)

    def clock_was_set(self, step: float) -> None:
        """Goes on after the wall clock was set by ``step`` seconds, when no time has passed.

        The next round applies it and records it with the open tickets.
        """
        self._clock_steps.note(step)

    async def observe(
        self, alerts: Sequence[Alert], fleet: Fleet, now: float, repeated: Sequence[Alert] = ()
    ) -> tuple[Change, ...]:
        """Evaluates one round of alerts and facts; returns the changes written for it.

        ``alerts`` are all that fire or are pending now, but for those of ``repeated``: what
        another system reports of rules that are evaluated here as well. These open no ticket
        where fresh facts contradict them. The changes are durable and queued when it returns.

        Raises:
            StoreError: when the ledger refuses; changes already written stay written.
        """
        async with self._lock:
            written: list[Change] = []
            self._follow_clock(now)
            try:
                await self._follow(now)
                credible = await self._credible(repeated, alerts, fleet, now)
                await self._evaluate((*alerts, *credible), fleet, now, written)
            except StoreError:
                # A commit may have failed after the database carried it out, so memory and
                # ledger may differ: the tickets are read again before the next use.
                self._is_loaded = False
                raise
            return tuple(written)

    async def attach_complaints(
        self, complaints: Mapping[str, Sequence[Complaint]], now: float
    ) -> dict[str, str]:
        """Attaches complaints to the open tickets of their keys; returns each ticket's id.

        A key without an open ticket is left out. The complaints are durable when it returns.

        Raises:
            StoreError: when the ledger refuses; nothing was written then.
        """
        async with self._lock:
            # Looked up only now: the round that held the lock may have closed the ticket that
            # the caller saw, or opened the one that it missed.
            tickets = await self._follow(now)
            targets = {key: tickets[key] for key in complaints if key in tickets}
            changes = [
                attach_complaints(ticket, complaints[key], now) for key, ticket in targets.items()
            ]
            await self._write(*changes)
            return {key: ticket.id for key, ticket in targets.items()}

    async def act(self, ticket_id: str, request: ActionRequest, now: float) -> Change | None:
        """Carries out an action, durably; returns ``None`` when there is no such ticket.

        Raises:
            ActionRequestError: when the request does not say what its action needs.
            IllegalTransitionError: when the ticket's stage, or the actor, does not allow it.
            StoreError: when the ledger refuses; nothing was written then.
        """
        effect = partial(perform, request=request, policy=self._policy, now=now)
        return await self.revise(ticket_id, lambda it, only: effect(it, is_only_open=only), now)

    async def redeliver(self, ticket_id: str, kind: str, reason: str, now: float) -> Change | None:
        """Queues ``kind`` of a ticket once more; ``None`` when that is not its state any more.

        Raises:
            StoreError: when the ledger refuses; nothing was written then.
        """
        return await self.revise(ticket_id, lambda it, _: redelivery(it, kind, reason, now), now)

    async def revise(
        self, ticket_id: str, change: Callable[[Ticket, bool], Change | None], now: float
    ) -> Change | None:
        """Writes what ``change`` makes of a ticket, and of whether it is its fault's only open one.

        Raises:
            StoreError: when the ledger refuses; nothing was written then.
        """
        async with self._lock:
            found = await current(self._ledger, await self._follow(now), ticket_id)
            revised = None if found is None else change(*found)
            await self._write(revised)
            return revised

    async def follow(self, now: float) -> None:
        """Takes over what other replicas have written; raises StoreError."""
        async with self._lock:
            await self._follow(now)

    async def _follow(self, now: float) -> dict[str, Ticket]:
        """The open tickets by key, with what other replicas have written."""
        was_loaded = self._is_loaded
        tickets = await self._load(now)
        if self.is_shared and was_loaded:
            changed = await follow(self._ledger, self._open, self._muted)
            self._lines.note(changed)
            self._last_alert_at = {it.key: now for it in changed} | self._last_alert_at
        return tickets

    async def _evaluate(
        self, alerts: Sequence[Alert], fleet: Fleet, now: float, written: list[Change]
    ) -> None:
        """One round: decide, revise diagnoses, apply time policies. ``written`` is filled.

        The pure parts run in threads, so that thousands of tickets do not block the event loop;
        the lock keeps the tickets they read from changing meanwhile.
        """
        await self._load(now)
        await self._change_all(partial(self._clock_steps.changes, now=now), written)
        self._clock_steps.recorded()
        gone_rules = tuple(self._gone_rules)
        view = await self._view(alerts, fleet, now)
        round_ = Round(
            view,
            fleet,
            self._settings,
            self._policy,
            self._diagnoser,
            now,
            self._mark,
            self._recovery,
        )
        limit = self._settings.tickets.max_open
        decisions, self.waiting = await asyncio.to_thread(decide_within_limit, view, now, limit)
        await self._carry_out(decisions, round_, written)
        await self._revise_diagnoses(round_, written)
        for batch in batches(await repeats.marks(self._database, self._open, written, now)):
            await finish(self._commit(await asyncio.to_thread(prepare, batch), written))
        await self._change_all(round_.time_changes, written)
        # Facts that are newer than a subject's last alert are evidence of its recovery.
        watched = watched_subjects((*self.open, *self._muted.values()))
        self._last_alert_at = view.last_alerts(watched, now)
        self._diagnoser.retain(self._open.keys())
        # Only now: had a write failed, the next round would have to decide about them again.
        del self._gone_rules[: len(gone_rules)]

    def _follow_clock(self, now: float) -> None:
        if step := self._clock_steps.follow(now):
            self._policy = replace(self._policy, clock_settings=self._clock_steps.settings)
            self._lines.clock_was_set(step)
            self._open = {key: shifted(it, step) for key, it in self._open.items()}
            self._muted = {key: shifted(it, step) for key, it in self._muted.items()}
            self._last_alert_at = {key: at + step for key, at in self._last_alert_at.items()}
            self._diagnoser.clock_was_set(step)

    async def _credible(
        self, repeated: Sequence[Alert], alerts: Sequence[Alert], fleet: Fleet, now: float
    ) -> tuple[Alert, ...]:
        """Those of ``repeated`` that report a fault which is known here or may be there."""
        if not repeated:
            return ()
        tickets = await self._load(now)
        keys = await self._ticket_keys((*alerts, *repeated), now)
        known = watched_subjects(tickets.values()).keys() | keys_of_alerts(alerts, keys)
        known |= {labelled for labelled, key in keys.items() if key in known}
        return await asyncio.to_thread(self._repeated.credible, repeated, known, fleet, now)

    async def _ticket_keys(self, alerts: Iterable[Alert], now: float) -> dict[str, str]:
        """The ticket's key by the key of an alert's labels, for numbers that several accounts list.

        See :meth:`agent.tickets.lines.Lines.keys`.
        """
        tickets = await self._load(now)
        self._lines.retain(now - self._settings.tickets.reopen_window)
        return await asyncio.to_thread(self._lines.keys, alerts, tickets, self._muted)

    async def _view(self, alerts: Sequence[Alert], fleet: Fleet, now: float) -> View:
        settings = self._settings
        tickets = await self._load(now)
        former = (alert for rule in self._gone_rules for alert in rule.alerts)
        keys = await self._ticket_keys((*alerts, *former), now)
        reader = FaultReader(
            tickets,
            self._muted,
            keys,
            fleet,
            now,
            self._ledger,
            self._landing_ids,
            self._diagnoser,
            self._recovery,
        )
        chosen, threshold = settings.tickets.severities, Threshold.of(settings.tickets)
        present = await reader.read(alerts, chosen, threshold)
        view = View(
            tickets=dict(tickets),
            closed=await self._ledger.newest(keys_of_ended(present.faults, tickets)),
            faults=present.faults,
            pending=present.pending,
            evidence={},
            last_alert_at=self._last_alert_at,
            policy=DecisionPolicy.of(settings.tickets, self._clock_steps.settings),
            muted=dict(self._muted),
            traits=present.traits,
            gone_rules=gone_keys(self._gone_rules, tickets, keys),
        )
        view = await asyncio.to_thread(with_moves, view, fleet, settings, now)
        evidence = await asyncio.to_thread(assessments, view, self._recovery, fleet, settings, now)
        return replace(view, evidence=evidence)

    async def _carry_out(
        self, decisions: Iterable[Decision], round_: Round, written: list[Change]
    ) -> None:
        """Writes what ``decisions`` make of the tickets, many tickets to a transaction.

        Each batch is drafted after the one before has been written, because it may contain the
        members of a root that was opened there.
        """
        for batch in batches(by_ticket(decisions).items()):
            draft = Draft(self._open, self._muted, round_)
            await asyncio.to_thread(draft.add, dict(batch))
            await finish(self._commit(draft.prepared, written))

    async def _revise_diagnoses(self, round_: Round, written: list[Change]) -> None:
        """Diagnoses lasting faults anew and writes diagnoses that say something else."""
        interval = _DIAGNOSIS_ROUNDS * self._settings.rules.interval
        faults = round_.view.faults
        due = (
            (ticket, faults[ticket.key])
            for ticket in self.open
            if ticket.key in faults and self._diagnoser.is_due(ticket, interval, round_.now)
        )
        for batch in batches(due):
            revisions = await asyncio.to_thread(round_.revisions, batch)
            await self._carry_out(revisions, round_, written)

    async def _change_all(
        self, change: Callable[[Sequence[Ticket]], list[PreparedChange]], written: list[Change]
    ) -> None:
        """Writes what ``change`` makes of the open tickets, many to a transaction."""
        for batch in batches(self.open):
            await finish(self._commit(await asyncio.to_thread(change, batch), written))

    async def _write(self, *changes: Change | None) -> None:
        """Writes ``changes`` outside of a round, each of another ticket.

        Raises:
            StoreError: when the ledger refuses; the tickets are read again before the next use.
        """
        try:
            await finish(self._commit(prepare(changes), []))
        except StoreError:
            self._is_loaded = False
            raise

    async def _commit(self, prepared: Sequence[PreparedChange], written: list[Change]) -> None:
        """Writes all of ``prepared`` or none, then notifies who waits; wrap it in :func:`finish`.

        A cancellation between the commit and the lines after it would leave memory behind.
        """
        recorded = [it for it in prepared if it.change.is_recorded]
        if recorded:
            sinks = [sink.name for sink in self._settings.sinks]
            async with self._database.transaction() as connection:
                await record_all(connection, [it.change for it in recorded])
                await enqueue_all(connection, sinks, [(it.change, it.payload) for it in recorded])
        for it in prepared:
            track(self._open, it.change.after, when=it.change.after.open)
            track(self._muted, it.change.after, when=it.change.after.muted)
        self._lines.note(it.change.after for it in prepared)
        for it in recorded:
            written.append(it.change)
            log_change(it.change)
        if recorded:
            self._committed()

    async def _load(self, now: float) -> dict[str, Ticket]:
        """The open tickets by key, read from the ledger on first use and after a failed write."""
        if not self._is_loaded:
            stored = await StoredTickets.read(self._ledger, self._settings.tickets, now)
            self._mark, self._landing_ids = stored.mark, stored.landing_ids
            self._lines.note(stored.comparable)
            self._open, self._muted = stored.open, stored.muted
            # Alerts before the start are unknown, so only facts polled from now on are evidence.
            watched = watched_subjects([*self._open.values(), *self._muted.values()])
            self._last_alert_at = dict.fromkeys(watched, now)
            self._is_loaded = True
        return self._open
