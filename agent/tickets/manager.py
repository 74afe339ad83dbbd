"""Tickets kept in step with what is broken: alerts and facts in, ledger and outbox out.

The only writer of tickets. It decides purely (:mod:`agent.tickets.decide.decide`) and writes each
step of a ticket, its timeline and its outbox rows in one transaction; what could not be
written did not happen and is decided again in the next round.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import structlog
from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.config.settings import Settings
from agent.diagnosis.answered import mistakes
from agent.diagnosis.digits import plain_digits
from agent.fleet import Fleet
from agent.model import Alert, Verdict
from agent.states import Stage
from agent.store.database import Database
from agent.store.errors import StoreError
from agent.store.uninterrupted import finish
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.actions.specs import perform
from agent.tickets.changes import (
    CLOSED,
    Change,
    Opening,
    carry_out,
    in_one,
    open_ticket,
    reopen_ticket,
)
from agent.tickets.complaints import attach_complaints
from agent.tickets.decide.common_cause import common_faults, keys_of
from agent.tickets.decide.decide import decide
from agent.tickets.decide.decision import ON_ENDED, Assessment, Decision, Recovery, Transition, View
from agent.tickets.decide.diagnosis import Diagnose, is_material, verdict_on
from agent.tickets.decide.faults import Fault, Traits, faults_of, pending_keys, traits_of
from agent.tickets.decide.recovery import resumed
from agent.tickets.decide.round import (
    Round,
    by_ticket,
    configured,
    loose_groups,
    policy_of,
    threshold_of,
    unwatched,
    watched,
    with_members,
)
from agent.tickets.draft import Draft, Step, log_change, told_again
from agent.tickets.ledger import Ledger, record_all
from agent.tickets.lifecycle import ActorKind
from agent.tickets.number_details import grade_now, particulars_of
from agent.tickets.outbox.outbox import encode_payload, enqueue_all
from agent.tickets.policy import ticket_policy_of
from agent.tickets.sla.time_policies import apply_time_policies
from agent.tickets.text import text_of
from agent.tickets.ticket import Subject, Ticket

log = structlog.get_logger(__name__)

_TICKETS_A_TRANSACTION = 200
_DIAGNOSIS_ROUNDS = 2
"""A standing fault is diagnosed again every so many rule evaluations."""


class Tickets:
    """Opens, updates and closes tickets. One per ledger.

    Args:
        database: The open ledger.
        settings: The configuration; see :meth:`reconfigure`.
        diagnose: Why a subject is broken.
        recovery: What the facts say of a subject no alert tells of any more.
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
        self._diagnose = diagnose
        self._recovery = recovery
        self._committed = committed
        self._open: dict[str, Ticket] = {}
        self._muted: dict[str, Ticket] = {}
        self._remembered = False
        self._handling = ticket_policy_of(settings)
        self._told_until: dict[str, float] = {}
        self._diagnosed_at: dict[str, float] = {}
        self._turn = asyncio.Lock()

    def reconfigure(self, settings: Settings) -> None:
        """Decide by other settings from the next round on."""
        self._settings = settings
        self._handling = ticket_policy_of(settings)

    @property
    def open(self) -> tuple[Ticket, ...]:
        """The open tickets as last written, oldest first; none before the first round."""
        return tuple(self._open.values())

    async def observe(
        self, alerts: Sequence[Alert], fleet: Fleet, now: float
    ) -> tuple[Change, ...]:
        """Take one round of alerts and facts; gives what was written for it.

        ``alerts`` are all that fire or are pending now. When it returns, every change it
        gives is durable and queued for the sinks.

        Raises:
            StoreError: when the ledger refuses; changes already written stay written.
        """
        async with self._turn:
            written: list[Change] = []
            try:
                view = await self._view(alerts, fleet, now)
                await self._work(Round(view, fleet, now, written))
            except StoreError:
                # Whether the ledger and what is remembered here still agree is not known.
                self._remembered = False
                raise
            return tuple(written)

    async def attach_complaints(
        self, told: Mapping[str, Sequence[Complaint]], now: float
    ) -> dict[str, str]:
        """Put complaints to the open tickets of these keys; gives the ticket's id of each.

        When it returns they are durable; a key without an open ticket is left out.

        Raises:
            StoreError: when the ledger refuses; nothing was written then.
        """
        async with self._turn:
            tickets = await self._load(now)
            found = {key: tickets[key] for key in told if key in tickets}
            changes = [attach_complaints(ticket, told[key], now) for key, ticket in found.items()]
            steps = [
                Step(change, encode_payload(change)) for change in changes if change is not None
            ]
            await finish(self._commit(steps, []))
            return {key: ticket.id for key, ticket in found.items()}

    async def act(self, ticket_id: str, order: ActionRequest, now: float) -> Change | None:
        """Do what somebody asks with a ticket; ``None`` when there is no such ticket.

        When it returns, the change is durable and queued for the sinks.

        Raises:
            OrderError: when the order does not say what its act needs.
            IllegalTransitionError: when the ticket's stage, or who asks, does not allow it.
            StoreError: when the ledger refuses; nothing was written then.
        """
        async with self._turn:
            standing = await self._load(now)
            found = await self._ledger.get(ticket_id)
            if found is None:
                return None
            other = standing.get(found.key)
            ticket = other if other is not None and other.id == found.id else found
            alone = other is None or other.id == found.id
            change = perform(ticket, order, self._handling, now, alone=alone)
            await finish(self._commit([Step(change, encode_payload(change))], []))
            return change

    async def record_answers(
        self, number: str, answers: Mapping[str, str], by: str, now: float
    ) -> None:
        """Record ``answers`` to the diagnosis' questions with the number's open tickets.

        Raises:
            ActionRequestError: when an answer or the name is not valid; nothing is recorded then.
        """
        actor = Actor(ActorKind.PERSON, person_name(by))
        wrong = mistakes(answers)
        if wrong:
            raise ActionRequestError("; ".join(wrong))
        digits = plain_digits(number)
        for ticket in self.open:
            if ticket.subject.number == digits:
                for question, answer in answers.items():
                    fields = {"question": question, "answer": answer}
                    request = ActionRequest(TicketAction.ANSWER, actor, "found out", fields)
                    await self.act(ticket.id, request, now)

    async def redeliver(self, ticket_id: str, kind: str, reason: str, now: float) -> Change | None:
        """Queue ``kind`` of a ticket once more; ``None`` when it has changed meanwhile.

        Raises:
            StoreError: when the ledger refuses; nothing was written then.
        """
        async with self._turn:
            found = await self._ledger.get(ticket_id)
            if found is None or found.open is (kind == CLOSED):
                return None
            change = told_again(self._open.get(found.key, found), kind, reason, now)
            await finish(self._commit([Step(change, encode_payload(change))], []))
            return change

    async def _view(self, alerts: Sequence[Alert], fleet: Fleet, now: float) -> View:
        tickets = await self._load(now)
        told = await asyncio.to_thread(faults_of, alerts, self._settings.tickets.severities)
        pending = await asyncio.to_thread(pending_keys, alerts)
        traits = await asyncio.to_thread(traits_of, told, fleet)
        faults = {**await self._in_common(told, traits), **told}
        view = View(
            tickets=dict(tickets),
            closed=await self._ledger.newest(faults.keys() - tickets.keys()),
            faults=faults,
            pending=pending,
            evidence={},
            told_until=self._told_until,
            policy=policy_of(self._settings.tickets),
            muted=dict(self._muted),
            traits=traits,
        )
        return replace(view, evidence=await self._look(view, fleet, now))

    async def _in_common(
        self, told: Mapping[str, Fault], traits: Mapping[str, Traits]
    ) -> dict[str, Fault]:
        """The common causes behind what is told of and not explained otherwise."""
        threshold = threshold_of(self._settings.tickets)
        groups = await asyncio.to_thread(loose_groups, told, self._open, traits)
        keys = keys_of(groups, threshold)
        ended = {**await self._ledger.newest(keys - self._open.keys()), **self._muted}
        return await asyncio.to_thread(common_faults, groups, self._open, ended, threshold)

    async def _work(self, round_: Round) -> None:
        decisions = await asyncio.to_thread(decide, round_.view, round_.now)
        await self._carry_out(by_ticket(decisions), round_)
        await self._revise(round_)
        await self._tend(round_)
        self._note_told(round_.view, round_.now)

    async def _carry_out(self, groups: Mapping[str, list[Decision]], round_: Round) -> None:
        """Decisions become changes on disk, many tickets to a transaction."""
        remaining = iter(groups.items())
        while some := dict(islice(remaining, _TICKETS_A_TRANSACTION)):
            steps = await asyncio.to_thread(self._drafted, some, round_)
            await finish(self._commit(steps, round_.written))

    async def _load(self, now: float) -> dict[str, Ticket]:
        if not self._remembered:
            found = await self._ledger.open_tickets()
            self._open = {ticket.key: resumed(ticket, now) for ticket in found}
            self._muted = {it.key: it for it in await self._ledger.muted_tickets()}
            self._told_until = dict.fromkeys(watched([*found, *self._muted.values()]), now)
            self._remembered = True
        return self._open

    async def _look(self, view: View, fleet: Fleet, now: float) -> dict[str, Assessment]:
        told = view.faults.keys() | view.pending
        standing = watched((*view.tickets.values(), *view.muted.values()))
        silent = {key: subject for key, subject in standing.items() if key not in told}
        seen = await asyncio.to_thread(self._assess, silent, fleet, now)
        return await asyncio.to_thread(with_members, seen, view.tickets)

    def _assess(
        self, subjects: dict[str, Subject], fleet: Fleet, now: float
    ) -> dict[str, Assessment]:
        places = configured(self._settings)
        looks = (
            (key, unwatched(it, places, now) or self._recovery(it, fleet, now))
            for key, it in subjects.items()
        )
        return {key: look for key, look in looks if look is not None}

    def _note_told(self, view: View, now: float) -> None:
        told = view.faults.keys() | view.pending
        standing = watched((*self.open, *self._muted.values()))
        self._told_until = {
            key: now if key in told else self._told_until.get(key, now) for key in standing
        }
        self._diagnosed_at = {k: at for k, at in self._diagnosed_at.items() if k in self._open}

    def _drafted(self, groups: Mapping[str, list[Decision]], round_: Round) -> list[Step]:
        """What the decisions come to; a ticket that cannot be changed never stops the others."""
        draft = Draft(self._open)
        for key, decisions in groups.items():
            try:
                draft.add(self._changes(key, decisions, draft, round_))
            except Exception:
                actions = [one.action for one in decisions]
                log.exception("ticket_change_failed", key=key, actions=actions)
        return draft.steps

    def _changes(
        self, key: str, decisions: list[Decision], draft: Draft, round_: Round
    ) -> list[Change]:
        first = decisions[0]
        if first.action in (Transition.OPEN, Transition.REOPEN) and first.fault is not None:
            begun = self._begin(first, first.fault, round_)
            rest = self._completed(decisions[1:], begun.after, draft)
            return in_one(begun, carry_out(begun.after, rest, round_.now))
        ticket = draft.ticket(key)
        if ticket is not None:
            return carry_out(ticket, self._completed(decisions, ticket, draft), round_.now)
        muting = first.action is Transition.MUTE
        ended = round_.view.closed.get(key) if muting else self._muted.get(key)
        quiet = [one for one in decisions if one.action in ON_ENDED]
        return carry_out(ended, quiet, round_.now) if ended is not None else []

    def _begin(self, decision: Decision, fault: Fault, round_: Round) -> Change:
        opening = self._opening(fault, round_.fleet, round_.now)
        previous = round_.view.closed.get(fault.key)
        if decision.action is Transition.REOPEN and previous is not None:
            return reopen_ticket(decision, fault, previous, opening, round_.now)
        return open_ticket(decision, fault, previous, opening, round_.now)

    def _opening(self, fault: Fault, fleet: Fleet, now: float) -> Opening:
        verdict = self._verdict(fault.subject, fault, fleet, now)
        particulars = particulars_of(fault.subject, fleet, self._settings)
        return Opening(
            particulars=particulars,
            text=text_of(fault.subject, fault.alerts[0], verdict, self._settings.locale),
            verdict=verdict,
            terms=self._handling.terms[particulars.grade],
        )

    def _verdict(self, subject: Subject, fault: Fault, fleet: Fleet, now: float) -> Verdict | None:
        self._diagnosed_at[fault.key] = now
        return verdict_on(subject, fault.samples, lambda it: self._diagnose(it, fleet, now))

    def _completed(
        self, decisions: Iterable[Decision], ticket: Ticket, draft: Draft
    ) -> list[Decision]:
        """Decisions with what only the manager knows: the root's ticket, the new wording."""
        return [self._complete(one, ticket, draft.ticket(one.parent)) for one in decisions]

    def _complete(self, decision: Decision, ticket: Ticket, parent: Ticket | None) -> Decision:
        if parent is not None:
            return replace(decision, parent=parent.id)
        if decision.action is Transition.SEVERITY and decision.fault is not None:
            alert = decision.fault.alerts[0]
            locale = self._settings.locale
            text = text_of(ticket.subject, alert, ticket.diagnosis, locale)
            return replace(decision, text=text)
        return decision

    async def _commit(self, steps: Sequence[Step], written: list[Change]) -> None:
        """Write all of ``steps`` or none, and tell whoever waits for what was written."""
        loud = [step for step in steps if step.loud]
        if loud:
            sinks = [sink.name for sink in self._settings.sinks]
            async with self._database.transaction() as connection:
                await record_all(connection, [step.change for step in loud])
                await enqueue_all(connection, sinks, [(step.change, step.body) for step in loud])
        for step in steps:
            self._keep(step.change.after)
        for step in loud:
            written.append(step.change)
            log_change(step.change)
        if loud:
            self._committed()

    def _keep(self, ticket: Ticket) -> None:
        if ticket.open:
            self._open[ticket.key] = ticket
        else:
            self._open.pop(ticket.key, None)
        if ticket.muted:
            self._muted[ticket.key] = ticket
        else:
            self._muted.pop(ticket.key, None)

    async def _revise(self, round_: Round) -> None:
        """Another diagnosis for the faults that stand, where it says something else."""
        told = ((it, round_.view.faults.get(it.key)) for it in self.open)
        due = ((it, fault) for it, fault in told if fault and self._is_due(it, round_.now))
        while some := list(islice(due, _TICKETS_A_TRANSACTION)):
            revised = await asyncio.to_thread(self._revisions, some, round_)
            await self._carry_out(by_ticket(revised), round_)

    async def _tend(self, round_: Round) -> None:
        """What the time that has passed makes of the tickets that stand."""
        standing = iter(self.open)
        while some := list(islice(standing, _TICKETS_A_TRANSACTION)):
            steps = await asyncio.to_thread(self._tended, some, round_)
            if steps:
                await finish(self._commit(steps, round_.written))

    def _tended(self, some: Iterable[Ticket], round_: Round) -> list[Step]:
        steps = []
        for ticket in some:
            grade = grade_now(ticket.subject, round_.fleet, self._settings)
            change = apply_time_policies(ticket, self._handling, round_.now, grade)
            if change is not None:
                steps.append(Step(change, encode_payload(change)))
        return steps

    def _revisions(self, due: Iterable[tuple[Ticket, Fault]], round_: Round) -> list[Decision]:
        found = (self._diagnosis(it, fault, round_.fleet, round_.now) for it, fault in due)
        return [decision for decision in found if decision is not None]

    def _is_due(self, ticket: Ticket, now: float) -> bool:
        interval = _DIAGNOSIS_ROUNDS * self._settings.rules.interval
        last = self._diagnosed_at.get(ticket.key, ticket.diagnosed_at)
        return ticket.stage is not Stage.SUPPRESSED and now - last >= interval

    def _diagnosis(self, ticket: Ticket, fault: Fault, fleet: Fleet, now: float) -> Decision | None:
        verdict = self._verdict(ticket.subject, fault, fleet, now)
        if verdict is None or not is_material(ticket.diagnosis, verdict):
            return None
        before = ticket.diagnosis.cause if ticket.diagnosis else "no diagnosis"
        reason = f"{verdict.cause}, for {verdict.party}; before: {before}"
        text = text_of(ticket.subject, fault.alerts[0], verdict, self._settings.locale)
        return Decision(Transition.DIAGNOSIS, ticket.key, reason, verdict=verdict, text=text)
