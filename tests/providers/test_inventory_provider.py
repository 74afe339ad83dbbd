"""An inventory beside an API, and alone: it says who exists, never that anything works."""

import time

import pytest
import yaml
from aiohttp import web

from agent.checks.engine import Checker
from agent.cli.observation import poll_once
from agent.config.load import ConfigError, load
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_number
from agent.model import Binding
from agent.providers.registry import problems
from agent.states import BindingState, Capability, Cause, Grade, NumberState

FIRST, SECOND, THIRD = "4006220001", "4006220002", "4006220003"
PROFILE = {
    "name": "plain",
    "title": "Plain",
    "numbers": {"path": "/numbers", "records": "items", "fields": {"number": "n", "state": "s"}},
}
PHONES = {
    "path": "/phones",
    "records": "items",
    "fields": {"number": "n", "id": "id", "phone": "phone", "state": "s"},
}


@pytest.fixture
async def api(aiohttp_server, tmp_path):
    """Gives settings for an inventory; the API lists what the test puts into its lists."""
    listed, phones = [FIRST], []

    async def numbers(_request):
        return web.json_response({"items": [{"n": name, "s": "active"} for name in listed]})

    async def bound(_request):
        return web.json_response({"items": phones})

    app = web.Application()
    app.router.add_get("/numbers", numbers)
    app.router.add_get("/phones", bound)
    server = await aiohttp_server(app)

    def settings(inventory, *, reachability=True):
        profile = {**PROFILE, **({"reachability": PHONES} if reachability else {})}
        (tmp_path / "plain.yaml").write_text(yaml.safe_dump(profile))
        provider = {
            "name": "north",
            "profile": "plain.yaml",
            "base_url": str(server.make_url("")),
            "egress_allow": ["127.0.0.0/8"],
            "accounts": [{"id": "hq", "inventory": inventory}],
        }
        return written(tmp_path, provider)

    return settings, listed, phones


def written(folder, *providers):
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"providers": list(providers)}, allow_unicode=True))
    return load(config, {}, review=problems)


def entry(number, *extensions, **more):
    return {"number": number, "phones": [{"extension": it} for it in extensions], **more}


async def observe(settings):
    report = await poll_once(settings)
    assert not report.failed
    checker, now = Checker(settings), time.time()
    results = {
        (snapshot.provider, snapshot.account): checker.check(snapshot, now)
        for snapshot in report.snapshots
    }
    return report.snapshots[0], DiagnosisContext(settings, now, results)


def lints(context):
    (result,) = context.accounts.values()
    return {finding.lint: finding.message.text("en") for finding in result.account_lints}


async def test_the_inventory_completes_a_number_and_never_its_state(api):
    settings, _listed, _phones = api
    inventory = {
        "numbers": [entry(FIRST, company="示例公司", grade="AA", contract_end="2027-03-01")]
    }
    snapshot, context = await observe(settings(inventory))
    (number,) = snapshot.listing.numbers
    assert (number.company, number.grade, number.state) == ("示例公司", Grade.AA, "active")
    assert number.contract_end is not None
    assert "L44" not in lints(context)


async def test_what_only_one_of_the_two_lists_is_said_and_not_merged(api):
    settings, listed, phones = api
    listed.append(SECOND)
    phones.append({"n": FIRST, "id": "b1", "phone": "13800000001", "s": "ok"})
    inventory = {"numbers": [entry(FIRST, "801"), entry(THIRD)]}
    snapshot, context = await observe(settings(inventory))
    assert [it.number for it in snapshot.listing.numbers] == [FIRST, SECOND]
    assert [it.id for it in snapshot.bindings[FIRST]] == ["b1"]
    text = lints(context)["L44"]
    assert f"not listed: 1 ({THIRD})" in text
    assert f"not in the inventory: 1 ({SECOND})" in text
    assert f"other phones: 1 ({FIRST})" in text


