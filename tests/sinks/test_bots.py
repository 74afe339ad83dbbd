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
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.post import Post
from tests.sinks.systems.bots import BotServer, DingTalkServer, FeishuServer, WeComServer
from tests.sinks.systems.pagerduty import PagerDutyServer
from tests.sinks.systems.server import System
from tests.sinks.writer import Writer

BOTS = (FeishuServer, DingTalkServer, WeComServer)


@pytest.fixture
async def post(database: Database, telemetry: Telemetry) -> AsyncIterator[Post]:
    made = Post(database, telemetry)
    yield made
    await made.stop()


async def joined(post: Post, made: System) -> AsyncIterator[Any]:
    url = await made.start()
    post.add("desk", url, **{"kind": made.kind, "secret": None, **made.section()})
    yield made
    await post.stop()
    await made.stop()


@pytest.fixture(params=BOTS, ids=lambda bot: bot.kind)
async def bot(request: Any, post: Post) -> AsyncIterator[BotServer]:
    async for made in joined(post, request.param(post.clock)):
        yield made


@pytest.fixture
async def ding(post: Post) -> AsyncIterator[DingTalkServer]:
    async for made in joined(post, DingTalkServer(post.clock)):
        yield made


@pytest.fixture
async def pager(post: Post) -> AsyncIterator[PagerDutyServer]:
    async for made in joined(post, PagerDutyServer(post.clock)):
        yield made


@pytest.fixture
def writer(post: Post) -> Writer:
    return Writer(post.database, "desk")


def test_feishus_signature_is_what_its_guide_makes() -> None:
    # openssl's: printf '' | openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary
    assert feishu.sign(1599360473, "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_dingtalks_signature_is_what_its_guide_makes() -> None:
    # openssl's: printf '1599360473000\nSECdemo' | openssl dgst -sha256 -hmac SECdemo -binary
    assert dingtalk.sign(1599360473000, "SECdemo") == "tGWkA5eQOQNCNPDgphtxIoNLO+/gD8Lcb705KQoRzeY="


def test_dingtalks_published_vector_agrees_on_digest_and_encoding() -> None:
    # The sample of DingTalk's guide signs the time alone; ours signs time and secret.
    digest = hmac.new(b"testappSecret", b"1546084445901", sha256).digest()
    told = quote_plus(base64.b64encode(digest).decode())
    assert told == "HCbG3xNE3vzhO%2Bu7qCUL1jS5hsu2n5r2cFhnTrtyDAE%3D"


async def test_signing_over_hours_does_not_make_the_address_grow(
    post: Post, ding: DingTalkServer, writer: Writer
) -> None:
    await post.start()
    for number in range(8):
        writer.now = post.clock.now
        await writer.opened(number)
        await post.pass_time(3600, step=1200)
    assert len(ding.messages) == 8
    assert max(ding.addresses) - min(ding.addresses) <= 12  # percent signs of the signature


CODES = {FeishuServer: (11232, 19024, 9499), DingTalkServer: (130101, 310000, 460101)}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["busy", "settings", "for_good"])
@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.kind)
async def test_an_error_in_http_200_is_an_error(
    post: Post, writer: Writer, kind: type[BotServer], place: int
) -> None:
    code = CODES[kind][place]
    async for bot in joined(post, kind(post.clock)):
        name = "code" if kind is FeishuServer else "errcode"
        bot.fail(status=200, body=f'{{"{name}": {code}}}')
        await post.start()
        await writer.opened()
        await post.settle()
        assert bot.messages == []
        dead = await post.outbox.dead_letters()
        assert len(dead) == (1 if place == 2 else 0)
        assert post.sample("numwatch_sink_held", sink="desk") == (1 if place == 1 else 0)
        await post.pass_time(700, step=100)
        assert len(bot.messages) == (0 if place == 2 else 1)


async def test_an_answer_that_is_no_json_is_not_taken_for_success(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    bot.fail(status=200, body="<html>")
    await post.start()
    await writer.opened()
    await post.pass_time(30, step=10)
    assert len(bot.requests) == 2
    assert len(bot.messages) == 1


async def test_a_storm_stays_within_the_bots_budget_and_loses_nothing(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    tickets = [(await writer.opened(number)).id for number in range(60)]
    await post.start()
    await post.pass_time(120, step=5)
    assert bot.refused == []
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0
    told = "\n".join(bot.messages)
    assert len(bot.messages) <= 10
    if bot.kind != "wecom":  # 4096 bytes hold the headlines of some fifty tickets
        assert sorted(bot.seen()) == sorted(tickets)
    assert "50 个工单有变化" in told


async def test_single_changes_stay_within_the_budget_over_a_restart(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    section = post.sections[0]
    slow = section.bot.model_copy(update={"digest_from": 1000})
    post.sections[0] = section.model_copy(update={"bot": slow})
    for number in range(24):
        await writer.opened(number)
    await post.start()
    await post.settle()
    await post.stop()
    await post.start()
    await post.pass_time(130, step=10)
    assert bot.refused == []
    assert len(bot.messages) == 24


async def test_an_escalation_goes_before_everything_else(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    first = await writer.opened(0)
    await post.start()
    await post.settle()
    await post.stop()
    for number in range(1, 20):
        await writer.opened(number)
    writer.now += 1
    await writer.changed(first, "ticket.escalated")
    await post.start()
    await post.pass_time(60, step=10)
    assert "升级" in bot.messages[1]
    assert first.id in bot.messages[1]
    assert "工单有变化" in bot.messages[2]


async def test_one_ticket_that_is_refused_does_not_take_its_digest_with_it(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    tickets = [(await writer.opened(number)).id for number in range(6)]
    bot.fail(status=400, body="{}", times=2)  # the digest, then the first alone
    await post.start()
    await post.pass_time(120, step=10)
    dead = await post.outbox.dead_letters()
    assert [row.ticket_id for row in dead] == tickets[:1]
    assert sorted(bot.seen()) == sorted(tickets[1:])


async def test_nothing_a_ticket_says_is_markup_or_a_mention(
    post: Post, bot: BotServer, writer: Writer
) -> None:
    writer.text = '<at user_id="all"></at> <@all> [x](http://evil.example.com) **b**'
    await post.start()
    await writer.opened()
    await post.settle()
    (method, _path, body) = bot.requests[0]
    assert method == "POST"
    if bot.kind == "wecom":
        content = body["markdown"]["content"].removeprefix("**").replace("**\n", "\n", 1)
        assert not set("<>[]*`") & set(content)
    elif bot.kind == "feishu":
        (said,) = body["content"]["post"].values()
        assert {part["tag"] for line in said["content"] for part in line} == {"text"}
    else:
        assert (body["msgtype"], body["at"]) == ("text", {"isAtAll": False})


async def test_a_pager_is_not_sent_more_than_it_takes(
    post: Post, pager: PagerDutyServer, writer: Writer
) -> None:
    pager.most = 12
    post.sections[0] = post.sections[0].model_copy(update={"rate": 12})
    for number in range(10):
        await writer.changed(await writer.opened(number), "ticket.closed")
    await post.start()
    await post.pass_time(130, step=10)
    assert post.sample("numwatch_sink_failures_total", sink="desk", reason="rate_limited") == 0
    assert len(pager.opened) == 10
    assert set(pager.alerts.values()) == {"resolved"}
