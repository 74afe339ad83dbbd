"""The page of providers: what is read of each account, why something is not, and the limits."""

import pytest

from agent.states import PollFailure
from tests.web.facts import snapshot
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


async def test_it_can_be_read_in_chinese(client) -> None:
    text = words(await get(client, "/providers", CHINESE))
    assert "每秒最多 50 次请求" in text
    for english in ("Not polled", "Newest poll", "requests", "Facts"):
        assert english not in text


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_texts_stay_texts(facts, client, payload) -> None:
    facts.show(snapshot(failure=PollFailure.API_ERROR, detail=payload))
    assert parsed(await get(client, "/providers")).acting == []
