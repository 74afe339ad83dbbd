"""``/api/inspections``: checklists of numbers, begun, answered, signed, and taken over."""

from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from agent.inspections.checklist import (
    Answer,
    Checklist,
    ChecklistError,
    Kind,
    Result,
    SeenFact,
    findings,
    results_of,
)
from agent.inspections.items import look
from agent.inspections.service import InspectionService
from agent.inspections.words import PROBLEMS, item_text
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.web.audit import record_if_possible
from agent.web.authentication import recorded_actor
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.parameters import LIMIT, OFFSET, Parameter, next_page, read
from agent.web.responses import ApiError, json_response, large_json_response, running
from agent.web.services import services_of

TAKEN_OVER, SIGNED, GIVEN_UP = "number_taken_over", "inspection_signed", "checklist_given_up"
"""What the entries of the audit log say."""
LONGEST_NOTE: Final = 500
LONGEST_NAME: Final = 100
ANSWERS: Final = (Result.PASSED, Result.FAILED, Result.NOT_APPLICABLE)
"""What a person may answer."""
STATES: Final = ("open", "closed")
_EXAMPLE = '{"kind": "onboarding", "number": "4006220001", "by": "Li Wei"}'
_ANSWER = '{"answers": [{"item": "menu", "result": "passed", "note": ""}], "by": "Li Wei"}'
_CLOSING = '{"by": "Li Wei", "note": ""}'


class BeginRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checklist to begin."""

    kind: Kind
    number: str
    by: str = ""


class RowAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person answers about one row."""

    item: str
    result: str
    """``passed``, ``failed`` or ``not_applicable``."""
    note: str = ""


class AnswersRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person answers about rows."""

    answers: tuple[RowAnswer, ...]
    by: str = ""


class CloseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature, a take-over, or the end of a checklist that is given up."""

    by: str = ""
    note: str = ""
    give_up: bool = False


class RowView(msgspec.Struct, frozen=True):
    """One row as it stands."""

    item: str
    text: str
    result: str
    seen: str
    """How the agent sees it; ``unknown`` where it does not."""
    detail: tuple[str, ...]
    answers: tuple[Answer, ...]
    """What people answered, the newest last."""


class ChecklistView(msgspec.Struct, frozen=True):
    """A checklist with its rows as they stand."""

    checklist: Checklist
    rows: tuple[RowView, ...]
    is_overdue: bool
    findings: int


