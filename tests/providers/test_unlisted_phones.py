"""Phones that a provider reports under a number that the account does not list.

They are not dropped, they are shown, and nothing is concluded from them: whether such a phone
belongs to a listed number that seems to have none is not known.
"""

import json
import time

import pytest
import yaml
from aiohttp import web

from agent.checks.engine import Checker
from agent.cli.observation import poll_once
from agent.cli.poll import document
from agent.config.load import load
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_number
from agent.states import Cause

NUMBER, OTHER = "4006220001", "4006220002"
PROFILE = {
    "name": "plain",
    "title": "Plain",
    "numbers": {"path": "/numbers", "records": "items", "fields": {"number": "n", "state": "s"}},
    "reachability": {
        "path": "/phones",
        "records": "items",
        "fields": {"number": "n", "id": "id", "phone": "phone", "state": "s"},
    },
}


@pytest.fixture
async def world(aiohttp_server, tmp_path):
    """Settings of an account at a real server, whose phones the test sets."""
    phones = []

    async def numbers(_request):
        return web.json_response({"items": [{"n": NUMBER, "s": "active"}]})

    async def bound(_request):
        return web.json_response({"items": phones})

    app = web.Application()
    app.router.add_get("/numbers", numbers)
    app.router.add_get("/phones", bound)
    server = await aiohttp_server(app)
    (tmp_path / "plain.yaml").write_text(yaml.safe_dump(PROFILE))
    config = tmp_path / "config.yaml"
    provider = {
        "name": "north",
        "profile": "plain.yaml",
        "base_url": str(server.make_url("")),
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [{"id": "hq"}],
    }
    config.write_text(yaml.safe_dump({"providers": [provider]}))
    return load(config), phones


async def observe(settings):
    report = await poll_once(settings)
    checker = Checker(settings)
    now = time.time()
    results = {
        (snapshot.provider, snapshot.account): checker.check(snapshot, now)
        for snapshot in report.snapshots
    }
    return report, DiagnosisContext(settings, now, results)


def phone(number, identity="b1"):
    return {"n": number, "id": identity, "phone": "13800000001", "s": "ok"}


async def test_a_number_seems_to_have_no_phone_while_one_is_under_an_unlisted_number(world):
    settings, phones = world
    phones.append(phone(OTHER))
    report, context = await observe(settings)
    verdict = diagnose_number(NUMBER, context)
    assert verdict.cause == Cause.UNKNOWN
    assert any("does not list" in finding for finding in verdict.findings)
    (account,) = document(report)["accounts"]
    assert account["unlisted_phones"] == [{"number": OTHER, "phones": 1}]
    assert account["numbers"][0]["bindings"] is None
    assert "13800000001" not in json.dumps(document(report))
    (result,) = context.accounts.values()
    assert [finding.lint for finding in result.account_lints if finding.lint == "L43"] == ["L43"]


async def test_without_such_phones_no_phone_is_bound_and_that_is_said(world):
    settings, _phones = world
    report, context = await observe(settings)
    assert diagnose_number(NUMBER, context).cause == Cause.NO_BINDING
    assert document(report)["accounts"][0]["unlisted_phones"] == []


async def test_a_number_with_its_own_phone_is_healthy_all_the_same(world):
    settings, phones = world
    phones += [phone(NUMBER), phone(OTHER, "b2")]
    report, context = await observe(settings)
    assert diagnose_number(NUMBER, context).cause == Cause.HEALTHY
    assert document(report)["accounts"][0]["unlisted_phones"] == [{"number": OTHER, "phones": 1}]
