"""A ticket's page over HTTP: actions by situation, members, deliveries, comments, the end."""

import dataclasses
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert

from agent.config.settings import Settings
from agent.config.web import Role
from agent.states import Grade, Scope, Stage
from agent.store.database import Database
from agent.store.schema import outbox
from agent.tickets.index_filter import IndexFilter
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.outbox.rows import RowState
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.tickets.ticket import Entry, Member, Subject, Text
from agent.verdict import Considered, Evidence, Verdict, VerdictTexts
from agent.web.app import make_app
from agent.web.services import WebServices
from agent.web.texts import PageTexts
from tests.web.conftest import AUTHORIZED, OWN_TOKEN
from tests.web.facts import NOW, PHONE, Facts
from tests.web.ledger import ticket, write
from tests.web.test_actions import Forms, basic
from tests.web.test_page import read

VERDICT = Verdict(
    "4006220002",
    "binding_off",
    "provider",
    "服务商客服 10000",
    0.95,
    NOW - 4000,
    (Evidence("bound phone", PHONE, "north/hq reachability", 30.0),),
    next_steps=("Switch the phone on.",),
    questions=("Which callers fail? [who_fails=one_caller|everyone]", "Anything else?"),
    considered=(Considered("balance_exhausted", ("low",), ("paid",)),),
)


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, aiohttp_client
) -> AsyncIterator[TestClient]:
    sink = {"name": "ops", "kind": "webhook", "url": "https://example.com/hook"}
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "sinks": [sink]})
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    app = make_app(
        dataclasses.replace(services, act=lambda key, request: tickets.act(key, request, NOW))
    )
    return await aiohttp_client(app, headers=AUTHORIZED)


def first_actions(text: str) -> list[str]:
    summaries = re.findall(r'<details class="first"[^>]*>\s*<summary>([^<]+)', text)
    return [summary.strip() for summary in summaries]


@pytest.mark.parametrize(
    ("stage", "party", "expected"),
    [
        (Stage.DIAGNOSING, "provider", ["Report to the provider", "Customer contacted"]),
        (Stage.DIAGNOSING, "finance", ["Accept", "Customer contacted", "Appointment"]),
        (Stage.DIAGNOSING, "base_carrier", ["Accept", "Escalate to the carrier"]),
        (Stage.DISPATCHED, "provider", ["On site", "Appointment", "Restored"]),
        (Stage.REPAIRED, "provider", ["Joint test", "Confirmation form", "Close"]),
        (Stage.CLOSED, "provider", ["Reopen"]),
    ],
)
async def test_the_next_sensible_actions_come_first(client, database, stage, party, expected):
    begun = clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], NOW - 60)
    diagnosis = msgspec.structs.replace(VERDICT, party=party)
    await write(database, ticket(stage=stage, diagnosis=diagnosis, clocks=begun))
    text, _ = await read(client, "/tickets/t-1?lang=en")
    assert first_actions(text)[: len(expected)] == expected
    assert len(first_actions(text)) <= 4


async def test_what_does_not_apply_is_absent(client, database):
    await write(database, ticket())
    text, _ = await read(client, "/tickets/t-1?lang=en")
    assert not Forms(text).forms.keys() & {"unmute", "resume", "attribute", "contact", "unassign"}
    assert "Other actions" in text
    running = clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], NOW - 60)
    paused = clocks.pause(running, clocks.PauseReason.CUSTOMER_CAUSED, NOW - 30)
    await write(database, ticket("t-2", clocks=paused, muted_until=NOW + 60, key="k2"))
    text, _ = await read(client, "/tickets/t-2?lang=en")
    assert {"unmute", "resume", "contact"} <= Forms(text).forms.keys()
    assert "mute" not in Forms(text).forms


async def test_a_viewer_reads_and_is_asked_to_log_in_by_the_form(client, database):
    await write(database, ticket(diagnosis=VERDICT))
    text, _ = await read(client, "/tickets/t-1?lang=en", Authorization="")
    assert PHONE not in text
    form = {**Forms(text).forms["comment"], "actor": "x", "reason": "y"}
    answer = await client.post("/tickets/t-1/actions", data=form, headers={"Authorization": ""})
    assert answer.status == 401
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert stored.revision == 1


