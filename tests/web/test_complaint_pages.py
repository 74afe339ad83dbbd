"""Complaints and fault reports over HTTP: entered once, answered with their ticket, handled."""

import dataclasses
import itertools

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from agent.complaints.api import ComplaintApi
from agent.complaints.correlation import ComplaintCorrelator, is_listed
from agent.inbound import InboundWebhooks, Targets
from agent.store.database import Database
from agent.store.schema import complaints as table
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.web.app import make_app
from agent.web.services import WebServices
from exporters.telemetry import Telemetry
from tests.web.conftest import AUTHORIZED
from tests.web.facts import DOWN, HEALTHY, NOW, PHONE, Facts, snapshot
from tests.web.ledger import ticket, write
from tests.web.test_actions import Forms
from tests.web.test_page import read

REPORT = {
    "number": "400 622-0001",
    "company": "示例公司",
    "symptom": "busy",
    "at": "2026-09-21T12:00",
    "pattern": "intermittent",
    "callers": "13900001111, 021-5555 6666",
    "prompt": "您拨打的电话正忙",
    "contact": "王芳 13700002222",
    "content": "<b>every second call</b>",
}


@dataclasses.dataclass
class Agent:
    """The agent behind the pages, with rounds as the rules' scheduler makes them."""

    client: TestClient
    correlator: ComplaintCorrelator
    tickets: Tickets
    facts: Facts

    async def evaluate(self) -> None:
        alerts = await self.correlator.collect_alerts(self.facts.fleet, NOW)
        await self.tickets.observe(alerts, self.facts.fleet, NOW)
        await self.correlator.attach_and_release(self.facts.fleet, NOW)

    async def form(self, kind: str, query: str = "") -> dict[str, str]:
        text, _ = await read(self.client, f"/complaints/new?lang=en&kind={kind}{query}")
        return Forms(text).forms[""]


@pytest.fixture
async def agent(services: WebServices, database: Database, facts: Facts, aiohttp_client) -> Agent:
    targets = Targets(lambda number: is_listed(number, facts.fleet, facts.settings))
    telemetry, moments = Telemetry("1"), itertools.count()

    def clock() -> float:
        return NOW + next(moments) / 1000

    webhooks = await InboundWebhooks.open(
        database, facts.settings, telemetry, clock, targets, services.tokens
    )
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    correlator = ComplaintCorrelator(
        webhooks.complaints, tickets, Ledger(database), lambda: facts.settings, telemetry
    )
    api = ComplaintApi(webhooks.recorder, correlator, lambda: NOW)
    provided = (*webhooks.routes(), *api.routes())
    app = make_app(dataclasses.replace(services, complaints=api, provided=provided))
    client = await aiohttp_client(app, headers=AUTHORIZED)
    return Agent(client, correlator, tickets, facts)


async def test_a_fault_report_becomes_a_ticket_with_its_fields(agent: Agent, database: Database):
    await agent.evaluate()
    sent = {**await agent.form("fault_report"), **REPORT}
    answer = await agent.client.post("/complaints?lang=en", data=sent)
    page = await answer.text()
    assert answer.status == 200, page
    assert "opened with the next evaluation" in page
    complaint_id = answer.url.path.rpartition("/")[2]
    assert complaint_id in page
    assert "&lt;b&gt;every second call" in page
    await agent.evaluate()
    (opened,) = agent.tickets.open
    shown, _ = await read(agent.client, f"/complaints/{complaint_id}?lang=en")
    assert f'href="/tickets/{opened.id}?lang=en"' in shown
    for expected in ("busy tone", "intermittent", "139****1111", "王芳 13700002222"):
        assert expected in shown
    assert "13900001111" not in shown
    document = await (await agent.client.get(f"/api/tickets/{opened.id}")).json()
    assert document["pattern"] == "intermittent"
    assert document["sample_callers"] == ["139****1111", "021****6666"]
    assert document["prompt_heard"] == "您拨打的电话正忙"
    async with database.transaction() as connection:
        to_call = (await connection.execute(select(table.c.caller))).scalar_one()
    assert to_call == "13900001111 02155556666"


