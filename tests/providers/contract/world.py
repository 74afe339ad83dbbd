"""The one world that every dialect shows: eight numbers, their phones and their calls."""

import json
from typing import Any

from agent.simulator.world import World
from agent.simulator.worldfile import WorldPlan, parse_world
from tests.providers.contract.subject import Subject

ONE, ARREARS, VIOLATION = "4006220001", "4006220002", "4006220003"
COMPANY = "示例公司"
CONTRACT_END = "2035-03-01"
PAGE_SIZE = 3
LISTED = 8
RESULTS = {"answered": 0.7, "no_answer": 0.2, "busy": 0.1}


_PLANS: dict[str, WorldPlan] = {}


def world(subject: Subject) -> World:
    """A new world with one account of ``subject``; its file is read once."""
    if subject.name not in _PLANS:
        _PLANS[subject.name] = parse_world(_world_file(subject))
    return World(_PLANS[subject.name])


def _world_file(subject: Subject) -> str:
    """One account at one provider, ``north``, in the dialect of ``subject``."""
    account = {
        "id": "hq",
        "credentials": dict(subject.credentials),
        "balance": 120.5,
        "daily_spend": 12,
        "page_size": PAGE_SIZE,
        "numbers": [
            _number(ONE, calls={"per_hour": 100, "results": RESULTS}),
            _number(ARREARS, state="suspended_arrears"),
            _number(VIOLATION, state="suspended_violation"),
        ],
        "generate": {"count": LISTED - 3, "first": "4008000000", "bindings": 1},
    }
    provider = {"name": "north", "dialect": subject.name, "accounts": [account]}
    return json.dumps({"seed": 7, "providers": [provider]}, ensure_ascii=False)


def _number(number: str, **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "company": COMPANY,
        "grade": "AAA",
        "contract_end": CONTRACT_END,
        "routing": {
            "wait_seconds": 25,
            "schedule": [{"days": "mon-sun", "from": "00:00", "to": "24:00", "bindings": []}],
            "blacklist": ["1700"],
            "voicemail": True,
        },
        "bindings": [
            {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1, "state": "ok"},
            {"id": "b2", "phone": "02287654321", "kind": "landline", "position": 2, "state": "off"},
            {"id": "b3", "phone": "8001", "kind": "pbx", "position": 3, "state": "ok"},
            {"id": "b4", "phone": "8002", "kind": "pbx", "position": 4, "state": "off"},
        ],
        **more,
    }
