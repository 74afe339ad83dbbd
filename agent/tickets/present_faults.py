"""What fires in a round, as faults: those reported, and the common causes inferred from them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import msgspec

from agent.fleet import Fleet
from agent.model import Alert
from agent.tickets.decide.common_cause import Threshold, common_faults, keys_of
from agent.tickets.decide.decision import Recovery
from agent.tickets.decide.departed import departures, keys_of_departed, left, without_known
from agent.tickets.decide.diagnosis import FaultDiagnoser
from agent.tickets.decide.faults import Fault, Traits, faults_of, pending_keys, traits_of
from agent.tickets.decide.outdated import FiringFaults
from agent.tickets.decide.view import unexplained_groups, watched_subjects
from agent.tickets.landing_ids import LandingIds
from agent.tickets.ledger import Ledger
from agent.tickets.ticket import Ticket


class PresentFaults(msgspec.Struct, frozen=True):
    """The faults of a round."""

    faults: Mapping[str, Fault]
    """By key; with the causes that several have in common."""
    traits: Mapping[str, Traits]
    """What is known of the numbers that faults are about, by the fault's key."""
    pending: frozenset[str]
    """Keys of which an alert's condition holds, not yet long enough to fire."""


class FaultReader(msgspec.Struct, frozen=True):
    """Reads the faults of one round; the slow parts run in threads."""

    tickets: Mapping[str, Ticket]
    """The open tickets by key."""
    muted: Mapping[str, Ticket]
    keys: Mapping[str, str]
    """The ticket's key by the key of an alert's labels, where they differ."""
    fleet: Fleet
    now: float
    ledger: Ledger
    landing_ids: LandingIds
    diagnoser: FaultDiagnoser
    recovery: Recovery

    async def read(
        self, alerts: Sequence[Alert], severities: Collection[str], threshold: Threshold
    ) -> PresentFaults:
        """The faults that ``alerts`` report and those that they have in common.

        Args:
            alerts: Everything that fires or is pending.
            severities: Those of alerts that open tickets.
            threshold: When faults that share something have a common cause.
        """
        fleet, now, tickets = self.fleet, self.now, self.tickets
        everything = await asyncio.to_thread(faults_of, alerts, severities, self.keys, tickets)
        traits = await asyncio.to_thread(traits_of, everything, fleet, self.landing_ids)
        reported = await self._without_departed(everything, traits)
        firing = await asyncio.to_thread(
            FiringFaults.of, reported, traits, tickets, self.recovery, fleet, now
        )
        # An alert about the common cause itself goes before what is inferred from its members.
        common = await self._common(firing.certain, traits, threshold)
        sick = partial(self.diagnoser.without_unfounded, common, tickets, fleet, now)
        return PresentFaults(
            {**await asyncio.to_thread(sick), **firing.reported},
            traits,
            await asyncio.to_thread(self._pending, alerts) | firing.in_doubt,
        )

    async def _without_departed(
        self, faults: Mapping[str, Fault], traits: Mapping[str, Traits]
    ) -> dict[str, Fault]:
        """``faults`` without what is no news of numbers that have left their accounts."""
        departed = await asyncio.to_thread(departures, faults, self.fleet, self.now)
        keys = keys_of_departed(departed, faults, traits) - self.tickets.keys()
        ended = await self.ledger.newest(keys) if keys else {}
        return await asyncio.to_thread(
            without_known, faults, departed, traits, self.tickets, {**ended, **self.muted}
        )

    def _pending(self, alerts: Sequence[Alert]) -> frozenset[str]:
        """The keys that are pending; what is gone does not break again."""
        pending = pending_keys(alerts, self.keys)
        watched = watched_subjects((*self.tickets.values(), *self.muted.values()))
        waiting = {key: it for key, it in watched.items() if key in pending}
        return pending - left(waiting, self.fleet, self.now)

    async def _common(
        self, faults: Mapping[str, Fault], traits: Mapping[str, Traits], threshold: Threshold
    ) -> dict[str, Fault]:
        """The common causes of the faults that no wider fault explains, by key."""
        tickets = self.tickets
        groups = await asyncio.to_thread(unexplained_groups, faults, tickets, traits)
        keys = keys_of(groups, tickets, threshold)
        ended = {**await self.ledger.newest(keys - tickets.keys()), **self.muted}
        return await asyncio.to_thread(common_faults, groups, tickets, ended, threshold)
