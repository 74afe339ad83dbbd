"""What is posted to the complaint hook: signed, told from repeats, durable when answered."""

import base64
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from msgspec.structs import replace
from standardwebhooks import Webhook

from agent.config.settings import Settings
from agent.store import StoreError
from tests.webhooks.conftest import Server, entry, message

PATH = "/hooks/complaints"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
FORMER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = {
    "number": "4006220001",
    "caller": "13900001111",
    "prompt": "您拨打的电话正忙",
    "at": "2026-09-21T13:00:00Z",
    "channel": "hotline",
}
TROUBLE_AT = datetime.fromisoformat("2026-09-21T13:00:00Z").timestamp()


def with_complaints(**section: Any) -> Settings:
    return Settings.model_validate(
        {
            "providers": [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}],
            "intake": {"complaints": section},
        }
    )


@pytest.fixture
async def signed(tmp_path: Path) -> AsyncIterator[Server]:
    """A hook that asks for a signature."""
    server = Server(tmp_path)
    server.settings = with_complaints(secret=SECRET)
    await server.start()
    server.clock.now = datetime.fromisoformat("2026-09-21T13:10:00Z").timestamp()
    yield server
    await server.stop()


def delivery(
    server: Server, body: bytes, name: str = "msg_1", secret: str = SECRET, off: float = 0.0
) -> dict[str, str]:
    """The headers of a delivery, signed by the reference library."""
    at = datetime.fromtimestamp(server.clock.now + off, UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, body.decode()),
    }


def encoded(**changed: Any) -> bytes:
    return json.dumps(BODY | changed, ensure_ascii=False).encode()


async def posted(server: Server, body: bytes, headers: dict[str, str]) -> ClientResponse:
    async with server.client.post(PATH, data=body, headers=headers) as answer:
        await answer.read()
        return answer


def waiting(server: Server) -> int:
    return len(server.webhooks.complaints.waiting)


async def test_a_signed_delivery_is_taken_once(signed: Server) -> None:
    body = encoded()
    assert (await posted(signed, body, delivery(signed, body))).status == 200
    again = await posted(signed, body, delivery(signed, body, off=20))
    assert (again.status, waiting(signed)) == (200, 1), "the same delivery, signed anew"
    (stored,) = signed.webhooks.complaints.waiting.values()
    assert stored.complaint.caller == "139****1111"
    assert stored.complaint.at == TROUBLE_AT


async def test_the_acknowledgement_says_where_progress_and_later_the_ticket_are(
    signed: Server,
) -> None:
    body = encoded()
    async with signed.client.post(PATH, data=body, headers=delivery(signed, body)) as answer:
        first = await answer.json()
    assert (first["taken"], first["ticket"]) == (True, "")
    assert first["progress"] == f"/api/complaints/{first['id']}"
    complaints = signed.webhooks.complaints
    (stored,) = complaints.waiting.values()
    attached = {first["id"]: replace(stored, ticket_id="NW-1")}
    await complaints.update(attached, [first["id"]], signed.clock.now)
    async with signed.client.post(PATH, data=body, headers=delivery(signed, body)) as answer:
        assert await answer.json() == {**first, "taken": False, "ticket": "NW-1"}


async def test_it_survives_a_restart_and_so_does_what_a_repeat_is_known_by(
    signed: Server,
) -> None:
    body = encoded()
    await posted(signed, body, delivery(signed, body))
    (before,) = signed.webhooks.complaints.waiting.values()
    await signed.restart()
    assert list(signed.webhooks.complaints.waiting.values()) == [before]
    await posted(signed, body, delivery(signed, body))
    await signed.webhooks.complaints.update({}, [before.complaint.id], signed.clock.now)
    await posted(signed, body, delivery(signed, body))
    assert waiting(signed) == 0, "answered, and still known"


async def test_the_same_caller_is_known_however_the_number_is_written(
    signed: Server,
) -> None:
    spellings = ("13900001111", "+86 139-0000-1111", "013900001111", "0086 13900001111")
    for index, caller in enumerate(spellings):
        body = encoded(caller=caller)
        await posted(signed, body, delivery(signed, body, f"msg_{index}"))
    assert (
        len({stored.complaint.who for stored in signed.webhooks.complaints.waiting.values()}) == 1
    )


