"""Group bots: signatures, error codes in HTTP 200, budgets, digests, the urgent first."""

import base64
import hmac
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import pytest

from agent.sinks.dingtalk import sink as dingtalk
from agent.sinks.feishu import sink as feishu
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.bots import BotServer, DingTalkServer, FeishuServer, WeComServer
from tests.sinks.systems.pagerduty import PagerDutyServer

BOTS = (FeishuServer, DingTalkServer, WeComServer)


@pytest.fixture(params=BOTS, ids=lambda bot: bot.kind)
async def bot(request: Any, harness: DispatcherHarness) -> AsyncIterator[BotServer]:
    async with harness.connect(request.param(harness.clock)) as server:
        yield server


@pytest.fixture
async def ding(harness: DispatcherHarness) -> AsyncIterator[DingTalkServer]:
    async with harness.connect(DingTalkServer(harness.clock)) as server:
        yield server


@pytest.fixture
async def pager(harness: DispatcherHarness) -> AsyncIterator[PagerDutyServer]:
    async with harness.connect(PagerDutyServer(harness.clock)) as server:
        yield server


def test_feishus_signature_is_what_its_guide_makes() -> None:
    # openssl's: printf '' | openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary
    assert feishu.sign(1599360473, "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_dingtalks_signature_is_what_its_guide_makes() -> None:
    # openssl's: printf '1599360473000\nSECdemo' | openssl dgst -sha256 -hmac SECdemo -binary
    assert dingtalk.sign(1599360473000, "SECdemo") == "tGWkA5eQOQNCNPDgphtxIoNLO+/gD8Lcb705KQoRzeY="


def test_dingtalks_published_vector_agrees_on_digest_and_encoding() -> None:
    # The sample of DingTalk's guide signs the time alone; ours signs time and secret.
    digest = hmac.new(b"testappSecret", b"1546084445901", sha256).digest()
    signature = quote_plus(base64.b64encode(digest).decode())
    assert signature == "HCbG3xNE3vzhO%2Bu7qCUL1jS5hsu2n5r2cFhnTrtyDAE%3D"


async def test_signing_over_hours_does_not_make_the_address_grow(
    harness: DispatcherHarness, ding: DingTalkServer, writer: ChangeWriter
) -> None:
    await harness.start()
    for number in range(8):
        writer.now = harness.clock.now
        await writer.opened(number)
        await harness.pass_time(3600, step=1200)
    assert len(ding.messages) == 8
    assert max(ding.addresses) - min(ding.addresses) <= 12  # percent signs of the signature


CODES = {FeishuServer: (11232, 19024, 9499), DingTalkServer: (130101, 310000, 460101)}


@pytest.mark.parametrize("case", [0, 1, 2], ids=["busy", "settings", "for_good"])
@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.kind)
async def test_an_error_in_http_200_is_an_error(
    harness: DispatcherHarness, writer: ChangeWriter, kind: type[BotServer], case: int
) -> None:
    code = CODES[kind][case]
    async with harness.connect(kind(harness.clock)) as bot:
        name = "code" if kind is FeishuServer else "errcode"
        bot.fail(status=200, body=f'{{"{name}": {code}}}')
        await harness.start()
        await writer.opened()
        await harness.settle()
        assert bot.messages == []
        dead = await harness.outbox.dead_letters()
        assert len(dead) == (1 if case == 2 else 0)
        assert harness.sample("numwatch_sink_held", sink="desk") == (1 if case == 1 else 0)
        await harness.pass_time(700, step=100)
        assert len(bot.messages) == (0 if case == 2 else 1)


async def test_an_answer_that_is_no_json_is_not_taken_for_success(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    bot.fail(status=200, body="<html>")
    await harness.start()
    await writer.opened()
    await harness.pass_time(30, step=10)
    assert len(bot.requests) == 2
    assert len(bot.messages) == 1


async def test_a_storm_stays_within_the_bots_budget_and_loses_nothing(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    tickets = [(await writer.opened(number)).id for number in range(60)]
    await harness.start()
    await harness.pass_time(120, step=5)
    assert bot.refused == []
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    text = "\n".join(bot.messages)
    assert len(bot.messages) <= 10
    if bot.kind != "wecom":  # 4096 bytes hold the headlines of some fifty tickets
        assert sorted(bot.seen()) == sorted(tickets)
    assert "50 个工单有变化" in text


async def test_single_changes_stay_within_the_budget_over_a_restart(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    section = harness.sections[0]
    slow = section.bot.model_copy(update={"digest_from": 1000})
    harness.sections[0] = section.model_copy(update={"bot": slow})
    for number in range(24):
        await writer.opened(number)
    await harness.start()
    await harness.settle()
    await harness.stop()
    await harness.start()
    await harness.pass_time(130, step=10)
    assert bot.refused == []
    assert len(bot.messages) == 24


async def test_an_escalation_goes_before_everything_else(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    first = await writer.opened(0)
    await harness.start()
    await harness.settle()
    await harness.stop()
    for number in range(1, 20):
        await writer.opened(number)
    writer.now += 1
    await writer.changed(first, "ticket.escalated")
    await harness.start()
    await harness.pass_time(60, step=10)
    assert "升级" in bot.messages[1]
    assert first.id in bot.messages[1]
    assert "工单有变化" in bot.messages[2]


async def test_one_ticket_that_is_refused_does_not_take_its_digest_with_it(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    tickets = [(await writer.opened(number)).id for number in range(6)]
    bot.fail(status=400, body="{}", times=2)  # the digest, then the first alone
    await harness.start()
    await harness.pass_time(120, step=10)
    dead = await harness.outbox.dead_letters()
    assert [row.ticket_id for row in dead] == tickets[:1]
    assert sorted(bot.seen()) == sorted(tickets[1:])


async def test_nothing_a_ticket_says_is_markup_or_a_mention(
    harness: DispatcherHarness, bot: BotServer, writer: ChangeWriter
) -> None:
    writer.text = '<at user_id="all"></at> <@all> [x](http://evil.example.com) **b**'
    await harness.start()
    await writer.opened()
    await harness.settle()
    (method, _path, body) = bot.requests[0]
    assert method == "POST"
    if bot.kind == "wecom":
        content = body["markdown"]["content"].removeprefix("**").replace("**\n", "\n", 1)
        assert not set("<>[]*`") & set(content)
    elif bot.kind == "feishu":
        (content,) = body["content"]["post"].values()
        assert {part["tag"] for line in content["content"] for part in line} == {"text"}
    else:
        assert (body["msgtype"], body["at"]) == ("text", {"isAtAll": False})


async def test_a_pager_is_not_sent_more_than_it_takes(
    harness: DispatcherHarness, pager: PagerDutyServer, writer: ChangeWriter
) -> None:
    pager.max_per_minute = 12
    harness.sections[0] = harness.sections[0].model_copy(update={"rate": 12})
    for number in range(10):
        await writer.changed(await writer.opened(number), "ticket.closed")
    await harness.start()
    await harness.pass_time(130, step=10)
    assert harness.sample("numwatch_sink_failures_total", sink="desk", reason="rate_limited") == 0
    assert len(pager.opened) == 10
    assert set(pager.alerts.values()) == {"resolved"}
