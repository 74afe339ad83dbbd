"""``/api/test-calls``: the test calls that were made, with what was heard and signalled."""

import json
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from agent.masking import mask_text
from agent.probing.call_ledger import CallLedger
from agent.probing.facts import ProbeCall
from agent.testcalls.outcome import RECORDING, TRACE
from agent.testcalls.service import CallService
from agent.tickets.document import stamp
from agent.web.audit import record
from agent.web.byte_ranges import ranged_response
from agent.web.endpoint import Access, Endpoint
from agent.web.parameters import LIMIT, OFFSET, Parameter, next_page, read
from agent.web.privacy import mask_for, viewer_mask
from agent.web.responses import ApiError, json_response, large_json_response, running
from agent.web.services import services_of

CALLS_QUERY: Final = (
    Parameter("number", "Only calls to this number."),
    Parameter("caller", "Only calls from this caller of dial.callers."),
    LIMIT,
    OFFSET,
)
HEARD: Final = "test_call_heard"
TRACED: Final = "test_call_trace_read"
"""What the entries of the audit log say."""
_NO_STORE: Final = {"Cache-Control": "no-store"}


class ProbeCallView(msgspec.Struct, frozen=True):
    """A test call as the API shows it."""

    id: str
    at: str | None
    number: str
    caller: str
    outcome: str
    confidence: float
    says: str
    """What it says of the number: ``got_through``, ``failed``, or ``nothing``."""
    control: str
    """What the control number said of the line: ``not_needed``, ``not_configured``, ``passed``,
    ``failed`` or ``unknown``."""
    provider: str
    account: str
    purpose: str
    reference: str
    evidence: tuple[str, ...]
    announcement: str
    announcement_confidence: float
    words: str
    """What was said before any answer, as a machine wrote it down, with phones masked."""
    sip_status: int | None
    sip_phrase: str
    q850_cause: int | None
    forwarded: bool
    setup_seconds: float | None
    answered_after_seconds: float | None
    duration_seconds: float
    ended_by: str
    packets_received: int
    packets_lost: int
    mos: float | None
    carrier: str
    area: str
    kind: str
    files: tuple[str, ...]
    """What is stored of it: ``recording``, ``trace``."""


