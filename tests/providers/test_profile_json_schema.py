"""The published schema takes what loads and refuses what does not; it is in ``config schema``."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema_rs import Draft202012Validator

from agent.config.load import ConfigError
from agent.providers.profile.converters import CONVERTERS
from agent.providers.profile.field_schema import Condition, FieldRule, RecordList
from agent.providers.profile.filters import FILTERS
from agent.providers.profile.json_schema import profile_schema, schema_with_profiles
from agent.providers.profile.load import BUNDLED, profile_names, read_profile
from agent.providers.profile.schema import MergedOperation, Operation
from agent.providers.signing.named.table import NAMED_SIGNERS

PAGE = (Path(__file__).parents[2] / "docs/profiles.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(name: .*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("name", profile_names())
def test_the_bundled_profiles_are_valid(name):
    tree = yaml.safe_load((BUNDLED / f"{name}.yaml").read_text(encoding="utf-8"))
    # Keys such as 1 and true are texts in JSON, which an editor checks.
    tree = json.loads(json.dumps(tree))
    assert Draft202012Validator(profile_schema()).is_valid(tree)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split()[1])
def test_the_worked_examples_of_the_page_load_and_are_valid(tmp_path, text):
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    assert read_profile(file).numbers is not None
    assert Draft202012Validator(profile_schema()).is_valid(yaml.safe_load(text))


def test_the_template_of_the_page_loads(tmp_path):
    (section,) = re.findall(r"```yaml\n(signing:.*?)```", PAGE, re.DOTALL)
    text = (
        "name: x\ntitle: X\ncredentials: [account, secret]\n"
        f"{section}numbers: {{path: /n, fields: {{number: n, state: {{const: active}}}}}}\n"
    )
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    assert read_profile(file).signing.digests


def test_every_filter_and_signer_is_on_the_page():
    for name in (*FILTERS, *NAMED_SIGNERS):
        assert f"`{name}`" in PAGE


def test_every_key_and_converter_of_answers_is_on_the_page():
    keys = [
        key
        for section in (RecordList, FieldRule, Condition, MergedOperation)
        for key in section.model_fields
    ]
    own = set(keys) - set(Operation.model_fields)
    for name in (*own, "merge", *CONVERTERS):
        assert f"`{name}`" in PAGE or f"`{name}:" in PAGE, name


def test_there_is_an_example_of_each():
    assert any("signer:" in text for text in EXAMPLES)
    assert any("\nlogin:" in text for text in EXAMPLES)


@pytest.mark.parametrize(
    ("former", "new"),
    [("signer: tc3", "signer: tc4"), ("service:", "servce:"), ("title:", "titel:")],
)
def test_what_does_not_load_is_invalid(tmp_path, former, new):
    text = next(text for text in EXAMPLES if former in text).replace(former, new)
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        read_profile(file)
    assert not Draft202012Validator(profile_schema()).is_valid(yaml.safe_load(text))


def test_the_schema_of_the_configuration_holds_that_of_profiles():
    schema = schema_with_profiles()
    Draft202012Validator(schema)
    profile = schema["$defs"]["Profile"]
    signing = profile["$defs"]["Signing"]["properties"]
    assert "acs3" in json.dumps(signing["signer"])
    assert profile["properties"]["login"]


def test_what_is_requested_has_its_place_in_the_schema():
    text = """\
name: example
title: Example
base_url: https://api.{region}.example.com
options: {region: north}
rate_limit: {requests: 3, per: 1s}
numbers:
  path: /query
  base_url: https://numbers.example.com
  method: POST
  read: true
  body: {jsonrpc: "2.0", params: [location, 1, {deep: true}], id: 1}
  paging: {kind: token, param: Page.Cursor, next: next, more: more, first_token: "*", max_pages: 9}
  fields: {number: number, state: {const: active}}
phones:
  path: /phones
  fields: {number: number, id: tel, phone: tel}
reachability:
  path: /status/{phone}
  cost: 0.05
  every: 6h
  only_mobiles: true
  absent_state: unregistered
  fields: {state: state}
calls:
  path: /calls
  query: {to: "{until_formatted}"}
  window: {span: 31d, zone: "+08:00", format: "%Y%m%d"}
  fields: {id: id, number: number, started_at: at, result: result}
"""
    document = yaml.safe_load(text)
    validator = Draft202012Validator(profile_schema())
    assert list(validator.iter_errors(document)) == []
    document["calls"]["window"] = "31d"
    assert list(validator.iter_errors(document)) == []
    document["numbers"]["body"] = "text"
    document["reachability"]["absent_state"] = "gone"
    assert len(list(validator.iter_errors(document))) == 2
