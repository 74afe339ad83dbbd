"""A running agent with a hotline for each row, used as its users use it."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from tests.agent_process import TOKEN, AgentProcess, Settings, agent_process
from tests.integration.processes import wait_until
from tests.source_rows.rows import ROWS

T = TypeVar("T")
_LONGEST_WAIT = 60.0
_INTERVAL = 0.4
"""Seconds between polls, and between evaluations."""
GRADES = ("AAA", "AA", "A", "standard")
"""The hotlines' grades, in turn."""


def _world() -> Settings:
    """A hotline a row, all well: an active number with a mobile and a landline behind it."""
    return {
        "seed": 42,
        "providers": [
            {
                "name": "north",
                "dialect": "generic",
                "accounts": [
                    {
                        "id": "hq",
                        "credentials": {"key": "demo", "secret": "demo-secret"},
                        "balance": 5000,
                        "currency": "CNY",
                        "numbers": [_number(index) for index in range(len(ROWS))],
                    }
                ],
            }
        ],
    }


def _number(index: int) -> Settings:
    return {
        "number": _digits(index),
        "state": "active",
        "network_state": "active",
        "company": f"公司{index:02}",
        "grade": GRADES[index % len(GRADES)],
        "carrier": "unicom",
        "bindings": [
            {"id": "b1", "phone": f"138000001{index:02}", "kind": "mobile", "position": 1},
            {"id": "b2", "phone": f"022876543{index:02}", "kind": "landline", "position": 2},
        ],
    }


def _digits(index: int) -> str:
    return f"40062200{index:02}"


class Hotlines:
    """The agent's pages, interface and ticket desk, and the world it watches."""

    def __init__(self, agent: AgentProcess) -> None:
        self.agent = agent

    @staticmethod
    def number(slug: str) -> str:
        """The hotline of the row ``slug``; no other row touches it."""
        return _digits([row.slug for row in ROWS].index(slug))

    def world(self, entry: Settings) -> None:
        """Let ``entry`` happen in the world now."""
        self._send(f"{self.agent.world_url}/world", entry)

    def set(self, slug: str, values: Settings, binding: str | None = None) -> None:
        """Set values of the row's hotline at its provider, or of one of its phones (``b1``)."""
        part = {} if binding is None else {"binding": binding}
        self.world({"number": self.number(slug), **part, "set": values})

    def json(self, path: str, **parameters: str) -> Any:
        """The JSON of a good answer."""
        return self.agent.json(_with(path, parameters))

    def page(self, path: str, lang: str = "en", **parameters: str) -> str:
        """The HTML of a page."""
        return self.agent.get(_with(path, parameters | {"lang": lang})).decode()

    def post(self, path: str, document: Settings) -> Any:
        """What the agent answers to ``document`` from whoever has the token."""
        return self._send(self.agent.url + path, document)

    def act(self, ticket: str, action: str, reason: str, **fields: str) -> Settings:
        """Act on a ticket as Li Wei; the ticket afterwards."""
        request = {"action": action, "actor": "Li Wei", "reason": reason, "fields": fields}
        document: Settings = self.post(f"/api/tickets/{quote(ticket)}/actions", request)
        return document

    def tickets(self, slug: str) -> list[Settings]:
        """The tickets of the row's hotline, open and ended."""
        items: list[Settings] = self.json("/api/tickets", number=self.number(slug))["items"]
        return items

    def ticket(self, slug: str) -> Settings:
        """The newest ticket of the row's hotline, once there is one."""
        found = self.until(lambda: self.tickets(slug), f"{slug} has a ticket")
        document: Settings = self.json(f"/api/tickets/{quote(found[0]['id'])}")
        return document

    def desk(self) -> list[Settings]:
        """The tickets that the ticket desk was sent."""
        with urllib.request.urlopen(f"{self.agent.world_url}/desk/tickets", timeout=10) as answer:
            items: list[Settings] = json.load(answer)
        return items

    @staticmethod
    def until(condition: Callable[[], T | None], what: str) -> T:
        """The first truthy result of ``condition``."""
        return wait_until(condition, _LONGEST_WAIT, what)

    @staticmethod
    def _send(url: str, document: Settings) -> Any:
        request = urllib.request.Request(
            url,
            json.dumps(document).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None


def _with(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


@contextmanager
def hotlines(folder: Path) -> Iterator[Hotlines]:
    """The agent, ready and quick."""
    with agent_process(folder, _world(), _quicken) as agent:
        yield Hotlines(agent)


def _quicken(settings: Settings) -> None:
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], _INTERVAL)
    settings["rules"]["interval"] = _INTERVAL
    # Hotlines of several rows break at the same time, each for a reason of its own.
    settings["tickets"] |= {"hold": 1, "common_cause_numbers": len(ROWS) + 1}
    settings["tickets"].pop("confirmation", None)