class ProbeCallList(msgspec.Struct, frozen=True):
    """A page of test calls, the newest first."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: tuple[ProbeCallView, ...]


class TraceMessage(msgspec.Struct, frozen=True):
    """One SIP message of a call; phones in it are masked for everybody."""

    at: float
    """Seconds since the call began."""
    sent: bool
    message: str


class CallTrace(msgspec.Struct, frozen=True):
    """The SIP messages of a call, in their order."""

    items: tuple[TraceMessage, ...]


async def list_calls(request: web.Request) -> web.Response:
    """The test calls, filtered and paged."""
    query = read(request.query, CALLS_QUERY)
    limit, offset = int(query["limit"]), int(query["offset"])
    number, caller = query["number"], query["caller"]
    refuse_guess(request, number, caller)
    ledger = ledger_of(request)
    total = await ledger.count(number, caller)
    calls = await ledger.page(number, caller, limit, offset)
    files = await ledger.file_names([call.id for call in calls])
    items = tuple(call_view(call, files.get(call.id, ())) for call in calls)
    following = next_page(request, total, limit, offset)
    return await large_json_response(ProbeCallList(total, limit, offset, following, items))


async def show_call(request: web.Request) -> web.Response:
    """One test call."""
    read(request.query, ())
    return json_response(call_view(*await call_of(request)))


async def show_recording(request: web.Request) -> web.Response:
    """What was heard in a call, once the audit log has an entry about who hears it."""
    read(request.query, ())
    # Also for a part: it may begin at the second byte, and be all that is to be heard.
    content = await _file(request, RECORDING, HEARD)
    return ranged_response(request, content, "audio/wav")


async def show_trace(request: web.Request) -> web.Response:
    """The SIP messages of a call, with phones masked."""
    read(request.query, ())
    content = await _file(request, TRACE, TRACED)
    mask = mask_for(services_of(request))
    items = tuple(
        TraceMessage(it["at"], it["sent"], mask(it["message"])) for it in json.loads(content)
    )
    return json_response(CallTrace(items), headers=_NO_STORE)


def refuse_guess(request: web.Request, *filters: str) -> None:
    """Refuse a filter by a phone: what is found would tell a viewer the digits that are masked.

    Raises:
        ApiError: when one is, and whoever sent ``request`` is a viewer.
    """
    mask = viewer_mask(request)
    if any(mask(it) != it for it in filters):
        text = "400 a filter by a phone needs the agent's token"
        raise ApiError(text, "web.token, or a number that is watched")


def service_of(request: web.Request) -> CallService:
    """The service that places test calls.

    Raises:
        ApiError: where there is none.
    """
    return running(services_of(request).calls, "503 no test calls are made here")


def ledger_of(request: web.Request) -> CallLedger:
    """Where test calls are stored; raises ApiError where there is no ledger."""
    return service_of(request).ledger


async def call_of(request: web.Request) -> tuple[ProbeCall, tuple[str, ...]]:
    """The call that the path names, and the names of what is stored with it.

    Raises:
        ApiError: when there is none.
    """
    ledger = ledger_of(request)
    found = await ledger.find(request.match_info["id"])
    if found is None:
        raise no_call()
    return found, (await ledger.file_names([found.id])).get(found.id, ())


def no_call() -> ApiError:
    """The error for a test call that does not exist."""
    expected = "the id of a test call listed at /api/test-calls"
    return ApiError("404 there is no such test call", expected, HTTPStatus.NOT_FOUND)


def call_view(call: ProbeCall, files: tuple[str, ...]) -> ProbeCallView:
    """A call as the API shows it; what a network wrote has its phones masked."""
    known: dict[str, Any] = {RECORDING: "recording", TRACE: "trace"}
    return ProbeCallView(
        id=call.id,
        at=stamp(call.at),
        number=call.number,
        caller=call.caller,
        outcome=call.outcome.value,
        confidence=call.confidence,
        says="got_through" if call.got_through else "failed" if call.failed else "nothing",
        control=call.control.value,
        provider=call.provider,
        account=call.account,
        purpose=call.purpose.value,
        reference=call.reference,
        evidence=call.evidence,
        announcement=call.prompt,
        announcement_confidence=call.prompt_confidence,
        words=mask_text(call.words),
        sip_status=call.sip_status or None,
        sip_phrase=mask_text(call.sip_phrase),
        q850_cause=call.q850_cause,
        forwarded=call.forwarded,
        setup_seconds=call.setup,
        answered_after_seconds=call.answered,
        duration_seconds=round(call.duration, 3),
        ended_by=call.ended,
        packets_received=call.packets,
        packets_lost=call.lost,
        mos=None if call.mos is None else round(call.mos, 2),
        carrier=call.carrier,
        area=call.area,
        kind=call.kind,
        files=tuple(known[name] for name in files if name in known),
    )


async def _file(request: web.Request, name: str, what: str) -> bytes:
    call, _ = await call_of(request)
    content = await ledger_of(request).file(call.id, name)
    if content is None:
        expected = "a call that failed, or whose recording was asked for, within its retention"
        raise ApiError("404 nothing is stored of it", expected, HTTPStatus.NOT_FOUND)
    await record(request, what, f"{call.number} from {call.caller} ({call.id})", "")
    return content


_ERRORS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
PROBE_CALL_ROUTES: Final = (
    Endpoint(
        "GET",
        "/api/test-calls",
        list_calls,
        "Test calls, the newest first",
        ProbeCallList,
        query=CALLS_QUERY,
        errors=(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    Endpoint(
        "GET", "/api/test-calls/{id}", show_call, "One test call", ProbeCallView, errors=_ERRORS
    ),
    Endpoint(
        "GET",
        "/api/test-calls/{id}/recording",
        show_recording,
        "What was heard in a test call; the audit log gets an entry",
        "audio/wav",
        access=Access.OPERATOR,
        errors=(*_ERRORS, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    ),
    Endpoint(
        "GET",
        "/api/test-calls/{id}/trace",
        show_trace,
        "The SIP messages of a test call, with phones masked; the audit log gets an entry",
        CallTrace,
        access=Access.OPERATOR,
        errors=_ERRORS,
    ),
)
"""The endpoints of this module, for the route table."""
