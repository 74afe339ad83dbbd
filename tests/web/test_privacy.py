"""A viewer without the token sees nobody's phone, in whatever field and however it is written."""

import dataclasses
import io
import itertools
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
import yaml
from aiohttp.test_utils import TestClient
from yarl import URL

from agent.evidence.exporter import EvidenceExporter
from agent.model import Routing
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries.queries import Queries
from agent.store.database import Database
from agent.verdict import Evidence, Verdict
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.proof_size import share
from tests.rules.series import block
from tests.web.conftest import AUTHORIZED
from tests.web.facts import DOWN, HEALTHY, NOW, WEAK, Facts, number, phone, phones, snapshot
from tests.web.ledger import ticket, write

MOBILE = "13912345678"
SEPARATORS = (
    "",
    " ",
    "-",
    "_",
    "/",
    "\u200b",
    "\u2060\u200d",
    "\ufeff",
    "\u00ad",
    " - ",
    "·",
    "\u3000",
)
PAGES = ("/", f"/numbers/{HEALTHY}", f"/numbers/{WEAK}", "/tickets/t-1")
DOCUMENTS = (
    "/api/numbers",
    f"/api/numbers/{HEALTHY}",
    f"/api/numbers/{WEAK}",
    f"/api/numbers/{WEAK}/baseline",
    f"/api/diagnose/{DOWN}",
    "/api/accounts",
    "/api/tickets",
    "/api/tickets/t-1",
    "/metrics",
)


def fullwidth(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() else letter for letter in text)


def spellings() -> Iterator[str]:
    """One phone in every way in which people and providers write it."""
    for separator in SEPARATORS:
        yield separator.join(MOBILE)
        yield f"{MOBILE[:3]}{separator}{MOBILE[3:7]}{separator}{MOBILE[7:]}"
        yield f"u-{separator.join(MOBILE)}"
        yield f"+86{separator}{separator.join(MOBILE)}x"
    yield fullwidth(MOBILE)
    yield fullwidth(f"{MOBILE[:3]}-{MOBILE[3:7]}-{MOBILE[7:]}")
    yield "".join(chr(0x0660 + int(digit)) for digit in MOBILE)


SPELLINGS = tuple(dict.fromkeys(spellings()))


def leaks(text: str) -> bool:
    """Whether the phone can be read from ``text`` once all that is not a letter is left out."""
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in plain
    )
    kept = re.sub(r"&#?\w+;|\\u[0-9a-f]{4}|[^\w*]|_", "", digits)
    return MOBILE in kept or MOBILE[3:7] + MOBILE[7:9] in kept


def test_a_phone_that_is_not_masked_would_be_noticed() -> None:
    assert all(leaks(f"<td>{spelling}</td>") for spelling in SPELLINGS)
    assert not leaks("139****5678")


@pytest.fixture
async def viewer(services: WebServices, aiohttp_client) -> TestClient:
    return await aiohttp_client(make_app(services))


async def plant(facts: Facts, database: Database, spelling: str) -> None:
    """Write the phone into every text field of what is shown."""
    listed = [
        number(
            name,
            company=f"甲公司 {spelling}",
            carrier=f"carrier {spelling}",
            registered_use=f"use {spelling}",
            actual_use=spelling,
            reason=f"reason {spelling}",
            native_status=spelling,
        )
        for name in (HEALTHY, DOWN, WEAK)
    ]
    identified = (phone(f"u-{spelling}"), phone(spelling, digits=MOBILE))
    bound = {**phones(), WEAK: identified, HEALTHY: identified}
    shown = snapshot(listed, bound, detail=f"error {spelling}")
    routing = shown.routings[HEALTHY]
    assert isinstance(routing, Routing)
    spoilt = msgspec.structs.replace(
        routing,
        region_allow=(f"region {spelling}",),
        region_deny=(spelling,),
        binding_order=(f"u-{spelling}", spelling),
        blacklist=(spelling,),
        whitelist=(spelling,),
    )
    facts.show(msgspec.structs.replace(shown, routings={HEALTHY: spoilt, WEAK: spoilt}))
    made = ticket()
    made = msgspec.structs.replace(
        made,
        text=msgspec.structs.replace(
            made.text, title=f"title {spelling}", description=f"description {spelling}"
        ),
        subject=msgspec.structs.replace(made.subject, binding=f"u-{spelling}"),
        company=spelling,
        carrier=spelling,
        alerts=(f"Alert{spelling}",),
        provider_ticket=f"PT {spelling}",
        outcome=spelling,
        resolution=spelling,
        closed_by=spelling,
        responsible=spelling,
        timeline=tuple(
            msgspec.structs.replace(it, actor=f"by {spelling}", reason=f"because {spelling}")
            for it in made.timeline
        ),
        diagnosis=Verdict(
            DOWN,
            "binding_off",
            "holder",
            f"call {spelling}",
            0.9,
            None,
            findings=(spelling,),
            next_steps=(f"step {spelling}",),
            questions=(f"q {spelling}",),
        ),
    )
    await write(database, made)


