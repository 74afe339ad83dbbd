"""Routing that one listing tells of all numbers is matched to them, never guessed."""

from urllib.parse import urlsplit

import pytest
import yaml
from aiohttp import web

from agent.config.load import ConfigError
from agent.providers.profile.load import load_profile
from agent.states import Capability, Strategy
from tests.net.http_bench import serving

FIRST, SECOND, THIRD = "4006220001", "4006220002", "4006220003"
NUMBERS = {"path": "/numbers", "records": "items", "fields": {"number": "n", "state": "s"}}
ROUTES = [
    {"n": SECOND, "strategy": "random"},
    {"n": FIRST, "strategy": "sequential"},
]


def profile(tmp_path, **operations):
    file = tmp_path / "routes.yaml"
    document = {"name": "routes", "title": "Routes", "numbers": NUMBERS, **operations}
    file.write_text(yaml.safe_dump(document))
    return str(file)


def routing(path="/routes", **fields):
    return {"path": path, "records": "items", "fields": {"strategy": "strategy", **fields}}


def answering(items):
    async def handler(request):
        asked = urlsplit(str(request.url)).query.removeprefix("n=")
        return web.json_response({"items": items(asked)})

    return handler


async def test_one_listing_serves_all_numbers(bench, tmp_path):
    async with serving(answering(lambda _: ROUTES)) as server:
        provider = bench.provider(server.url, profile(tmp_path, routing=routing(number="n")))
        found = await provider.routing([FIRST, SECOND, THIRD])
    assert Capability.ROUTING not in provider.fan_out
    assert len(server.requests) == 1
    assert {number: it.strategy for number, it in found.items()} == {
        FIRST: Strategy.SEQUENTIAL,
        SECOND: Strategy.RANDOM,
    }


def test_a_listing_without_the_number_is_refused_with_line_and_remedy(tmp_path):
    words = r"routes.yaml:\d+: routing.fields: has no number.*\{number\}"
    with pytest.raises(ConfigError, match=words):
        load_profile(profile(tmp_path, routing=routing()))


async def test_a_filter_that_the_provider_ignores_gives_no_number_the_record_of_another(
    bench, tmp_path
):
    described = {**routing("/routes", number="n"), "query": {"n": "{number}"}}
    async with serving(answering(lambda _: ROUTES)) as server:
        provider = bench.provider(server.url, profile(tmp_path, routing=described))
        found = await provider.routing([FIRST, SECOND, THIRD])
    assert {number: it.strategy for number, it in found.items()} == {
        FIRST: Strategy.SEQUENTIAL,
        SECOND: Strategy.RANDOM,
    }


async def test_several_records_that_name_no_number_are_no_answer_about_one(bench, tmp_path):
    described = {**routing("/routes"), "query": {"n": "{number}"}}
    async with serving(answering(lambda _: ROUTES)) as server:
        provider = bench.provider(server.url, profile(tmp_path, routing=described))
        with pytest.raises(Exception, match=r"2 records .* expected one, or number: PATH"):
            await provider.routing([FIRST])


async def test_phones_read_per_number_may_leave_the_number_out_and_never_mix(bench, tmp_path):
    fields = {"id": "id", "phone": "phone", "state": "state"}
    query = {"n": "{number}"}
    phones = {"path": "/phones", "query": query, "records": "items", "fields": fields}

    def bound(asked):
        return [{"n": asked, "id": f"b{asked[-1]}", "phone": "13800000001", "state": "ok"}]

    async with serving(answering(bound)) as server:
        provider = bench.provider(server.url, profile(tmp_path, reachability=phones))
        found = await provider.reachability([FIRST, SECOND])
    assert [it.id for it in found[FIRST]] == ["b1"]
    assert [it.id for it in found[SECOND]] == ["b2"]

    everything = [*bound(FIRST), *bound(SECOND)]
    named = {**phones, "fields": {**fields, "number": "n"}}
    async with serving(answering(lambda _: everything)) as server:
        provider = bench.provider(server.url, profile(tmp_path, reachability=named))
        found = await provider.reachability([FIRST, SECOND])
    assert [it.id for it in found[FIRST]] == ["b1"]
    assert [it.id for it in found[SECOND]] == ["b2"]
