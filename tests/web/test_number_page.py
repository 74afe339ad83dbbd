"""A number's page: its phones, its week, what its configuration gets wrong, and what differs."""

import dataclasses
import re

import msgspec
import pytest

from agent.history.hours import CallsHour, HistoryError, PhonesHour
from agent.model import Binding, CallOutcome, PollStatus, Routing
from agent.states import BindingKind, BindingState, CallResult, Capability, Stage, Strategy
from agent.web.app import make_app
from tests.web.conftest import AUTHORIZED
from tests.web.facts import (
    DOWN,
    HEALTHY,
    LANDLINE,
    NOW,
    PHONE,
    SEEN,
    WEAK,
    number,
    phone,
    routing,
    snapshot,
)
from tests.web.ledger import ticket, write
from tests.web.test_page import PAYLOADS, read

ENGLISH = {"Accept-Language": "en"}


async def get(client, path, status=200, **headers):
    answer = await client.get(path, headers=headers)
    assert answer.status == status
    return await answer.text()


def section(page: str, name: str) -> str:
    """The words of one section, each run of blanks as one."""
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', page, re.DOTALL)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


async def post(client, page, path, form):
    """Send a form as the page's own: with its token."""
    token = re.search(r'name="csrf_token" value="(\w+)"', await get(client, page))
    assert token, page
    sent = {**form, "csrf_token": token[1]}
    return await client.post(path, data=sent, allow_redirects=False)


def edited(**fields):
    changed = msgspec.structs.replace(routing(), **fields)
    return msgspec.structs.replace(snapshot(), routings={HEALTHY: changed})


async def test_the_page_shows_the_week_and_the_findings(client):
    page = await get(client, f"/numbers/{HEALTHY}", **ENGLISH)
    assert HEALTHY in page
    week = section(page, "week")
    assert week.count("08:30–17:30") >= 5
    assert re.search(r"(Mon|Tue|Wed|Thu|Fri) \d\d-\d\d", week)
    assert "Nothing is known to go wrong." in page
    assert "nobody to call at the provider" in page
    assert PHONE not in page


async def test_it_speaks_chinese(client):
    page = await get(client, f"/numbers/{HEALTHY}?lang=zh-CN")
    assert "一周振铃时段" in page
    assert "未配置服务商联系人" in page
    assert re.search(r"周[一二三四五] \d\d-\d\d", section(page, "week"))
    assert "按此顺序依次振铃" in section(page, "phones")


async def test_phones_are_in_the_order_in_which_they_ring(client, facts):
    first = Binding("b2", LANDLINE, BindingKind.LANDLINE, 2, BindingState.BUSY)
    facts.show(
        msgspec.structs.replace(
            snapshot(bindings={HEALTHY: (phone("b1"), first)}),
            routings={HEALTHY: msgspec.structs.replace(routing(), binding_order=("b2", "b1"))},
        )
    )
    phones = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "phones")
    assert phones.index("landline · b2") < phones.index("mobile · b1")
    assert "They ring one after the other, in this order." in phones
    assert "north/hq reports it 30 s ago" in phones
    assert "20 s" in phones


async def test_of_each_phone_it_says_how_its_state_is_known(client, facts):
    silent = BindingState.UNKNOWN
    bound = (
        phone("b1", silent),
        phone("b2", silent, LANDLINE),
        msgspec.structs.replace(phone("b3"), source="pbx/desk", state_at=NOW - 7200),
    )
    calls = tuple(CallOutcome(NOW - 60 * at, CallResult.OFF, "b1", 20.0, 0.0) for at in (9, 6, 3))
    facts.show(
        msgspec.structs.replace(
            snapshot(bindings={HEALTHY: bound}),
            recent_calls={HEALTHY: calls},
            leg_totals={
                (HEALTHY, "b1", CallResult.OFF): 3,
                (HEALTHY, "b3", CallResult.ANSWERED): 4,
            },
        )
    )
    phones = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "phones")
    assert "switched off the newest calls show it 3 min ago" in phones
    assert "Unknown nothing tells it" in phones
    assert "pbx/desk reports it, where the phone is registered 2 h ago" in phones
    assert "0 of 3" in phones
    assert "4 of 4" in phones


async def test_a_state_that_is_too_old_does_not_count(client, facts):
    facts.show(snapshot(seen=NOW - 3600))
    phones = section(await get(client, f"/numbers/{WEAK}", **ENGLISH), "phones")
    assert "in arrears last known, too old to count" in phones
    assert 'shaped unknown">in arrears' in await get(client, f"/numbers/{WEAK}", **ENGLISH)


async def test_no_phones_and_unknown_phones_are_not_the_same(client, facts):
    facts.show(snapshot(bindings={HEALTHY: ()}))
    assert "every call fails" in section(
        await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "phones"
    )
    assert "Its phones are not known." in section(
        await get(client, f"/numbers/{WEAK}", **ENGLISH), "phones"
    )


