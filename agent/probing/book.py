"""The book of test calls: who may call now, what each day's budget has left, which phones ring.

A call is written into the ledger before it is made: charged, and its phones taken. Nothing is
remembered between two calls of this, so that a restart forgets nothing, and a process that was
killed in a call holds its phones until the call must have ended.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum, unique
from hashlib import blake2b
from typing import Final
from uuid import uuid4

import msgspec

from agent.config.dial import Caller
from agent.config.service import is_within
from agent.providers.cost_budget import CostBudget, Costs
from agent.providers.paid_queries import Pages
from agent.store.database import uninterrupted

PAGE: Final = "dial/book"
_NO_SPACING: Final = 1.0
_MOST_ACTIVE: Final = 2000
_WRONG_CLOCK: Final = 3600.0


@unique
class Refusal(StrEnum):
    """Why a test call is not made."""

    CALLER_HOURS = "caller_hours"
    NUMBER_HOURS = "number_hours"
    HOURS_UNKNOWN = "hours_unknown"
    """When the number may be called could not be read."""
    NOT_OURS = "not_ours"
    """The number belongs to no account: strangers are not called."""
    LISTING_UNKNOWN = "listing_unknown"
    """Whether the number belongs to an account could not be read."""
    BUDGET = "budget"
    CONCURRENCY = "concurrency"
    PHONE_BUSY = "phone_busy"
    """Another test call may ring at one of the same phones."""
    LEDGER = "ledger"
    """The ledger cannot be written: what is not charged is not called."""


class RefusedError(Exception):
    """A test call is not made."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, repr=False)
class Wish:
    """A test call that somebody wants to make."""

    caller: Caller
    number: str
    phones: Collection[str] = ()
    """The phones at which it may ring, as far as they are known."""
    number_hours: Sequence[str] = ()
    """When the number may be called; empty where that is not limited."""
    is_open: bool | None = None
    """Whether the number is within its hours by its provider's schedule; ``None``: not known."""
    at_any_time: bool = False
    """Whether somebody asked for it outside the number's hours."""


@dataclass(frozen=True)
class Permit:
    """A test call that was charged and may be made now."""

    id: str
    caller: str
    remaining: int
    """Calls that the caller's budget has left today."""


class _Active(msgspec.Struct, frozen=True, array_like=True):
    id: str
    caller: str
    phones: tuple[str, ...]
    """Digests: they are people's."""
    until: float
    """When the call must have ended, epoch seconds."""


class _Page(msgspec.Struct):
    budgets: dict[str, bytes] = {}
    active: tuple[_Active, ...] = ()


OpenPages = Callable[[], AbstractAsyncContextManager[Pages]]
"""Opens the ledger's pages for one change; raises ``OSError`` while somebody else holds them."""


class CallBook:
    """The test calls of one ledger.

    Args:
        open_pages: Opens the ledger for one change; nobody else changes it meanwhile.
        longest: Seconds after which any call has ended, that of a killed process too.
        zone: The time zone of hours.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        open_pages: OpenPages,
        longest: float,
        zone: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._open_pages = open_pages
        self._longest = longest
        self._zone = zone
        self._clock = clock
        self._changing = asyncio.Lock()

    @uninterrupted
    async def permit(self, wish: Wish) -> Permit:
        """Charge a call and take its phones; the call may be made once this returns.

        Raises:
            RefusedError: when it must not be made; nothing is charged then.
        """
        now = self._clock()
        self._check_hours(wish, now)
        async with self._changing:
            try:
                async with self._open_pages() as pages:
                    return await self._permit(wish, pages, now)
            except OSError:
                raise RefusedError(Refusal.LEDGER) from None

    @uninterrupted
    async def end(self, permit: Permit) -> bool:
        """Give the phones of a call that has ended back.

        Returns False when the ledger cannot be written: they are then taken until the call would
        have ended at the latest.
        """
        async with self._changing:
            try:
                async with self._open_pages() as pages:
                    page = await self._load(pages)
                    page.active = tuple(one for one in page.active if one.id != permit.id)
                    return await pages.save(PAGE, msgspec.msgpack.encode(page))
            except (OSError, RefusedError):
                return False

    @uninterrupted
    async def remaining(self, caller: Caller) -> int:
        """How many calls ``caller`` may still make today.

        Raises:
            RefusedError: when the ledger cannot be read.
        """
        async with self._changing:
            try:
                async with self._open_pages() as pages:
                    page = await self._load(pages)
            except OSError:
                raise RefusedError(Refusal.LEDGER) from None
        return _budget(caller, page, self._clock()).remaining(self._clock())

    async def _permit(self, wish: Wish, pages: Pages, now: float) -> Permit:
        page = await self._load(pages)
        page.active = tuple(one for one in page.active if self._lasts(one, now))
        caller = wish.caller
        own = [one for one in page.active if one.caller == caller.name]
        if len(own) >= caller.concurrency or len(page.active) >= _MOST_ACTIVE:
            raise RefusedError(Refusal.CONCURRENCY)
        phones = tuple(sorted({_digest(phone) for phone in (wish.number, *wish.phones)}))
        if any(set(phones) & set(one.phones) for one in page.active):
            raise RefusedError(Refusal.PHONE_BUSY)
        budget = _budget(caller, page, now)
        if budget.remaining(now) < 1:
            raise RefusedError(Refusal.BUDGET)
        permit = Permit(uuid4().hex, caller.name, budget.remaining(now) - 1)
        budget.charge((permit.id,), now)
        page.budgets[caller.name] = _without_subjects(budget)
        until = now + self._longest
        page.active = (*page.active, _Active(permit.id, caller.name, phones, until))
        if not await pages.save(PAGE, msgspec.msgpack.encode(page)):
            raise RefusedError(Refusal.LEDGER)
        return permit

    def _check_hours(self, wish: Wish, now: float) -> None:
        if not is_within(wish.caller.hours, now, self._zone):
            raise RefusedError(Refusal.CALLER_HOURS)
        if wish.at_any_time:
            return
        is_allowed = not wish.number_hours or is_within(wish.number_hours, now, self._zone)
        if not is_allowed or wish.is_open is False:
            raise RefusedError(Refusal.NUMBER_HOURS)

    async def _load(self, pages: Pages) -> _Page:
        content = await pages.load(PAGE)
        if content is None:
            return _Page()
        try:
            return msgspec.msgpack.decode(content, type=_Page)
        except msgspec.MsgspecError:
            # What was called is not known: nothing is, until somebody has looked at it.
            raise RefusedError(Refusal.LEDGER) from None

    def _lasts(self, active: _Active, now: float) -> bool:
        # A clock that was set back a little holds phones for longer; what is far ahead was noted
        # by one that was wrong, and would hold them for ever.
        return now < active.until <= now + self._longest + _WRONG_CLOCK


def _budget(caller: Caller, page: _Page, now: float) -> CostBudget:
    budget = CostBudget(Costs(1.0, float(caller.daily_budget), _NO_SPACING), f"dial/{caller.name}")
    content = page.budgets.get(caller.name)
    if content is not None:
        try:
            budget.restore(content)
        except ValueError:
            budget.exhaust(now)
    return budget


def _without_subjects(budget: CostBudget) -> bytes:
    """The budget as bytes. A call is no subject that comes again: only what was spent is kept."""
    budget.forget_subjects()
    return budget.encode()


def _digest(phone: str) -> str:
    return blake2b(phone.encode(), digest_size=10, key=b"dial").hexdigest()
