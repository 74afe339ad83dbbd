"""``POST /api/numbers/{number}/test-call``: places a test call and streams its steps.

Why a call is not made is said as a status before anything is streamed; what goes wrong later is
the last line of the stream. A client that hangs up does not end the call.
"""

import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from agent.i18n import CHINESE, ENGLISH, Message
from agent.model import AccountKey
from agent.probing.book import Refusal, RefusedError
from agent.probing.call import choose_caller, require_engine
from agent.probing.engine.client import EngineMissingError
from agent.probing.facts import Purpose
from agent.probing.prompt import PromptError
from agent.probing.texts import ENGINE_MISSING, REFUSALS
from agent.testcalls.outcome import CallRequest
from agent.testcalls.under_way import MOST_CALLS, CallUnderWay, StoppedError, TooManyCallsError
from agent.web.audit import LONGEST_REASON, record
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.numbers import ACCOUNT_QUERY, is_at
from agent.web.parameters import read
from agent.web.probe_calls import call_view, ledger_of, service_of
from agent.web.responses import ApiError, encode, json_response, no_number
from agent.web.services import services_of

REQUESTED: Final = "test_call_requested"
"""What the entry of the audit log says; it is stored before anybody is called."""
EVENTS: Final = "application/x-ndjson"
_EXAMPLE: Final = '{"caller": "", "at_any_time": false, "reason": "after the repair"}'
_CONFLICT, _MISSING = HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND
_UNAVAILABLE, _TOO_MANY = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS
STATUSES: Final[Mapping[Refusal, HTTPStatus]] = {
    Refusal.CALLER_HOURS: _CONFLICT,
    Refusal.NUMBER_HOURS: _CONFLICT,
    Refusal.HOURS_UNKNOWN: _CONFLICT,
    Refusal.NOT_OURS: _MISSING,
    Refusal.LISTING_UNKNOWN: _UNAVAILABLE,
    Refusal.BUDGET: _TOO_MANY,
    Refusal.CONCURRENCY: _CONFLICT,
    Refusal.PHONE_BUSY: _CONFLICT,
    Refusal.LEDGER: _UNAVAILABLE,
}
"""With which status each refusal of the book is answered."""
NO_CALLER: Final = Message(
    "no line is configured from which test calls could be made; add one under dial.callers"
)
UNKNOWN_CALLER: Final = Message("there is no caller of this name; there are: {callers}")
TOO_MANY: Final = Message(
    "{count} test calls are under way, as many as may be; wait until one has ended"
)
BAD_PROMPT: Final = Message("the prompt that dial.prompt.file names cannot be played: {why}")
STOPPED: Final = Message("the agent stops, and has ended the call")
FAILED: Final = Message("the agent failed to make the call; its log says why")
_EXPECTED: Final = {
    _CONFLICT: "the same when the call may be made",
    _MISSING: "a number listed at /api/numbers, or dial.control_number",
    _UNAVAILABLE: "an agent that can make test calls now",
    _TOO_MANY: "the same later",
    HTTPStatus.BAD_REQUEST: "a caller of dial.callers, or none for the first",
    HTTPStatus.INTERNAL_SERVER_ERROR: "a call: report this",
}


class ProbeCallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test call to make."""

    caller: str = ""
    """The caller of ``dial.callers``; the first where none is named."""
    at_any_time: bool = False
    """Whether it may be made outside the number's hours."""
    reason: str = ""
    """Why it is made, for the audit log."""
    for_acceptance: bool = False
    """Whether it is one of the calls by which the number is accepted."""
    keep_recording: bool = False
    """Whether the recording is stored where the call gets through, too."""


class NotCalledError(Exception):
    """A test call is not made, or was not brought to its end.

    Args:
        code: What stands in the way, a value of :class:`agent.probing.book.Refusal` among others.
        text: The same in words.
        status: The status of the answer.
    """

    def __init__(self, code: str, text: Message, status: HTTPStatus) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.status = status

    @property
    def document(self) -> dict[str, Any]:
        """An error of the API, with its words in both languages."""
        texts = {locale: self.text.text(locale) for locale in (ENGLISH, CHINESE)}
        return {
            "error": f"{self.status.value} {texts[ENGLISH]}",
            "expected": _EXPECTED[self.status],
            "code": self.code,
            "texts": texts,
        }


