"""What the provider of one account pushed: states over those polled, calls into the ledger.

Calls that come before the account's numbers are known wait for them: a push makes no number exist.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from agent.model import Call, Snapshot
from agent.polling.call_ledger import CallFacts, CallLedger
from agent.polling.merge import MergeState
from agent.polling.push_merge import listed_calls, merge_pushed, with_call_status, with_calls
from agent.polling.pushed import PushOutcome, has_number
from agent.providers.pushed import PushedCall, PushedFacts, PushedNumber, PushedPhone
from agent.states import Capability

MOST_WAITING = 10_000
"""Calls that wait for the account's numbers, the newest."""


class AccountPushes:
    """Merges what one account's provider pushed.

    Args:
        ledger: The account's calls.
        max_silence: Seconds after the last pushed call for which calls count as complete, where
            they are not polled; ``None`` where they never do.
    """

    def __init__(self, ledger: CallLedger, max_silence: float | None) -> None:
        self._ledger = ledger
        self._max_silence = max_silence
        self._waiting: deque[Call] = deque(maxlen=MOST_WAITING)
        self._waiting_since = 0.0
        self._called_at: float | None = None
        """When the last call record was pushed since the agent started."""
        self._are_calls_polled = False

    def use(self, max_silence: float | None, snapshot: Snapshot) -> Snapshot:
        """Use other settings; returns ``snapshot`` with the status of pushed calls in it."""
        self._max_silence = max_silence
        self._are_calls_polled = Capability.CALLS in snapshot.polls
        return self._with_status(snapshot)

    def merge(
        self, state: MergeState, facts: PushedFacts, now: float
    ) -> tuple[MergeState, list[PushOutcome]]:
        """The state with ``facts``, which came at ``now``, and what became of each.

        Where it fails nothing of the state has changed.
        """
        states = [it for it in facts if isinstance(it, PushedNumber | PushedPhone)]
        calls = [it.call for it in facts if isinstance(it, PushedCall)]
        merged, outcomes = merge_pushed(state, states, now) if states else (state, [])
        if calls:
            self._called_at = now
            merged, of_calls = self._with_calls(merged, calls, now)
            outcomes += of_calls
        return merged, outcomes

    def restore(self, state: MergeState, facts: PushedFacts, now: float) -> MergeState:
        """The state of an account that was not polled yet, with what was pushed before a restart.

        Calls are evidence again; they were counted before.
        """
        restored, _ = self.merge(state, facts, now)
        self._called_at = None
        return restored

    def export(self) -> tuple[float | None, list[Call], float]:
        """When the last call was pushed, and the calls that wait with the time since when."""
        return self._called_at, list(self._waiting), self._waiting_since

    def adopt(self, called_at: float | None, waiting: Iterable[Call], waiting_since: float) -> None:
        """Go on from what :meth:`export` of the account's former poller has given."""
        self._called_at, self._waiting_since = called_at, waiting_since
        self._waiting.extend(waiting)

    def with_waiting(self, state: MergeState) -> MergeState:
        """The state with the calls that waited for the account's numbers, once those are known."""
        if state.snapshot.listing is None or not self._waiting:
            return state
        calls = list(self._waiting)
        self._waiting.clear()
        merged, _ = self._with_calls(state, calls, self._waiting_since)
        return merged

    def _with_calls(
        self, state: MergeState, calls: Iterable[Call], now: float
    ) -> tuple[MergeState, list[PushOutcome]]:
        calls = list(calls)
        snapshot = state.snapshot
        if snapshot.listing is None:
            self._waiting.extend(calls)
            self._waiting_since = now
            return state, [PushOutcome.UNLISTED] * len(calls)
        facts = self._ledger.add_pushed(listed_calls(snapshot, calls), now)
        merged = with_calls(state, self._with_status(snapshot), _columns(facts))
        known = [has_number(snapshot.listing, call.number) for call in calls]
        return merged, [PushOutcome.APPLIED if it else PushOutcome.UNLISTED for it in known]

    def _with_status(self, snapshot: Snapshot) -> Snapshot:
        """``snapshot`` with the status of calls, where they are pushed only."""
        if self._are_calls_polled or self._max_silence is None or self._called_at is None:
            return snapshot
        return with_call_status(snapshot, self._called_at, self._max_silence)


def _columns(facts: CallFacts) -> dict[str, Any]:
    return {
        "call_totals": facts.totals,
        "leg_totals": facts.legs,
        "call_waits": facts.waits,
        "recent_calls": facts.recent,
    }
