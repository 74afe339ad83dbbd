"""Callbacks of ticket systems: authenticated, applied once and in order, over HTTP."""

import asyncio
import hashlib
import hmac
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from standardwebhooks import Webhook

from agent.fleet import Fleet
from agent.inbound import InboundWebhooks, Targets
from agent.sinks.callback_actions import Callbacks, PerformAction
from agent.sinks.links import Links, Remote
from agent.states import Stage
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.ledger import Ledger
from agent.tickets.lifecycle import ActorKind
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.tickets.scene import alert, settings

START = 1_790_000_000.0
KEY = "a-secret-of-16-characters"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JIRA = {"user": "bot", "token": "t", "project": "OPS"}
SINKS = (
    {
        "name": "helpdesk",
        "kind": "jira",
        "url": "https://jira.example.com",
        "jira": JIRA,
        "callback": {"secret": KEY, "stages": {"Out there": "dispatched"}},
    },
    {
        "name": "zammad",
        "kind": "zammad",
        "url": "https://zammad.example.com",
        "zammad": {"token": "t", "customer": "a@example.com"},
        "callback": {"secret": KEY},
    },
    {
        "name": "own",
        "kind": "webhook",
        "url": "https://own.example.com",
        "callback": {"secret": SIGNING},
    },
)


class Site:
    """One open ticket, what it is called elsewhere, and the hook."""

    def __init__(self, client: TestClient[Any, Any], database: Database, ticket: Ticket) -> None:
        self.client = client
        self.ledger = Ledger(database)
        self.links = Links(database)
        self.ticket = ticket
        self.now = START
        self.act: PerformAction

    async def post(self, sink: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", **headers}
        async with self.client.post(f"/hooks/tickets/{sink}", data=body, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())

    async def jira(self, status: str, category: str, at: float = 0.0, **more: Any) -> Any:
        body = jira(status, category, at or self.now, **more)
        return (await self.post("helpdesk", body, signed(body)))[1].get("outcome")

    async def read(self) -> Ticket:
        ticket = await self.ledger.get(self.ticket.id)
        assert ticket is not None
        return ticket


def jira(status: str, category: str, at: float, **more: Any) -> bytes:
    fields = {"status": {"name": status, "statusCategory": {"key": category}}, **more}
    document = {
        "timestamp": int(at * 1000),
        "webhookEvent": "jira:issue_updated",
        "user": {"displayName": "李工"},
        "issue": {"id": "10000", "key": "OPS-1", "fields": fields},
        "changelog": {"items": [{"field": "status", "toString": status}]},
    }
    return json.dumps(document).encode()


def signed(body: bytes, key: str = KEY, hash_: str = "sha256") -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hash_).hexdigest()
    return {"X-Hub-Signature": f"{hash_}={digest}"}


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    chosen = settings(SINKS)
    tickets = Tickets(database, chosen, lambda *_: None, lambda *_: None)
    (change,) = await tickets.observe([alert()], Fleet(), START)
    links = Links(database)
    for sink, remote in (("helpdesk", "10000"), ("zammad", "7")):
        await links.record_created(sink, change.after.id, Remote(remote, f"R-{remote}"), START)
    callbacks = Callbacks(links, Ledger(database), tickets.act, lambda: made.now)
    webhooks = await InboundWebhooks.open(
        database, chosen, Telemetry(), lambda: made.now, Targets(apply_callback=callbacks.apply)
    )
    app = web.Application()
    app.add_routes(webhooks.routes())
    async with TestClient(TestServer(app)) as client:
        made = Site(client, database, change.after)
        made.act = tickets.act
        yield made


async def test_jiras_states_move_the_ticket(site: Site) -> None:
    assert await site.jira("In Progress", "indeterminate") == "taken"
    assert (await site.read()).stage is Stage.ACCEPTED
    assert await site.jira("Out there", "indeterminate", START + 60) == "taken"
    ticket = await site.read()
    assert ticket.stage is Stage.DISPATCHED
    assert ticket.timeline[-1].actor == "ticket-system:helpdesk"
    assert "李工" in ticket.timeline[-1].reason


async def test_zammads_and_any_systems_states_move_it_too(site: Site) -> None:
    updated = datetime.fromtimestamp(START, UTC).isoformat()
    body = json.dumps({"ticket": {"id": 7, "state": "open", "updated_at": updated}}).encode()
    assert (await site.post("zammad", body, signed(body, hash_="sha1")))[0] == 200
    assert (await site.read()).stage is Stage.ACCEPTED
    data = {"ticket": site.ticket.id, "status": "dispatched", "actor": "desk"}
    posted = json.dumps({"timestamp": updated, "data": data}).encode()
    assert (await site.post("own", posted, standard(posted, START)))[0] == 200
    assert (await site.read()).stage is Stage.DISPATCHED