@pytest.mark.parametrize("spelling", SPELLINGS[:: 1 if share() else 4], ids=ascii)
async def test_no_field_shows_a_viewer_a_phone(
    viewer: TestClient, facts: Facts, database: Database, spelling: str
) -> None:
    await plant(facts, database, spelling)
    for path in (*PAGES, *DOCUMENTS):
        answer = await viewer.get(path)
        text = await answer.text()
        assert answer.status == 200, (path, text)
        assert not leaks(text), (path, _around(text))


def _around(text: str) -> str:
    found = re.search(r"1\W*3\W*9|１|١", text)
    return text[max(0, found.start() - 100) : found.start() + 60] if found else text[:200]


@pytest.mark.parametrize("spelling", [SPELLINGS[0], *SPELLINGS[9::12]], ids=ascii)
async def test_no_download_shows_a_viewer_a_phone(
    services: WebServices, facts: Facts, database: Database, aiohttp_client, spelling: str
) -> None:
    exporter = EvidenceExporter(database, lambda: facts.settings, "1", lambda: facts.now)
    client = await aiohttp_client(make_app(dataclasses.replace(services, evidence=exporter)))
    await plant(facts, database, spelling)
    sheet = await (await client.get("/api/tickets/t-1/sheet")).text()
    table = await (await client.get("/api/statistics.csv")).text()
    archive = await (await client.get("/api/tickets/t-1/evidence.zip")).read()
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        texts = [files.read(name).decode() for name in files.namelist()]
    assert len(texts) > 7
    assert f'"number": "{DOWN}"' in "".join(texts)
    for text in (sheet, table, *texts):
        assert not leaks(text), _around(text)


@pytest.mark.parametrize("spelling", [SPELLINGS[0], *SPELLINGS[9::12]], ids=ascii)
async def test_the_read_api_shows_a_viewer_no_phone(
    services: WebServices, aiohttp_client, tmp_path: Path, spelling: str
) -> None:
    """Annotations, labels, expressions and errors of rules, and the labels of series."""
    rules = {
        "alert": f"Down{spelling}",
        "expr": f'up{{binding!="{spelling}"}} == 0',
        "labels": {"phone": spelling, "of": "{{ $labels.binding }}"},
        "annotations": {"summary": f"call {spelling}", "description": "{{ $labels.binding }}"},
    }
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rules]}]}), "utf-8")
    engine = RuleEngine(load_rules([file]), retention=120)
    blocks = (block("up", ("binding", "number"), {(f"u-{spelling}", HEALTHY): 0.0}),)
    engine.evaluate(blocks, NOW)
    queries = Queries(lambda: engine, lambda: blocks, lambda: NOW, lambda: 15.0)
    client = await aiohttp_client(make_app(dataclasses.replace(services, queries=lambda: queries)))
    around = f"start={NOW - 60}&end={NOW}&step=15"
    for path in (
        "rules",
        "alerts",
        "query?query=up",
        "query?query=up[1m]",
        "query?query=ALERTS",
        f"query_range?query=up&{around}",
        "series?match[]=up",
        "label/binding/values",
        "label/phone/values?match[]=ALERTS",
        f'query?query="{quote(spelling)}"',
    ):
        answer = await client.get(URL(f"/api/v1/{path}", encoded=True))
        text = await answer.text()
        assert answer.status == 200, (path, text)
        assert not leaks(text), (path, _around(text))
    whole = await (await client.get("/api/v1/alerts", headers=AUTHORIZED)).json()
    assert whole["data"]["alerts"][0]["labels"]["phone"] == spelling
    value = await (await client.get("/api/v1/query?query=13912345678")).json()
    assert value["data"]["result"][1] == MOBILE  # A number is a number.