async def test_the_diagnosis_is_in_words_with_ages_and_questions(client, database):
    await write(database, ticket(diagnosis=VERDICT, diagnosed_at=NOW - 60))
    text, _ = await read(client, "/tickets/t-1?lang=zh-CN")
    for expected in (
        "几乎肯定",
        "服务商客服 10000",
        "90 秒前",
        "可达性",
        "Anything else?",
    ):
        assert expected in text
    assert PHONE not in text
    assert "binding_off" not in text
    choice = PageTexts("zh-CN").label("one_caller", "answer")
    assert f'<option value="one_caller">{choice}</option>' in text
    assert choice != "one_caller"
    form = Forms(text).forms["answer"]
    sent = {**form, "field.answer": "everyone", "actor": "li"}
    answer = await client.post("/tickets/t-1/actions", data=sent)
    assert answer.status == 200
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert stored.answers == {"who_fails": "everyone"}


async def test_the_diagnosis_is_in_the_readers_language(client, database):
    texts = (
        VerdictTexts("en", ("low balance",), ("Switch it on.",), ("Who fails?",)),
        VerdictTexts("zh-CN", ("余额偏低",), ("请开机。",), ("谁打不通？",)),
    )
    diagnosis = msgspec.structs.replace(
        VERDICT,
        evidence=(Evidence("number_state", "suspended_arrears", "north/hq numbers", 30.0),),
        considered=(Considered("balance_exhausted", ("the account is suspended",), ()),),
        translations=texts,
    )
    await write(database, ticket(diagnosis=diagnosis, carrier="unicom"))
    for locale, own, other in (("en", texts[0], texts[1]), ("zh-CN", texts[1], texts[0])):
        text, _ = await read(client, f"/tickets/t-1?lang={locale}")
        for mine, others in zip(own.findings + own.next_steps, other.next_steps, strict=False):
            assert mine in text
            assert others not in text
        assert own.questions[0] in text
        assert "suspended_arrears" not in text
        assert ">unicom<" not in text
    assert "欠费停机" in text
    assert "账户已停用" in text
    assert "中国联通" in text


async def test_the_api_speaks_the_language_that_is_asked_for(client, database):
    texts = (VerdictTexts("en", (), ("Switch it on.",)), VerdictTexts("zh-CN", (), ("请开机。",)))
    diagnosis = msgspec.structs.replace(VERDICT, translations=texts)
    text = Text("Number down", "It is down.", {"zh-CN": ("号码中断", "打不通。")})
    await write(database, ticket(diagnosis=diagnosis, text=text))
    chinese = {"Accept-Language": "zh-CN"}
    shown = await (await client.get("/api/tickets/t-1", headers=chinese)).json()
    assert (shown["title"], shown["diagnosis"]["next_steps"]) == ("号码中断", ["请开机。"])
    assert "打不通。" in shown["description"]
    assert "请开机。" in shown["description"]
    listed = await (await client.get("/api/tickets", headers=chinese)).json()
    assert listed["items"][0]["title"] == "号码中断"
    plain = await (await client.get("/api/tickets/t-1")).json()
    assert (plain["title"], plain["description"]) == ("Number down", "It is down.")
    sent = {"action": "close", "reason": "x", "actor": "li", "fields": {}}
    for headers, expected in ((chinese, "缺少"), ({}, "400 fields.resolution: is missing")):
        refused = await client.post("/api/tickets/t-1/actions", json=sent, headers=headers)
        assert refused.status == 400
        assert expected in (await refused.json())["error"]
    form = Forms((await read(client, "/tickets/t-1?lang=zh-CN"))[0]).forms["close"]
    page = await client.post(
        "/tickets/t-1/actions?lang=zh-CN",
        data={**form, "actor": "li", "reason": "x", "field.resolution": "whatever"},
    )
    assert page.status == 400
    assert "应为以下之一" in await page.text()


async def test_take_it_assigns_the_ticket_to_who_pressed(client, database):
    await write(database, ticket())
    headers = basic("王芳", OWN_TOKEN)
    text = await (await client.get("/tickets/t-1?lang=en", headers=headers)).text()
    fields = Forms(text).forms[""]
    sent = {**fields, "action": "take", "actor": "王芳", "reason": "taken"}
    answer = await client.post("/tickets/t-1/actions?lang=en", data=sent, headers=headers)
    assert "<strong>王芳</strong>" in await answer.text()
    mine = await Ledger(database).index.page(IndexFilter(assignee="王芳"), NOW, 9)
    assert mine.total == 1


async def test_the_title_is_in_the_readers_language_where_the_rule_has_one(client, database):
    others = {"zh-CN": ("号码欠费停机", "没有呼叫能接通。")}
    words = Text("Number suspended", "No call.\nSince 2026-09-21 22:13 (Asia/Shanghai).", others)
    await write(database, ticket(text=words))
    chinese, _ = await read(client, "/tickets/t-1?lang=zh-CN")
    assert "号码欠费停机" in chinese
    assert "没有呼叫能接通。" in chinese
    assert "Number suspended" not in chinese
    english, _ = await read(client, "/tickets/t-1?lang=en")
    assert "Number suspended" in english
    assert "号码欠费停机" in (await read(client, "/tickets?lang=zh-CN"))[0]


