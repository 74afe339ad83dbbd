"""The form that polls an account now, and what the page of providers says of it then."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.i18n import Message
from agent.polling.requested_polls import PollAnswer
from agent.web.forms import read_form
from agent.web.history import account_in
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import FORM_ERRORS, NOT_FOUND
from agent.web.parameters import Parameter, read
from agent.web.responses import ApiError
from agent.web.services import services_of

PATIENCE: Final = 5.0
"""Seconds that the form waits for the end; then the poll goes on by itself."""
NOTICES: Final[Mapping[str, Message]] = {
    PollAnswer.DONE: Message("Polled just now: everything was answered."),
    PollAnswer.FAILED: Message("Polled just now, and not everything was answered: see below."),
    PollAnswer.RUNNING: Message("The poll goes on; this page follows when it has ended."),
    PollAnswer.TOO_SOON: Message("Not polled: it was polled for somebody a moment ago."),
    PollAnswer.CREDENTIALS_REFUSED: Message(
        "Not polled: the provider refuses the credentials, and trying again may lock them."
    ),
    PollAnswer.ELSEWHERE: Message(
        "Not polled: another replica polls this account. What it finds is shown here."
    ),
    PollAnswer.UNKNOWN_ACCOUNT: Message("Not polled: this account is not polled any more."),
}
"""By the answer to the form, which the page gets as ``done``."""
DONE: Final = Parameter("done", "What became of a poll that was asked for.", tuple(NOTICES))


async def poll_account(request: web.Request) -> web.Response:
    """Poll an account now, within its limits, and lead back to the page."""
    query = read(request.query, (LANG,))
    await read_form(request)
    provider, account = account_in(request)
    polls = services_of(request).polls
    if polls is None:
        raise ApiError("404 nothing is polled here", "a running agent", NOT_FOUND)
    result = await polls.poll(provider, account, PATIENCE)
    raise web.HTTPSeeOther(Links(query["lang"]).address("/providers", done=result.answer.value))


POLL_ROUTE: Final = form_endpoint(
    "/providers/{provider}/{account}/poll",
    poll_account,
    "Poll an account now",
    errors=(*FORM_ERRORS, HTTPStatus.CONFLICT),
)
"""The form, for the route table."""
