"""Whatever ``run`` needs of a profile, ``check-config`` checks: with the line and the remedy."""

import json

import pytest
from typer.testing import CliRunner

from agent.cli.main import app
from agent.config.load import ConfigError
from agent.providers.profile.load import read_profile
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import TARGETS, target_per_number
from agent.states import Capability

PROFILE = """\
name: example
title: Example
base_url: https://api.example.com
credentials: [key]
signing:
  headers: {X-Key: "{key}"}
numbers:
  path: /numbers
  paging: {kind: page, total: total}
  records: items
  fields:
    number: number
    state: {path: status, values: {"1": active, "0": suspended_requested}}
    contract_end: {path: end, zone: "+08:00"}
    realname_ok: {path: realname, values: {yes: "true", no: "false"}}
balance:
  path: /balance
  fields:
    amount: {path: money, scale: "0.01"}
    currency: {const: CNY}
"""


def errors_of(tmp_path, text):
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_profile(file)
    except ConfigError as caught:
        return [str(error).removeprefix(f"{tmp_path}/") for error in caught.errors]
    return []


def test_the_profile_without_mistakes_loads(tmp_path):
    assert errors_of(tmp_path, PROFILE) == []


MISTAKES = [
    ("{const: CNY}", "{const: euro}", "20: balance.fields.currency.const: does not fit, got euro;"),
    ("{const: CNY}", "{const: CNY, path: c}", "20: balance.fields.currency.const: does not go wi"),
    (
        '{path: end, zone: "+08:00"}',
        "{const: tomorrow}",
        "14: numbers.fields.contract_end.const: does not fit, got tomorrow; expected a day or time",
    ),
    (
        'yes: "true"',
        'yes: "genuine"',
        "15: numbers.fields.realname_ok.values.yes: does not fit, got genuine; expected true or f",
    ),
    (
        "{path: realname, values:",
        "{path: realname, default: maybe, values:",
        "15: numbers.fields.realname_ok.default: does not fit, got maybe; expected true or false",
    ),
    ('"0.01"', '"NaN"', "19: balance.fields.amount.scale: is no factor, expected 0.01"),
    ("path: end,", "path: end..date,", "14: numbers.fields.contract_end.path: is no path, expec"),
    ("records: items", "records: $.items", "10: numbers.records: is no path, expected keys with"),
    ("records: items", "records: items[]", "10: numbers.records: is no path, expected keys with"),
    (
        "kind: page, total: total",
        "kind: token, next: next",
        "9: numbers.paging: does not say which parameter takes the token, expected param: NAME",
    ),
    (
        "kind: page, total: total",
        "kind: offset",
        "9: numbers.paging: does not say which parameter takes the offset, expected param: NAME",
    ),
    (
        "kind: page, total: total",
        "kind: page, next: next",
        "9: numbers.paging.next: does not go with kind page, expected kind: next or token",
    ),
    (
        "records: items",
        "skip_without: company",
        "10: numbers.skip_without: is not mapped, so every record would be left out; expected it",
    ),
    ("{path: status,", "{path: status, convert: text,", "13: numbers.fields.state.convert: has no"),
    (
        "{path: end,",
        "{path: end, default: never,",
        "14: numbers.fields.contract_end.default: is for words that are not listed, expected val",
    ),
    ("https://api", "ftp://api", "3: base_url: "),
    (
        "signing:",
        "envelope: {code: code}\nsigning:",
        "5: envelope: takes every answer for an error, expected ok: [CODE] or absent_is_ok: true",
    ),
]


@pytest.mark.parametrize(("good", "bad", "error"), MISTAKES)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, error):
    text = PROFILE.replace(good, bad, 1)
    assert text != PROFILE
    errors = errors_of(tmp_path, text)
    assert [it for it in errors if it.startswith(f"example.yaml:{error}")], errors
    assert len(errors) == 1, errors


def test_mistakes_of_types_do_not_hide_the_others(tmp_path):
    text = PROFILE.replace("records: items", "recrods: items")
    text = text.replace("const: CNY", "const: euro").replace('"1": active', '"1": working')
    text = text.replace("title: Example\n", "")
    lines = [error.split(":")[1:3] for error in errors_of(tmp_path, text)]
    assert [(line, key.strip()) for line, key in lines] == [
        ("1", "title"),
        ("9", "numbers.recrods"),
        ("12", "numbers.fields.state.values.1"),
        ("19", "balance.fields.currency.const"),
    ]


def test_a_broken_type_has_no_consequences_that_are_reported(tmp_path):
    text = PROFILE.replace("credentials: [key]", "credentials: key")
    text = text.replace("    number: number\n", "    number: [number]\n")
    assert [error.split(":")[2].strip() for error in errors_of(tmp_path, text)] == [
        "credentials",
        "numbers.fields.number",
    ]


def test_words_of_ours_have_the_type_of_their_field():
    operation = Operation.model_validate(
        {
            "path": "/x",
            "fields": {
                "whitelist_enabled": {"path": "w", "values": {"on": "true", "off": "false"}},
                "voicemail": {"const": "true"},
                "concurrency_limit": {"path": "c", "values": {"small": "5"}},
                "recording": {"path": "r", "present": "false"},
            },
        }
    )
    target = target_per_number(TARGETS[Capability.ROUTING], operation.fields)
    mapper = RecordMapper(target, operation)
    ((_number, routing),) = mapper.map_page([{"w": "off", "c": "small", "r": "x"}]).facts
    assert routing.whitelist_enabled is False
    assert routing.voicemail is True
    assert routing.concurrency_limit == 5
    assert routing.recording is False


CONFIG = """\
data_dir: data
providers:
  - {name: one, profile: ./one.yaml, accounts: [{id: hq, credentials: {key: abcdef}}]}
  - {name: two, profile: ./two.yaml, accounts: [{id: hq, credentials: {key: abcdef}}]}
"""


@pytest.mark.parametrize("mistake", ["", "polling: {interval: soon}\n"])
def test_check_config_shows_every_profile_even_beside_mistakes_of_its_own(tmp_path, mistake):
    (tmp_path / "one.yaml").write_text(PROFILE.replace("CNY", "euro"))
    (tmp_path / "two.yaml").write_text(PROFILE.replace("records: items", "records: $.items"))
    (tmp_path / "config.yaml").write_text(CONFIG + mistake)
    result = CliRunner().invoke(app, ["check-config", str(tmp_path / "config.yaml")])
    assert result.exit_code == 1
    assert "one.yaml:20: balance.fields.currency.const" in result.output
    assert "two.yaml:10: numbers.records" in result.output
    assert ("polling.interval" in result.output) == bool(mistake)


def test_the_schema_takes_words_of_ours_as_json_has_them():
    rule = {"path": "w", "values": {"on": True}, "default": False}
    operation = Operation.model_validate({"path": "/x", "fields": {"voicemail": rule}})
    assert json.loads(operation.model_dump_json())["fields"]["voicemail"]["default"] == "false"