async def begin_call(
    request: web.Request, number: str, account: AccountKey | None, sent: ProbeCallRequest
) -> CallUnderWay:
    """The call that ``sent`` asks for, once it is placed.

    Raises:
        NotCalledError: when it is not made.
        ApiError: when what was sent does not fit.
        StoreError: when the entry of the audit log cannot be stored.
    """
    if len(sent.reason) > LONGEST_REASON:
        expected = f"a reason, {LONGEST_REASON} characters at most"
        raise ApiError("400 reason is too long", expected)
    service, dial = service_of(request), services_of(request).settings().dial
    if not dial.callers:
        raise NotCalledError("no_caller", NO_CALLER, _UNAVAILABLE)
    try:
        require_engine()
        caller = choose_caller(dial, sent.caller).name
    except EngineMissingError as error:
        raise not_called(error, number, sent.caller) from None
    except LookupError:
        names = ", ".join(it.name for it in dial.callers)
        text = UNKNOWN_CALLER.with_values(callers=names)
        raise NotCalledError("unknown_caller", text, HTTPStatus.BAD_REQUEST) from None
    await record(request, REQUESTED, f"{number} from {caller}", sent.reason)
    wanted = CallRequest(
        number,
        caller,
        at_any_time=sent.at_any_time,
        account=account,
        keep_recording=sent.keep_recording,
        purpose=Purpose.ACCEPTANCE if sent.for_acceptance else Purpose.MANUAL,
    )
    try:
        call = service.under_way.begin(wanted)
    except TooManyCallsError:
        text = TOO_MANY.with_values(count=MOST_CALLS)
        raise NotCalledError("too_many_calls", text, _TOO_MANY) from None
    await call.begun()
    if call.error is not None and not call.steps:
        raise not_called(call.error, number, caller)
    return call


def not_called(error: Exception, number: str, caller: str) -> NotCalledError:
    """Why a call was not made, or not brought to its end, as an answer."""
    match error:
        case RefusedError():
            text = REFUSALS[error.refusal].with_values(caller=caller, number=number)
            return NotCalledError(error.refusal.value, text, STATUSES[error.refusal])
        case EngineMissingError():
            return NotCalledError("engine_missing", ENGINE_MISSING, _UNAVAILABLE)
        case PromptError():
            return NotCalledError("prompt", BAD_PROMPT.with_values(why=str(error)), _UNAVAILABLE)
        case StoppedError():
            return NotCalledError("stopped", STOPPED, _UNAVAILABLE)
    return NotCalledError("failed", FAILED, HTTPStatus.INTERNAL_SERVER_ERROR)


def account_in(request: web.Request, query: Mapping[str, str]) -> AccountKey | None:
    """The account that a request names for its number; ``None`` where it names none.

    Raises:
        ApiError: when no such account has the number.
    """
    provider, account = query["provider"], query["account"]
    if not provider and not account:
        return None
    number = request.match_info["number"]
    for result in services_of(request).check_results():
        if result.number_row(number) is not None and is_at(result, provider, account):
            return result.snapshot.provider, result.snapshot.account
    raise no_number()


async def place_call(request: web.Request) -> web.StreamResponse:
    """Place a test call; a line of JSON for each step, and one for how it went."""
    query = read(request.query, ACCOUNT_QUERY)
    number = request.match_info["number"]
    sent = await read_body(request, ProbeCallRequest, _EXAMPLE)
    try:
        call = await begin_call(request, number, account_in(request, query), sent)
    except NotCalledError as refused:
        return json_response(refused.document, refused.status)
    response = web.StreamResponse(headers={"Cache-Control": "no-store"})
    response.content_type = EVENTS
    # The client may hang up at any moment: the call goes on, and is stored.
    with contextlib.suppress(ConnectionResetError):
        await response.prepare(request)
        async for step in call.follow():
            await response.write(encode(step) + b"\n")
        await response.write(encode(await _ending(request, call)) + b"\n")
        await response.write_eof()
    return response


async def _ending(request: web.Request, call: CallUnderWay) -> dict[str, Any]:
    if call.facts is None:
        error = call.error or StoppedError()
        return not_called(error, call.request.number, call.request.caller).document
    files = await ledger_of(request).file_names([call.facts.id])
    view = call_view(call.facts, files.get(call.facts.id, ()))
    return {"call": view, "report": call.report}


PROBE_REQUEST_ROUTES: Final = (
    Endpoint(
        "POST",
        "/api/numbers/{number}/test-call",
        place_call,
        "Place a test call; a line of JSON for each step, the last with how it went",
        EVENTS,
        query=ACCOUNT_QUERY,
        body=ProbeCallRequest,
        access=Access.OPERATOR,
        errors=(
            HTTPStatus.BAD_REQUEST,
            _MISSING,
            _CONFLICT,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            _TOO_MANY,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            _UNAVAILABLE,
        ),
    ),
)
"""The endpoint of this module, for the route table."""
