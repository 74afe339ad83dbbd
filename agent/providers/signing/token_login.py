"""Logs in for a token, once for all requests that need it, and again before and after its end.

However many requests wait for a token, one login is under way at a time, and all share its result,
a failure too. A refused login is not sent again for a while: repeating it can only get the
credentials locked (docs/reference/reliability.md §1).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.states import PollFailure

REFUSED_PAUSE: Final = 60.0
"""Seconds for which a refused login is not sent again; its failure is repeated instead."""

_EARLY_SHARE: Final = 0.1
_EARLY_MOST: Final = 60.0
"""A token is renewed when a tenth of its lifetime is left, but at most so many seconds early."""

_REMEMBERED: Final = 8
"""Tokens that are remembered to be removed from texts: evidence may still hold old ones."""


@dataclass(frozen=True)
class Token:
    """A token and its lifetime in seconds."""

    text: str
    lifetime: float


@dataclass
class _Flight:
    """A login under way."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    token: Token | None = None
    failure: ProviderError | None = None


def _now() -> float:
    return asyncio.get_running_loop().time()


class TokenLogin:
    """The token of one account.

    Args:
        request_token: Sends the login; raises ``auth`` when it was refused.
        is_refusal: Whether an answer says that the token is not accepted.
        on_token: Called with every new token, which must never be shown.
        clock: Monotonic seconds; the event loop's without it.
    """

    def __init__(
        self,
        request_token: Callable[[], Awaitable[Token]],
        is_refusal: Callable[[Answer], bool] = lambda _: False,
        on_token: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = _now,
    ) -> None:
        self._request_token = request_token
        self._is_refusal = is_refusal
        self._on_token = on_token
        self._clock = clock
        self._token: Token | None = None
        self._got_at = 0.0
        self._flight: _Flight | None = None
        self._refusal: tuple[float, ProviderError] | None = None
        self._texts: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def text(self) -> str:
        """The token that requests are sent with; empty before the first login."""
        return "" if self._token is None else self._token.text

    def texts(self) -> tuple[str, ...]:
        """The newest tokens, which must never be shown."""
        return tuple(self._texts)

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch`` with a valid token, and once more with a new one after a refusal."""

        async def fetch_with_token(request: Request) -> Answer:
            used = await self._valid_token()
            try:
                answer = await fetch(request)
            except ProviderError as error:
                if error.kind is not PollFailure.AUTH:
                    raise
            else:
                if not self._is_refusal(answer):
                    return answer
            await self._replace(used)
            return await fetch(request)

        return fetch_with_token

    async def _valid_token(self) -> Token:
        while True:
            token = self._token
            if token is not None and self._left(token) > _early(token):
                return token
            try:
                renewed = await self._log_in()
            except ProviderError as error:
                if token is None or error.kind is PollFailure.AUTH or self._left(token) <= 0:
                    raise
                # It could not be renewed just now, and still holds.
                return token
            if renewed is not None:
                return renewed

    async def _replace(self, refused: Token) -> None:
        """Log in anew, unless another request has done so since ``refused`` was used."""
        if self._token is refused:
            self._token = None
        await self._valid_token()

    def _left(self, token: Token) -> float:
        return self._got_at + token.lifetime - self._clock()

    async def _log_in(self) -> Token | None:
        """Send the login, or wait for the one under way; ``None`` when that one was cancelled."""
        flight = self._flight
        if flight is not None:
            await flight.done.wait()
            if flight.failure is not None:
                raise _copy(flight.failure)
            return flight.token
        self._check_pause()
        self._flight = flight = _Flight()
        try:
            began = self._clock()
            flight.token = await self._request_token()
            self._adopt(flight.token, began)
        except ProviderError as error:
            flight.failure = error
            if error.kind is PollFailure.AUTH:
                self._refusal = (self._clock() + REFUSED_PAUSE, error)
            raise
        finally:
            self._flight = None
            flight.done.set()
        return flight.token

    def _adopt(self, token: Token, began: float) -> None:
        if token.text not in self._texts:
            self._texts.append(token.text)
            self._on_token(token.text)
        # Counted from before the request: the provider's clock began to run in between.
        self._token, self._got_at, self._refusal = token, began, None

    def _check_pause(self) -> None:
        if self._refusal is not None and self._clock() < self._refusal[0]:
            raise _copy(self._refusal[1])


def _early(token: Token) -> float:
    return min(_EARLY_MOST, token.lifetime * _EARLY_SHARE)


def _copy(error: ProviderError) -> ProviderError:
    # An exception that several tasks raise would collect all their tracebacks.
    return ProviderError(error.kind, error.detail, error.retry_after)
