"""One test call from the permission to the judgement."""

import asyncio
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.config.dial import Caller, Dial
from agent.probing.analysis import observe
from agent.probing.book import CallBook, Permit, Wish
from agent.probing.engine.client import CallRecord, EngineMissingError, Progress, place
from agent.probing.engine.protocol import Order
from agent.probing.fingerprints import read_fingerprints
from agent.probing.hearing.fingerprint import Features
from agent.probing.hearing.quality import mean_opinion_score
from agent.probing.observation import Observation
from agent.probing.outcome import Judgement, outcome_of
from agent.probing.prompt import prompt_pcm
from agent.probing.speech.listening import with_words

LONGEST_OVERHEAD: Final = 30.0
"""Seconds that a call may take beside its longest duration: starting, and ending at last."""
_HEADERS: Final = {"Subject": "numwatch test call"}


@dataclass(frozen=True)
class PlacedCall:
    """A test call that was made."""

    number: str
    caller: str
    judgement: Judgement
    observation: Observation
    mos: float | None
    record: CallRecord
    remaining: int
    """Calls that the caller's budget has left today."""


def require_engine() -> None:
    """Check that the engine is installed, without loading it.

    Raises:
        EngineMissingError: when it is not.
    """
    if importlib.util.find_spec("baresip") is None:
        raise EngineMissingError("baresip")


def choose_caller(dial: Dial, name: str = "") -> Caller:
    """The caller called ``name``, else the first.

    Raises:
        LookupError: when there is none; the text says what is expected.
    """
    for caller in dial.callers:
        if name in {"", caller.name}:
            return caller
    if not dial.callers:
        raise LookupError(
            "no caller is configured; add one under dial.callers (docs/test-calls.md)"
        )
    names = ", ".join(caller.name for caller in dial.callers)
    raise LookupError(f"no caller {name}, expected one of: {names}")


def order_of(dial: Dial, caller: Caller, number: str) -> Order:
    """The order for the engine.

    Raises:
        PromptError: when the prompt's file cannot be played.
    """
    host = caller.trunk.rpartition(":")[0]
    return Order(
        uri=f"sip:{caller.prefix}{number}@{caller.trunk}",
        user=caller.user,
        domain=caller.domain or host,
        password="" if caller.password is None else caller.password.reveal(),
        auth_user=caller.auth_user or "",
        local_address=caller.local_address or "",
        longest=dial.longest,
        talk=dial.listen,
        prompt=prompt_pcm(dial.prompt),
        headers=_HEADERS,
    )


async def make_test_call(
    dial: Dial,
    book: CallBook,
    wish: Wish,
    on_event: Progress = lambda _: None,
    on_permit: Callable[[Permit], None] = lambda _: None,
) -> PlacedCall:
    """Make the call of ``wish`` and judge it.

    Raises:
        RefusedError: when it must not be made.
        EngineMissingError: when the engine is not installed; nothing is charged then.
        PromptError: when the prompt's file cannot be played; nothing is charged then.
    """
    require_engine()
    order = order_of(dial, wish.caller, wish.number)
    enrolled = await asyncio.to_thread(read_fingerprints, Path(dial.fingerprints))
    permit = await book.permit(wish)
    on_permit(permit)
    try:
        record = await place(order, on_event)
    finally:
        await asyncio.shield(book.end(permit))
    observation = await asyncio.to_thread(observe, record, enrolled, dial.country)
    observation = await with_words(observation, record, dial.speech)
    return PlacedCall(
        wish.number,
        wish.caller.name,
        outcome_of(observation),
        observation,
        mean_opinion_score(observation.reception),
        record,
        permit.remaining,
    )


def enrolled_names(enrolled: Mapping[str, Features]) -> tuple[str, ...]:
    """The names of announcements, each once."""
    return tuple(dict.fromkeys(key.partition("/")[0] for key in enrolled))
