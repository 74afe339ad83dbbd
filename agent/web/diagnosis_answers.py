"""What people have found out: told to the diagnosis, and kept with the number's tickets."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.diagnosis.answered import known_questions
from agent.tickets.actions.request import ActionRequestError
from agent.web.api import masked
from agent.web.encoding import large_json_response
from agent.web.keys import state_of
from agent.web.parameters import read
from agent.web.problem import ApiError

_MOST = 40


class DiagnosisAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent."""

    answers: dict[str, str]
    """By question, as ``questions`` of a diagnosis names them."""
    by: str
    """Who has found it out."""
    caller: str = ""
    """The caller the question is about; empty for anyone."""


async def answer(request: web.Request) -> web.Response:
    """Where the diagnosis goes on to from what people have found out."""
    read(request.query, ())
    told, state = _told(await request.read()), state_of(request)
    number = request.match_info["number"]
    if state.answer is None:
        raise _nobody()
    try:
        verdict = await state.answer(number, told.caller or None, told.answers, told.by)
    except ActionRequestError as error:
        expected = f"by, and answers to some of {', '.join(known_questions())}"
        raise ApiError(f"400 {error}", expected) from None
    if verdict is None:
        raise _nobody()
    return await large_json_response(masked(verdict))


def _told(body: bytes) -> DiagnosisAnswers:
    example = 'a body such as {"answers": {"service": "no"}, "by": "Li Wei"}'
    try:
        told = msgspec.json.decode(body, type=DiagnosisAnswers)
    except msgspec.MsgspecError as error:
        raise ApiError(f"400 {error}", example) from None
    if not told.answers or len(told.answers) > _MOST:
        raise ApiError("400 answers has none, or too many", example)
    return told


def _nobody() -> ApiError:
    expected = "a number listed at /api/numbers"
    return ApiError("404 no account has this number", expected, HTTPStatus.NOT_FOUND)