async def test_a_phone_that_an_api_lists_without_its_number_is_put_under_the_inventory_s(api):
    settings, _listed, phones = api
    phones.append({"n": "801", "id": "801", "phone": "801", "s": "off"})
    alone, context = await observe(settings({"numbers": [entry(SECOND, "802")]}))
    assert list(alone.unlisted_bindings) == ["801"]
    assert diagnose_number(FIRST, context).cause == Cause.UNKNOWN
    snapshot, context = await observe(settings({"numbers": [entry(FIRST, "801")]}))
    assert not snapshot.unlisted_bindings
    assert [it.state for it in snapshot.bindings[FIRST]] == [BindingState.OFF]
    assert diagnose_number(FIRST, context).cause == Cause.BINDING_OFF


async def test_a_phone_that_serves_two_numbers_is_put_under_neither(api):
    settings, listed, phones = api
    listed.append(SECOND)
    phones.append({"n": "801", "id": "801", "phone": "801", "s": "off"})
    inventory = {"numbers": [entry(FIRST, "801"), entry(SECOND, "801")]}
    snapshot, _context = await observe(settings(inventory))
    assert list(snapshot.unlisted_bindings) == ["801"]


async def test_phones_of_the_inventory_are_unknown_where_the_api_lists_none(api):
    settings, _listed, _phones = api
    snapshot, context = await observe(
        settings({"numbers": [entry(FIRST, "801")]}, reachability=False)
    )
    assert snapshot.bindings[FIRST] == (Binding("801", ""),)
    assert diagnose_number(FIRST, context).cause == Cause.UNKNOWN


async def test_static_numbers_exist_and_nothing_more_is_known_of_them(tmp_path):
    inventory = {"numbers": [entry(FIRST, "801", company="示例公司"), entry(SECOND)]}
    account = {"id": "hq", "grade": "A", "inventory": inventory}
    settings = written(tmp_path, {"name": "plain", "profile": "static", "accounts": [account]})
    snapshot, context = await observe(settings)
    assert set(snapshot.polls) == {Capability.NUMBERS, Capability.REACHABILITY}
    assert [it.state for it in snapshot.listing.numbers] == [NumberState.UNKNOWN] * 2
    assert {it.grade for it in snapshot.listing.numbers} == {Grade.A}
    assert SECOND not in snapshot.bindings, "no phone listed is not no phone bound"
    for number in (FIRST, SECOND):
        verdict = diagnose_number(number, context)
        assert verdict.cause == Cause.UNKNOWN
    (result,) = context.accounts.values()
    assert result.is_up(FIRST) is None


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ({"profile": "static"}, r"config\.yaml:\d+: .*inventory: is missing, static knows numbers"),
        ({"profile": "static", "base_url": "http://x"}, "base_url: is of no use"),
        ({"profile": "kamailio"}, "base_url: is missing, kamailio needs one"),
        (
            {"profile": "kamailio", "options": {"dump_from": "many"}},
            "a whole number from 1",
        ),
        (
            {"profile": "kamailio", "options": {"domain": "x"}},
            "domain: is not an option",
        ),
        ({"profile": "kamailio", "credentials": {"user": "a"}}, "password is missing, kamailio"),
        (
            {"profile": "kamailio", "credentials": {"key": "a"}},
            "key: is not a credential",
        ),
        ({"profile": "kamailio", "phones": False}, "has no phone with extension, kamailio reads"),
        ({"profile": "asterisk"}, "user: credential user is missing, asterisk needs it"),
        (
            {"profile": "asterisk", "options": {"device_states": "maybe"}},
            "expected yes or no",
        ),
        ({"profile": "kamilio"}, "did you mean kamailio"),
    ],
)
def test_what_run_needs_check_config_checks_with_the_remedy(tmp_path, provider, words):
    account = {"id": "hq"}
    if provider["profile"] != "static":
        extensions = ("801",) if provider.pop("phones", True) else ()
        account["inventory"] = {"numbers": [entry(FIRST, *extensions)]}
    if "credentials" in provider:
        account["credentials"] = provider.pop("credentials")
    with pytest.raises(ConfigError, match=words):
        written(tmp_path, {"name": "north", **provider, "accounts": [account]})