async def test_the_same_message_many_times_at_once_has_one_effect(site: Site) -> None:
    data = {"ticket": site.ticket.id, "status": "accepted", "actor": "desk"}
    updated = datetime.fromtimestamp(START, UTC).isoformat()
    body = json.dumps({"timestamp": updated, "data": data}).encode()
    headers = standard(body, START)
    before = len((await site.read()).timeline)
    answers = await asyncio.gather(*(site.post("own", body, headers) for _ in range(12)))
    outcomes = sorted(answer["outcome"] for _, answer in answers)
    assert outcomes == [*["repeated"] * 11, "taken"]
    assert len((await site.read()).timeline) == before + 1


async def test_of_two_changes_at_once_the_older_one_never_wins(site: Site) -> None:
    """Whichever is read first, the ticket ends where the newer one leads."""
    for number, (status, stage) in enumerate((("dispatched", Stage.DISPATCHED),) * 3):
        bodies = []
        for word, at in ((status, START + 100 * number + 50), ("accepted", START + 100 * number)):
            data = {"ticket": site.ticket.id, "status": word, "actor": "desk"}
            when = datetime.fromtimestamp(at, UTC).isoformat()
            bodies.append(json.dumps({"timestamp": when, "data": data}).encode())
        site.now = START + 100 * number + 60
        await asyncio.gather(
            *(
                site.post("own", body, standard(body, site.now, f"msg_{number}_{place}"))
                for place, body in enumerate(bodies)
            )
        )
        assert (await site.read()).stage is stage


@pytest.mark.parametrize("sink", ["helpdesk", "zammad", "own"])
async def test_without_a_signature_nothing_is_said_of_the_body(site: Site, sink: str) -> None:
    """Neither its type nor what is in it: the credential is checked first."""
    body = b"not json"
    algorithm = "sha1" if sink == "zammad" else "sha256"
    wrong = standard(body, START) if sink == "own" else signed(body, "x" * 20, algorithm)
    right = standard(body, START) if sink == "own" else signed(body, KEY, algorithm)
    if sink == "own":
        wrong["webhook-signature"] = "v1," + "A" * 43 + "="
    other = {"Content-Type": "text/plain"}
    assert (await site.post(sink, body, other))[0] == 401
    assert (await site.post(sink, body, {**wrong, **other}))[0] == 401
    assert (await site.post(sink, body, {**right, **other}))[0] == 415
    assert (await site.post(sink, body, right))[0] == 400


def standard(body: bytes, at: float, message: str = "msg_1") -> dict[str, str]:
    stamp = datetime.fromtimestamp(at, UTC)
    signature = Webhook(SIGNING).sign(message, stamp, body.decode())
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": signature,
    }


async def test_the_same_again_has_no_second_effect(site: Site) -> None:
    await site.jira("In Progress", "indeterminate")
    before = await site.read()
    assert await site.jira("In Progress", "indeterminate") == "repeated"
    assert await site.read() == before


async def test_what_was_changed_earlier_and_comes_later_is_not_followed(site: Site) -> None:
    site.now = START + 100
    assert await site.jira("Out there", "indeterminate", START + 90) == "taken"
    assert await site.jira("In Progress", "indeterminate", START + 50) == "late"
    assert (await site.read()).stage is Stage.DISPATCHED


async def test_what_was_done_before_the_ticket_was_opened_changes_nothing(site: Site) -> None:
    assert await site.jira("Done", "done", START - 60) == "late"
    assert await site.jira("In Progress", "indeterminate", START - 3600) == "late"
    assert (await site.read()).revision == site.ticket.revision


async def test_what_was_done_before_the_ticket_was_reopened_changes_nothing(site: Site) -> None:
    assert await site.jira("Done", "done", START + 10, resolution={"name": "Done"}) == "taken"
    person = Actor(ActorKind.PERSON, "ann")
    reopen = ActionRequest(TicketAction.REOPEN, person, "it is still broken")
    assert await site.act(site.ticket.id, reopen, START + 100) is not None
    before = await site.read()
    assert before.open
    assert await site.jira("Closed", "done", START + 50) == "late"
    assert await site.read() == before
    assert await site.jira("In Progress", "indeterminate", START + 120) == "taken"


async def test_our_own_move_coming_back_is_no_persons(site: Site) -> None:
    await site.links.record_sent("helpdesk", site.ticket.id, "", "restored")
    assert await site.jira("Done", "done") == "nothing"
    assert (await site.read()).open


