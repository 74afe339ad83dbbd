"""Calls the numbers of repaired tickets for their joint test, and records what that shows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from agent.config.dial import Dial
from agent.config.settings import Settings
from agent.probing.book import Refusal, RefusedError
from agent.probing.engine.client import EngineMissingError
from agent.probing.facts import ProbeCall, Purpose
from agent.probing.prompt import PromptError
from agent.states import Stage
from agent.store import StoreError
from agent.testcalls.joint_test_words import CANNOT_CALL
from agent.testcalls.outcome import CallRequest
from agent.testcalls.planned import RETRIES
from agent.testcalls.plans import Ownership
from agent.testcalls.service import CallService
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.joint_tests import can_be_called, concluded, is_calling, waiting
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.changes import Change
from agent.tickets.joint_test import JointTestCall
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Ticket

log = structlog.get_logger(__name__)

TICK: Final = 2.0
"""Seconds between two looks at the tickets."""
LONGEST_WAIT: Final = 86_400.0
"""Seconds for which calls that are refused are tried again; then a person is to test."""
MOST_AT_ONCE: Final = 5
"""Joint tests that are under way at once."""
_REQUEST: Final = "it is repaired: the joint test is made by test calls"
_FINAL: Final = frozenset({Refusal.NOT_OURS})
"""Refusals that no waiting ends."""


@dataclass(frozen=True)
class JointTestParts:
    """What joint tests are made with.

    Args:
        calls: Places the calls.
        settings: The configuration in force.
        tickets: The open tickets, and who writes them.
        ownership: Returns which accounts are polled here: their numbers are called here.
        clock: Epoch seconds.
        steady: Seconds that go on as time passes.
    """

    calls: CallService
    settings: Callable[[], Settings]
    tickets: Tickets
    ownership: Callable[[], Ownership]
    clock: Callable[[], float]
    steady: Callable[[], float] = time.monotonic


class JointTests:
    """Makes the joint tests that tickets ask for while :meth:`run` does.

    What was called is read from the ledger of calls, and which test is asked for from the ticket:
    after a restart a test goes on where it was, and no caller calls twice for it.
    """

    def __init__(self, parts: JointTestParts) -> None:
        self._parts = parts
        self._under_way: set[str] = set()
        self._not_before: dict[str, float] = {}

    async def run(self) -> None:
        """Look after the tickets until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    for ticket in await self.due():
                        self._under_way.add(ticket.id)
                        group.create_task(self._guarded(ticket))
                except StoreError:
                    pass  # The ledger has said why.
                except Exception:
                    log.exception("joint_tests_not_followed")
                await asyncio.sleep(TICK)

    async def due(self) -> list[Ticket]:
        """Ask for the tests of repaired tickets; returns the tickets that are to be tested now.

        Raises:
            StoreError: when the ledger refuses.
        """
        dial, now = self._parts.settings().dial, self._parts.steady()
        own = [it for it in self._parts.tickets.open if self._is_ours(it)]
        if dial.joint_test.automatic and dial.joint_test.callers:
            for ticket in own:
                if ticket.stage is Stage.REPAIRED and can_be_called(ticket):
                    await self._ask_for(ticket)
        calling = [it for it in self._parts.tickets.open if is_calling(it) and self._is_ours(it)]
        ids = {it.id for it in calling}
        self._not_before = {it: at for it, at in self._not_before.items() if it in ids}
        due = [
            it
            for it in calling
            if it.id not in self._under_way and self._not_before.get(it.id, now) <= now
        ]
        return due[: max(0, MOST_AT_ONCE - len(self._under_way))]

    def _is_ours(self, ticket: Ticket) -> bool:
        if ticket.stage not in {Stage.REPAIRED, Stage.TESTING} or not ticket.subject.account:
            return False
        return self._parts.ownership().owns((ticket.subject.provider, ticket.subject.account))

    async def _ask_for(self, ticket: Ticket) -> None:
        actor = Actor(ActorKind.AGENT, "")
        request = ActionRequest(TicketAction.TEST_CALLS, actor, _REQUEST, revision=ticket.revision)
        try:
            await self._parts.tickets.act(ticket.id, request, self._parts.clock())
        except (ActionRequestError, IllegalTransitionError) as error:
            # Somebody has changed it meanwhile; the next look sees how.
            log.debug("joint_test_not_begun", ticket=ticket.id, error=str(error))

    async def _guarded(self, ticket: Ticket) -> None:
        try:
            await self.test(ticket)
        except StoreError:
            self._not_before[ticket.id] = self._parts.steady() + RETRIES[Refusal.LEDGER].after
        except Exception:
            log.exception("joint_test_not_made", ticket=ticket.id)
            self._not_before[ticket.id] = self._parts.steady() + RETRIES[Refusal.LEDGER].after
        finally:
            self._under_way.discard(ticket.id)

    async def test(self, ticket: Ticket) -> None:
        """Call ``ticket``'s number by every caller that has not called yet, and conclude.

        Raises:
            StoreError: when the ledger refuses; what was called is known at the next attempt.
        """
        joint = ticket.joint_test
        assert joint is not None
        dial, now = self._parts.settings().dial, self._parts.clock()
        stored = await self._parts.calls.ledger.of_reference(ticket.id)
        made = {
            it.caller: it
            for it in reversed(stored)
            if it.purpose is Purpose.JOINT_TEST and it.at >= joint.requested_at
        }
        may_wait = now - joint.requested_at < LONGEST_WAIT
        parts: list[JointTestCall] = []
        waits: list[Refusal] = []
        for name in dial.joint_test.callers:
            if name in made:
                parts.append(_part_of(made[name]))
                continue
            if not self._is_wanted(ticket, joint.turn):
                return
            refusal = ""
            try:
                parts.append(_part_of(await self._call(ticket, name)))
            except RefusedError as error:
                refusal = error.refusal.value
                if may_wait and error.refusal not in _FINAL:
                    waits.append(error.refusal)
            except (EngineMissingError, PromptError, LookupError) as error:
                log.warning("joint_test_cannot_call", ticket=ticket.id, error=str(error))
                refusal = CANNOT_CALL
            if refusal:
                parts.append(
                    JointTestCall(name, _carrier_of(dial, name), result="", refusal=refusal)
                )
        has_failed = any(it.result == "failed" for it in parts)
        if waits and not has_failed:
            await self._wait(ticket, joint.turn, waits)
            return
        await self._revise(ticket, lambda it, at: concluded(it, joint.turn, parts, at))

    async def _call(self, ticket: Ticket, caller: str) -> ProbeCall:
        subject = ticket.subject
        account = subject.provider, subject.account
        if not self._parts.ownership().may_poll(account):
            raise RefusedError(Refusal.LEDGER)
        request = CallRequest(
            subject.number, caller, Purpose.JOINT_TEST, ticket.id, account=account
        )
        return await self._parts.calls.call(request)

    def _is_wanted(self, ticket: Ticket, turn: int) -> bool:
        """Whether the ticket is still to be tested: people may have moved it meanwhile."""
        now = next((it for it in self._parts.tickets.open if it.id == ticket.id), None)
        joint = None if now is None else now.joint_test
        return now is not None and is_calling(now) and joint is not None and joint.turn == turn

    async def _wait(self, ticket: Ticket, turn: int, refusals: Iterable[Refusal]) -> None:
        first = min(refusals, key=lambda it: RETRIES[it].after)
        self._not_before[ticket.id] = self._parts.steady() + RETRIES[first].after
        await self._revise(ticket, lambda it, at: waiting(it, turn, first.value, at))

    def _revise(
        self, ticket: Ticket, change: Callable[[Ticket, float], Change | None]
    ) -> Awaitable[Change | None]:
        now = self._parts.clock()
        return self._parts.tickets.revise(ticket.id, lambda it, _only: change(it, now), now)


def _part_of(call: ProbeCall) -> JointTestCall:
    result = "not_judged"
    if call.is_judged:
        result = "passed" if call.got_through else "failed"
    return JointTestCall(
        call.caller,
        call.carrier,
        call.id,
        call.at,
        call.outcome.value,
        round(call.confidence, 3),
        result,
    )


def _carrier_of(dial: Dial, caller: str) -> str:
    return next((it.carrier for it in dial.callers if it.name == caller), "")
