"""Records who was shown texts in which people wrote phones, before they are shown.

Phones in fields of their own are masked for everybody, and :mod:`agent.web.reveal` shows one for a
reason. In notes, prompts and comments operators read them as they were written. The audit log gets
an entry for each name, page and set of phones, once an hour. Where it cannot be written, the text
is shown as viewers see it.
"""

import re
import time
from typing import Final

import structlog
from aiohttp import web

from agent.store import StoreError
from agent.web.audit import record
from agent.web.authentication import actor_of, is_authorized, user_name_of
from agent.web.endpoint import READING_METHODS
from agent.web.services import services_of

log = structlog.get_logger(__name__)

WHAT: Final = "phones_read"
"""What the entry of the audit log says."""
_AGAIN: Final = 3600.0
"""Seconds after which the same is recorded again."""
_MOST_HELD: Final = 10_000
_NAMED: Final = 5
"""Phones that an entry names; further ones are counted."""
_MASKED: Final = re.compile(r"\d*\*{4,}\d+")

_Recorded = dict[tuple[str, str], tuple[float, frozenset[str]]]
RECORDED: web.AppKey[_Recorded] = web.AppKey("shown_phones", dict)
"""By name and path: since when, and which phones."""


def records_texts(request: web.Request, *, of_programs: bool) -> bool:
    """Whether texts shown to whoever sent ``request``, which changes nothing, are recorded.

    Programs have the agent's token and no name: for them answers of the API are not.
    """
    is_read = request.method in READING_METHODS
    if not is_read or services_of(request).audit is None or not is_authorized(request):
        return False
    return of_programs or bool(user_name_of(request))


def hidden_in(text: str, masked: str) -> set[str]:
    """The masked phones of ``masked``, which is ``text`` as viewers see it."""
    if masked == text:
        return set()
    return set(_MASKED.findall(masked)) - set(_MASKED.findall(text))


async def record_shown(request: web.Request, phones: frozenset[str]) -> bool:
    """Record that ``request`` is answered with these phones in full; whether it is recorded."""
    if not phones:
        return True
    held, key = request.app[RECORDED], (actor_of(request), request.path)
    since, known = held.get(key, (float("-inf"), frozenset()))
    if phones <= known and time.monotonic() - since < _AGAIN:
        return True
    shown = sorted(phones)
    more = f" +{len(shown) - _NAMED}" if len(shown) > _NAMED else ""
    try:
        await record(request, WHAT, f"{request.path}: {', '.join(shown[:_NAMED])}{more}", "")
    except StoreError as error:
        log.warning("shown_masked", path=request.path, error=str(error))
        return False
    if len(held) >= _MOST_HELD:
        held.clear()
    held[key] = (time.monotonic(), phones)
    return True
