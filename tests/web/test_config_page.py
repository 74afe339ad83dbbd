"""The configuration in effect: every value with its line, and not one secret in any form."""

import base64
import dataclasses
import json
import re
import urllib.parse
from pathlib import Path

import bcrypt
import pytest

from agent.config.effective import shown
from agent.config.load import load_with_source
from agent.config.reloads import Reloads
from agent.config.schema import settings_schema
from agent.config.secret import SECRET, Secret
from agent.web.app import make_app
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW

CANARY = "canary-7f3b9d2e41c8"
HASH = bcrypt.hashpw(CANARY.encode(), bcrypt.gensalt(4)).decode()
SIGNING = "whsec_" + base64.b64encode(CANARY.encode() * 2).decode()
CONFIG = f"""
data_dir: ${{DATA}}
web:
  token_file: token.txt
  external_url: https://watch.example.com/{CANARY}
  basic_auth_users:
    reader: {HASH}
rules:
  interval: 30s
providers:
  - name: north
    profile: generic
    options: {{sub_account: {CANARY}}}
    base_url: https://api.example.com/{CANARY}
    accounts:
      - id: hq
        credentials: {{token: "${{TOKEN}}"}}
sinks:
  - name: desk
    kind: webhook
    url: https://desk.example.com/hook/{CANARY}
    secret: {SIGNING}
    headers: {{Authorization: Bearer {CANARY}}}
"""
FORMS = (
    CANARY,
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
    urllib.parse.quote(CANARY),
    CANARY[::-1],
    HASH,
    SIGNING,
    CANARY[:10],
)


class World:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"
        self.file.write_text(CONFIG, encoding="utf-8")
        (folder / "token.txt").write_text(CANARY * 2, encoding="utf-8")
        self.environ = {"DATA": str(folder / CANARY), "TOKEN": CANARY}
        self.now = NOW - 7200
        self.outcomes: list[bool] = []
        self.reloads = Reloads(lambda _at, *, ok: self.outcomes.append(ok), lambda: self.now)
        self.load()

    def load(self) -> None:
        self.reloads.applied(*load_with_source(self.file, self.environ))

    def reload(self, old: str, new: str) -> None:
        self.now = NOW - 60
        self.file.write_text(self.file.read_text("utf-8").replace(old, new), encoding="utf-8")
        self.load()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def pages(services, world, aiohttp_client):
    return await aiohttp_client(make_app(dataclasses.replace(services, reloads=world.reloads)))


async def get(client, path: str, status: int = 200, **headers: str) -> str:
    answer = await client.get(path, headers=headers or AUTHORIZED)
    assert answer.status == status
    return await answer.text()


async def values(client) -> dict[str, dict]:
    document = json.loads(await get(client, "/api/config"))
    return {value["key"]: value for value in document["values"]}


@pytest.mark.parametrize(
    "path", ["/config", "/config?show=all", "/config?lang=zh-CN", "/api/config"]
)
async def test_no_secret_appears_in_any_form(pages, path):
    text = await get(pages, path)
    assert [form for form in FORMS if form in text] == []
    assert text.count("secret&gt;") + text.count("<secret>") >= 7


def test_no_key_that_holds_secrets_shows_its_value():
    """Every place of the schema where a secret may stand, and each that is never repeated."""
    tree, found = settings_schema(), set()

    def walk(schema, path):
        kinds = [schema, *schema.get("anyOf", ())]
        for kind in map(tree.resolve, kinds):
            if kind.get("x-kind") == SECRET or kind.get("x-private"):
                found.add(path)
            for name, inner in kind.get("properties", {}).items():
                if len(path) < 12:
                    walk(inner, (*path, name))
            if isinstance(kind.get("additionalProperties"), dict):
                walk(kind["additionalProperties"], (*path, "name"))
            if isinstance(kind.get("items"), dict):
                walk(kind["items"], (*path, 0))

    walk(tree.root, ())
    assert len(found) > 25
    for path in found:
        for value in (CANARY, f"https://u:{CANARY}@h.example/{CANARY}?{CANARY}#{CANARY}"):
            assert CANARY not in str(shown(path, value, frozenset())), path
        assert shown(path, Secret(CANARY), frozenset()) == "<secret>"