async def test_a_complaint_about_a_number_with_a_ticket_is_answered_with_it_at_once(
    agent: Agent, database: Database
):
    await write(database, ticket(started_at=NOW - 4000))
    await agent.evaluate()
    sent = {**await agent.form("complaint", f"&number={DOWN}"), "caller": PHONE, "prompt": "忙"}
    assert sent["number"] == DOWN
    answer = await agent.client.post("/complaints?lang=en", data=sent)
    assert 'href="/tickets/t-1?lang=en"' in await answer.text()
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert [it.prompt for it in stored.complaints] == ["忙"]


async def test_a_form_sent_twice_is_recorded_once_and_another_one_again(agent: Agent):
    sent = {**await agent.form("complaint"), "number": HEALTHY, "caller": PHONE}
    first = await agent.client.post("/complaints?lang=en", data=sent)
    second = await agent.client.post("/complaints?lang=en", data=sent)
    assert first.url == second.url
    again = {**await agent.form("complaint"), "number": HEALTHY, "caller": PHONE}
    third = await agent.client.post("/complaints?lang=en", data=again)
    assert third.url != first.url, "the negative control: a form of its own is another complaint"
    text, _ = await read(agent.client, f"/complaints?lang=en&number={HEALTHY}")
    assert f"{HEALTHY}: 2 complaints, 2 of them open, 2 without a ticket yet." in text


async def test_every_mistake_stands_at_its_field_and_values_are_kept(agent: Agent):
    wrong = {
        **await agent.form("fault_report"),
        "number": "abc",
        "callers": "1,2,3,4",
        "at": "1999-01-01T00:00",
        "symptom": "colour",
        "company": "示例 <公司>",
        "contact": "王芳",
    }
    answer = await agent.client.post("/complaints?lang=zh-CN", data=wrong)
    text = await answer.text()
    assert answer.status == 400
    assert text.count('aria-invalid="true"') == 4
    for expected in (
        "5 至 20 位",
        "最多 3 个",
        "最近 30 天",
        "示例 &lt;公司&gt;",
        "王芳",
        "1,2,3,4",
    ):
        assert expected in text
    fixed = {**wrong, **REPORT}
    assert Forms(text).forms[""]["form_id"] == wrong["form_id"]
    assert (await agent.client.post("/complaints?lang=en", data=fixed)).status == 200


async def test_a_number_that_no_account_has_is_refused_at_its_field(agent: Agent):
    agent.facts.show(snapshot([], account="branch"))
    sent = {**await agent.form("complaint"), "number": "4009999999"}
    answer = await agent.client.post("/complaints?lang=en", data=sent)
    assert answer.status == 400
    assert "no account has this number" in await answer.text()
    assert "No complaints." in (await read(agent.client, "/complaints?lang=en"))[0]


async def test_viewers_read_and_only_operators_enter(agent: Agent):
    sent = {**await agent.form("complaint"), "number": HEALTHY, "caller": PHONE}
    answer = await agent.client.post("/complaints", data=sent, headers={"Authorization": ""})
    assert answer.status == 401
    no_token = {**sent, "csrf_token": "x"}
    assert (await agent.client.post("/complaints", data=no_token)).status == 403
    await agent.client.post("/complaints", data=sent)
    text, _ = await read(agent.client, "/complaints?lang=en", Authorization="")
    assert PHONE not in text
    search = await agent.client.get(f"/complaints?number={PHONE}", headers={"Authorization": ""})
    assert search.status == 400


async def test_a_step_is_done_once_and_filed(agent: Agent):
    sent = {**await agent.form("complaint"), "number": HEALTHY, "caller": PHONE}
    answer = await agent.client.post("/complaints?lang=en", data=sent)
    form = Forms(await answer.text()).forms["reply"]
    done = {**form, "actor": "Li Wei", "text": "called back"}
    address = f"{answer.url.path}/actions?lang=en"
    page = await (await agent.client.post(address, data=done)).text()
    assert "called back" in page
    assert "reply" not in Forms(page).forms
    again = await agent.client.post(address, data=done)
    assert again.status == 409
    assert (await agent.client.get("/complaints/none")).status == 404


