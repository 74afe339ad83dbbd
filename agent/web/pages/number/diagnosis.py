"""The diagnosis of a number as a page: its verdict, what it rests on, and its questions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from agent.diagnosis import answer_words, evidence_words
from agent.diagnosis.answers import answer_errors, known_questions, next_question
from agent.i18n import Message
from agent.masking import mask_text
from agent.tickets.actions.request import ActionRequestError
from agent.tickets.index_filter import IndexFilter
from agent.verdict import Verdict
from agent.web.authentication import actor_of, recorded_actor
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.pages.number import words
from agent.web.pages.number.notices import DONE, FORM_QUERY, NOTICES, back_to_number
from agent.web.pages.rendering import page, reader_locale
from agent.web.parameters import Parameter, read
from agent.web.responses import no_number
from agent.web.services import WebServices, services_of

ANSWERS: Final = Parameter(
    "answers", "Answers that no ticket keeps, as question:answer, separated by commas.", longest=500
)
DIAGNOSIS_QUERY: Final = (LANG, *ACCOUNT_QUERY, DONE, ANSWERS)
_PATH: Final = "/numbers/{}/diagnosis"
_MOST_TICKETS: Final = 50
_NOT_READABLE: Final = Message("This answer cannot be read: choose one, or write a number.")
_NO_NAME: Final = Message("Say who has found it out.")


async def diagnosis_page(request: web.Request) -> web.Response:
    """Why the number cannot be reached, as a page."""
    query = read(request.query, DIAGNOSIS_QUERY)
    return await _show(request, query)


async def answer_question(request: web.Request) -> web.Response:
    """Record the answers of the page's form, and lead back to the verdict that they lead to."""
    query = read(request.query, (*FORM_QUERY, ANSWERS))
    sent = dict(await read_form(request))
    answers = {name: sent[name].strip() for name in known_questions() if sent.get(name, "").strip()}
    by = recorded_actor(request, sent.get("by", "")).strip()
    services, number = services_of(request), request.match_info["number"]
    if not answers or answer_errors(answers):
        return await _show(request, query, _NOT_READABLE, sent)
    if not by:
        return await _show(request, query, _NO_NAME, sent)
    is_kept = bool(await _answers_of_tickets(services, number, only_count=True))
    if services.answer is not None and is_kept:
        try:
            await services.answer(number, None, answers, by)
        except ActionRequestError:
            return await _show(request, query, _NO_NAME, sent)
        query.pop(ANSWERS.name)
        raise back_to_number(request, query, "answered", _PATH)
    # No open ticket keeps them: they hold for as long as the address says them.
    given = {**_given(query), **answers}
    query[ANSWERS.name] = ",".join(f"{name}:{answer}" for name, answer in given.items())
    raise back_to_number(request, query, "", _PATH)


async def _show(
    request: web.Request,
    query: Mapping[str, str],
    problem: Message | None = None,
    sent: Mapping[str, str] | None = None,
) -> web.Response:
    services, number = services_of(request), request.match_info["number"]
    locale, given = reader_locale(request), _given(query)
    verdict = await services.diagnose(
        number,
        None,
        answers=given,
        locale=locale,
        provider=query["provider"],
        account=query["account"],
    )
    if verdict is None:
        raise no_number()
    answers = {**await _answers_of_tickets(services, number), **given}
    question = next_question(verdict.cause, answers, locale)
    return await page(
        request,
        "diagnosis.html",
        HTTPStatus.OK if problem is None else HTTPStatus.BAD_REQUEST,
        verdict=_masked(verdict),
        question=question,
        open_questions=_others(verdict, question),
        number=number,
        at={"provider": query["provider"], "account": query["account"]},
        given=query[ANSWERS.name],
        evidence=evidence_words,
        choice_text=answer_words.choice_text,
        words=words,
        notice=NOTICES.get(query.get(DONE.name, "")),
        problem=problem,
        sent=sent or {},
        actor=actor_of(request),
    )


def _given(query: Mapping[str, str]) -> dict[str, str]:
    """The answers of the address; what is no answer is left out."""
    pairs = (pair.partition(":") for pair in query[ANSWERS.name].split(",") if pair)
    answers = {name: answer for name, _, answer in pairs}
    return {name: answer for name, answer in answers.items() if not answer_errors({name: answer})}


async def _answers_of_tickets(
    services: WebServices, number: str, *, only_count: bool = False
) -> dict[str, str]:
    """The answers that the number's open tickets keep; with ``only_count`` an entry for each."""
    own = IndexFilter(number=number)
    found = await services.tickets.index.page(own, services.clock(), _MOST_TICKETS)
    if only_count:
        return {ticket.id: "" for ticket in found.tickets}
    return {name: text for ticket in found.tickets for name, text in ticket.answers.items()}


def _others(verdict: Verdict, question: tuple[str, str, object] | None) -> tuple[str, ...]:
    """The questions of the verdict that no form answers."""
    with_form = "" if question is None else question[1]
    plain = (evidence_words.without_names(text) for text in verdict.questions)
    return tuple(text for text in plain if text != with_form)


def _masked(verdict: Verdict) -> Verdict:
    facts = tuple(
        msgspec.structs.replace(fact, value=mask_text(fact.value)) for fact in verdict.evidence
    )
    return msgspec.structs.replace(verdict, evidence=facts)
