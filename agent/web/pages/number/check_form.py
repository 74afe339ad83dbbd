"""The form that polls a number's account now: what became of it, for people."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.i18n import Message
from agent.polling.requested_polls import PollAnswer, RequestedPoll
from agent.web.forms import read_form
from agent.web.numbers import find_number
from agent.web.pages.number.notices import FORM_QUERY, back_to_number
from agent.web.pages.number.page import RefusedForm, show_number
from agent.web.parameters import read
from agent.web.responses import no_number
from agent.web.services import services_of

PATIENCE: Final = 5.0
"""Seconds that the form waits for the end; then the page is shown while the poll goes on."""
_REFUSALS: Final[Mapping[PollAnswer, Message]] = {
    PollAnswer.FAILED: Message(
        "The account was polled, and not everything was answered. See below what was not read."
    ),
    PollAnswer.TOO_SOON: Message(
        "Not polled: the account was polled a moment ago. Try again in {seconds} s."
    ),
    PollAnswer.CREDENTIALS_REFUSED: Message(
        "Not polled: the provider refuses the account's credentials, and trying again may lock"
        " them. Correct them in the configuration first."
    ),
    PollAnswer.ELSEWHERE: Message(
        "Not polled: another replica polls this account. What it finds is shown here."
    ),
    PollAnswer.UNKNOWN_ACCOUNT: Message("Not polled: this account is not in the configuration."),
}
_STATUSES: Final[Mapping[PollAnswer, HTTPStatus]] = {
    PollAnswer.FAILED: HTTPStatus.OK,
    PollAnswer.TOO_SOON: HTTPStatus.CONFLICT,
    PollAnswer.CREDENTIALS_REFUSED: HTTPStatus.CONFLICT,
    PollAnswer.ELSEWHERE: HTTPStatus.CONFLICT,
    PollAnswer.UNKNOWN_ACCOUNT: HTTPStatus.CONFLICT,
}


async def check_now(request: web.Request) -> web.Response:
    """Poll the number's account now, within its rate limit, and say what became of it."""
    query = read(request.query, FORM_QUERY)
    await read_form(request)
    services = services_of(request)
    if services.polls is None:
        raise no_number()
    provider, account = query["provider"], query["account"]
    name = request.match_info["number"]
    number = await asyncio.to_thread(find_number, services, name, provider, account)
    result = await services.polls.poll(number.provider, number.account, PATIENCE)
    if result.answer in _REFUSALS:
        return await show_number(request, provider, account, refused=_refused(result))
    raise back_to_number(
        request, query, "checked" if result.answer is PollAnswer.DONE else "checking"
    )


def _refused(result: RequestedPoll) -> RefusedForm:
    seconds = int(result.wait) + 1
    problem = _REFUSALS[result.answer].with_values(seconds=seconds)
    return RefusedForm("check", problem, {}, _STATUSES[result.answer])