async def test_no_refusal_repeats_a_phone(viewer: TestClient) -> None:
    for path in (
        f"/api/numbers?{MOBILE}=1",
        f"/api/numbers?state={MOBILE}",
        f"/api/tickets/{MOBILE}",
        f"/api/numbers/{MOBILE}",
        f"/api/{MOBILE}",
        f"/{MOBILE}",
        f"/numbers/{MOBILE}?lang={MOBILE}",
        f"/api/diagnose/{MOBILE}",
        "/api/openapi.json",
    ):
        answer = await viewer.get(path)
        assert MOBILE not in await answer.text(), path
    assert not re.search(r"1[3-9]\d{9}", await (await viewer.get("/api/openapi.json")).text())


async def test_watched_numbers_ids_and_times_are_left_as_they_are(
    viewer: TestClient, facts: Facts, database: Database
) -> None:
    await write(database, ticket())
    with_token = {"headers": AUTHORIZED}
    for path in ("/api/numbers", "/api/tickets/t-1", "/api/accounts"):
        public = await (await viewer.get(path)).json()
        assert public == await (await viewer.get(path, **with_token)).json()
    abroad = "+14155550123"
    facts.show(snapshot([number(abroad, company=abroad)], {}))
    (item,) = (await (await viewer.get("/api/numbers")).json())["items"]
    assert (item["number"], item["company"]) == (abroad, abroad)


async def test_a_viewer_asks_for_no_caller(viewer: TestClient, facts: Facts) -> None:
    """Of a thousand guesses at masked digits no two get different answers."""
    answers = set()
    for digits in itertools.islice(itertools.product("0123456789", repeat=4), 0, 10_000, 100):
        caller = f"139{''.join(digits)}1111"
        answer = await viewer.get(f"/api/diagnose/{DOWN}", params={"caller": caller})
        answers.add((answer.status, await answer.text()))
    assert {status for status, _ in answers} == {401}
    assert len(answers) == 1
    assert facts.diagnoses == []
    asked = {"params": {"caller": MOBILE}, "headers": AUTHORIZED}
    assert (await viewer.get(f"/api/diagnose/{DOWN}", **asked)).status == 200
    assert (await viewer.get(f"/api/diagnose/{DOWN}")).status == 200


@pytest.mark.parametrize("spelling", [MOBILE, "139 1234 5678", "u-13912345678", fullwidth(MOBILE)])
async def test_a_viewer_filters_by_no_phone(
    viewer: TestClient, database: Database, spelling: str
) -> None:
    """What a filter finds would say whether the masked digits are those that were asked for."""
    made = ticket()
    subject = msgspec.structs.replace(made.subject, number=spelling, symptom=spelling)
    await write(database, msgspec.structs.replace(made, subject=subject))
    with_token = {"headers": AUTHORIZED}
    for name in ("number", "symptom", "account", "provider"):
        answers = set()
        for value in (spelling, spelling.replace("4", "7").replace(chr(0xFF14), chr(0xFF17))):
            answer = await viewer.get("/api/tickets", params={name: value})
            answers.add((answer.status, await answer.text()))
        assert {status for status, _ in answers} == {400}, name
        assert len(answers) == 1, name
    found = await viewer.get("/api/tickets", params={"number": spelling}, **with_token)
    assert (await found.json())["total"] == 1
    assert (await viewer.get("/api/tickets", params={"number": DOWN})).status == 200
    for name in ("rule_name[]", "rule_group[]"):
        assert (await viewer.get("/api/v1/rules", params={name: spelling})).status == 400


async def test_a_refusal_masks_what_was_sent_whoever_sent_it(viewer: TestClient) -> None:
    body = {"answers": {"service": "no"}, "by": "li", MOBILE: "x"}
    answer = await viewer.post(f"/api/diagnose/{DOWN}", json=body, headers=AUTHORIZED)
    text = await answer.text()
    assert answer.status == 400
    assert "unknown field" in text
    assert MOBILE not in text


async def test_the_evidence_of_a_verdict_shows_nobody_a_phone(
    viewer: TestClient, facts: Facts
) -> None:
    facts.evidence = (Evidence("caller", f"rung by {MOBILE}", "north/hq calls"),)
    for headers in ({}, AUTHORIZED):
        text = await (await viewer.get(f"/api/diagnose/{DOWN}", headers=headers)).text()
        assert "rung by 139" in text
        assert MOBILE not in text