@pytest.mark.parametrize("off", [-299, 299])
async def test_a_sender_whose_clock_is_a_little_off_is_believed(signed: Server, off: float) -> None:
    body = encoded()
    assert (await posted(signed, body, delivery(signed, body, off=off))).status == 200


@pytest.mark.parametrize("off", [-302, 302, -86400, 86400])
async def test_a_delivery_of_another_time_is_refused(signed: Server, off: float) -> None:
    body = encoded()
    assert (await posted(signed, body, delivery(signed, body, off=off))).status == 401
    assert waiting(signed) == 0


async def test_a_rotated_secret_is_good_until_it_is_taken_out(signed: Server) -> None:
    body = encoded()
    headers = delivery(signed, body, secret=FORMER)
    assert (await posted(signed, body, headers)).status == 401
    await signed.webhooks.reconfigure(with_complaints(secret=SECRET, former_secret=FORMER))
    assert (await posted(signed, body, headers)).status == 200


async def test_with_a_secret_alone_nobody_gets_in_without_a_signature(
    signed: Server,
) -> None:
    plain = {"Content-Type": "application/json"}
    assert (await posted(signed, encoded(), plain)).status == 401
    assert (await posted(signed, encoded(), plain | {"webhook-signature": ""})).status == 401


async def test_without_a_credential_nothing_is_said_of_the_body(signed: Server) -> None:
    """Neither its type nor what is in it: the credential is checked first."""
    body, other = b"no complaint", {"Content-Type": "text/plain"}
    right = delivery(signed, body)
    wrong = right | {"webhook-signature": "v1," + "A" * 43 + "="}
    assert (await posted(signed, body, other)).status == 401
    assert (await posted(signed, body, other | {"Authorization": "Bearer another"})).status == 401
    assert (await posted(signed, body, wrong | other)).status == 401
    assert (await posted(signed, body, right | other)).status == 415
    assert (await posted(signed, body, right)).status == 400


async def test_a_bearer_token_lets_in_who_cannot_sign(signed: Server) -> None:
    await signed.webhooks.reconfigure(
        with_complaints(secret=SECRET, token="a token of some length")
    )
    headers = {"Content-Type": "application/json", "Authorization": "Bearer a token of some length"}
    assert (await posted(signed, encoded(), headers)).status == 200
    assert (await posted(signed, encoded(), headers)).status == 200
    assert waiting(signed) == 1, "it says when it was, so a repeat is known for one"
    wrong = headers | {"Authorization": "Bearer another"}
    assert (await posted(signed, encoded(prompt="x"), wrong)).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 4006220001},
        {"number": "400"},
        {"number": "٤٠٠٦٢٢٠٠٠١"},
        {"caller": "nobody"},
        {"caller": ["13900001111"]},
        {"at": "yesterday"},
        {"at": True},
        {"at": "2020-01-01T00:00:00Z"},
        {"channel": "pigeon"},
        {"prompt": 7},
        {"unheard_of": 1},
    ],
)
async def test_what_is_no_complaint_is_refused_for_good(
    signed: Server, changed: dict[str, Any]
) -> None:
    body = encoded(**changed)
    assert (await posted(signed, body, delivery(signed, body))).status == 400
    assert waiting(signed) == 0


async def test_a_hostile_text_is_stored_without_its_hostility(signed: Server) -> None:
    hostile = BODY | {"prompt": "a\x00b\u202e\ud800c", "content": "\x1b[31m" + "长" * 5000}
    body = json.dumps(hostile).encode()
    assert (await posted(signed, body, delivery(signed, body))).status == 200
    for stored in signed.webhooks.complaints.waiting.values():
        assert stored.complaint.prompt == "abc"
        assert not {"\x00", "\u202e", "\x1b"} & set(
            stored.complaint.prompt + stored.complaint.content
        )
        assert len(stored.complaint.content) <= 2000


