"""Names and passwords' hashes of the users of the web application."""

import re
from collections.abc import Iterator

from agent.config.secret import Secret, visible_length
from agent.yamlfile.paths import KeyPath, one_line, select
from agent.yamlfile.problems import Problem

_HASH = re.compile(r"\$2[abxy]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_CHEAPEST, _DEAREST = 4, 14
"""Costs of a bcrypt hash: each further one doubles the time, and 14 takes about a second."""
_NAME = re.compile(r"[^\x00-\x1f\x7f:]{1,128}")
EXPECTED_HASH = "a bcrypt hash such as htpasswd -nBC 10 NAME prints"
_EXPECTED_NAME = "1 to 128 characters without a colon"


def basic_auth_problems(users: dict[KeyPath, object]) -> Iterator[Problem]:
    """What is wrong with users by name, ``name: hash``."""
    for path, value in users.items():
        if not _NAME.fullmatch(str(path[-1])):
            yield Problem(path, f"is no user name, expected {_EXPECTED_NAME}")
        yield from _hash_problems(path, value)


def named_user_problems(data: object, viewers: set[str]) -> Iterator[Problem]:
    """What is wrong with ``web.users``, where ``viewers`` are users of another place."""
    seen = set(viewers)
    for path, name in select(data, "web", "users", "*", "name"):
        if not isinstance(name, str):
            continue
        if not _NAME.fullmatch(name):
            yield Problem(path, f"is no user name, expected {_EXPECTED_NAME}")
        elif name in seen:
            yield Problem(path, f"is a user already, got {one_line(name)}; expected another")
        seen.add(name)
    for path, value in select(data, "web", "users", "*", "password_hash"):
        if is_visible(value):
            yield from _hash_problems(path, value)


def is_visible(value: object) -> bool:
    """Whether ``value`` is no blank text: a blank secret is refused as every blank secret is."""
    return not isinstance(value, str) or visible_length(value) > 0


def _hash_problems(path: KeyPath, value: object) -> Iterator[Problem]:
    text = value.reveal() if isinstance(value, Secret) else value
    match = _HASH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        yield Problem(path, f"is not a password's hash, expected {EXPECTED_HASH}")
    elif not _CHEAPEST <= int(match["cost"]) <= _DEAREST:
        yield Problem(path, f"has a cost outside {_CHEAPEST} to {_DEAREST}, expected 10")
