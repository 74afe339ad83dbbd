"""Records what providers answered, word for word, as evidence for a dispute with a provider.

For every request the newest answer and the one before it are kept, compressed and within a
bound; beyond it the answers whose requests were made least recently are dropped
(docs/reference/ticketing.md §4). An answer that equals the one before costs a comparison and no
memory.
"""

import asyncio
import re
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import urlencode
from zlib import crc32

from isal import isal_zlib

from agent.model import AccountKey
from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.net.reading import INLINE_BYTES
from agent.polling.redaction import TOKENS

MAX_BYTES = 48 * 1024 * 1024
"""Bytes kept, of all accounts together: compressed bodies, requests and what holds them."""

ACCOUNT_SHARE = 3
"""One account may take a third of that: one whose answers change all the time would leave the
others without evidence."""

_OBJECT_BYTES = 640
"""What one recorded answer takes beside its body and its request. Providers that want another
window of time with every request make ever new requests with hardly a body; counted by bodies
alone, hundreds of thousands of them would be kept."""

MAX_FAILURES = 50
"""Failed requests kept per account, the newest."""

_FASTEST_LEVEL = 0
_VALUES = re.compile(r"[^/?&=]*\d[^/?&=]*")


@dataclass(frozen=True)
class RecordedAnswer:
    """One answer, as it was received."""

    request: str
    """Method, URL and query before signing: without credentials."""
    status: int
    first_at: float
    """When it was received first, in epoch seconds."""
    last_at: float
    """When it was received last without a change, in epoch seconds."""
    content: bytes
    """The body, compressed."""
    digest: int
    mapped: frozenset[str] | None = None
    """The keys whose values are read; ``None`` where that is not known."""
    kind: str = ""
    """The request without its values: the same for every page and every number of one listing."""

    @property
    def size(self) -> int:
        """The bytes of memory it takes, roughly."""
        return len(self.content) + len(self.request) + _OBJECT_BYTES

    @property
    def body(self) -> bytes:
        """The body, decompressed."""
        return bytes(isal_zlib.decompress(self.content))


@dataclass(frozen=True)
class RecordedFailure:
    """One request that failed."""

    request: str
    at: float
    """Epoch seconds."""
    kind: str
    detail: str


@dataclass
class _History:
    """The newest answers to one request."""

    newest: RecordedAnswer
    previous: RecordedAnswer | None = None

    def size(self) -> int:
        return self.newest.size + (self.previous.size if self.previous else 0)


_RequestKey = tuple[AccountKey, str]


class ResponseRecorder:
    """Keeps answers and failures by account; threads may read while polls go on."""

    def __init__(self, clock: Callable[[], float], max_bytes: int = MAX_BYTES) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._bytes = 0
        self._bytes_of: Counter[AccountKey] = Counter()
        self._histories: OrderedDict[_RequestKey, _History] = OrderedDict()
        self._failures: dict[AccountKey, list[RecordedFailure]] = {}
        self._tokens: dict[AccountKey, deque[str]] = {}
        self._lock = Lock()

    def wrap(self, account: AccountKey, fetch: Fetch) -> Fetch:
        """``fetch``, with its answers and failures recorded for ``account``.

        Of a login nothing is: its answer is a secret, and its request may hold one.
        """

        async def fetch_and_record(request: Request) -> Answer:
            if request.is_login:
                return await fetch(request)
            try:
                answer = await fetch(request)
            except ProviderError as error:
                self._record_failure(account, request, error)
                raise
            if len(answer.body) > INLINE_BYTES:
                await asyncio.to_thread(self._record_answer, account, request, answer)
            else:
                self._record_answer(account, request, answer)
            return answer

        return fetch_and_record

    def add_token(self, account: AccountKey, token: str) -> None:
        """Remember a token that a login of ``account`` got: an answer may repeat it."""
        with self._lock:
            self._tokens.setdefault(account, deque(maxlen=TOKENS)).append(token)

    def tokens(self, account: AccountKey) -> tuple[str, ...]:
        """The newest tokens of ``account``, which no evidence may hold."""
        with self._lock:
            return tuple(self._tokens.get(account, ()))

    def answers(self, account: AccountKey) -> Iterator[RecordedAnswer]:
        """Every recorded answer of ``account``: per request the previous one, then the newest."""
        with self._lock:
            histories = [
                history for (owner, _), history in self._histories.items() if owner == account
            ]
        for history in histories:
            if history.previous is not None:
                yield history.previous
            yield history.newest

    def failures(self, account: AccountKey) -> list[RecordedFailure]:
        """The newest failed requests of ``account``, the oldest first."""
        with self._lock:
            return list(self._failures.get(account, ()))

    def _record_answer(self, account: AccountKey, request: Request, answer: Answer) -> None:
        key, now, digest = (account, _describe(request)), self._clock(), hash(answer.body)
        with self._lock:
            history = self._histories.get(key)
            if history is not None and history.newest.digest == digest:
                mapped = _both(history.newest.mapped, request.mapped)
                history.newest = replace(history.newest, last_at=now, mapped=mapped)
            else:
                content = bytes(isal_zlib.compress(answer.body, _FASTEST_LEVEL))
                kind = history.newest.kind if history else sys.intern(_kind(request))
                recorded = RecordedAnswer(
                    key[1], answer.status, now, now, content, digest, request.mapped, kind
                )
                self._put(key, history, recorded)
            self._histories.move_to_end(key)

    def _put(self, key: _RequestKey, former: _History | None, recorded: RecordedAnswer) -> None:
        history = _History(recorded, former.newest if former else None)
        self._count(key[0], history.size() - (former.size() if former else 0))
        self._histories[key] = history
        while self._bytes > self._max_bytes and len(self._histories) > 1:
            self._drop(next(iter(self._histories)))
        share = self._max_bytes // ACCOUNT_SHARE
        while self._bytes_of[key[0]] > share and (oldest := self._oldest(key)) is not None:
            self._drop(oldest)

    def _oldest(self, key: _RequestKey) -> _RequestKey | None:
        """The request of the account of ``key`` that was made least recently, beside it."""
        return next((it for it in self._histories if it[0] == key[0] and it != key), None)

    def _drop(self, key: _RequestKey) -> None:
        self._count(key[0], -self._histories.pop(key).size())

    def _count(self, account: AccountKey, size: int) -> None:
        self._bytes += size
        self._bytes_of[account] += size

    def _record_failure(self, account: AccountKey, request: Request, error: ProviderError) -> None:
        failure = RecordedFailure(_describe(request), self._clock(), error.kind.value, error.detail)
        with self._lock:
            failures = self._failures.setdefault(account, [])
            failures.append(failure)
            del failures[:-MAX_FAILURES]


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    """The keys that either of two readers of the same answer maps."""
    return None if first is None or second is None else first | second


def _kind(request: Request) -> str:
    names = "&".join(name for name, _ in request.params)
    action = f" {request.label}" if request.body else ""
    return f"{request.method} {_VALUES.sub('*', request.url)}?{names}{action}"


def _describe(request: Request) -> str:
    """The request in words, different for every page; a body is never shown, only told apart."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    body = f" {request.label}, body {crc32(request.body):08x}" if request.body else ""
    return f"{request.method} {request.url}{query}{body}"
