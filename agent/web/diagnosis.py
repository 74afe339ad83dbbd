"""``/api/diagnose``: the verdict on a number, and the answers that people give to its questions."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.diagnosis.answers import known_questions
from agent.masking import mask_text
from agent.tickets.actions.request import ActionRequestError
from agent.verdict import Verdict
from agent.web.authentication import CHALLENGE, is_authorized, recorded_actor
from agent.web.parameters import Parameter, read
from agent.web.responses import ApiError, large_json_response, no_number
from agent.web.services import services_of

DIAGNOSE_QUERY = (
    Parameter("caller", "The phone that calls, as the number sees it; asks for an operator."),
)
_MOST_ANSWERS = 40
_EXAMPLE = 'a body such as {"answers": {"service": "no"}, "by": "Li Wei"}'


class DiagnosisAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers of people to the questions of a diagnosis."""

    answers: dict[str, str]
    """By question, as ``questions`` of a diagnosis names them."""
    by: str
    """Who has found it out."""
    caller: str = ""
    """The caller the question is about; empty for anyone."""


async def diagnose(request: web.Request) -> web.Response:
    """Why a number cannot be reached, whose job that is, and what to do next."""
    caller = read(request.query, DIAGNOSE_QUERY)["caller"]
    if caller and not is_authorized(request):
        # The verdict depends on the caller's digits, and on those of lists that are masked:
        # whoever may ask for any caller finds the masked digits out by asking.
        error = "401 a diagnosis for a caller needs the role operator"
        expected = "an operator's login, or a diagnosis without caller"
        raise ApiError(error, expected, HTTPStatus.UNAUTHORIZED, CHALLENGE)
    verdict = await services_of(request).diagnose(request.match_info["number"], caller or None)
    return await _response(verdict)


async def answer_questions(request: web.Request) -> web.Response:
    """The verdict that people's answers lead to; they are stored with the number's tickets."""
    read(request.query, ())
    sent = _decode(await request.read())
    services = services_of(request)
    if services.answer is None:
        raise no_number()
    number = request.match_info["number"]
    try:
        by = recorded_actor(request, sent.by)
        verdict = await services.answer(number, sent.caller or None, sent.answers, by)
    except ActionRequestError as error:
        expected = f"by, and answers to some of {', '.join(known_questions())}"
        raise ApiError(f"400 {error}", expected) from None
    return await _response(verdict)


async def _response(verdict: Verdict | None) -> web.Response:
    """The verdict without anyone's phone in its evidence."""
    if verdict is None:
        raise no_number()
    evidence = tuple(
        msgspec.structs.replace(fact, value=mask_text(fact.value)) for fact in verdict.evidence
    )
    return await large_json_response(msgspec.structs.replace(verdict, evidence=evidence))


def _decode(body: bytes) -> DiagnosisAnswers:
    try:
        sent = msgspec.json.decode(body, type=DiagnosisAnswers)
    except msgspec.MsgspecError as error:
        raise ApiError(f"400 {error}", _EXAMPLE) from None
    if not sent.answers or len(sent.answers) > _MOST_ANSWERS:
        raise ApiError("400 answers has none, or too many", _EXAMPLE)
    return sent