class ChecklistList(msgspec.Struct, frozen=True):
    """A page of checklists, the one that is due next first; closed ones the newest first."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: tuple[Checklist, ...]


LIST_QUERY = (
    Parameter("state", "Open checklists, or closed ones.", STATES, default=STATES[0]),
    LIMIT,
    OFFSET,
)


async def list_checklists(request: web.Request) -> web.Response:
    """The open checklists, or the closed ones, paged."""
    query = read(request.query, LIST_QUERY)
    limit, offset = int(query["limit"]), int(query["offset"])
    found, total = await service_of(request).repository.page(
        is_open=query["state"] == STATES[0], limit=limit, offset=offset
    )
    following = next_page(request, total, limit, offset)
    return await large_json_response(ChecklistList(total, limit, offset, following, tuple(found)))


async def show_checklist(request: web.Request) -> web.Response:
    """One checklist with its rows as they stand."""
    return json_response(checklist_view(request, await checklist_of(request), "en"))


async def begin_checklist(request: web.Request) -> web.Response:
    """Begin an inspection or an onboarding of a number."""
    sent = await read_body(request, BeginRequest, _EXAMPLE)
    try:
        begun = await begin(request, sent.kind, sent.number, sent.by)
    except ChecklistError as error:
        raise refusal(error) from None
    return json_response(checklist_view(request, begun, "en"), HTTPStatus.CREATED)


async def answer_checklist(request: web.Request) -> web.Response:
    """Add what a person answers about rows."""
    sent = await read_body(request, AnswersRequest, _ANSWER)
    try:
        after = await answer(request, await checklist_of(request), sent.answers, sent.by)
    except ChecklistError as error:
        raise refusal(error) from None
    return json_response(checklist_view(request, after, "en"))


async def close_checklist(request: web.Request) -> web.Response:
    """Sign an inspection, take a number over, or give a checklist up."""
    sent = await read_body(request, CloseRequest, _CLOSING)
    try:
        after = await close(request, await checklist_of(request), sent)
    except ChecklistError as error:
        raise refusal(error) from None
    return json_response(checklist_view(request, after, "en"))


async def begin(request: web.Request, kind: Kind, number: str, by: str) -> Checklist:
    """A checklist that was begun for ``number``.

    Raises:
        ChecklistError: when the number is none, nobody is named, or one is under way.
    """
    digits = number.strip()
    if not (digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 20):  # noqa: PLR2004 - as complaints have it
        raise ChecklistError("no_number")
    return await service_of(request).begin(kind, digits, _name(request, by))


async def answer(
    request: web.Request, checklist: Checklist, rows: tuple[RowAnswer, ...], by: str
) -> Checklist:
    """The checklist with what a person answers.

    Raises:
        ChecklistError: when nothing is answered, nobody is named, or it takes no answers.
    """
    now, name = services_of(request).clock(), _name(request, by)
    known = {result.value: result for result in ANSWERS}
    answers = [
        Answer(row.item, known[row.result], scrub(row.note, LONGEST_NOTE).strip(), name, now)
        for row in rows
        if row.result in known
    ]
    if not answers:
        raise ChecklistError("no_answer")
    return await service_of(request).answer(checklist, answers)


async def close(request: web.Request, checklist: Checklist, sent: CloseRequest) -> Checklist:
    """The checklist signed, taken over or given up; the audit log has an entry.

    Raises:
        ChecklistError: when rows stand in the way, or nobody is named.
    """
    service, name = service_of(request), _name(request, sent.by)
    note = scrub(sent.note, LONGEST_NOTE).strip()
    if sent.give_up:
        after, what = await service.cancel(checklist, name, note), GIVEN_UP
    else:
        after = await service.close(checklist, name, note, seen_now(request, checklist))
        what = TAKEN_OVER if checklist.kind is Kind.ONBOARDING else SIGNED
    await record_if_possible(request, what, f"{checklist.number} ({checklist.id})", note)
    return after


def _name(request: web.Request, typed: str) -> str:
    name = mask_text(scrub(recorded_actor(request, typed.strip()), LONGEST_NAME)).strip()
    if not name:
        raise ChecklistError("no_name")
    return name


def service_of(request: web.Request) -> InspectionService:
    """The service of the application.

    Raises:
        ApiError: where there is none.
    """
    return running(services_of(request).inspections, "503 there is no ledger here")


async def checklist_of(request: web.Request) -> Checklist:
    """The checklist that the path names.

    Raises:
        ApiError: when there is none.
    """
    found = await service_of(request).repository.find(request.match_info["id"])
    if found is None:
        expected = "the id of a checklist listed at /api/inspections"
        raise ApiError("404 there is no such checklist", expected, HTTPStatus.NOT_FOUND)
    return found


def seen_now(request: web.Request, checklist: Checklist) -> tuple[SeenFact, ...]:
    """What the agent sees of the rows now; of a closed one, what it saw then."""
    if checklist.closed_at is not None:
        return checklist.facts
    services = services_of(request)
    now = services.clock()
    for health in services.healths(now):
        snapshot = health.result.snapshot
        at = (snapshot.provider, snapshot.account)
        is_there = health.result.number_row(checklist.number) is not None
        # A number that nobody listed when its onboarding began may be listed by now.
        if is_there and (not checklist.provider or at == (checklist.provider, checklist.account)):
            zone = ZoneInfo(services.settings().timezone)
            return look(health, checklist.number, checklist.kind, now, zone)
    return ()


def checklist_view(request: web.Request, checklist: Checklist, locale: str) -> ChecklistView:
    """The checklist with its rows as they stand."""
    facts = seen_now(request, checklist)
    seen = {fact.item: fact for fact in facts}
    results = results_of(checklist, facts)
    rows = []
    for item in checklist.items:
        fact = seen.get(item, SeenFact(item, Result.UNKNOWN))
        answers = tuple(it for it in checklist.answers if it.item == item)
        text = item_text(item, checklist.kind, locale)
        rows.append(RowView(item, text, results[item], fact.result, fact.detail, answers))
    late = checklist.closed_at is None and checklist.due_at < services_of(request).clock()
    return ChecklistView(checklist, tuple(rows), late, len(findings(checklist)))


def problem_text(error: ChecklistError, kind: Kind | None, locale: str) -> str:
    """Why something was not done, in one language."""
    rows = ", ".join(it if kind is None else item_text(it, kind, locale) for it in error.items)
    return PROBLEMS[error.code].with_values(items=rows).text(locale)


def refusal(error: ChecklistError) -> ApiError:
    """The refusal of the API."""
    changed = error.code in ("changed", "under_way", "closed")
    status = HTTPStatus.CONFLICT if changed else HTTPStatus.BAD_REQUEST
    text = problem_text(error, None, "en")
    return ApiError(f"{status.value} {text}", "what the checklist still needs", status)


_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
INSPECTION_ROUTES = (
    Endpoint(
        "GET",
        "/api/inspections",
        list_checklists,
        "Inspections and onboardings of numbers",
        ChecklistList,
        query=LIST_QUERY,
        errors=(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    Endpoint(
        "POST",
        "/api/inspections",
        begin_checklist,
        "Begin an inspection or an onboarding of a number",
        ChecklistView,
        body=BeginRequest,
        access=Access.OPERATOR,
        errors=_ERRORS,
    ),
    Endpoint(
        "GET",
        "/api/inspections/{id}",
        show_checklist,
        "One inspection or onboarding with its rows as they stand",
        ChecklistView,
        errors=(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    Endpoint(
        "POST",
        "/api/inspections/{id}/answers",
        answer_checklist,
        "Answer rows of an inspection or onboarding",
        ChecklistView,
        body=AnswersRequest,
        access=Access.OPERATOR,
        errors=_ERRORS,
    ),
    Endpoint(
        "POST",
        "/api/inspections/{id}/close",
        close_checklist,
        "Sign an inspection, take a number over, or give a checklist up",
        ChecklistView,
        body=CloseRequest,
        access=Access.OPERATOR,
        errors=_ERRORS,
    ),
)
"""The endpoints of this module, for the route table."""
