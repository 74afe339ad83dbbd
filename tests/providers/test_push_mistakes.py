"""What is wrong with a profile's pushes, and with an account's, is said with line and remedy."""

from pathlib import Path

import pytest

from agent.config.load import ConfigError
from agent.config.settings import Settings
from agent.providers.profile.load import read_profile
from agent.providers.registry import problems

PROFILE = """\
name: example
title: Example
base_url: https://api.example.com
credentials: [key]
numbers:
  path: /numbers
  fields: {number: number, state: {const: unknown}}
pushes:
  auth:
    header: X-Sign
    timestamp: {header: X-Time}
    digests:
      - {name: sign, key: "{secret}", message: "{timestamp}{body}"}
    expected: "{sign}"
  kinds:
    numbers:
      when: {event: NUMBER}
      fields:
        number: num
        state: {path: status, values: {"1": active}}
    hangup:
      fact: calls
      fields: {id: id, number: num, started_at: begin, result: {const: unknown}}
    phones:
      fact: reachability
      fields: {number: num, phone: tel, state: {const: unknown}}
"""

MISTAKES = [
    (
        "header: X-Sign",
        "header: X-Sign\n    query: sign",
        "9: pushes.auth: does not say where it is",
    ),
    ('key: "{secret}", ', "", "expected: proves nothing, as nobody needs the account's secret"),
    ("{timestamp}{body}", "{body}", "11: pushes.auth.timestamp: is not covered by a digest"),
    ("{timestamp}{body}", "{timestamp}{bode}", "digests[0].message: has {bode}, expected one of"),
    ("fact: calls", "skip: {a: b}", "21: pushes.kinds.hangup: does not say what its records are"),
    (
        "fact: calls",
        "fact: balance",
        "22: pushes.kinds.hangup.fact: is not one of the known values",
    ),
    (
        "number: num\n",
        "numbr: num\n",
        "19: pushes.kinds.numbers.fields.numbr: is not a known field",
    ),
    ("phone: tel, ", "", "fields: has neither id nor phone, expected one of them"),
    ('{"1": active}', '{"1": activ}', "pushes.kinds.numbers.fields.state"),
    ("{event: NUMBER}", "{event: {}}", "when.event: says nothing, expected one of"),
]


def errors_of(folder: Path, text: str) -> list[str]:
    file = folder / "example.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_profile(file)
    except ConfigError as caught:
        return [str(error) for error in caught.errors]
    return []


def test_the_profile_without_mistakes_loads(tmp_path: Path) -> None:
    assert errors_of(tmp_path, PROFILE) == []


@pytest.mark.parametrize(("good", "bad", "error"), MISTAKES)
def test_each_mistake_has_its_place_and_remedy(
    tmp_path: Path, good: str, bad: str, error: str
) -> None:
    assert good in PROFILE
    found = errors_of(tmp_path, PROFILE.replace(good, bad, 1))
    assert any(error in each for each in found), found


@pytest.mark.parametrize(
    ("profile", "pushes", "expected"),
    [
        ("generic", {"secret": "a-secret-of-the-pushes"}, []),
        ("twilio", {"secret": "a-secret-of-the-pushes"}, ["pushes: is of no use"]),
        ("generic", {"max_silence": "1d"}, ["pushes.secret: is missing, so the hook is closed"]),
    ],
)
def test_an_account_is_told_what_its_pushes_lack(
    profile: str, pushes: dict[str, str], expected: list[str]
) -> None:
    credentials = dict.fromkeys(("key", "secret", "sid", "token"), "x" * 34)
    account = {"id": "hq", "credentials": credentials, "pushes": pushes}
    provider = {"name": "north", "profile": profile, "accounts": [account]}
    provider |= {"base_url": "https://api.example.com"}
    found = [
        f"{'.'.join(map(str, it.path))}: {it.text}"
        for it in problems(Settings.model_validate({"providers": [provider]}))
    ]
    assert len(found) == len(expected), found
    assert all(text in each for text, each in zip(expected, found, strict=True))
