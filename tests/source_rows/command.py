"""An agent that tells people: one outage of three companies, from the alarm to the end.

It has an agent and an SMS gateway of its own, since what it tells and when it calls a fault severe
would change what other rows see.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.agent_process import Settings, agent_process
from tests.source_rows.hotlines import Hotlines

OUTAGE = ("4006229001", "4006229002", "4006229003")
"""Suspended together: of an important customer, of an ordinary one, of one in another city."""
ALONE, MILD = "4006229004", "4006229005"
"""A hotline of its own fault, and one whose trouble can wait."""
_COMPANIES = ("甲公司", "Beta Ltd", "丙公司", "丁公司", "戊公司")
_GRADES = ("AAA", "standard", "A", "AA", "standard")
_CITIES = ("广州", "广州", "深圳", "佛山", "佛山")
CONTACTS = {OUTAGE[0]: ("王经理", "13910000001"), OUTAGE[1]: ("Smith", "13910000002")}
PEOPLE = {
    "room": "13910000011",
    "guangzhou": "13910000012",
    "director": "13910000013",
    "lead": "13910000014",
    "li": "13910000015",
    "chen": "13910000016",
}
_INTERVAL = 0.4


class Gateway:
    """An SMS gateway over real HTTP: what each phone was sent, in order."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.sent.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/send"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def of(self, phone: str) -> list[str]:
        """The texts that ``phone`` was sent."""
        return [it["text"] for it in list(self.sent) if it["to"] == phone]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@dataclass
class Outage:
    """What was seen of the outage while it lasted, and after it."""

    ticket: Settings
    customers: Settings
    open_ids: list[str]
    queue: list[Settings]
    page: str
    complaints: list[Settings]
    during: dict[str, list[str]] = field(default_factory=dict)
    """By phone, what it was sent while the fault went on."""
    after: dict[str, list[str]] = field(default_factory=dict)
    """The same, once customers were told of the end."""


class Command(Hotlines):
    """The agent that tells people, with its gateway."""

    gateway: Gateway
    _outage: Outage | None = None

    def break_down(self, *numbers: str) -> None:
        for number in numbers:
            self.world({"number": number, "set": {"state": "suspended_violation"}})

    def repair(self, *numbers: str) -> None:
        for number in numbers:
            self.world({"number": number, "set": {"state": "active"}})

    def tickets_of(self, number: str) -> list[Settings]:
        """The open tickets on one number."""
        items: list[Settings] = self.json("/api/tickets", number=number, open="true")["items"]
        return items

    def outage(self) -> Outage:
        """The outage, which happens once for all rows."""
        if self._outage is None:
            self._outage = self._happen()
        return self._outage

    def _happen(self) -> Outage:
        self.break_down(*OUTAGE)
        parent = self.until(self._severe_parent, "the outage is one severe ticket")
        expected = [phone for _name, phone in CONTACTS.values()]
        expected += [PEOPLE[it] for it in ("room", "guangzhou", "director")]
        self.until(lambda: all(map(self.gateway.of, expected)), "everybody was told")
        ticket = self.json(f"/api/tickets/{parent['id']}")
        seen = Outage(
            ticket=ticket,
            customers=self.json(f"/api/tickets/{parent['id']}/customers"),
            open_ids=[it["id"] for it in self.json("/api/tickets", open="true")["items"]],
            queue=self.json("/api/dispatch")["items"],
            page=self.page(f"/tickets/{parent['id']}/customers", "zh-CN"),
            complaints=self.json("/api/complaints")["items"],
            during={phone: self.gateway.of(phone) for phone in expected},
        )
        self.repair(*OUTAGE)
        contacts = [phone for _name, phone in CONTACTS.values()]
        self.until(lambda: all(len(self.gateway.of(it)) > 1 for it in contacts), "the end was told")
        seen.after = {phone: self.gateway.of(phone) for phone in expected}
        return seen

    def _severe_parent(self) -> Settings | None:
        for it in self.json("/api/tickets", open="true")["items"]:
            numbers = {member["number"] for member in it["members"]}
            if numbers >= set(OUTAGE) and it["severe"]:
                found: Settings = it
                return found
        return None


def _world() -> Settings:
    numbers = [
        {
            "number": f"400622900{index + 1}",
            "state": "active",
            "network_state": "active",
            "company": company,
            "grade": grade,
            "carrier": "unicom",
            "bindings": [
                {"id": "b1", "phone": f"1380000020{index}", "kind": "mobile", "position": 1},
                {"id": "b2", "phone": f"0228765450{index}", "kind": "landline", "position": 2},
            ],
        }
        for index, (company, grade) in enumerate(zip(_COMPANIES, _GRADES, strict=True))
    ]
    account = {
        "id": "hq",
        "credentials": {"key": "demo", "secret": "demo-secret"},
        "balance": 5000,
        "currency": "CNY",
        "numbers": numbers,
    }
    provider = {"name": "north", "dialect": "generic", "accounts": [account]}
    return {"seed": 42, "providers": [provider]}


def _inventory() -> list[Settings]:
    return [
        {
            "number": f"400622900{index + 1}",
            "province": "广东",
            "city": city,
            "important": index == 0,
            "contacts": _contacts(f"400622900{index + 1}"),
        }
        for index, city in enumerate(_CITIES)
    ]


def _contacts(number: str) -> list[Settings]:
    if number not in CONTACTS:
        return []
    name, phone = CONTACTS[number]
    return [{"name": name, "phone": phone, "locale": "en" if name.isascii() else "zh-CN"}]


def _change(settings: Settings, gateway: Gateway) -> None:
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], _INTERVAL)
    settings["rules"]["interval"] = _INTERVAL
    settings["tickets"] |= {"hold": 1, "sla": {"severe": {"after": "1s"}}}
    settings["locale"] = "zh-CN"
    settings["providers"][0]["accounts"][0]["inventory"] = {"numbers": _inventory()}
    people = [{"name": name, "phone": phone} for name, phone in PEOPLE.items()]
    sink = {
        "name": "sms",
        "kind": "sms_gateway",
        "url": gateway.url,
        "egress_allow": ["127.0.0.0/8"],
        "sms_gateway": {
            "body": '{"to": {{ phone | tojson }}, "text": {{ text | tojson }}}',
            "text": "{{ change }}: {{ subject }}",
            "receivers": people,
            "on_call_only": True,
        },
    }
    settings["sinks"] = [*settings.get("sinks", []), sink]
    settings |= {
        "customers": {"sinks": ["sms"], "automatic": True, "after": 0},
        "command": {
            "sinks": ["sms"],
            "province": ["room"],
            "cities": {"广州": ["guangzhou"]},
            "leaders": {"AAA": ["director"], "AA": ["lead"]},
        },
        "dispatch": {
            "sinks": ["sms"],
            "stalled_after_by_grade": {"AA": "2s"},
            "again": "2s",
            "steps": 2,
        },
        "on_call": {
            "rota": {"people": ["chen"], "begins": "2020-01-06T09:00"},
            "ladder": [{"after": "1d", "sinks": ["sms"]}],
        },
    }


@contextmanager
def command(folder: Path) -> Iterator[Command]:
    """The agent, ready."""
    gateway = Gateway()
    try:
        with agent_process(folder, _world(), lambda it: _change(it, gateway)) as agent:
            running = Command(agent)
            running.gateway = gateway
            yield running
    finally:
        gateway.stop()