async def test_a_person_closes_and_the_resolution_is_stored(site: Site) -> None:
    assert await site.jira("Done", "done", resolution={"name": "Won't Do"}) == "taken"
    ticket = await site.read()
    assert ticket.stage is Stage.CLOSED
    assert ticket.resolution == "wont_fix"


async def test_what_the_stage_does_not_allow_is_noted_for_people(site: Site) -> None:
    updated = datetime.fromtimestamp(START, UTC).isoformat()
    data = {"ticket": site.ticket.id, "status": "reopened", "actor": "desk"}
    body = json.dumps({"timestamp": updated, "data": data}).encode()
    assert await site.post("own", body, standard(body, START)) == (200, {"outcome": "refused"})
    ticket = await site.read()
    assert ticket.stage is site.ticket.stage
    assert "not followed" in ticket.timeline[-1].reason


async def test_what_is_not_a_state_means_nothing(site: Site) -> None:
    document = json.loads(jira("In Progress", "indeterminate", START))
    document["changelog"]["items"] = [{"field": "summary"}]
    body = json.dumps(document).encode()
    assert await site.post("helpdesk", body, signed(body)) == (200, {"outcome": "nothing"})


async def test_another_systems_ticket_is_not_ours(site: Site) -> None:
    document = json.loads(jira("In Progress", "indeterminate", START))
    document["issue"]["id"] = "999"
    body = json.dumps(document).encode()
    assert (await site.post("helpdesk", body, signed(body)))[0] == 422


@pytest.mark.parametrize("sink", ["nowhere", "own/x", "HELPDESK"])
async def test_a_hook_that_is_not_open_is_not_found(site: Site, sink: str) -> None:
    body = jira("Done", "done", START)
    async with site.client.post(f"/hooks/tickets/{sink}", data=body) as answer:
        assert answer.status == 404


async def test_a_former_secret_counts_only_where_it_is_set(site: Site) -> None:
    body = jira("Done", "done", START)
    assert (await site.post("helpdesk", body, signed(body, "another-secret-16-ch")))[0] == 401
    assert (await site.post("helpdesk", body, {}))[0] == 401
    assert (await site.post("helpdesk", body, signed(body, hash_="sha1")))[0] == 401


@pytest.mark.parametrize("sink", ["helpdesk", "own"])
async def test_none_of_a_thousand_changed_messages_is_taken(
    site: Site, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of them is to be compared; how many may be is another test's.
    monkeypatch.setattr("agent.webhooks.guesses.MOST_OF_A_PEER", 10_000)
    monkeypatch.setattr("agent.webhooks.guesses.MOST_IN_ALL", 10_000)
    generator = random.Random(7)  # a test is repeatable
    body = jira("Done", "done", START) if sink == "helpdesk" else own(site)
    headers = signed(body) if sink == "helpdesk" else standard(body, START)
    before = await site.read()
    for _time in range(500):
        changed_body, changed_headers = mutated(body, dict(headers), generator)
        assert (changed_body, changed_headers) != (body, headers)
        status, _answer = await site.post(sink, changed_body, changed_headers)
        assert status in (400, 401), (changed_body, changed_headers)
    assert await site.read() == before


def own(site: Site) -> bytes:
    updated = datetime.fromtimestamp(START, UTC).isoformat()
    data = {"ticket": site.ticket.id, "status": "closed", "actor": "desk"}
    return json.dumps({"timestamp": updated, "data": data}).encode()


def mutated(
    body: bytes, headers: dict[str, str], generator: random.Random
) -> tuple[bytes, dict[str, str]]:
    """The message with one byte of its body or one character of a header changed."""
    if generator.random() < 0.5:
        index = generator.randrange(len(body))
        other = generator.choice([it for it in range(32, 127) if it != body[index]])
        return body[:index] + bytes([other]) + body[index + 1 :], headers
    name = generator.choice(list(headers))
    index = generator.randrange(len(headers[name]))
    value = headers[name]
    other = generator.choice([it for it in "abcxyz0189+/=" if it != value[index]])
    return body, {**headers, name: value[:index] + other + value[index + 1 :]}


async def test_an_old_signature_is_not_taken(site: Site) -> None:
    body = own(site)
    site.now = START + 301
    assert (await site.post("own", body, standard(body, START)))[0] == 401


def test_the_signature_is_that_of_github_and_jira() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    signature = hmac.new(
        b"It's a Secret to Everybody", b"Hello, World!", hashlib.sha256
    ).hexdigest()
    assert signature == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
