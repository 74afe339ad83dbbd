"""One of several agents that share a ledger: what it polls, delivers and decides, by its leases."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import structlog

from agent.evaluation import Evaluation
from agent.event_loop import BackgroundTask
from agent.model import AccountKey
from agent.polling.poller import Poller
from agent.polling.pollers import FormerPoller
from agent.replicas.account_parts import PollingState
from agent.replicas.account_states import WRITE_INTERVAL, AccountStates, ChangedParts
from agent.replicas.coordinator import Coordinator
from agent.replicas.forwarded_polls import ForwardedPolls, PollRequest
from agent.replicas.published import PublishedAccounts
from agent.replicas.pushes import NewMessages, StoredPushes
from agent.replicas.series import ReplicaSeries
from agent.replicas.shared_key import shared_key
from agent.sinks.dispatcher import Dispatcher, grace_for
from agent.store import StoreError, UnavailableError
from agent.store.database import Database, uninterrupted
from agent.store.leases import TICKETS, Lease, account_lease, sink_lease
from agent.store.postgresql.lease_keeper import LeaseKeeper, Survey
from agent.store.postgresql.moment import moment_of
from agent.store.postgresql.trouble import ERRORS
from agent.tickets.ticket import Ticket
from agent.webhooks.auth import TokenCheck

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ReplicaParts:
    """What a replica begins and ends, beside the parts of its evaluation."""

    database: Database
    dispatcher: Dispatcher
    evaluation: Evaluation
    published: PublishedAccounts
    tokens: TokenCheck


def state_of(poller: Poller, now: float) -> PollingState:
    """Everything that is known where an account is polled, at ``now``."""
    state = poller.state
    ledger = state.ledger
    counted = (ledger.ids(), poller.sent, ledger.facts())
    breakers = poller.breakers(), now, poller.breaker_marks
    return PollingState(state.merged, poller.export, *counted, *breakers)


class Replica:
    """Begins what its leases stand for, ends it, and reads what the others do.

    Args:
        parts: What it begins and ends.
        lease_keeper: Its leases.
    """

    def __init__(self, parts: ReplicaParts, lease_keeper: LeaseKeeper) -> None:
        self._parts = parts
        self._shared = shared = parts.evaluation.parts
        self._lease_keeper = lease_keeper
        self._owned: dict[AccountKey, Lease] = {}
        self._former: dict[AccountKey, FormerPoller] = {}
        self._series = ReplicaSeries(shared.telemetry, parts.database.name)
        self._clock_ahead = 0.0
        self._database_ahead = 0.0
        self._decider = ""
        self._named_of: object = None
        self._named: Mapping[AccountKey, str] = {}
        self._reading = asyncio.Lock()
        self._states = AccountStates(
            parts.database,
            self._state_of,
            self._signs_of,
            self._epoch_of,
            lambda: self._clock_ahead,
        )
        self._coordinator = Coordinator(lease_keeper, self._wanted, self, self._note)
        self._tasks = (
            BackgroundTask("account-states-writing", self._write),
            BackgroundTask("account-states-reading", self._read),
        )
        shared.tickets.is_shared = True
        shared.webhooks.share()
        shared.pollers.ownership = self
        parts.evaluation.collects_evidence_of = self._collects_evidence_of
        parts.dispatcher.owns = self._delivers_to
        on_call = parts.dispatcher.ladder.settings
        parts.dispatcher.ladder.settings = lambda: on_call() if self.is_deciding else None
        parts.published.is_shown = self._is_shown
        shared.exposition.before_scrape = self._hide_what_is_lost
        shared.refresher.postponed.may_wait = lambda it: not (self.owns(it) or self.is_deciding)
        self._pushes = StoredPushes(shared.pollers.take_pushed)
        self.polls = ForwardedPolls(
            parts.database,
            shared.pollers.requested,
            self._owned.keys,
            lambda key: self._states.write([key]),
            self._read_once,
            lambda key: self._states.breakers(key, shared.clock()),
        )
        """The polls that people ask of any replica."""

    async def start(self) -> None:
        """Join the others: read what they know, and take what is free.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        try:
            # First of all how the clocks differ, by which everything that is read is restated.
            self._note(await self._lease_keeper.survey([], []))
        except ERRORS as error:
            raise UnavailableError(f"{self._parts.database.name}: {error}") from error
        self._parts.tokens.shared_root = await shared_key(self._parts.database)
        await self._read_once()
        self._parts.evaluation.follow()
        await self._coordinator.start()
        for task in self._tasks:
            task.start()

    async def stop(self) -> None:
        """Write the states and give every lease back."""
        for task in self._tasks:
            await task.stop()
        await self.polls.stop()
        await self._coordinator.stop()

    @property
    def is_deciding(self) -> bool:
        """Whether this replica decides about tickets."""
        return self._lease_keeper.lease(TICKETS) is not None

    def decided_at(self) -> str | None:
        """The place of the replica that decides; ``None`` where it is this one."""
        return None if self.is_deciding else self._decider

    def _collects_evidence_of(self, ticket: Ticket) -> bool:
        """Whoever polls its account has the answers; of others, whoever decides."""
        key = ticket.subject.provider, ticket.subject.account
        return self.owns(key) if key[1] else self.is_deciding

    # Which accounts are polled here (:class:`agent.polling.pollers.Ownership`).

    def owns(self, key: AccountKey) -> bool:
        """Whether the account is to be polled here."""
        return key in self._owned

    def may_poll(self, key: AccountKey) -> bool:
        """Whether a request of the account may be sent at this moment."""
        return self._epoch_of(key) is not None

    def take_former(self, key: AccountKey) -> FormerPoller | None:
        """What the account's former poller has left."""
        return self._former.pop(key, None)

    # What leases stand for (:class:`agent.replicas.coordinator.Owner`).

    async def begin(self, taken: Sequence[Lease]) -> None:
        """Begin what ``taken`` stand for."""
        names = {lease.name: lease for lease in taken}
        accounts = {key: names[it] for key, it in self._accounts().items() if it in names}
        if accounts:
            await self._begin_polling(accounts)
        sinks = {
            sink.name: names[name].epoch
            for sink in self._parts.evaluation.settings.sinks
            if (name := sink_lease(sink.name)) in names
        }
        if sinks:
            await self._parts.dispatcher.take(sinks)
        if TICKETS in names:
            await self._shared.restore()
            await self._shared.state.restore_learnt()
            # Rules must not see of any account what was checked before its newest polls.
            await self._shared.refresher.catch_up()
            await self._parts.evaluation.begin()
            log.info("deciding", epoch=names[TICKETS].epoch)

    async def end(self, names: Collection[str], *, in_time: bool) -> None:
        """End what ``names`` stand for; ``in_time``, its state is written for the next one."""
        ended = frozenset(names)
        settings = self._parts.evaluation.settings
        left = [key for key in self._owned if account_lease(*key) in ended]
        sinks = [sink.name for sink in settings.sinks if sink_lease(sink.name) in ended]
        # What a database that does not answer holds up must not hold up the end of the polls.
        if left:
            await self._end_polling(left, in_time=in_time)
        if sinks:
            grace = grace_for(settings.sinks) if in_time else 0.0
            await self._parts.dispatcher.leave(sinks, grace)
        if TICKETS in ended:
            await self._parts.evaluation.end()
            self._parts.evaluation.follow()

    async def _begin_polling(self, leases: dict[AccountKey, Lease]) -> None:
        self._former = await self._states.take(sorted(leases))
        now = time.time() + self._database_ahead
        since = {
            key: now - (0.0 if (it := self._former.get(key)) is None else it.absence.seconds)
            for key in leases
        }
        self._owned.update(leases)
        try:
            await self._shared.pollers.follow_ownership()
        except (ValueError, OSError):
            for key in leases:
                del self._owned[key]
            raise
        for key, lease in leases.items():
            poller = self._shared.pollers.poller(key)
            if poller is not None and poller.state.merged.snapshot.listing is not None:
                self._shared.fleet.swap(poller.state.merged.snapshot)
            self._pushes.begin(key, since[key])
            self._series.show_lease(key, lease)
        self._parts.published.follow(["/".join(key) for key in leases])

    async def _end_polling(self, keys: Collection[AccountKey], *, in_time: bool) -> None:
        pollers = {key: self._shared.pollers.poller(key) for key in keys}
        for key in keys:
            del self._owned[key]
        await self._shared.pollers.follow_ownership()
        if in_time:
            now = self._shared.clock()
            last = {key: state_of(it, now) for key, it in pollers.items() if it is not None}
            try:
                await self._states.write_last(last)
            except StoreError as error:
                # The next poller takes up what was written before, and counts what may be missing.
                log.warning("account_states_not_written", error=str(error))
        self._states.forget(keys)
        self._pushes.end(keys)
        self._hide(keys)

    # Which there are.

    def _accounts(self) -> Mapping[AccountKey, str]:
        """The name of each account's lease, made once for each configuration."""
        settings = self._parts.evaluation.settings
        if settings is not self._named_of:
            self._named_of = settings
            self._named = {
                (provider.name, account.id): account_lease(provider.name, account.id)
                for provider in settings.providers
                for account in provider.accounts
            }
        return self._named

    def _wanted(self) -> list[str]:
        sinks = [sink_lease(sink.name) for sink in self._parts.evaluation.settings.sinks]
        return [TICKETS, *sinks, *self._accounts().values()]

    def _note(self, survey: Survey) -> None:
        self._series.note(survey, self._accounts())
        self._decider = survey.decider
        self._database_ahead = survey.clock_ahead
        machine_ahead = self._shared.clock() - time.time()
        self._clock_ahead = machine_ahead - survey.clock_ahead

    def _epoch_of(self, key: AccountKey) -> int | None:
        lease = self._lease_keeper.lease(account_lease(*key))
        return None if lease is None else lease.epoch

    def _delivers_to(self, sink: str) -> bool:
        return self._lease_keeper.lease(sink_lease(sink)) is not None

    def _is_shown(self, owner: str) -> bool:
        provider, _, account = owner.partition("/")
        key = provider, account
        return not account or (self.owns(key) and self.may_poll(key))

    def _hide_what_is_lost(self) -> None:
        """Show no account any more once the leases may be another replica's."""
        if self._lease_keeper.acts_until() <= time.monotonic():
            self._series.forget()
            self._hide(self._owned)

    def _hide(self, keys: Collection[AccountKey]) -> None:
        self._parts.published.follow(["/".join(key) for key in keys])
        for key in keys:
            self._series.hide_lease(key)

    def _state_of(self, key: AccountKey) -> PollingState | None:
        poller = self._shared.pollers.poller(key)
        return None if poller is None else state_of(poller, self._shared.clock())

    def _signs_of(self, key: AccountKey) -> tuple[object, ...]:
        poller = self._shared.pollers.poller(key)
        return () if poller is None else poller.signs

    # What goes on.

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(WRITE_INTERVAL)
            try:
                await self._states.write(tuple(self._owned))
            except StoreError as error:
                log.debug("account_states_not_written", error=str(error))
            except Exception:
                log.exception("account_states_not_written")

    async def _read(self) -> None:
        while True:
            await asyncio.sleep(WRITE_INTERVAL)
            try:
                messages = await self._read_once()
                await self._pushes.hand_on(messages, self._shared.clock())
            except StoreError as error:
                log.debug("account_states_not_read", error=str(error))
            except Exception:
                log.exception("account_states_not_read")

    async def _read_once(self) -> NewMessages:
        """Take in what others have written of accounts, and what people ask of those polled here.

        Returns the messages of providers about those.
        """
        configured = self._accounts().keys()
        # One after the other: what was read before must not be shown after what was read later.
        async with self._reading:
            elsewhere = frozenset(key for key in configured if not self.owns(key))
            changed, messages, requests = await self._look(elsewhere)
            for snapshot in await self._states.take_in(changed):
                # It may have been taken over while it was read.
                if not self.owns((snapshot.provider, snapshot.account)):
                    self._shared.fleet.swap(snapshot)
        self.polls.answer_all(requests)
        for key in self._shared.fleet.keys() - configured:
            self._shared.fleet.drop(*key)
        return messages

    @uninterrupted
    async def _look(
        self, elsewhere: AbstractSet[AccountKey]
    ) -> tuple[ChangedParts, NewMessages, list[PollRequest]]:
        """All that is looked for each second, in one transaction: each has its own cost."""
        async with self._parts.database.reading() as connection:
            moment = await moment_of(connection)
            return (
                await self._states.look(connection, elsewhere, moment),
                await self._pushes.look(connection, moment.at),
                await self.polls.look(connection),
            )
