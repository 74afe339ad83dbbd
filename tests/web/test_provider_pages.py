"""The page of providers: what is read of each account, why something is not, and the limits."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientResponse

from agent.polling.breaker import BreakerReading, BreakerState
from agent.polling.requested_polls import PollAnswer, RequestedPoll
from agent.states import Capability, PollFailure
from agent.web.app import make_app
from agent.web.pages.poll_form import NOTICES
from agent.web.pages.rendering import local_time
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, snapshot
from tests.web.test_account_pages import get, parsed, words
from tests.web.test_page import PAYLOADS

CHINESE = {"Accept-Language": "zh-CN"}


async def test_accounts_stand_under_their_provider_with_their_limits(client) -> None:
    page = await get(client, "/providers")
    text = words(page)
    assert "north generic" in text
    assert 'href="/accounts/north/hq"' in page
    # branch was never polled, which is not well.
    assert "1 of 2 accounts not read as they should be" in text
    assert "Not polled yet." in text
    assert "At most 50 requests a second, 8 at once; after 5 failures in a row" in text


async def test_a_failure_says_what_failed_and_where(facts, client) -> None:
    detail = "numbers: data[0].state: missing; no poll before 10:00"
    facts.show(snapshot(failure=PollFailure.SCHEMA, detail=detail))
    text = words(await get(client, "/providers"))
    assert "unexpected answer" in text
    assert detail in text
    assert "2 of 2 accounts" in text


async def test_a_failure_is_explained_in_the_readers_language(facts, client) -> None:
    detail = "GET /v1/numbers: no whole answer in time; no complete answer within 2 s"
    facts.show(snapshot(failure=PollFailure.TIMEOUT, detail=detail))
    for path in ("/providers", "/accounts", "/accounts/north/hq", "/"):
        assert detail in words(await get(client, path)), path
        chinese = words(await get(client, path, CHINESE))
        assert "GET /v1/numbers：未在时限内收到完整应答；2 秒内没有完整应答" in chinese, path


async def test_it_can_be_read_in_chinese(client) -> None:
    text = words(await get(client, "/providers", CHINESE))
    assert "每秒最多 50 次请求" in text
    for english in ("Not polled", "Newest poll", "requests", "Facts"):
        assert english not in text


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_texts_stay_texts(facts, client, payload) -> None:
    facts.show(snapshot(failure=PollFailure.API_ERROR, detail=payload))
    assert parsed(await get(client, "/providers")).acting == []


class Polls:
    """Answers as it is set to."""

    def __init__(self, answer: PollAnswer) -> None:
        self.answer = answer
        self.asked_for: list[tuple[str, str]] = []
        self.readings: dict[Capability, BreakerReading] = {}

    async def poll(self, provider: str, account: str, _patience: float) -> RequestedPoll:
        self.asked_for.append((provider, account))
        return RequestedPoll(self.answer)

    def breakers(self, _provider: str, account: str) -> dict[Capability, BreakerReading]:
        return self.readings if account == "hq" else {}


async def post(client, path: str) -> ClientResponse:
    page = await get(client, "/providers")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    form = {} if token is None else {"csrf_token": token[1]}
    return await client.post(path, data=form, allow_redirects=False)


@pytest.mark.parametrize("answer", list(PollAnswer))
async def test_an_operator_polls_an_account_now(services, aiohttp_client, answer) -> None:
    polls = Polls(answer)
    client = await aiohttp_client(make_app(replace(services, polls=polls)), headers=AUTHORIZED)
    posted = await post(client, "/providers/north/hq/poll")
    assert posted.status == 303, await posted.text()
    assert polls.asked_for == [("north", "hq")]
    text = words(await get(client, posted.headers["Location"]))
    assert NOTICES[answer].text("en") in text


async def test_nobody_else_polls_and_no_other_account_is_polled(services, aiohttp_client) -> None:
    polls = Polls(PollAnswer.DONE)
    app = make_app(replace(services, polls=polls))
    operator = await aiohttp_client(app, headers=AUTHORIZED)
    assert (await post(operator, "/providers/north/nowhere/poll")).status == 404
    # Without the form's own token.
    assert (await operator.post("/providers/north/hq/poll", data={})).status == 403
    stranger = await aiohttp_client(make_app(replace(services, polls=polls)))
    assert (await post(stranger, "/providers/north/hq/poll")).status == 401
    assert polls.asked_for == []


async def test_each_breaker_says_its_state(services, aiohttp_client) -> None:
    polls = Polls(PollAnswer.DONE)
    polls.readings = {
        Capability.NUMBERS: BreakerReading(BreakerState.OPEN, 5, 90.0),
        Capability.BALANCE: BreakerReading(BreakerState.HALF_OPEN, 5),
        Capability.ROUTING: BreakerReading(BreakerState.CLOSED, 2),
    }
    client = await aiohttp_client(make_app(replace(services, polls=polls)))
    text = words(await get(client, "/providers"))
    at = local_time(NOW + 90, ZoneInfo(services.settings().timezone))
    assert f"open: no polls until {at}" in text
    assert "half-open: one poll tries" in text
    assert "closed: polls go through 2 of 5 failures in a row" in text
    # The control: where it is not known, nothing is said to be closed.
    polls.readings = {}
    assert "polls go through" not in words(await get(client, "/providers"))
