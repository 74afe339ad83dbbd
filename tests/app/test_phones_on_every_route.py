"""No route of a running agent shows a viewer a person's phone, in whatever field it stands."""

import difflib
import io
import itertools
import json
import re
import socket
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from agent.web.endpoint import Access
from agent.web.routes import ROUTES
from tests.app.every_route import LANGUAGES, addresses, is_read, readable
from tests.app.planted_agent import AUTHORIZED, Answer, PlantedAgent, planted_agent
from tests.app.planted_phones import SPELLINGS, PlantedPhones
from tests.app.planted_provider import DOWN, WELL
from tests.proof_size import size

pytestmark = pytest.mark.timeout(300)
_REFUSED = {401, 403}
_FEWEST_FIELDS = 100


@pytest.fixture(scope="module", params=range(size(1, len(SPELLINGS))))
def agent(request, tmp_path_factory) -> Iterator[PlantedAgent]:
    folder = tmp_path_factory.mktemp("planted")
    with planted_agent(folder, PlantedPhones(request.param)) as running:
        assert len(set(running.phones.fields.values())) > _FEWEST_FIELDS
        yield running


def texts(answer: Answer) -> list[str]:
    """Everything of an answer that can be read: headers, the body, the files of an archive."""
    parts = [f"{name}: {value}" for name, value in answer.headers]
    if not answer.body.startswith(b"PK"):
        return [*parts, answer.text]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as files:
        inside = (files.read(name).decode("utf-8", "replace") for name in files.namelist())
        return [*parts, *files.namelist(), *inside]


def leaks(agent: PlantedAgent, answer: Answer) -> set[str]:
    return set().union(*(agent.phones.leaks(text) for text in texts(answer)))


def in_language(lang: str) -> dict[str, str]:
    return {"Accept-Language": lang}


def test_no_route_shows_a_viewer_a_phone(agent: PlantedAgent) -> None:
    found, asked = {}, 0
    for endpoint in readable():
        for path in addresses(agent, endpoint, time.time()):
            answer = agent.ask(endpoint.method, path, in_language(LANGUAGES[asked % 2]))
            asked += 1
            allowed = _REFUSED if endpoint.access.needs_login else {200}
            assert answer.status in allowed, (path, answer.status, answer.text[:300])
            if seen := leaks(agent, answer):
                found[f"{endpoint.method} {path}"] = sorted(seen)
    assert asked > len(readable())
    assert found == {}


def test_no_route_that_changes_something_shows_a_viewer_a_phone(agent: PlantedAgent) -> None:
    for endpoint in ROUTES:
        if is_read(endpoint):
            continue
        path = re.sub(r"{\w+}", DOWN, endpoint.path)
        answer = agent.ask(endpoint.method, path, {"Content-Type": "application/json"}, b"{}")
        assert answer.status in {*_REFUSED, 404}, (path, answer.status)
        assert leaks(agent, answer) == set(), path


def test_no_route_answers_guesses(agent: PlantedAgent) -> None:
    """Whoever asks with a phone in an address is not told whether its masked digits are so."""
    answered = {}
    for right in (agent.provider.bound, agent.provider.label):
        for endpoint in readable():
            if endpoint.access is not Access.VIEWER or endpoint.path.startswith("/api/v1/"):
                continue  # PromQL may match on labels, which hold no phone but those of rules
            for form in guesses(endpoint.path, [it.name for it in endpoint.query]):
                told = [agent.ask("GET", form.format(quote(it))) for it in (right, wrong(right))]
                assert told[0].status < 500, (form, told[0].text[:300])
                if lines := difference(*told):
                    answered[form] = lines
    assert answered == {}


def wrong(phone: str) -> str:
    """``phone`` with other digits where a mask hides them."""
    places = [place for place, letter in enumerate(phone) if letter.isdecimal()][-8:-4]
    return "".join(
        chr(ord(it) + (3 if unicodedata.decimal(it) < 7 else -3)) if place in places else it
        for place, it in enumerate(phone)
    )


def guesses(path: str, names: list[str]) -> Iterator[str]:
    """Addresses with ``{}`` where a guess belongs: in each part of the path, in each parameter."""
    plain = re.sub(r"{\w+}", DOWN, path)
    for parameter in re.findall(r"{\w+}", path):
        yield re.sub(r"{\w+}", DOWN, path.replace(parameter, "(guess)")).replace("(guess)", "{}")
    for name in names:
        yield f"{plain}?{quote(name)}={{}}"


def difference(first: Answer, second: Answer) -> str:
    """The lines that differ in more than digits, which times have, too."""
    varying = r'(?:csrf_token|form_id)" value="[\w*]+|\d+'
    shapes = [re.sub(varying, "", f"{it.status} {it.text}").splitlines() for it in (first, second)]
    return "\n".join(difflib.unified_diff(*shapes, lineterm="", n=0))


def test_events_show_a_viewer_no_phone(agent: PlantedAgent) -> None:
    host, port = urlsplit(agent.url).netloc.split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=30) as stream:
        stream.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        while b"event: changed" not in received:
            received += (more := stream.recv(4096))
            assert more, received
    assert agent.phones.leaks(received.decode()) == set()


def test_an_operator_is_shown_what_a_viewer_is_not(agent: PlantedAgent) -> None:
    """The control of the walk: texts are whole for an operator, and a phone that is asked for."""
    path = f"/api/numbers/{WELL}"
    whole = leaks(agent, agent.ask("GET", path, AUTHORIZED))
    assert {"numbers company", "numbers registered_use"} <= whole
    assert leaks(agent, agent.ask("GET", path)) == set()
    labels = [it["binding"] for it in agent.read(path)["phones"]]
    shown = [
        agent.post(f"{path}/reveal", {"binding": it, "reason": "a call back"}) for it in labels
    ]
    assert agent.provider.bound in {it["phone"] for it in shown}


def test_a_phone_in_any_spelling_would_be_noticed() -> None:
    phones = PlantedPhones()
    for spelling in itertools.chain(SPELLINGS, (quote, json.dumps)):
        phone = phones.phone("field")
        text = spelling(phone)
        for written in (text, quote(text), json.dumps(text), f"<p>&#{ord(text[0])};{text[1:]}</p>"):
            assert phones.leaks(written) == {"field"}, ascii(written)
        assert phones.leaks(f"{phone[:3]}****{phone[7:]}") == set()
