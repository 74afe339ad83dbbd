"""A running agent in whose every field there is a person's phone, whoever fills the field."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from standardwebhooks import Webhook

from tests.app.planted_calls import plant_calls
from tests.app.planted_phones import PlantedPhones
from tests.app.planted_provider import DOWN, WEAK, WELL, PlantedProvider, served, stamp
from tests.forks import running_numwatch
from tests.integration.processes import free_port, wait_until

TOKEN = "Zq7-token-of-the-tests-0123456789abcdef"
PUSHES = "Zq9-the-secret-of-pushes-0123456789"
CALLBACKS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_CONFIRMED = (
    *("customer", "issuing_unit", "contact", "service", "phone", "address", "staff", "helpers"),
    *("problem", "findings", "result", "measures", "opinion"),
)
_ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("comment", {}),
    ("assign", {"assignee": ...}),
    ("accept", {"provider_ticket": ...}),
    ("dispatch", {"staff": ...}),
    ("arrive", {"staff": ...}),
    ("restore", {}),
    ("confirm", {"cause": "other", "outcome": "restored", **dict.fromkeys(_CONFIRMED, ...)}),
)
"""What is done with a ticket, and the form of each action."""
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
_LONGEST_WAIT = 60.0
_CONFLICT = 409


@dataclass(frozen=True)
class Answer:
    """What the agent answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class PlantedAgent:
    """The agent, whom to ask, and what was planted."""

    url: str
    phones: PlantedPhones
    provider: PlantedProvider

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """What whoever sends ``headers`` is answered; redirects are not followed."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, headers or {})
            response = connection.getresponse()
            return Answer(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()

    def read(self, path: str) -> Any:
        """The JSON that an administrator gets."""
        answer = self.ask("GET", path, AUTHORIZED)
        assert answer.status == 200, (path, answer.text)
        return json.loads(answer.body)

    def post(self, path: str, document: Any, headers: dict[str, str] | None = None) -> Any:
        """Post ``document`` as an administrator, or with the credentials in ``headers``."""
        body = json.dumps(document, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json", **(AUTHORIZED if headers is None else headers)}
        answer = self.ask("POST", path, sent, body)
        assert answer.status in {200, 201, 202}, (path, answer.text)
        return json.loads(answer.body)

    def tickets(self) -> list[str]:
        """The ids of all tickets."""
        return [it["id"] for it in self.read("/api/tickets?limit=100")["items"]]

    def labels(self) -> list[str]:
        """The names of the labels of all series."""
        return list(self.read("/api/v1/labels")["data"])

    def runbooks(self) -> list[str]:
        """Two alerts that have a runbook."""
        return re.findall(r'href="/runbooks/(\w+)', self.ask("GET", "/runbooks").text)[:2]

    def complaints(self) -> list[str]:
        """The ids of the complaints."""
        return [it["id"] for it in self.read("/api/complaints")["items"]]

    def checklists(self) -> list[str]:
        """The ids of the inspections."""
        return [it["id"] for it in self.read("/api/inspections")["items"]]

    def calls(self) -> list[str]:
        """The ids of the test calls."""
        return [it["id"] for it in self.read("/api/test-calls")["items"]]


@contextmanager
def planted_agent(folder: Path, phones: PlantedPhones) -> Iterator[PlantedAgent]:
    """One that has polled, has tickets, and was told of phones by everybody who can."""
    provider = PlantedProvider(phones)
    with served(provider) as world:
        url = f"http://127.0.0.1:{free_port()}"
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(_settings(folder, url, world, phones)), "utf-8")
        config.chmod(0o600)
        plant_calls(folder / "data", phones)
        with running_numwatch("run", "--config", str(config), log=folder / "agent.log"):
            agent = PlantedAgent(url, phones, provider)
            wait_until(
                lambda: agent.ask("GET", "/-/healthy").status == 200,
                _LONGEST_WAIT,
                "the agent is up",
            )
            _plant(agent)
            yield agent


def _settings(folder: Path, url: str, world: str, phones: PlantedPhones) -> dict[str, Any]:
    rules = folder / "rules.yml"
    rules.write_text(yaml.safe_dump(_rules(phones)), "utf-8")
    secret = {"key": "hq", "secret": "the-secret-of-the-account"}
    accounts = [
        {"id": "hq", "credentials": secret, "pushes": {"secret": PUSHES}},
        {"id": "branch", "credentials": {**secret, "key": "branch"}},
    ]
    network = {"egress_allow": ["127.0.0.0/8"]}
    desk = {"url": f"{world}/desk", "callback": {"secret": CALLBACKS}}
    names = ("numbers", "routing", "reachability", "balance", "calls")
    return {
        "listen": [url.removeprefix("http://")],
        "data_dir": str(folder / "data"),
        "web": {"token": TOKEN},
        "polling": {"intervals": dict.fromkeys(names, 1.0), "rate": 1000},
        "providers": [
            {
                "name": "north",
                "profile": "generic",
                "base_url": world,
                "accounts": accounts,
                **network,
            }
        ],
        "rules": {"files": ["alert_rules/*.yml", str(rules)], "interval": 0.5, "pace": 1000},
        "sinks": [{"name": "desk", "kind": "webhook", **desk, **network}],
        "intake": {
            "complaints": {"token": TOKEN + "-complaints"},
            "alertmanager": {"token": TOKEN + "-alerts"},
        },
    }


def _rules(phones: PlantedPhones) -> dict[str, Any]:
    other = phones.spelled("expression of a rule")
    shown = phones.filled("rule", {"labels": {"of": ...}, "annotations": {"summary": ...}})
    rule = {
        "alert": f"Planted{phones.phone('name of a rule')}",
        "expr": f'numwatch_number_up{{number!="{other}"}} >= 0',
        **shown,
    }
    rule["labels"] |= {"severity": "warning", "symptom": "planted", "scope": "number"}
    made = {"record": "planted:up", "expr": "numwatch_number_up", "labels": {"of": ...}}
    recorded = phones.filled("recorded series", made)
    group = phones.text("group of rules")
    return {"groups": [{"name": group, "rules": [rule, recorded]}]}


def _inspect(agent: PlantedAgent) -> None:
    begun = {"kind": "inspection", "number": WELL, "by": ...}
    shown = agent.post("/api/inspections", agent.phones.filled("inspection", begun))
    checklist = shown["checklist"]
    answer = agent.phones.filled("answer of an inspection", {"note": ...})
    answers = {"answers": [{"item": checklist["items"][0], "result": "failed", **answer}]}
    who = agent.phones.filled("inspector", {"by": ...})
    agent.post(f"/api/inspections/{checklist['id']}/answers", {**answers, **who})


def _plant(agent: PlantedAgent) -> None:
    phones = agent.phones
    _report(agent)
    wait_until(
        lambda: agent.ask("GET", "/-/ready").status == 200, _LONGEST_WAIT, "the agent is ready"
    )
    wait_until(lambda: _ticket(agent, DOWN), _LONGEST_WAIT, "the number has a ticket")
    wait_until(lambda: _ticket(agent, WEAK), _LONGEST_WAIT, "the phones have one")
    _push(agent)
    for number in (DOWN, WEAK, WELL):
        wait_until(lambda it=number: _judged(agent, it), _LONGEST_WAIT, "its routing is read")
        approval = phones.filled("approval", {"by": ..., "note": ...})
        agent.post(f"/api/numbers/{number}/baseline", approval)
    agent.provider.change()
    for number in (DOWN, WEAK, WELL):
        _decide(agent, number)
    assert any(_act(agent, name) for name in agent.tickets()), "one took every action"
    for name in agent.complaints():
        _handle(agent, name)
    _inspect(agent)
    wait_until(lambda: agent.provider.deliveries, _LONGEST_WAIT, "the ticket system refused")


def _ticket(agent: PlantedAgent, number: str) -> bool:
    return bool(agent.read(f"/api/tickets?number={number}")["items"])


def _report(agent: PlantedAgent) -> None:
    """What callers and Alertmanager say."""
    phones = agent.phones
    names = ("prompt", "content", "reference", "handler", "company", "contact")
    for number in (DOWN, WELL, phones.phone("complaint number")):
        report = phones.filled("complaint", dict.fromkeys(names, ...))
        callers = [phones.phone("complaint callers")]
        report |= {"number": number, "caller": phones.phone("complaint caller")}
        report |= {"kind": "fault_report", "callers": callers}
        of_sender = {"Authorization": f"Bearer {TOKEN}-complaints"}
        agent.post("/hooks/complaints", report, of_sender)
    texts = {
        "annotations": {"summary": ..., "description": ...},
        "labels": {"binding": ..., "note": ...},
        "generatorURL": ...,
    }
    alert = phones.filled("alert", texts)
    alert["labels"] |= {"alertname": f"Foreign{phones.phone('alert name')}", "severity": "critical"}
    alert["labels"] |= {"scope": "number", "symptom": phones.spelled("alert symptom")}
    alert["labels"] |= {"provider": "north", "account": "hq", "number": WELL}
    message = phones.filled("alerts", {"receiver": ..., "groupKey": ..., "externalURL": ...})
    alerts = [{"status": "firing", "startsAt": stamp(), **alert}]
    of_sender = {"Authorization": f"Bearer {TOKEN}-alerts"}
    agent.post("/hooks/alertmanager", {"version": "4", **message, "alerts": alerts}, of_sender)


def _push(agent: PlantedAgent) -> None:
    """What the provider pushes."""
    phones = agent.phones
    reason = phones.text("push reason")
    phone = {"id": phones.identifier("push id"), "phone": phones.phone("push phone")}
    call = {"caller": phones.phone("push caller"), "binding": phones.identifier("push binding")}
    call |= {"id": phones.identifier("push call"), "started_at": stamp(5), "result": "no_answer"}
    facts = {
        "numbers": {"state": "frozen", "reason": reason, "at": stamp()},
        "bindings": {**phone, "state": "off", "at": stamp()},
        "calls": call,
    }
    for kind, fact in facts.items():
        name = phones.identifier("push message")
        message = {"id": name, "type": kind, "items": [{"number": WELL, **fact}]}
        body = json.dumps(message, ensure_ascii=False).encode()
        at = str(int(time.time()))
        signed = hmac.new(PUSHES.encode(), f"{at}\n".encode() + body, hashlib.sha256)
        headers = {"X-Push-Timestamp": at, "X-Push-Signature": signed.hexdigest()}
        agent.post("/hooks/providers/north/hq", message, headers)


def _judged(agent: PlantedAgent, number: str) -> bool:
    detail = agent.read(f"/api/numbers/{number}")
    return bool(detail["routing"]) and bool(detail["phones"])


def _decide(agent: PlantedAgent, number: str) -> None:
    """What operators write about a number."""
    phones, path = agent.phones, f"/api/numbers/{number}"

    def drifted() -> bool:
        return bool(agent.read(f"{path}/baseline")["differences"])

    wait_until(drifted, _LONGEST_WAIT, "its routing has changed")
    agent.post(f"{path}/baseline/rejections", phones.filled("rejection", {"by": ..., "note": ...}))
    waiver = phones.filled("waiver", {"by": ..., "reason": ...})
    agent.post(f"{path}/waivers", {"lint": "L06", "until": stamp(-86400 * 9)[:10], **waiver})
    reason = phones.text("reason to be shown a phone")
    label = agent.read(path)["phones"][0]["binding"]
    agent.post(f"{path}/reveal", {"binding": label, "reason": reason})
    questions = {"answers": {"service": "no"}, "by": phones.text("who answers")}
    caller = phones.phone("caller of an answer")
    agent.post(f"/api/diagnose/{number}", {**questions, "caller": caller})


def _act(agent: PlantedAgent, ticket: str) -> bool:
    """Act as operators and the ticket system do; false where the agent itself goes on with it."""
    _call_back(agent, ticket)
    phones, path = agent.phones, f"/api/tickets/{ticket}/actions"
    for action, form in _ACTIONS:
        said = phones.filled(action, {"reason": ..., "actor": ..., "fields": form})
        body = json.dumps({"action": action, **said}).encode()
        sent = {"Content-Type": "application/json", **AUTHORIZED}
        if agent.ask("POST", path, sent, body).status == _CONFLICT:
            return False
    return True


def _call_back(agent: PlantedAgent, ticket: str) -> None:
    """Say what the ticket system says of a ticket."""
    phones = agent.phones
    data = {"ticket": ticket, "status": phones.text("callback status")}
    data |= {"actor": phones.text("callback actor")}
    body = {"timestamp": stamp(-1), "data": data}
    text = json.dumps(body, ensure_ascii=False)
    at = int(time.time())
    name = f"m-{ticket}"
    moment = datetime.fromtimestamp(at, UTC)
    signature = Webhook(CALLBACKS).sign(name, moment, text)
    headers = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signature}
    agent.post("/hooks/tickets/desk", body, headers)


def _handle(agent: PlantedAgent, complaint: str) -> None:
    """What operators write on a complaint."""
    phones = agent.phones
    for action in ("comment", "assign"):
        said = phones.filled(f"complaint {action}", {"actor": ..., "text": ...})
        fields = {"handler": phones.text("complaint handler")} if action == "assign" else {}
        document = {"action": action, "fields": fields, **said}
        agent.post(f"/api/complaints/{complaint}/actions", document)
