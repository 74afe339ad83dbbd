"""The pages of accounts: their money now, over time and to come, in both languages."""

from dataclasses import replace

import pytest

from agent.history.hours import HistoryError
from agent.history.ledger_reader import LedgerHistory
from agent.model import AccountKey, Balance
from agent.states import PollFailure
from agent.web.app import make_app
from tests.web.facts import DOWN, HEALTHY, NOW, SEEN, WEAK, snapshot
from tests.web.ledger import ticket, write
from tests.web.plots.markup import Plot
from tests.web.test_history_api import history, recorded  # noqa: F401 - fixtures
from tests.web.test_page import PAYLOADS, Structure

ACCOUNT = "/accounts/north/hq"
CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}


@pytest.fixture
async def viewer(services, history, aiohttp_client):  # noqa: F811 - the fixture imported above
    return await aiohttp_client(make_app(replace(services, history=lambda: history)))


async def get(client, path, headers=ENGLISH):
    answer = await client.get(path, headers=headers)
    assert answer.status == 200, await answer.text()
    return await answer.text()


def parsed(page: str) -> Structure:
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    return structure


def words(page: str) -> str:
    return " ".join(" ".join(parsed(page).words).split())


async def test_the_list_has_every_account_with_its_money(facts, viewer) -> None:
    page = await get(viewer, "/accounts")
    text = words(page)
    assert 'href="/accounts/north/hq"' in page
    assert "200.00 CNY" in text
    assert "about 2026-" in text
    # branch was never polled.
    assert "not polled yet" in text
    assert "Down 1 Degraded 1" in text or ("Down 1" in text and "Degraded 1" in text)


async def test_an_account_has_its_plot_forecast_polls_numbers_and_tickets(viewer, database) -> None:
    await write(database, ticket("NW-0000000000A1-1"))
    page = await get(viewer, f"{ACCOUNT}?days=7")
    text = words(page)
    assert "The stop line is reached about 2026-" in text
    assert "numbers are stopped below this" in text
    assert f'href="/numbers/{DOWN}?provider=north&amp;account=hq"' in page
    assert WEAK in text
    assert HEALTHY not in text
    assert 'href="/tickets/NW-0000000000A1-1"' in page
    assert "What is read of it" in text
    assert '<strong aria-current="true">7 d</strong>' in page
    plot = Plot(page[page.index("<figure") : page.index("</figure>") + 9])
    line, _legend = plot.paths("plot-line plot-1")
    assert line.count("M") > 10, "hours between the observations are gaps"


async def test_it_can_be_read_in_chinese(viewer) -> None:
    page = await get(viewer, ACCOUNT, CHINESE)
    assert "停机线" in page
    assert "余额" in page
    assert 'lang="zh-CN"' in page
    text = words(page)
    for english in ("Balance", "Numbers in trouble", "unknown", "Stop line", "about"):
        assert english not in text


async def test_without_a_history_the_rest_is_there(services, client) -> None:
    text = words(await get(client, ACCOUNT))
    assert "There is no history to read now" in text
    assert "9.80 CNY" in text
    assert "unknown" in words(await get(client, "/accounts"))


async def test_a_history_that_cannot_be_read_now_does_not_take_the_page_away(
    services, aiohttp_client
) -> None:
    class Broken:
        async def balance(self, *_):
            raise HistoryError("history.db: the disk is full")

    client = await aiohttp_client(make_app(replace(services, history=Broken)))
    assert "There is no history to read now" in words(await get(client, ACCOUNT))


async def test_the_list_reads_no_history_for_what_the_balance_alone_says(
    facts,
    services,
    history,  # noqa: F811 - the fixture imported above
    aiohttp_client,
) -> None:
    asked: list[list[AccountKey]] = []

    class Counted(LedgerHistory):
        async def balances(self, accounts, since, until):
            asked.append(list(accounts))
            return await history.balances(accounts, since, until)

    reader = Counted(history)
    client = await aiohttp_client(make_app(replace(services, history=lambda: reader)))
    facts.restate(balance=Balance(9.8, "CNY", 35.0, 15.0))
    assert "reached" in words(await get(client, "/accounts"))
    assert asked == []
    facts.restate(balance=Balance(200.0, "CNY", 35.0, 15.0))
    for _ in range(2):
        assert "about 2026-" in words(await get(client, "/accounts"))
    assert asked == [[("north", "hq")]], "once, and not of an account that was never polled"


async def test_an_account_that_was_never_polled_is_not_well(viewer) -> None:
    text = words(await get(viewer, "/accounts/north/branch"))
    assert "not polled yet" in text
    assert "Nothing is known of its numbers yet." in text
    assert "answering" not in text
    assert "not known: the spend of 3 days is needed" in text


async def test_failures_are_shown_with_what_failed(facts, viewer) -> None:
    facts.show(snapshot(failure=PollFailure.SCHEMA, detail="numbers: data[0].state: missing"))
    for path in ("/accounts", ACCOUNT):
        text = words(await get(viewer, path))
        assert "unexpected answer" in text
        assert "data[0].state: missing" in text


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_texts_stay_texts(facts, viewer, payload) -> None:
    facts.show(snapshot(failure=PollFailure.API_ERROR, detail=payload))
    facts.restate(balance=Balance(5.0, payload[:3]))
    for path in ("/accounts", ACCOUNT):
        assert parsed(await get(viewer, path)).acting == []


async def test_an_unknown_account_is_not_found(viewer) -> None:
    assert (await viewer.get("/accounts/north/nowhere")).status == 404
    assert (await viewer.get(f"{ACCOUNT}?days=8")).status == 400
    assert NOW > SEEN
