"""A number's diagnosis as a page: its verdict in words, its facts, and its questions as a form."""

import dataclasses
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from agent.fleet_diagnosis import FleetDiagnosis
from agent.model import Binding
from agent.states import BindingKind, BindingState
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import DOWN, HEALTHY, WEAK, Facts, number, phone, routing, snapshot
from tests.web.ledger import ticket, write
from tests.web.test_number_page import get, post, section
from tests.web.test_page import PAYLOADS, read

ENGLISH = {"Accept-Language": "en"}
CODE = re.compile(r"[a-z]+_[a-z_]+")


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, aiohttp_client
) -> AsyncIterator[TestClient]:
    mine = msgspec.structs.replace(ticket().subject, number=WEAK)
    await write(database, ticket("t-7", subject=mine, diagnosis=None))
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    # Reads what is open, as the first evaluation of the rules does.
    await tickets.attach_complaints({}, facts.now)
    diagnosis = FleetDiagnosis(
        lambda: facts.results, lambda: tickets, lambda: facts.settings, lambda: facts.now
    )
    real = dataclasses.replace(services, diagnose=diagnosis.diagnose, answer=diagnosis.answer)
    return await aiohttp_client(make_app(real), headers=AUTHORIZED)


def words(page: str) -> str:
    """What people read on a page."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def test_the_verdict_is_in_words_with_evidence_and_next_steps(client):
    page = await get(client, f"/numbers/{DOWN}/diagnosis", **ENGLISH)
    assert "number suspended: arrears" in section(page, "verdict")
    assert "finance" in section(page, "verdict")
    assert section(page, "steps")
    evidence = section(page, "evidence")
    assert "state of the number suspended: arrears north/hq · numbers 30 s" in evidence
    assert not CODE.search(words(page)), CODE.findall(words(page))


async def test_it_is_wholly_in_chinese(client):
    page = await get(client, f"/numbers/{DOWN}/diagnosis?lang=zh-CN")
    assert "号码欠费停机" in section(page, "verdict")
    assert "号码状态 欠费停机" in section(page, "evidence")
    assert "财务" in words(page)
    assert not CODE.search(words(page)), CODE.findall(words(page))


async def test_the_number_page_leads_to_it(client):
    assert f"/numbers/{DOWN}/diagnosis?provider=north&amp;account=hq" in await get(
        client, f"/numbers/{DOWN}"
    )


async def test_a_number_nobody_has_gets_the_verdict_that_it_is_not_listed(client):
    page = await get(client, "/numbers/4009999999/diagnosis", **ENGLISH)
    assert "not in the listing" in page


def unreachable(facts: Facts, name: str) -> None:
    """Let the only phone of a number be off, and nothing else be wrong."""
    shown = snapshot([number(name)], {name: (phone("b1", BindingState.OFF),)})
    facts.show(msgspec.structs.replace(shown, balance=None, routings={}))


async def test_a_question_is_a_form_and_its_answer_leads_to_the_next(client, facts):
    unreachable(facts, HEALTHY)
    path = f"/numbers/{HEALTHY}/diagnosis"
    page = await get(client, path, **ENGLISH)
    assert "Ask the phone&#39;s carrier" in page
    assert "[service=" not in page
    answer = await post(client, path, f"{path}?lang=en", {"service": "no", "by": "Li Wei"})
    assert answer.status == 303
    following = await get(client, answer.headers["Location"])
    questions = section(following, "questions")
    assert "in a test handset" in questions
    assert "No open ticket keeps the answers" in questions
    assert "No open ticket" not in await get(client, path, **ENGLISH)


@pytest.mark.parametrize("form", [{"service": "purple", "by": "x"}, {"by": "x"}])
async def test_an_answer_that_cannot_be_read_is_refused(client, facts, form):
    unreachable(facts, HEALTHY)
    path = f"/numbers/{HEALTHY}/diagnosis"
    answer = await post(client, path, f"{path}?lang=en", form)
    assert answer.status == 400
    assert "cannot be read" in await answer.text()
    nameless = await post(client, path, f"{path}?lang=en", {"service": "no", "by": " "})
    assert "Say who has found it out" in await nameless.text()


async def test_an_open_ticket_keeps_the_answer(client, facts, database):
    unreachable(facts, WEAK)
    path = f"/numbers/{WEAK}/diagnosis"
    answer = await post(client, path, f"{path}?lang=en", {"service": "no", "by": "Li Wei"})
    assert "done=answered" in answer.headers["Location"]
    stored = await Ledger(database).get("t-7")
    assert stored is not None
    assert dict(stored.answers) == {"service": "no"}
    page = await get(client, answer.headers["Location"])
    assert "recorded with the number&#39;s open tickets" in page
    assert "in a test handset" in section(page, "questions")


async def test_answers_of_the_address_that_are_none_change_nothing(client, facts):
    unreachable(facts, HEALTHY)
    path = f"/numbers/{HEALTHY}/diagnosis"
    page = await get(client, f"{path}?answers=service:purple,nothing:x,,", **ENGLISH)
    assert "Ask the phone&#39;s carrier" in page
    await get(client, f"{path}?answers={'x' * 501}", status=400)


@pytest.mark.parametrize("state", BindingState)
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_no_code_is_shown_whatever_the_phone_says(client, facts, state, lang):
    edited = msgspec.structs.replace(routing(), wait_seconds=5.0, schedule=())
    shown = snapshot([number(HEALTHY)], {HEALTHY: (phone("b1", state),)})
    shown = msgspec.structs.replace(shown, balance=None)
    facts.show(shown, msgspec.structs.replace(shown, account="branch", polls={}))
    facts.show(msgspec.structs.replace(shown, routings={HEALTHY: edited}))
    page = await get(client, f"/numbers/{HEALTHY}/diagnosis?lang={lang}")
    assert not CODE.search(words(page)), CODE.findall(words(page))


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_text_is_only_text(client, facts, payload):
    bound = Binding(payload, "1", BindingKind.MOBILE, 1, BindingState.OFF, payload)
    hostile = number(HEALTHY, company=payload, reason=payload, native_status=payload)
    facts.show(snapshot([hostile], {HEALTHY: (bound,)}))
    for query in ("", "?lang=zh-CN", "?answers=service:no"):
        _, page = await read(client, f"/numbers/{HEALTHY}/diagnosis{query}")
        assert page.acting == []
        assert page.tags.count("script") == 1
        assert "img" not in page.tags