async def test_too_many_waiting_asks_to_come_again(signed: Server) -> None:
    await signed.webhooks.reconfigure(with_complaints(secret=SECRET, most_waiting=1))
    for index, status in enumerate((200, 503)):
        body = encoded(prompt=str(index))
        answer = await posted(signed, body, delivery(signed, body, f"msg_{index}"))
        assert answer.status == status
    assert answer.headers["Retry-After"]


async def test_nothing_is_answered_before_it_is_stored(
    signed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise StoreError("the disk is full")

    body = encoded()
    with monkeypatch.context() as patched:
        patched.setattr(signed.database, "transaction", refuse)
        assert (await posted(signed, body, delivery(signed, body))).status == 503
    assert waiting(signed) == 0
    assert (await posted(signed, body, delivery(signed, body))).status == 200


def mutated(chance: random.Random, headers: dict[str, str], body: bytes) -> tuple[Any, bytes]:
    """A delivery with one thing about it changed on the way."""
    changed = dict(headers)
    name = chance.choice(["body", "body", "webhook-id", "webhook-timestamp", "webhook-signature"])
    if name == "body":
        return changed, _spoilt(chance, body)
    how = chance.randrange(3)
    if how == 0:
        del changed[name]
    elif how == 1:
        changed[name] = _spoilt(chance, changed[name].encode()).decode("latin-1")
    else:
        changed[name] = chance.choice(["", "0", "v1,", "v1a,AAAA", "1e9", headers[name] + "x"])
    return changed, body


def _spoilt(chance: random.Random, text: bytes) -> bytes:
    """``text`` with a printable byte changed, put in or taken out."""
    position, byte = chance.randrange(len(text)), bytes([chance.randrange(0x21, 0x7F)])
    cut = chance.choice([0, 1])
    spoilt = text[:position] + chance.choice([byte, b""]) + text[position + cut :]
    return spoilt if spoilt != text else text + byte


async def test_of_a_thousand_changed_or_replayed_requests_none_has_an_effect(
    signed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of them is to be compared; how many may be is another test's.
    monkeypatch.setattr("agent.webhooks.guesses.MOST_OF_A_PEER", 10_000)
    monkeypatch.setattr("agent.webhooks.guesses.MOST_IN_ALL", 10_000)
    chance = random.Random(1000)
    await signed.webhooks.reconfigure(
        Settings.model_validate(
            with_complaints(secret=SECRET).model_dump(include={"providers"})
            | {"intake": {"complaints": {"secret": SECRET}, "alertmanager": {"token": "a token"}}}
        )
    )
    body, alerts = encoded(), json.dumps(message(entry())).encode()
    right = {"Authorization": "Bearer a token", "Content-Type": "application/json"}
    headers = delivery(signed, body)
    assert (await posted(signed, body, headers)).status == 200
    async with signed.client.post("/hooks/alertmanager", data=alerts, headers=right) as first:
        assert first.status == 200
    before = (
        dict(signed.webhooks.complaints.waiting),
        dict(signed.webhooks.external_alerts.alerts),
    )
    accepted = []
    for _ in range(800):
        spoilt, other = mutated(chance, headers, body)
        if (await posted(signed, other, spoilt)).status < 400:
            accepted.append((spoilt, other))
    for _ in range(100):
        token = _spoilt(chance, b"a token").decode()
        wrong = right | {"Authorization": f"Bearer {token}"}
        async with signed.client.post("/hooks/alertmanager", data=alerts, headers=wrong) as answer:
            if answer.status < 400 and token.strip() != "a token":
                accepted.append((wrong, alerts))
    assert accepted == []
    for _ in range(100):
        assert (await posted(signed, body, headers)).status == 200, "a repeat is no fault"
        async with signed.client.post("/hooks/alertmanager", data=alerts, headers=right) as again:
            assert again.status == 200
    after = (dict(signed.webhooks.complaints.waiting), dict(signed.webhooks.external_alerts.alerts))
    assert after == before
    signed.clock.now += 600
    assert (await posted(signed, body, headers)).status == 401, "and later not even that"
