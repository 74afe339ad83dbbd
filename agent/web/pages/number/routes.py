"""The part of the route table that is a number's page, and its forms."""

from http import HTTPStatus

from agent.web.endpoint import Endpoint
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.number.baseline_form import decide
from agent.web.pages.number.check_form import check_now
from agent.web.pages.number.diagnosis import (
    ANSWERS,
    DIAGNOSIS_QUERY,
    answer_question,
    diagnosis_page,
)
from agent.web.pages.number.notices import FORM_QUERY
from agent.web.pages.number.page import NUMBER_PAGE_QUERY, number_page
from agent.web.pages.number.reveal_form import reveal_phone
from agent.web.pages.number.test_call_form import call_now
from agent.web.pages.number.waiver_form import waive
from agent.web.pages.rendering import BAD_REQUEST, FORM_ERRORS, HTML, NOT_FOUND
from agent.web.parameters import Parameter
from agent.web.responses import Handler


def _form(
    path: str,
    handler: Handler,
    summary: str,
    *query: Parameter,
    errors: tuple[HTTPStatus, ...] = (),
) -> Endpoint:
    """A form that an operator may post; it leads back to the page."""
    return form_endpoint(
        f"/numbers/{{number}}/{path}",
        handler,
        summary,
        errors=(*FORM_ERRORS, HTTPStatus.CONFLICT, *errors),
        query=(*FORM_QUERY, *query),
    )


NUMBER_ROUTES = (
    Endpoint(
        "GET",
        "/numbers/{number}",
        number_page,
        "A number's page",
        HTML,
        query=NUMBER_PAGE_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    Endpoint(
        "GET",
        "/numbers/{number}/diagnosis",
        diagnosis_page,
        "Why a number cannot be reached, as a page",
        HTML,
        query=DIAGNOSIS_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    _form("diagnosis", answer_question, "Answer a question of a diagnosis", ANSWERS),
    _form("reveal", reveal_phone, "Show one phone of a number in full"),
    _form("check", check_now, "Poll a number's account now, within its rate limit"),
    _form(
        "test-call",
        call_now,
        "Place a test call of a number",
        errors=(
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
    _form("waivers", waive, "Waive a finding about a number, or withdraw a waiver"),
    _form("baseline", decide, "Approve or reject a number's configuration"),
)
"""The pages and forms of this package, for the route table."""