async def test_members_are_linked_and_paged_those_still_affected_first(client, database):
    members = tuple(
        Member(
            f"k{row}",
            Subject(Scope.NUMBER, "number_down", "north", "hq", f"40080{row:05}"),
            NOW - 60,
            None if row > 100 else NOW,
            "" if row > 100 else "restored",
        )
        for row in range(120)
    )
    await write(database, ticket(members=members))
    text, _ = await read(client, "/tickets/t-1?lang=en")
    assert 'href="/numbers/4008000119?provider=north&amp;account=hq&amp;lang=en"' in text
    assert "19 of 120 are still affected" in text
    assert "1–20 of 120" in text
    assert "They were noticed at the same time." in text
    assert "它们是同时被发现的。" in (await read(client, "/tickets/t-1?lang=zh-CN"))[0]
    rest, _ = await read(client, "/tickets/t-1?lang=en&offset=100")
    assert "101–120 of 120" in rest
    assert (await client.get("/tickets/t-1?offset=x")).status == 400


def _row(row: int, state: RowState, failure: str = "") -> dict[str, object]:
    return {
        "sink": "ops",
        "ticket_id": "t-1",
        "revision": row,
        "type": "ticket.updated",
        "webhook_id": f"w{row}",
        "payload": b"{}",
        "state": state,
        "created_at": NOW,
        "next_attempt_at": 0.0,
        "attempts": 3,
        "failure": failure,
    }


async def test_deliveries_have_states_and_errors_and_administrators_replay_dead_ones(
    client, database, facts
):
    await write(database, ticket())
    async with database.transaction() as connection:
        rows = [_row(1, RowState.DELIVERED), _row(2, RowState.DEAD, "HTTP 400: <no such field>")]
        await connection.execute(insert(outbox), rows)
    text, _ = await read(client, "/tickets/t-1?lang=en")
    assert "given up" in text
    assert "HTTP 400: &lt;no such field&gt;" in text
    token = Forms(text).forms[""]["csrf_token"]
    refused = await client.post(
        "/tickets/t-1/replay", data={"csrf_token": token}, headers={"Authorization": ""}
    )
    assert refused.status == 401
    answer = await client.post("/tickets/t-1/replay?lang=en", data={"csrf_token": token})
    page = await answer.text()
    assert "given up" not in page
    assert "failing, tried again" in page
    assert Role.ADMINISTRATOR.includes(Role.OPERATOR)


async def test_comments_of_both_sides_stand_together(client, database):
    entries = (
        Entry(NOW - 50, "ticket-system:jira", "accept", "In progress by bob"),
        Entry(NOW - 40, "Li Wei", "comment", "<i>called</i> them"),
        Entry(NOW - 30, "numwatch", "recovery_seen", "4006220002 is active, seen in 2 polls"),
    )
    await write(database, ticket(timeline=entries))
    text, _ = await read(client, "/tickets/t-1?lang=en")
    comments = text[text.index('id="comments"') : text.index('id="timeline"')]
    assert "jira (ticket system)" in comments
    assert "&lt;i&gt;called&lt;/i&gt; them" in comments
    assert "seen in 2 polls" not in comments
    chinese, _ = await read(client, "/tickets/t-1?lang=zh-CN")
    assert "4006220002：正常，连续 2 次轮询正常" in chinese
    form = {**Forms(text).forms["comment"], "actor": "Li", "reason": "noted"}
    page = await (await client.post("/tickets/t-1/actions?lang=en", data=form)).text()
    assert "noted" in page


async def test_a_closed_ticket_says_how_it_ended_and_whether_in_time(client, database):
    begun = clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], NOW - 4000)
    entries = (
        Entry(
            NOW - 100,
            "numwatch",
            "restored",
            "4006220002 is active; seen in 3 polls and held for 60 s",
        ),
        Entry(NOW - 90, "numwatch", "closed", "recovery verified and held"),
    )
    closed = ticket(
        stage=Stage.CLOSED,
        closed_at=NOW - 90,
        restored_at=NOW - 400,
        outcome="restored",
        clocks=clocks.stop(begun, NOW - 400),
        timeline=entries,
    )
    await write(database, closed)
    text, _ = await read(client, "/tickets/t-1?lang=en")
    for expected in ("How it ended", "Lasted", "1 h 0 min", "missed", "recovery verified and held"):
        assert expected in text
    assert "data-deadline" not in text
