"""``numwatch profile``: for who writes a profile."""

import asyncio
import json

import pytest
import yaml
from aiohttp import web
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from agent.cli.main import app

SECRET, PHONE = "CANARY-of-the-account", "13812345678"
PROFILE = """\
name: example
title: Example
credentials: [key]
signing:
  headers: {X-Key: "{key}"}
envelope: {code: code, absent_is_ok: true, message: msg, errors: {bad_key: auth}}
numbers:
  path: /numbers
  query: {token: "{key}", page: "1"}
  records: data.items
  fields:
    number: tel
    state: {path: info.status, values: {on: active}}
    contract_end: end
reachability:
  path: /phones/{number}
  records: phones
  fields:
    id: ext
    phone: phone
    state: {path: state, values: {up: ok}}
balance:
  path: /balance
  fields: {amount: money, currency: {const: CNY}}
"""
GOOD = {"tel": "4006220001", "info": {"status": "on", "secret": "not-mapped"}, "end": None}
ITEMS = [
    *[{**GOOD, "tel": f"400622{index:04}"} for index in range(8)],
    {**GOOD, "tel": "4006229998", "info": {"status": "paused"}},
    {**GOOD, "tel": "4006229999", "end": PHONE},
]


def run(*arguments):
    return CliRunner().invoke(app, ["profile", *map(str, arguments)])


def write(tmp_path, text=PROFILE, name="example.yaml"):
    file = tmp_path / name
    file.write_text(text)
    return file


def test_check_says_ok_or_every_mistake_of_every_file(tmp_path):
    good = write(tmp_path)
    assert run("check", good).output == f"{good}: ok\n"
    one = write(tmp_path, PROFILE.replace("CNY", "euro").replace("/balance", "balance"), "1.yaml")
    two = write(
        tmp_path, PROFILE.replace("path: end", "pth: end").replace("title", "tite"), "2.yaml"
    )
    result = run("check", one, good, two, tmp_path / "none.yaml")
    assert result.exit_code == 1
    for start in ("1.yaml:23: balance.path", "1.yaml:24: balance.fields", "2.yaml:2: tite", "none"):
        assert f"{tmp_path}/{start}" in result.output, result.output
    assert f"{good}: ok" in result.output


def test_the_schema_accepts_the_profile_and_refuses_a_mistake():
    schema = Draft202012Validator(json.loads(run("schema").stdout))
    assert schema.is_valid(yaml.safe_load(PROFILE.replace("on:", '"on":')))
    assert not schema.is_valid(yaml.safe_load(PROFILE.replace("records:", "recrods:")))


@pytest.fixture
async def config(aiohttp_server, tmp_path):
    async def numbers(_request):
        return web.json_response({"code": None, "data": {"items": ITEMS}, PHONE: "odd"})

    async def phones(_request):
        found = {"ext": "801", "phone": PHONE, "state": "up"}
        return web.json_response({"phones": [found]})

    async def balance(_request):
        return web.json_response({"code": "bad_key", "msg": f"no {SECRET}"}, status=400)

    site = web.Application()
    site.router.add_get("/numbers", numbers)
    site.router.add_get("/phones/{number}", phones)
    site.router.add_get("/balance", balance)
    server = await aiohttp_server(site)
    provider = {
        "name": "north",
        "profile": "generic",
        "base_url": str(server.make_url("")),
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [{"id": "hq", "credentials": {"key": SECRET}}],
    }
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"providers": [provider]}))
    return file


async def test_a_try_shows_requests_answers_and_what_is_not_mapped(config, tmp_path):
    profile = write(tmp_path)
    result = await asyncio.to_thread(
        run, "try", profile, "--account", "north/hq", "--config", config
    )
    assert result.exit_code == 1, result.output
    for text in (
        "token = <secret>",
        "page = 1",
        "values hidden: X-Key",
        "data.items.0.tel: a text of 10 characters -> number",
        "data.items.0.info.secret: a text of 10 characters -> not mapped",
        "138****5678: a text of 3 characters -> not mapped",
        "state = active (NumberState)",
        "numbers.state: paused (1 times)",
        "record 9: contract_end is a text of 11 characters at end, expected a day or time",
        "id = 801 (str)",
        "phone = 138****5678 (str)",
        "failed: auth: GET /balance: HTTP 400 Bad Request, code bad_key no <secret>",
    ):
        assert text in result.output, result.output
    for text in (SECRET, PHONE, "not-mapped"):
        assert text not in result.output


async def test_a_try_hides_secrets_that_were_put_into_options(config, tmp_path):
    """In the configuration's options and in the profile's own."""
    theirs, own = "CANARY-of-the-options", "CANARY-of-the-profile"
    text = PROFILE.replace(
        'query: {token: "{key}", page: "1"}',
        'query: {a: "{app_secret}", b: "{login_password}", region: "{region}"}',
    )
    text += f"options: {{app_secret: x, login_password: {own}, region: south}}\n"
    settings = yaml.safe_load(config.read_text())
    settings["providers"][0]["options"] = {"app_secret": theirs, "region": "east"}
    config.write_text(yaml.safe_dump(settings))
    file = write(tmp_path, text)
    result = await asyncio.to_thread(run, "try", file, "--account", "north/hq", "--config", config)
    for line in ("a = <secret>", "b = <secret>", "region = east"):
        assert line in result.output, result.output
    assert theirs not in result.output
    assert own not in result.output


def test_a_try_without_such_an_account_is_misuse(tmp_path):
    config = tmp_path / "config.yaml"
    account = {"id": "hq", "credentials": {"key": SECRET}}
    provider = {"name": "north", "profile": "twilio", "accounts": [account]}
    config.write_text(yaml.safe_dump({"providers": [provider]}))
    result = run("try", write(tmp_path), "--account", "north/x", "--config", config)
    assert result.exit_code == 2
    assert "no account 'north/x', expected one of: north/hq" in result.output