async def test_the_countdowns_say_how_long_is_left(client, facts):
    day = 86400.0
    held = number(HEALTHY, contract_end=NOW + 40 * day, reclaim_at=NOW + 3.5 * day)
    late = number(WEAK, contract_end=NOW - 3 * day)
    facts.show(snapshot([held, late]))
    state = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "state")
    assert re.search(r"takes the number back in 3 d 2026-09-\d\d \d\d:\d\d:\d\d", state)
    assert state.index("in 3 d") < state.index("Contract ends in 40 d")
    assert "Contract ends 3 d ago" in section(
        await get(client, f"/numbers/{WEAK}", **ENGLISH), "state"
    )


async def test_a_number_at_two_accounts_is_shown_as_such(client, facts):
    facts.show(snapshot(), snapshot(account="branch"))
    page = await get(client, f"/numbers/{HEALTHY}?lang=en")
    assert "at several accounts" in page
    assert f'href="/numbers/{HEALTHY}?provider=north&amp;account=branch&amp;lang=en"' in page
    other = await get(client, f"/numbers/{HEALTHY}?provider=north&account=branch&lang=en")
    assert "north / branch" in section(other, "state")
    alone = await get(client, f"/numbers/{DOWN}?provider=north&account=nowhere", status=404)
    assert "no account has this number" in alone


async def test_calls_are_counted_by_their_end(client, facts):
    shown = snapshot()
    polls = {**shown.polls, Capability.CALLS: PollStatus(60.0, NOW - 1, SEEN)}
    totals = {(HEALTHY, CallResult.ANSWERED): 1200, (HEALTHY, CallResult.NO_ANSWER): 300}
    recent = {HEALTHY: (CallOutcome(NOW - 90, CallResult.NO_ANSWER, "b1", 20.0, None),)}
    facts.show(msgspec.structs.replace(shown, polls=polls, call_totals=totals, recent_calls=recent))
    calls = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "calls")
    assert "Calls 1,500" in calls
    assert "answered 1,200 not answered 300" in calls
    assert re.search(r"\d\d:\d\d:\d\d not answered b1 20 s –", calls)
    facts.show(snapshot())
    calls = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "calls")
    assert "call records of this account are not read" in calls


class Hours:
    """A history of three hours: one without facts, one with calls, one with a failure."""

    async def calls(self, _account, _number, _since, until):
        hour = until // 3600 * 3600
        return [
            CallsHour(at=hour - 7200),
            CallsHour(at=hour - 3600, counts={"answered": 7, "busy": 2, "off": 3}, complete=True),
            CallsHour(at=hour, counts={"unknown": 1}),
        ]

    async def reachable(self, _account, _number, _since, until):
        hour = until // 3600 * 3600
        return [
            PhonesHour(at=hour - 3600, last=2, bound=2),
            PhonesHour(at=hour, last=1, bound=2),
        ]


class Unreadable(Hours):
    """A history that cannot be read."""

    async def calls(self, *_wanted):
        raise HistoryError("the disk is full")


async def test_the_last_week_is_drawn_where_there_is_a_history(services, facts, aiohttp_client):
    shown = snapshot()
    polls = {**shown.polls, Capability.CALLS: PollStatus(60.0, NOW - 1, SEEN)}
    facts.show(msgspec.structs.replace(shown, polls=polls))
    with_history = dataclasses.replace(services, history=Hours)
    drawing = await aiohttp_client(make_app(with_history), headers=AUTHORIZED)
    page = await get(drawing, f"/numbers/{HEALTHY}", **ENGLISH)
    calls = section(page, "calls")
    assert "answered 7, busy, or the caller hung up 2, failed 3, end not known 1." in calls
    assert "Some hours are not known." in calls
    assert "phones that can be reached: lowest 1, highest 2, last 1." in section(page, "phones")
    broken = dataclasses.replace(services, history=Unreadable)
    without = await aiohttp_client(make_app(broken), headers=AUTHORIZED)
    assert "by the hour" not in await get(without, f"/numbers/{HEALTHY}", **ENGLISH)


async def test_its_tickets_are_listed_the_open_ones_first(client, database):
    closed = ticket("t-old", closed_at=NOW - 100, stage=Stage.CLOSED, detected_at=NOW - 50)
    await write(database, ticket(), closed)
    tickets = section(await get(client, f"/numbers/{DOWN}", **ENGLISH), "tickets")
    assert "1 open" in tickets
    assert "number suspended: arrears" in tickets
    assert "arrears" in tickets
    page = await get(client, f"/numbers/{DOWN}?lang=zh-CN")
    assert page.index("/tickets/t-1?lang=zh-CN") < page.index("/tickets/t-old?lang=zh-CN")
    other = section(await get(client, f"/numbers/{HEALTHY}", **ENGLISH), "tickets")
    assert "There has been no ticket" in other


async def test_a_number_nobody_has_is_not_found(client):
    await get(client, "/numbers/4009999999", status=404)


