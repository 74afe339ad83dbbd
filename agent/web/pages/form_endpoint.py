"""The endpoint of a form that a page posts."""

from collections.abc import Sequence
from http import HTTPStatus

from agent.web.endpoint import Access, Endpoint
from agent.web.forms import FORM
from agent.web.language import LANG
from agent.web.pages.rendering import FORM_ERRORS, HTML
from agent.web.parameters import Parameter
from agent.web.responses import Handler


def form_endpoint(
    path: str,
    handler: Handler,
    summary: str,
    *,
    access: Access = Access.OPERATOR,
    errors: Sequence[HTTPStatus] = FORM_ERRORS,
    query: Sequence[Parameter] = (LANG,),
) -> Endpoint:
    """The endpoint of a form: for operators, and about something that may be gone, by default."""
    return Endpoint(
        "POST",
        path,
        handler,
        summary,
        HTML,
        query=tuple(query),
        body=FORM,
        access=access,
        errors=tuple(errors),
    )
