"""``/api/privacy``: what is kept of people and for how long, and one person's data.

Whoever asks gives a reason, and the audit log has the entry before anything is shown or deleted. A
phone is sent in the body, never in an address: addresses are logged on the way.
"""

from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.privacy.person import Person, UnknownPersonError
from agent.privacy.requests import PersonReport
from agent.privacy.service import KindState, PrivacyService, PurgeRecord
from agent.web.audit import LONGEST_REASON, record
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.responses import ApiError, json_response, large_json_response, running
from agent.web.services import services_of

EXPORTED, DELETED = "person_exported", "person_deleted"
"""What the entries of the audit log say."""
_EXAMPLE = '{"phone": "138 0000 0001", "reason": "asked by mail on 2 May"}'
_RECORDS = 100


class PersonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose data is asked for, and why; a phone or the id of a reporter."""

    reason: str
    phone: str = ""
    """In any spelling."""
    reporter: str = ""
    """The id in the address of a reporter's complaints."""


class PrivacyView(msgspec.Struct, frozen=True):
    """What is kept of people, and what was purged."""

    kinds: tuple[KindState, ...]
    records: tuple[PurgeRecord, ...]
    """The newest first."""


async def show_privacy(request: web.Request) -> web.Response:
    """How long each kind is kept, what is left that should be gone, and what was purged."""
    return json_response(await privacy_view(request))


async def privacy_view(request: web.Request) -> PrivacyView:
    """The same as a document.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    service = _service(request)
    return PrivacyView(tuple(await service.states()), tuple(await service.records(_RECORDS)))


async def export_person(request: web.Request) -> web.Response:
    """Everything that is stored about one person."""
    sent = await read_body(request, PersonBody, _EXAMPLE)
    return await large_json_response(await exported(request, sent))


async def delete_person(request: web.Request) -> web.Response:
    """Delete one person's data; what has to stay is listed with the reason."""
    sent = await read_body(request, PersonBody, _EXAMPLE)
    return await large_json_response(await deleted(request, sent))


async def exported(request: web.Request, sent: PersonBody) -> PersonReport:
    """What is stored about the person, once the audit log has an entry about it.

    Raises:
        ApiError: when it is no person, or no reason is given.
        StoreError: when the ledger cannot be read, or the entry not be stored.
    """
    person = await _person(request, sent, EXPORTED)
    return await _service(request).people.export(person)


async def deleted(request: web.Request, sent: PersonBody) -> PersonReport:
    """What is left after the deletion, once the audit log has an entry about it.

    Raises:
        ApiError: when it is no person, or no reason is given.
        StoreError: when the ledger refuses.
    """
    person = await _person(request, sent, DELETED)
    return await _service(request).people.delete(person)


async def _person(request: web.Request, sent: PersonBody, what: str) -> Person:
    reason = sent.reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        error = "400 reason does not say who asked for it, and when"
        raise ApiError(error, f"a reason, {LONGEST_REASON} characters at most")
    try:
        person = await _service(request).people.find(sent.phone.strip(), sent.reporter.strip())
    except UnknownPersonError as error:
        text = f"400 {error}"
        raise ApiError(text, "a phone in any spelling, or the id of a reporter") from None
    await record(request, what, person.masked or person.who, reason)
    return person


def _service(request: web.Request) -> PrivacyService:
    return running(services_of(request).privacy, "503 there is no ledger here")


_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
PRIVACY_ROUTES = (
    Endpoint(
        "GET",
        "/api/privacy",
        show_privacy,
        "How long data about people is kept, and what was purged",
        PrivacyView,
        access=Access.ADMINISTRATOR,
        errors=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Endpoint(
        "POST",
        "/api/privacy/export",
        export_person,
        "Everything that is stored about one person; the audit log gets an entry",
        PersonReport,
        body=PersonBody,
        access=Access.ADMINISTRATOR,
        errors=_ERRORS,
    ),
    Endpoint(
        "POST",
        "/api/privacy/delete",
        delete_person,
        "Delete one person's data; the audit log gets an entry",
        PersonReport,
        body=PersonBody,
        access=Access.ADMINISTRATOR,
        errors=_ERRORS,
    ),
)
"""The endpoints of this module, for the route table."""
