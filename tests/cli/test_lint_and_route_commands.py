"""``numwatch lint`` and ``numwatch route`` against a simulated provider over real HTTP."""

import asyncio
import json
from functools import partial

import pytest
import yaml
from typer.testing import CliRunner

from agent.cli.main import app
from agent.simulator.agent_config import build_config
from agent.simulator.server import start
from agent.simulator.world import World

WORLD = """
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 5000
        numbers:
          - number: "4006220001"
            grade: AAA
            carrier: unicom
            routing:
              wait_seconds: 20
              schedule: [{days: mon-fri, from: "08:30", to: "17:30"}]
              voicemail: true
              special_days: [{from: 2026-10-01, to: 2026-10-07}]
              blacklist: ["139"]
            bindings:
              - {id: b1, phone: "02287654321", kind: landline, position: 1}
              - {id: b2, phone: "13800000001", position: 2}
          - number: "4006220002"
            routing: {voicemail: true, voicemail_recipient: ""}
            bindings: [{id: b1, phone: "13800000002"}]
"""


@pytest.fixture
async def command(tmp_path):
    """Runs ``numwatch`` with a configuration for the world, changed by ``more``."""
    world = World.parse(WORLD)
    async with await start(world) as running:
        plain = build_config(world, running.url, 1.0)

        async def run(*words, **more):
            config = tmp_path / "config.yaml"
            settings = {**plain, "data_dir": str(tmp_path / "data"), **more}
            config.write_text(yaml.safe_dump(settings, allow_unicode=True))
            work = partial(CliRunner().invoke, app, [*words, "--config", str(config)])
            return await asyncio.to_thread(work)

        yield run


def lints(result):
    return {
        (row["number"], row["finding"]["lint"]) for row in json.loads(result.stdout)["findings"]
    }


async def test_lint_prints_every_finding_and_fails_on_errors(command):
    result = await command("lint", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["numbers"], document["errors"], document["failures"]) == (2, 1, [])
    assert lints(result) == {
        ("", "L40"),
        ("4006220001", "L19"),
        ("4006220001", "L26"),
        ("4006220002", "L04"),
        ("4006220002", "L05"),
        ("4006220002", "L36"),
    }
    assert "13800000002" not in result.stdout


async def test_lint_speaks_to_people_in_their_language(command):
    english, chinese = await command("lint"), await command("lint", locale="zh-CN")
    assert "L36 error" in english.stdout
    assert "nobody gets the messages" in english.stdout
    assert "2 numbers: 1 error," in english.stdout
    assert "留言会丢失" in chinese.stdout


async def test_a_waiver_waives_an_error_and_an_expired_one_is_named(command):
    waiver = {"lint": "L36", "numbers": ["4006220002"], "reason": "being set up"}
    waived = await command("lint", "--json", lints={"waivers": [waiver]})
    assert waived.exit_code == 0
    assert json.loads(waived.stdout)["waived"] == 1
    ended = {"lints": {"waivers": [{**waiver, "until": "2020-01-31"}]}}
    expired = await command("lint", **ended)
    assert expired.exit_code == 1
    assert "a waiver ended on 2020-01-31" in " ".join(expired.stdout.split())


async def test_lint_works_where_the_agent_does_not_lint(command):
    assert (await command("lint", "--json", lints={"enabled": False})).exit_code == 1


async def test_route_shows_the_phones_and_the_week(command):
    result = await command("route", "4006220001", "--at", "2026-09-28T09:30", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [(leg["binding"], leg["after_seconds"]) for leg in document["legs"]] == [
        ("b1", 0.0),
        ("b2", 20.0),
    ]
    assert document["at_the_end"] == "voicemail"
    assert [len(day["stretches"]) for day in document["week"]] == [3, 3, 3, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("options", "announcement", "cause"),
    [
        (("--at", "2026-10-01T09:30"), "voicemail", "schedule_closed"),
        (
            ("--at", "2026-09-28T09:30", "--caller", "13900001111"),
            "no_right",
            "list_blocks_caller",
        ),
    ],
)
async def test_route_says_why_nothing_rings(command, options, announcement, cause):
    result = await command("route", "4006220001", *options, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (document["heard"], document["cause"], document["rings"]) == (announcement, cause, False)


async def test_route_for_people_and_for_unknown_numbers(command):
    printed = await command("route", "4006220001", "--at", "2026-09-28T09:30")
    assert "█" * 18 in printed.stdout
    assert (await command("route", "4006220009")).exit_code == 3
    assert (await command("route", "4006220001", "--at", "noon")).exit_code == 2
