"""What providers answered, word for word: the newest answer to every request, and the one before.

A dispute with a provider is settled by what its own API said (ticketing.md §4, evidence bundle).
Answers are kept compressed within a bound; those not asked for the longest are let go first. An
answer that is the same as before costs a comparison and no memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import urlencode

from isal import isal_zlib

from agent.model import AccountKey
from agent.net.exchange import Answer, Fetch, ProviderError, Request

MOST_BYTES = 48 * 1024 * 1024
"""Compressed answers kept, of all accounts together."""
FAILURES_KEPT = 50
"""Failed requests remembered per account, the newest."""
_FASTEST = 0


@dataclass(frozen=True)
class Seen:
    """One answer, as it came."""

    request: str
    """Method, address and query as they were before signing: no credentials."""
    status: int
    first_at: float
    """When it was first given."""
    last_at: float
    """When it was last given unchanged."""
    content: bytes
    """The body, compressed."""
    digest: int

    @property
    def body(self) -> bytes:
        """The body as it came."""
        return bytes(isal_zlib.decompress(self.content))


@dataclass(frozen=True)
class Failed:
    """One request that failed."""

    request: str
    at: float
    kind: str
    detail: str


@dataclass
class _Page:
    newest: Seen
    before: Seen | None = None

    def size(self) -> int:
        return len(self.newest.content) + (len(self.before.content) if self.before else 0)


class ResponseRecorder:
    """Remembers what was answered. Threads may read while polls go on."""

    def __init__(self, clock: Callable[[], float], most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pages: OrderedDict[tuple[AccountKey, str], _Page] = OrderedDict()
        self._failures: dict[AccountKey, list[Failed]] = {}
        self._lock = Lock()

    def wrap(self, account: AccountKey, fetch: Fetch) -> Fetch:
        """``fetch``, its answers remembered as those of ``account``."""

        async def fetch_before_a_witness(request: Request) -> Answer:
            try:
                answer = await fetch(request)
            except ProviderError as error:
                self._note_failure(account, request, error)
                raise
            self._note(account, request, answer)
            return answer

        return fetch_before_a_witness

    def answers(self, account: AccountKey) -> Iterator[Seen]:
        """Everything remembered of ``account``: per request the answer before, then the newest."""
        with self._lock:
            pages = [page for (owner, _), page in self._pages.items() if owner == account]
        for page in pages:
            if page.before is not None:
                yield page.before
            yield page.newest

    def failures(self, account: AccountKey) -> list[Failed]:
        """The newest requests of ``account`` that failed, the oldest first."""
        with self._lock:
            return list(self._failures.get(account, ()))

    def _note(self, account: AccountKey, request: Request, answer: Answer) -> None:
        place, now, digest = (account, _named(request)), self._clock(), hash(answer.body)
        with self._lock:
            page = self._pages.get(place)
            if page is not None and page.newest.digest == digest:
                page.newest = replace(page.newest, last_at=now)
            else:
                content = bytes(isal_zlib.compress(answer.body, _FASTEST))
                seen = Seen(place[1], answer.status, now, now, content, digest)
                self._put(place, page, seen)
            self._pages.move_to_end(place)

    def _put(self, place: tuple[AccountKey, str], page: _Page | None, seen: Seen) -> None:
        fresh = _Page(seen, page.newest if page else None)
        self._bytes += fresh.size() - (page.size() if page else 0)
        self._pages[place] = fresh
        while self._bytes > self._most_bytes and len(self._pages) > 1:
            _, dropped = self._pages.popitem(last=False)
            self._bytes -= dropped.size()

    def _note_failure(self, account: AccountKey, request: Request, error: ProviderError) -> None:
        failed = Failed(_named(request), self._clock(), error.kind.value, error.detail)
        with self._lock:
            held = self._failures.setdefault(account, [])
            held.append(failed)
            del held[:-FAILURES_KEPT]


def _named(request: Request) -> str:
    query = f"?{urlencode(request.params)}" if request.params else ""
    return f"{request.method} {request.url}{query}"