async def test_the_list_filters_by_ticket_and_state(agent: Agent, database: Database):
    await write(database, ticket(started_at=NOW - 4000))
    await agent.evaluate()
    for number in (DOWN, HEALTHY):
        sent = {**await agent.form("complaint"), "number": number}
        await agent.client.post("/complaints", data=sent)
    of_ticket, _ = await read(agent.client, "/complaints?lang=en&ticket=t-1")
    assert (DOWN in of_ticket, HEALTHY in of_ticket) == (True, False)
    opened, _ = await read(agent.client, "/complaints?lang=en&state=open&number=")
    assert DOWN in opened
    assert (
        "No complaint matches"
        in (await read(agent.client, "/complaints?lang=en&state=answered"))[0]
    )
    assert (await agent.client.get("/complaints?state=x")).status == 400


async def test_the_webhook_takes_the_same_fields(agent: Agent):
    await agent.evaluate()
    body = {
        "number": HEALTHY,
        "kind": "fault_report",
        "callers": ["13900001111"],
        "pattern": "continuous",
        "symptom": "cut_off",
        "company": "示例公司",
        "contact": "王芳",
        "reference": "R1",
    }
    answer = await agent.client.post("/hooks/complaints", json=body)
    complaint_id = (await answer.json())["id"]
    shown = await (await agent.client.get(f"/api/complaints/{complaint_id}")).json()
    assert (shown["kind"], shown["callers"]) == ("fault_report", ["139****1111"])
    wrong = await agent.client.post(
        "/hooks/complaints", json={**body, "symptom": 1, "callers": "x"}
    )
    assert wrong.status == 400
    assert "symptom" in await wrong.text()
    assert "callers" in await wrong.text()


async def test_a_viewer_gets_to_a_complaint_whose_id_has_the_digits_of_a_phone(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = "13900001111e4a713800000001abcdef"
    monkeypatch.setattr("agent.web.pages.complaints.identity_of", lambda *_: alike)
    await agent.client.post("/complaints?lang=en", data={**await agent.form("complaint"), **REPORT})
    listed = await agent.client.get("/complaints?lang=en", headers={"Authorization": ""})
    text = await listed.text()
    assert f'"/complaints/{alike}' in text
    assert "13900001111" not in text.replace(alike, "")
    shown = await agent.client.get(f"/complaints/{alike}", headers={"Authorization": ""})
    assert shown.status == 200


async def test_what_a_caller_reported_before_is_shown_and_repeats_are_counted(agent: Agent) -> None:
    for number in (HEALTHY, DOWN, HEALTHY):
        sent = {**await agent.form("complaint"), "number": number, "caller": PHONE}
        answer = await agent.client.post("/complaints?lang=en", data=sent)
    page = await answer.text()
    assert "repeats 1 earlier complaint" in page
    assert "3 complaints in all, 2 of them about this number; 3 wait for an answer." in page
    assert page.count("/complaints/") >= 2
    listed, _ = await read(agent.client, "/complaints?lang=en")
    assert listed.count("repeats 1 earlier complaint") == 1
    documents = (await (await agent.client.get("/api/complaints")).json())["items"]
    assert sorted(it["repeats"] for it in documents) == [0, 0, 1]
    (reporter,) = {it["reporter"] for it in documents}
    other = {**await agent.form("complaint"), "number": DOWN}
    unknown = await (await agent.client.post("/complaints?lang=en", data=other)).text()
    assert "in all" not in unknown, "nobody said who called"
    found = await (await agent.client.get(f"/api/complaints?reporter={reporter}")).json()
    assert len(found["items"]) == 3


async def test_an_operator_finds_a_caller_by_number_and_a_viewer_does_not(agent: Agent) -> None:
    sent = {**await agent.form("complaint"), "number": HEALTHY, "caller": PHONE}
    await agent.client.post("/complaints?lang=en", data=sent)
    await agent.client.post(
        "/complaints?lang=en", data={**await agent.form("complaint"), "number": DOWN}
    )
    listed, _ = await read(agent.client, "/complaints?lang=en")
    form = Forms(listed).forms[""]
    asked = {**form, "caller": f"+86 {PHONE}"}
    answer = await agent.client.post("/complaints/reporter?lang=en", data=asked)
    page = await answer.text()
    assert "What one caller reported: 1 in all." in page
    assert (HEALTHY in page, DOWN in page) == (True, False)
    assert PHONE not in str(answer.url)
    assert PHONE not in page
    nobody = {"Authorization": ""}
    refused = await agent.client.post("/complaints/reporter", data=asked, headers=nobody)
    assert refused.status == 401
    wrong = await agent.client.post("/complaints/reporter", data={**form, "caller": "Li"})
    assert wrong.status == 400
