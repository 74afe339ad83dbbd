"""The path of a poll and of its requests, assembled in one place.

Around a whole poll, from the outside (:class:`~agent.polling.poller.Poller`):

1. breaker: outermost, because a capability that keeps failing is not polled at all;
2. a task of its own with a hard time limit: an adapter that loses a cancellation costs that
   task, never the poller;
3. redaction: around everything that can fail, so that no failure is stored, logged or shown with
   the account's secrets in its text;
4. deadline (:mod:`agent.polling.deadline`): known to every request below, so that no retry and
   no pause outlasts the poll.

Around each request of the adapter, from the outside, as :func:`_wrap` puts them on:

5. loop throttle: paces how fast answers reach the adapter, whose reading holds the event loop;
   outermost, so that a waiting answer holds no connection and no place in the budget;
6. bytes: around the recorder and the retries, so that the answers an adapter reads are counted
   once each;
7. places for large answers: around everything that reads a body, of all polls of the account;
8. recorder: outside the retries, so that one request leaves one record with its final result;
9. retries: outside the budget, so that every attempt is paid for; a failing provider would
   otherwise see a multiple of the configured rate;
10. budget: rate, concurrency and ``Retry-After`` pauses of the account, around exactly what is
   sent;
11. the account's lease, where replicas share the accounts: after every wait;
12. HTTP client: signs each attempt afresh, sends it once, and holds every guard
   (:mod:`agent.net.http_client`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agent.model import AccountKey
from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.net.heap import Heap
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.net.large_bodies import LargeBodies
from agent.polling.budget import Budget
from agent.polling.deadline import note_age, received
from agent.polling.limits import too_many
from agent.polling.loop_throttle import LoopThrottle
from agent.polling.plan import Plan
from agent.polling.recorder import ResponseRecorder
from agent.polling.retry import Backoff, with_retries
from agent.states import PollFailure

MayPoll = Callable[[AccountKey], bool]
_ClientKey = tuple[str, tuple[str, ...], str | None, HttpClientLimits]


@dataclass(frozen=True)
class RequestPath:
    """The wrapped fetch function for the requests of one account, and the client beneath it."""

    fetch: Fetch
    client: HttpClient
    budget: Budget


class RequestPaths:
    """Builds the request path of every account from the parts that accounts share.

    Args:
        clock: Epoch seconds.
        recorder: Records every answer, where there is one.
        may_poll: Whether requests of an account may be sent now.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        recorder: ResponseRecorder | None,
        may_poll: MayPoll = lambda _: True,
    ) -> None:
        self._clients = HttpClientPool(clock)
        self._may_poll = may_poll
        self._throttle = LoopThrottle()
        self._heap = Heap()
        self._recorder = recorder

    def build(self, plan: Plan) -> RequestPath:
        """The request path of one account.

        Raises:
            ValueError: when ``egress_allow`` holds something that is not a network.
            OSError: when ``ca_file`` cannot be read.
        """
        client = self._clients.get(plan)
        budget = Budget(plan.polling.rate, plan.polling.concurrency)
        return RequestPath(self._wrap(client.fetch, plan, budget), client, budget)

    def _wrap(self, fetch: Fetch, plan: Plan, budget: Budget) -> Fetch:
        """Put the wrappers on, the innermost first; the module says why in this order."""
        polling = plan.polling
        fetch = budget.wrap(_while_ours(fetch, plan.key, self._may_poll))
        fetch = with_retries(fetch, polling.attempts, Backoff.within(polling.timeout))
        if self._recorder is not None:
            fetch = self._recorder.wrap(plan.key, fetch)
        fetch = LargeBodies(self._heap).wrap(fetch)
        fetch = _within_bytes(fetch, polling.max_bytes)
        fetch = _noting_age(fetch)
        return self._throttle.wrap(fetch)

    async def close_unused(self, plans: Iterable[Plan]) -> None:
        """Close every client that none of ``plans`` uses."""
        await self._clients.close_unused(plans)


def _while_ours(fetch: Fetch, key: AccountKey, may_poll: MayPoll) -> Fetch:
    """``fetch``, which sends nothing once the account is another replica's."""

    async def fetch_while_ours(request: Request) -> Answer:
        if not may_poll(key):
            raise ProviderError(PollFailure.CANCELLED, "another replica polls the account now")
        return await fetch(request)

    return fetch_while_ours


def _noting_age(fetch: Fetch) -> Fetch:
    """``fetch``, with the age of every answer noted for the poll under way."""

    async def fetch_noting_age(request: Request) -> Answer:
        answer = await fetch(request)
        note_age(answer.age)
        return answer

    return fetch_noting_age


def _within_bytes(fetch: Fetch, limit: int) -> Fetch:
    """``fetch``, failing with ``too_many`` once a poll's answers exceed ``limit`` bytes."""

    async def fetch_within_bytes(request: Request) -> Answer:
        answer = await fetch(request)
        size = received(len(answer.body))
        if size > limit:
            label = request.label or request.method
            raise too_many(
                f"{label}: the answers of the poll have {size} bytes", limit, "max_bytes"
            )
        return answer

    return fetch_within_bytes


class HttpClientPool:
    """The open HTTP clients; accounts of one provider with the same limits share one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clients: dict[_ClientKey, HttpClient] = {}

    def get(self, plan: Plan) -> HttpClient:
        """The client for ``plan``, opened when it is needed first.

        Raises:
            ValueError: when ``egress_allow`` holds something that is not a network.
            OSError: when ``ca_file`` cannot be read.
        """
        key = _client_key(plan)
        if key not in self._clients:
            _, egress_allow, ca_file, limits = key
            self._clients[key] = HttpClient(
                limits, egress_allow=egress_allow, ca_file=ca_file, clock=self._clock
            )
        return self._clients[key]

    async def close_unused(self, plans: Iterable[Plan]) -> None:
        """Close every client that none of ``plans`` uses."""
        used = {_client_key(plan) for plan in plans}
        for key in [key for key in self._clients if key not in used]:
            await self._clients.pop(key).close()


def _client_key(plan: Plan) -> _ClientKey:
    provider = plan.provider
    # No limit of connections: each account's own budget bounds them, so an account that hangs
    # cannot use up the connections of the others.
    limits = replace(HttpClientLimits.of(plan.polling), connections=0)
    return provider.name, tuple(provider.egress_allow), provider.ca_file, limits
