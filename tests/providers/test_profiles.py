"""Profiles: the bundled ones load, broken ones report every mistake with its line."""

import pytest

from agent.config.load import ConfigError
from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.providers.profile.load import load_profile, profile_names, read_profile
from agent.providers.registry import build, problems
from agent.states import Capability

GOOD = """\
name: example
title: Example
base_url: https://api.example.com
credentials: [key]
signing:
  headers: {X-Key: "{key}"}
numbers:
  path: /numbers
  records: items
  fields:
    number: number
    state: {path: status, values: {"1": active, "0": suspended_requested}}
"""


def errors_of(tmp_path, text):
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_profile(file)
    return [str(error).removeprefix(f"{tmp_path}/") for error in caught.value.errors]


@pytest.mark.parametrize("name", profile_names())
def test_bundled_profiles_load_and_are_frozen(name):
    profile = load_profile(name)
    assert profile.name == name
    with pytest.raises(ValueError, match="frozen"):
        profile.title = "other"


def test_the_bundled_profiles():
    assert {"generic", "twilio"} <= set(profile_names())


def test_a_file_is_one_profile_for_all_accounts_until_it_is_another(tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(GOOD, encoding="utf-8")
    first = load_profile(str(file))
    assert load_profile(str(file)) is first
    file.write_text(GOOD.replace("title: Example", "title: Another"), encoding="utf-8")
    assert load_profile(str(file)).title == "Another"


def test_a_profile_of_ones_own(tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_profile(str(file)).numbers.fields["number"].path == "number"


CHANGES = [
    (
        ("path: /numbers", "path: /numbers\n  method: POST"),
        "example.yaml:9: numbers.method: may change something, expected GET, or read: true",
    ),
    (
        ("path: /numbers", "path: /numbers\n  method: DELETE"),
        (
            "example.yaml:9: numbers.method: is not one of the known values, got DELETE; "
            "expected one of GET, POST"
        ),
    ),
    (
        ('"1": active', '"1": working'),
        "example.yaml:12: numbers.fields.state.values.1: is none of ours, expected one of idle,",
    ),
    (
        ("number: number\n", "numbr: number\n"),
        "example.yaml:11: numbers.fields.numbr: is not a known field, expected one of number,",
    ),
    (
        ("records: items", "recrods: items"),
        "example.yaml:9: numbers.recrods: is not a known key, did you mean records?",
    ),
    (
        ('"{key}"', '"{secret}"'),
        "example.yaml:6: signing.headers.X-Key: has {secret}, expected one of body, date,",
    ),
    (
        ("path: /numbers", "path: /{number}/x"),
        "example.yaml:8: numbers.path: has {number}, expected one of key",
    ),
    (("path: /numbers", "path: numbers"), "example.yaml:8: numbers.path: does not start with"),
    (
        ("records: items", "paging: {kind: next}"),
        "example.yaml:9: numbers.paging: does not say where the next page is, expected next: PATH",
    ),
    (
        ("path: status,", "path: status, default: active,"),
        "example.yaml:12: numbers.fields.state.default: hides what is not known, expected unknown",
    ),
    (
        ("number: number\n", "number: {convert: digits, path: n}\n"),
        "example.yaml:11: numbers.fields.number.convert: is no converter, expected one of amount,",
    ),
    (
        ("number: number\n", "number: {convert: number}\n"),
        "example.yaml:11: numbers.fields.number: says nothing, expected path, first_of or const",
    ),
    (
        ("number: number\n", "number: {path: n, zone: Beijing}\n"),
        "example.yaml:11: numbers.fields.number.zone: is no offset, expected +08:00",
    ),
    (("title: Example\n", ""), "example.yaml:1: title: is missing, expected text"),
    (("path: /numbers", "path: /numbers\n  body: {a: b}"), "example.yaml:9: numbers.body: does"),
    (
        ("credentials: [key]", "credentials: key"),
        "example.yaml:4: credentials: is text, expected a list",
    ),
    (
        ('X-Key: "{key}"', "X-Key: 12345"),
        "example.yaml:6: signing.headers.X-Key: is a number, expected text, digits in quotes",
    ),
    (("title: Example", "title: [x"), "example.yaml:3: "),
]


@pytest.mark.parametrize(("change", "error"), CHANGES)
def test_each_mistake_is_reported_with_its_line(tmp_path, change, error):
    text = GOOD.replace(*change)
    assert text != GOOD
    found = errors_of(tmp_path, text)
    assert any(it.startswith(error) for it in found), found


def test_all_mistakes_are_reported_at_once(tmp_path):
    text = GOOD.replace("path: /numbers", "path: numbers").replace('"1": active', '"1": x')
    text = text.replace('"{key}"', '"{kay}"')
    assert [it.split(":")[1] for it in errors_of(tmp_path, text)] == ["6", "8", "12"]


def test_a_post_that_reads_is_allowed(tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(GOOD.replace("path: /numbers", "path: /n\n  method: POST\n  read: true"))
    assert read_profile(file).numbers.method == "POST"


def test_no_such_profile(tmp_path):
    with pytest.raises(
        ConfigError, match=f"no such profile, expected one of {', '.join(profile_names())}"
    ):
        load_profile("genric")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_profile(str(tmp_path / "none.yaml"))


def provider(profile="generic", base_url="http://x.example", credentials=None, options=None):
    credentials = (
        {"key": Secret("k"), "secret": Secret("s")} if credentials is None else credentials
    )
    return ProviderSettings(
        name="north",
        profile=profile,
        base_url=base_url,
        options=options or {},
        accounts=[Account(id="hq", credentials=credentials)],
    )


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        (provider(base_url=None), ("base_url",), "is missing"),
        (provider(credentials={"key": Secret("k")}), ("accounts", 0, "credentials", "secret"), ""),
        (provider(profile="nothing"), ("profile",), "no such profile"),
        (provider(options={"x": "y"}), ("options", "x"), "is not an option"),
    ],
)
def test_what_a_configuration_lacks_for_its_profiles(settings, path, words):
    (problem,) = problems(Settings(providers=[settings]))
    assert problem.path == ("providers", 0, *path)
    assert words in problem.text


def test_nothing_is_built_without_what_it_needs():
    async def fetch(_request):
        raise AssertionError

    lacking = provider(credentials={})
    with pytest.raises(ValueError, match="credential key is missing"):
        build(lacking, lacking.accounts[0], fetch, Polling())
    twilio = provider("twilio", None, {"sid": Secret("AC"), "token": Secret("t")})
    made = build(twilio, twilio.accounts[0], fetch, Polling())
    assert made.capabilities == set(Capability) - {Capability.ROUTING}
    assert made.fan_out == frozenset()