def test_what_no_schema_describes_is_hidden_and_an_address_shows_its_host():
    assert shown(("nobody", "knows"), CANARY, frozenset()) == "<secret>"
    assert shown(("timezone",), "Asia/Shanghai", frozenset()) == "Asia/Shanghai"
    assert shown(("timezone",), "Asia/Shanghai", frozenset({("timezone",)})) == "<secret>"
    path = ("web", "external_url")
    assert (
        shown(path, "https://watch.example.com:8443/", frozenset())
        == "https://watch.example.com:8443"
    )
    assert shown(path, "https://h.example/x", frozenset()) == "https://h.example/<secret>"


async def test_every_value_has_its_line_or_is_a_default(pages):
    found = await values(pages)
    lines = CONFIG.splitlines()
    for key, wanted in (
        ("rules.interval", "interval: 30s"),
        ("providers[0].name", "- name: north"),
        ("sinks[0].kind", "kind: webhook"),
        ("web.token", "token_file: token.txt"),
    ):
        assert wanted in lines[found[key]["line"] - 1]
        assert found[key]["default"] is False
    assert found["rules.interval"]["value"] == "30s"
    assert found["sinks[0].url"]["value"] == "https://desk.example.com/<secret>"
    assert found["timezone"] == {
        "key": "timezone",
        "value": "Asia/Shanghai",
        "default": True,
        "line": None,
        "reload": 0,
    }


async def test_a_value_says_which_reload_it_came_from(pages, world):
    world.reload("interval: 30s", "interval: 20s")
    found = await values(pages)
    assert (found["rules.interval"]["value"], found["rules.interval"]["reload"]) == ("20s", 1)
    assert found["providers[0].name"]["reload"] == 0
    world.reload(SIGNING, "whsec_" + base64.b64encode(b"another-canary-of-24-bytes").decode())
    found = await values(pages)
    assert found["sinks[0].secret"] == {
        **found["sinks[0].secret"],
        "value": "<secret>",
        "reload": 2,
    }
    assert found["rules.interval"]["reload"] == 1
    assert world.outcomes == [True] * 3
    assert "2026-09-21 22:12:20" in await get(pages, "/config"), "in effect since, in local time"


async def test_a_failed_reload_is_said_until_one_succeeds(pages, world):
    world.reloads.failed(["config.yaml:9: rules.interval: is 5 pieces of cake"])
    for path in ("/config", "/rules"):
        page = await get(pages, path)
        assert "config.yaml:9: rules.interval: is 5 pieces of cake" in page
        assert "the former configuration is in effect" in page
    assert json.loads(await get(pages, "/api/config"))["failed"]["number"] == 1
    assert "cake" not in await get(pages, "/rules", Accept="text/html"), "a viewer reads no keys"
    world.reload("interval: 30s", "interval: 20s")
    assert "cake" not in await get(pages, "/config")
    assert world.outcomes == [True, False, True]


async def test_filters(pages):
    page = await get(pages, "/config?text=INTERVAL")
    keys = re.findall(r'data-label="Key"><code>(.*?)</code>', page)
    assert keys == ["rules.interval"]
    every = await get(pages, "/config?show=all&text=interval")
    assert every.count("<tr>") > 5
    assert "default" in every
    assert len(await get(pages, "/config?show=all")) < 300_000


async def test_only_operators_and_administrators_read_it(pages):
    for path in ("/config", "/api/config"):
        await get(pages, path, 401, Accept="text/html")


async def test_it_speaks_chinese(pages, world):
    world.reloads.failed(["x"])
    page = await get(pages, "/config?lang=zh-CN&show=all")
    for expected in ("生效的配置", "默认", "原来的配置", "启动时"):
        assert expected in page


async def test_before_the_start_is_over_there_is_none(client):
    await get(client, "/config", 503)
