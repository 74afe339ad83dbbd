"""Places the test calls of a running agent: within the book, with a control call, and stored."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

import structlog

from agent.config.dial import Caller
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.probing.board import ProbeBoard
from agent.probing.book import CallBook, RefusedError, Wish
from agent.probing.call import (
    LONGEST_OVERHEAD,
    PlacedCall,
    choose_caller,
    make_test_call,
    require_engine,
)
from agent.probing.call_ledger import CallLedger
from agent.probing.engine.client import Progress
from agent.probing.facts import Control, ProbeCall, Purpose
from agent.probing.outcome import SUCCESSFUL
from agent.store import StoreError
from agent.store.database import Database
from agent.testcalls.book_pages import book_pages
from agent.testcalls.former_calls import former_calls
from agent.testcalls.lines import LineSeries
from agent.testcalls.outcome import CallRequest, Made, control_says, facts_of, files_of
from agent.testcalls.overdrafts import overdrafts
from agent.testcalls.target import Known, control_of, target_of
from agent.testcalls.under_way import CallsUnderWay
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

CONTROL_LASTS: Final = 600.0
"""Seconds for which a call of the control number says that its line works, or does not."""
READ_INTERVAL: Final = 10.0
"""Seconds between two readings of the calls that others who share the ledger have stored."""
_OVERLAP: Final = 300.0
"""Seconds by which a reading reaches back: a call is stored when it has ended."""


@dataclass(frozen=True)
class CallParts:
    """What test calls are made with.

    Args:
        database: The ledger.
        settings: The configuration in force.
        fleet: The newest facts.
        board: Where the newest calls are held in memory.
        telemetry: Counts the calls.
        clock: Epoch seconds.
    """

    database: Database
    settings: Callable[[], Settings]
    fleet: Fleet
    board: ProbeBoard
    telemetry: Telemetry
    clock: Callable[[], float]


class CallService:
    """Test calls of a running agent."""

    def __init__(self, parts: CallParts) -> None:
        self._parts = parts
        self.ledger = CallLedger(parts.database)
        self._open_pages = book_pages(parts.database)
        self._book: tuple[Settings, CallBook] | None = None
        self._read_until: float | None = None
        self.lines = LineSeries(parts.telemetry)
        """What is shown of the lines."""
        self.overdrafts = overdrafts((), ())
        """The callers whose budget does not suffice for the plans."""
        self.under_way = CallsUnderWay(self.call, parts.clock)
        """The calls that people have asked for."""

    async def call(
        self,
        request: CallRequest,
        on_event: Progress = lambda _: None,
        *,
        on_control: Progress = lambda _: None,
        on_placed: Callable[[PlacedCall], None] = lambda _: None,
    ) -> ProbeCall:
        """Place one call, see whether its line works where it did not get through, and store it.

        Args:
            request: The call.
            on_event: Called with what the engine says of it.
            on_control: Called with what the engine says of the call to the control number.
            on_placed: Called with the call, and with that to the control number, once each ended.

        Raises:
            RefusedError: when it must not be made; nothing is charged then.
            EngineMissingError: when the engine is not installed.
            PromptError: when the prompt's file cannot be played.
            LookupError: when there is no such caller.
        """
        require_engine()
        settings, at = self._parts.settings(), self._parts.clock()
        caller = choose_caller(settings.dial, request.caller)
        target = target_of(
            self._known(settings, at),
            caller,
            request.number,
            at_any_time=request.at_any_time,
            account=request.account,
        )
        placed = await self._place(settings, target.wish, on_event)
        on_placed(placed)
        if request.number == settings.dial.control_number:
            request = replace(request, purpose=Purpose.CONTROL)
        made = Made(placed, request, caller, target.account, at, request.id)
        facts = facts_of(made, await self._control(settings, made, on_control, on_placed))
        await self._store(facts, made)
        return facts

    async def remaining(self, caller: Caller) -> int:
        """How many calls ``caller`` may still make today; raises RefusedError."""
        return await self._book_of(self._parts.settings()).remaining(caller)

    async def run(self) -> None:
        """Read what others have stored, and forget what is old, until cancelled.

        The calls that people have asked for end with it.
        """
        try:
            while True:
                try:
                    await self.read()
                except StoreError:
                    pass  # The ledger has said why.
                except Exception:
                    log.exception("test_calls_not_read")
                await asyncio.sleep(READ_INTERVAL)
        finally:
            await self.under_way.stop()

    async def read(self) -> None:
        """Bring the board up to date with the ledger.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        now = self._parts.clock()
        oldest = now - self._parts.settings().dial.stale_after
        since = oldest if self._read_until is None else max(oldest, self._read_until - _OVERLAP)
        # First: calls grow old although the ledger cannot be read.
        self._parts.board.forget_before(oldest)
        if self._read_until is None:
            await self._read_former(oldest)
        self.lines.show(self._parts.board.proofs())
        # One agent alone has stored all that came since its start, and has it on the board.
        if self._read_until is None or self._parts.database.lease_keeper is not None:
            self._add(await self.ledger.since(since))
            self._read_until = now

    async def _read_former(self, oldest: float) -> None:
        """Learn which callers open tickets wait for; their calls may be older than ``oldest``."""
        stale_after = self._parts.settings().dial.stale_after
        board = self._parts.board
        board.add(await former_calls(self._parts.database, self.ledger, stale_after))
        # The calls say nothing any more, but that their callers were in trouble stays known.
        board.forget_before(oldest)

    def _known(self, settings: Settings, at: float) -> Known:
        snapshots = self._parts.fleet.snapshots()
        polled = {(it.provider, it.account) for it in snapshots}
        wanted = {(it.name, one.id) for it in settings.providers for one in it.accounts}
        return Known(settings, snapshots, at, is_complete=wanted <= polled)

    def _book_of(self, settings: Settings) -> CallBook:
        if self._book is None or self._book[0] is not settings:
            longest = settings.dial.longest + LONGEST_OVERHEAD
            clock = self._parts.clock
            book = CallBook(self._open_pages, longest, settings.timezone, clock)
            self._book = settings, book
        return self._book[1]

    async def _place(self, settings: Settings, wish: Wish, on_event: Progress) -> PlacedCall:
        book = self._book_of(settings)
        placed = await make_test_call(settings.dial, book, wish, on_event)
        telemetry = self._parts.telemetry
        labels = wish.caller.name, wish.number, placed.judgement.outcome.value
        telemetry.probe_calls.labels(*labels).inc()
        if (setup := placed.observation.signalling.setup) is not None:
            telemetry.probe_setup.labels(wish.caller.name).observe(setup)
        telemetry.probe_budget.labels(wish.caller.name).set(placed.remaining)
        return placed

    async def _control(
        self,
        settings: Settings,
        made: Made,
        on_event: Progress,
        on_placed: Callable[[PlacedCall], None],
    ) -> Control:
        """What the control number says of the line; it is called where that is not known."""
        outcome, wish = made.placed.judgement.outcome, control_of(settings, made.caller)
        if outcome in SUCCESSFUL:
            return Control.NOT_NEEDED
        if wish is None:
            return Control.NOT_CONFIGURED
        if made.request.purpose is Purpose.CONTROL:
            return control_says(outcome)
        newest = next(iter(self._parts.board.controls().get(made.caller.name, ())), None)
        if newest is not None and 0 <= self._parts.clock() - newest.at < CONTROL_LASTS:
            return control_says(newest.outcome)
        at = self._parts.clock()
        try:
            placed = await self._place(settings, wish, on_event)
        except RefusedError:
            return Control.UNKNOWN
        on_placed(placed)
        request = CallRequest(wish.number, made.caller.name, Purpose.CONTROL, made.id)
        control = Made(placed, request, made.caller, None, at, uuid4().hex)
        says = control_says(placed.judgement.outcome)
        await self._store(facts_of(control, says), control)
        return says

    async def _store(self, facts: ProbeCall, made: Made) -> None:
        has_failed = facts.outcome not in SUCCESSFUL
        keeps = has_failed and self._parts.settings().evidence.enabled
        keeps = keeps or made.request.keep_recording
        files = await asyncio.to_thread(files_of, made.placed.record) if keeps else []
        try:
            await self.ledger.add(facts, files)
        except StoreError as error:
            # The call was made and charged: what it showed is known at least until a restart.
            log.error("test_call_not_stored", call=facts.id, error=str(error))  # noqa: TRY400 - the text says it
        self._add([facts])

    def _add(self, calls: Iterable[ProbeCall]) -> None:
        self._parts.board.add(calls)
        self.lines.show(self._parts.board.proofs())