async def test_the_status_page_leads_to_it(client):
    assert f'href="/numbers/{WEAK}?' in await get(client, "/")


async def test_the_api_tells_the_same(client):
    document = await (await client.get(f"/api/numbers/{HEALTHY}")).json()
    assert document["configured"]["lints"] == []
    assert [it["lint"] for it in document["configured"]["account_lints"]] == ["L31", "L40"]
    assert len(document["configured"]["week"]) == 7
    assert document["configured"]["effects"] == []


async def test_a_difference_is_told_with_its_effect(client, facts):
    facts.show(edited(wait_seconds=5.0, schedule=(), strategy=Strategy.SIMULTANEOUS))
    page = await get(client, f"/numbers/{HEALTHY}", **ENGLISH)
    assert "phones ring for 5 s, not 20" in page
    assert "L42" in page
    drift = section(page, "drift")
    assert "seconds that it rings waiting time 20 5" in drift
    assert "order of ringing strategy one after the other all at once" in drift
    assert "Sundays schedule none all day" in drift
    chinese = section(await get(client, f"/numbers/{HEALTHY}?lang=zh-CN"), "drift")
    assert "顺序振铃 同时振铃" in chinese
    assert not re.search("sequential|wait_seconds|all day|Sunday", chinese)
    lints = section(await get(client, f"/numbers/{HEALTHY}?lang=zh-CN"), "lints")
    assert "与批准的配置不一致：接听策略、等待时长、时间设置" in lints
    report = await (await client.get(f"/api/numbers/{HEALTHY}/baseline")).json()
    assert "phones ring for 5 s, not 20" in [it["en"] for it in report["effects"]]
    assert "振铃时长为 5 秒，而不是 20 秒" in [it["zh"] for it in report["effects"]]


async def test_a_form_approves_the_configuration_as_it_is_now(client, facts):
    facts.show(edited(wait_seconds=5.0))
    path = f"/numbers/{HEALTHY}/baseline?provider=north&account=hq&lang=en"
    form = {"decision": "approve", "by": "Li Wei", "note": "short-staffed"}
    answer = await post(client, f"/numbers/{HEALTHY}", path, form)
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"/numbers/{HEALTHY}?provider=north&account=hq")
    facts.show(edited(wait_seconds=5.0))
    page = await get(client, answer.headers["Location"])
    assert "Approved: this configuration is the baseline" in page
    drift = section(page, "drift")
    assert "Version 1, approved by Li Wei on" in drift
    assert "Note: short-staffed" in drift
    assert "Nothing differs from it." in drift


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"by": " ", "note": "why"}, "Say who decides"),
        ({"by": "Li Wei", "note": ""}, "Say why"),
        ({"by": "Li Wei", "note": "x" * 501}, "at most 500 characters"),
    ],
)
async def test_a_refused_form_says_why_and_keeps_what_it_had(client, facts, form, problem):
    facts.show(edited(wait_seconds=5.0))
    page = f"/numbers/{HEALTHY}"
    answer = await post(client, page, f"{page}/baseline?lang=en", form)
    page = await answer.text()
    assert answer.status == 400
    assert problem in page
    assert "seconds that it rings" in section(page, "drift")
    if form["by"].strip():
        assert 'value="Li Wei"' in page


async def test_half_a_configuration_is_not_approved(client, facts):
    facts.show(edited(wait_seconds=5.0))
    form = {"decision": "approve", "by": "Li Wei", "note": "all good"}
    page, path = f"/numbers/{HEALTHY}", f"/numbers/{WEAK}/baseline?lang=zh-CN"
    answer = await post(client, page, path, form)
    assert answer.status == 409
    assert "配置尚未完整读取" in await answer.text()


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_text_of_a_provider_is_only_text(client, facts, payload):
    bound = Binding(
        payload, payload, BindingKind.MOBILE, 1, BindingState.OFF, payload, source=payload
    )
    hostile = number(HEALTHY, company=payload, reason=payload, native_status=payload)
    facts.show(snapshot([hostile], {HEALTHY: (bound,)}))
    facts.show(
        msgspec.structs.replace(
            snapshot([hostile], {HEALTHY: (msgspec.structs.replace(bound, phone="1"),)}),
            routings={
                HEALTHY: Routing(
                    blacklist=(payload,), trunk=payload, overflow=payload, binding_order=(payload,)
                )
            },
            recent_calls={HEALTHY: (CallOutcome(NOW - 9, CallResult.OFF, payload),)},
        )
    )
    for query in ("", "?lang=zh-CN"):
        _, page = await read(client, f"/numbers/{HEALTHY}{query}")
        assert page.acting == []
        assert page.tags.count("script") == 1
        assert "img" not in page.tags


@pytest.mark.parametrize("query", ["?limit=1", "?lang=xx", "?done=nothing"])
async def test_other_parameters_are_refused(client, query):
    await get(client, f"/numbers/{HEALTHY}{query}", status=400)
