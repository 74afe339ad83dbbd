"""Errors name record, field, shape and keys; words that are not mapped are shown by ``poll``."""

import json

import pytest
import yaml
from aiohttp import web

from agent.cli.judgement import NOT_JUDGED
from agent.cli.observation import poll_once
from agent.cli.poll import document
from agent.cli.poll_report import lines
from agent.cli.words import Words
from agent.config.load import load
from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving

PHONE = "13812345678"
PROFILE = {
    "name": "plain",
    "title": "Plain",
    "numbers": {
        "path": "/numbers",
        "records": "data.items",
        "fields": {
            "number": "tel",
            "state": {"path": "info.status", "values": {"on": "active"}},
            "contract_end": "end",
        },
    },
    "balance": {
        "path": "/balance",
        "records": "data",
        "fields": {"amount": "money", "currency": {"const": "CNY"}},
    },
}


def described(tmp_path):
    file = tmp_path / "plain.yaml"
    file.write_text(yaml.safe_dump(PROFILE))
    return str(file)


def answering(body):
    async def handler(_request):
        return web.json_response(body)

    return handler


async def failure(bench, tmp_path, body, read="numbers"):
    async with serving(answering(body)) as server:
        provider = bench.provider(server.url, described(tmp_path), {"key": "demo-key"})
        with pytest.raises(ProviderError) as caught:
            await getattr(provider, read)()
    assert caught.value.kind is PollFailure.SCHEMA
    return caught.value.detail


def record(**changes):
    return {"tel": "4006220001", "info": {"status": "on"}, "end": None, **changes}


MISFITS = [
    (
        {"data": {"items": [{"telephone": PHONE, "info": {}}]}},
        "record 0: number is missing at tel; keys there: info, telephone",
    ),
    (
        {"data": {"items": [record(info={"state": "on", PHONE: 1})] * 2}},
        "record 0: state is missing at info.status; keys there: 138****5678, state",
    ),
    (
        {"data": {"items": [record(tel=4006220001)]}},
        "record 0: number is a number at tel, expected a telephone number",
    ),
    (
        {"data": {"items": [record(end=PHONE)]}},
        "record 0: contract_end is a text of 11 characters at end, expected a day or time",
    ),
    ({"data": {"items": ["x"]}}, "record 0: is a text of 1 characters, expected an object"),
    ({"data": {"rows": []}}, "no records at data.items; keys there: rows"),
    ({"data": [], "code": 1}, "no records at data.items; keys there: none"),
]


@pytest.mark.parametrize(("body", "text"), MISFITS)
async def test_the_error_names_record_field_shape_and_keys(bench, tmp_path, body, text):
    detail = await failure(bench, tmp_path, body)
    assert text in detail
    assert PHONE not in detail


async def test_a_single_record_says_what_is_missing(bench, tmp_path):
    detail = await failure(bench, tmp_path, {"data": {"cash": 5}}, "balance")
    assert "record 0: amount is missing at money; keys there: cash" in detail


async def test_the_texts_are_bounded(bench, tmp_path):
    many = {f"key-{index:05}-{'x' * 500}": 1 for index in range(200)}
    detail = await failure(bench, tmp_path, {"data": {"items": [many] * 50}})
    assert len(detail) < 1500


async def test_poll_shows_words_that_are_not_mapped(tmp_path, aiohttp_server):
    words = ["paused"] * 3 + ["on", PHONE] + [f"w{index}" for index in range(500)]
    items = [
        record(tel=f"400622{index:04}", info={"status": word}) for index, word in enumerate(words)
    ]
    app = web.Application()
    app.router.add_get("/numbers", answering({"data": {"items": items}}))
    app.router.add_get("/balance", answering({"data": {"money": 5}}))
    server = await aiohttp_server(app)
    described(tmp_path)
    provider = {
        "name": "north",
        "profile": "plain.yaml",
        "base_url": str(server.make_url("")),
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [{"id": "hq"}],
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"providers": [provider]}))
    report = await poll_once(load(config))
    shown = document(report)["accounts"][0]["unmapped_words"]
    assert shown[0] == {"field": "numbers.state", "word": "paused", "count": 3}
    assert {"field": "numbers.state", "word": "138****5678", "count": 1} in shown
    assert len(shown) <= 32
    assert sum(entry["count"] for entry in shown) == 504
    assert PHONE not in json.dumps(shown)
    text = "\n".join(line.plain for line in lines(report, NOT_JUDGED, Words("en"), 160))
    assert "numbers.state: the profile does not map paused (3 times)" in text
