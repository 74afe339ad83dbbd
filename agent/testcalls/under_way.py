"""Test calls that people ask for: each goes on to its end, whoever has gone away meanwhile.

A call is a task of its own and not of the request that asked for it, so that a client that hangs
up leaves no phone off the hook and no call that is not stored. Few are made at once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from agent.probing.book import RefusedError
from agent.probing.call import PlacedCall
from agent.probing.engine.client import EngineMissingError, Progress
from agent.probing.facts import ProbeCall
from agent.probing.prompt import PromptError
from agent.testcalls.document import Document, call_document, report_document
from agent.testcalls.outcome import CallRequest
from agent.testcalls.steps import CallStep, step_reader

log = structlog.get_logger(__name__)

MOST_CALLS: Final = 4
"""Calls that people have asked for and that are under way."""
MOST_HELD: Final = 50
"""Calls that have ended and are still known here, for the pages that followed them."""
EXPECTED: Final = (RefusedError, EngineMissingError, PromptError, LookupError)
"""Why a call is not made: errors with a text for whoever asked."""


class TooManyCallsError(Exception):
    """As many test calls are under way as may be."""


class StoppedError(Exception):
    """The agent stops, and has ended the call."""


class PlaceCall(Protocol):
    """Places a call; see :meth:`agent.testcalls.service.CallService.call`."""

    def __call__(
        self,
        request: CallRequest,
        on_event: Progress,
        *,
        on_control: Progress,
        on_placed: Callable[[PlacedCall], None],
    ) -> Awaitable[ProbeCall]:
        """Return the facts of the call."""
        ...


class CallUnderWay:
    """One call that somebody asked for, while it lasts and for a while after it."""

    def __init__(self, request: CallRequest, began: float) -> None:
        self.request = request
        self.began = began
        """When it was asked for, epoch seconds."""
        self.steps: list[CallStep] = []
        self.documents: list[Document] = []
        """What the call showed, and that of the control number where it was called."""
        self.facts: ProbeCall | None = None
        """What is stored of it; ``None`` until it has ended, and where it failed."""
        self.error: Exception | None = None
        """Why it was not made, or not brought to its end."""
        self.is_over = False
        self._changed = asyncio.Event()

    @property
    def report(self) -> dict[str, Any]:
        """The report of a call that has ended and has facts."""
        assert self.facts is not None
        return report_document(self.request.number, self.documents, self.facts.control)

    def add(self, step: CallStep) -> None:
        """Take in one step."""
        self.steps.append(step)
        self._tell()

    def end(self) -> None:
        """Nothing more comes."""
        self.is_over = True
        self._tell()

    async def begun(self) -> None:
        """Wait until the call is placed, or is over before that."""
        while not self.steps and not self.is_over:
            await self._changed.wait()

    async def follow(self) -> AsyncIterator[CallStep]:
        """The steps so far, and further ones as they come, until the call is over."""
        shown = 0
        while True:
            # Nothing is awaited between these lines and the wait: no step is missed.
            changed, over = self._changed, self.is_over
            for step in self.steps[shown:]:
                shown += 1
                yield step
            if over:
                return
            if changed is self._changed:
                await changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class CallsUnderWay:
    """The calls that people have asked for.

    Args:
        place: Places a call.
        clock: Epoch seconds.
    """

    def __init__(self, place: PlaceCall, clock: Callable[[], float]) -> None:
        self._place = place
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: dict[str, CallUnderWay] = {}
        self._is_stopped = False

    def begin(self, request: CallRequest) -> CallUnderWay:
        """Begin a call; it goes on by itself.

        Raises:
            TooManyCallsError: when as many are under way as may be, or the agent stops.
        """
        if self._is_stopped or len(self._tasks) >= MOST_CALLS:
            raise TooManyCallsError
        call = CallUnderWay(request, self._clock())
        self._known[request.id] = call
        over = [it for it, known in self._known.items() if known.is_over]
        for each in over[: max(0, len(over) - MOST_HELD)]:
            del self._known[each]
        task = asyncio.create_task(self._run(call), name="test-call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def find(self, call_id: str) -> CallUnderWay | None:
        """The call of that id which was begun here, lately."""
        return self._known.get(call_id)

    async def stop(self) -> None:
        """End the calls that are under way, and begin no more; returns once they have ended."""
        self._is_stopped = True
        tasks = list(self._tasks)
        for task in tasks:
            # Once: a second one would leave the engine before it has hung up.
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, call: CallUnderWay) -> None:
        try:
            call.facts = await self._place(
                call.request,
                step_reader(call.add),
                on_control=step_reader(call.add, of_control=True),
                on_placed=lambda placed: call.documents.append(call_document(placed)),
            )
        except EXPECTED as error:
            call.error = error
        except asyncio.CancelledError:
            call.error = StoppedError()
            raise
        except Exception as error:
            log.exception("test_call_failed", call=call.request.id)
            call.error = error
        finally:
            call.end()
