"""Polls of one account that a person asks for, now and not when they are due.

Their requests take the way of all others: within the account's rate, its concurrency and the
pauses that its provider asked for. A person in a hurry therefore costs the others nothing.
"""

import asyncio
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from agent.model import AccountKey
from agent.polling.breaker import BreakerReading
from agent.polling.journal import PollOutcome
from agent.polling.poller import Poller
from agent.states import Capability

LEAST_SECONDS = 10.0
"""Seconds between the end of one such poll of an account and the next."""


@unique
class PollAnswer(StrEnum):
    """What became of the request."""

    DONE = "done"
    """Everything was polled, and answered."""
    FAILED = "failed"
    """Everything was polled, and something failed."""
    RUNNING = "running"
    """It is under way and goes on by itself."""
    TOO_SOON = "too_soon"
    """Refused: the account was polled for a person a moment ago."""
    CREDENTIALS_REFUSED = "credentials_refused"
    """Refused: the provider has refused the credentials, and trying again may lock them."""
    ELSEWHERE = "elsewhere"
    """Refused: another replica polls the account."""
    UNKNOWN_ACCOUNT = "unknown_account"
    """Refused: no such account is polled."""


@dataclass(frozen=True)
class RequestedPoll:
    """The answer to one request."""

    answer: PollAnswer
    outcomes: tuple[PollOutcome, ...] = ()
    """How each capability's poll ended; empty unless it has ended."""
    wait: float = 0.0
    """Seconds until the next may be asked for, where this one came too soon."""


class RequestedPolls:
    """Polls accounts for people; at most one poll of an account at a time.

    Args:
        pollers: Returns the pollers in force by account.
        elsewhere: Returns the accounts that other replicas poll.
    """

    def __init__(
        self,
        pollers: Callable[[], Mapping[AccountKey, Poller]],
        elsewhere: Callable[[], Container[AccountKey]] = tuple,
    ) -> None:
        self._pollers = pollers
        self._elsewhere = elsewhere
        self._running: dict[AccountKey, asyncio.Task[tuple[PollOutcome, ...]]] = {}
        self._ended: dict[AccountKey, float] = {}

    async def poll(self, provider: str, account: str, patience: float) -> RequestedPoll:
        """Poll everything of an account now, and wait ``patience`` seconds for the end.

        Whoever asks while such a poll is under way waits for the same one.
        """
        key = provider, account
        if key not in self._running:
            refusal = self._refusal(key)
            if refusal is not None:
                return refusal
            self._start(key, self._pollers()[key])
        task = self._running[key]
        done, _ = await asyncio.wait([task], timeout=patience)
        if not done or task.cancelled() or task.exception() is not None:
            return RequestedPoll(PollAnswer.FAILED if done else PollAnswer.RUNNING)
        outcomes = task.result()
        failed = any(outcome.failure is not None for outcome in outcomes)
        return RequestedPoll(PollAnswer.FAILED if failed else PollAnswer.DONE, outcomes)

    def breakers(self, provider: str, account: str) -> Mapping[Capability, BreakerReading]:
        """The breakers of an account by capability; none where it is not polled."""
        poller = self._pollers().get((provider, account))
        return {} if poller is None else poller.breakers()

    async def stop(self) -> None:
        """Cancel the polls under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _refusal(self, key: AccountKey) -> RequestedPoll | None:
        poller = self._pollers().get(key)
        if key in self._elsewhere():
            return RequestedPoll(PollAnswer.ELSEWHERE)
        if poller is None:
            return RequestedPoll(PollAnswer.UNKNOWN_ACCOUNT)
        if poller.has_refused_credentials():
            return RequestedPoll(PollAnswer.CREDENTIALS_REFUSED)
        ended = self._ended.get(key)
        wait = 0.0 if ended is None else ended + LEAST_SECONDS - _now()
        return RequestedPoll(PollAnswer.TOO_SOON, wait=wait) if wait > 0 else None

    def _start(self, key: AccountKey, poller: Poller) -> None:
        task = asyncio.create_task(poller.poll_all(), name=f"requested poll {'/'.join(key)}")
        self._running[key] = task
        task.add_done_callback(lambda ended: self._end(key, ended))

    def _end(self, key: AccountKey, task: asyncio.Task[tuple[PollOutcome, ...]]) -> None:
        del self._running[key]
        # Accounts that are gone from the configuration are forgotten here, so this stays small.
        self._ended = {it: at for it, at in self._ended.items() if it in self._pollers()}
        self._ended[key] = _now()
        if not task.cancelled():
            # Read, so that nothing is said to be lost; the poller has logged it.
            task.exception()


def _now() -> float:
    return asyncio.get_running_loop().time()
