"""Users with passwords: ``web.users``, ``web.basic_auth_users`` and ``web.config_file``.

The file is a ``web.config.yml`` of Prometheus' exporter-toolkit. Of its keys only
``basic_auth_users`` is supported; every other one is refused by name, since whoever wrote it
relies on what it does.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from agent.config.secret import Secret, visible_length
from agent.config.unvalidated import UnvalidatedConfig
from agent.config.web import Web
from agent.yamlfile.paths import KeyPath, key_text, one_line, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.reader import Document, Format, read_yaml

_USERS = "basic_auth_users"
_FORMAT = Format(max_bytes=256 * 1024, when_empty=f"is empty, expected {_USERS}")
_HASH = re.compile(r"\$2[abxy]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_CHEAPEST, _DEAREST = 4, 14
"""Costs of a bcrypt hash: each further one doubles the time, and 14 takes about a second."""
_NAME = re.compile(r"[^\x00-\x1f\x7f:]{1,128}")
_EXPECTED_HASH = "a bcrypt hash such as htpasswd -nBC 10 NAME prints"
_EXPECTED_NAME = "1 to 128 characters without a colon"
_PROXY = f"is not supported, expected only {_USERS}"
_UNSUPPORTED = {
    "tls_server_config": f"{_PROXY}; let a reverse proxy in front of the agent serve TLS",
    "http_server_config": f"{_PROXY}; let a reverse proxy in front of the agent set it",
    "rate_limit": f"{_PROXY}; let a reverse proxy in front of the agent limit rates",
}


def users_have_passwords(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every user has a name of their own and a bcrypt hash, and ``web.config_file`` can be read."""
    users = dict(select(config.data, "web", _USERS, "*"))
    # Blank ones are refused as every blank secret is.
    yield from _user_problems({path: it for path, it in users.items() if _is_visible(it)})
    yield from _named_user_problems(config.data, {str(path[-1]) for path in users})
    for path, name in select(config.data, "web", "config_file"):
        if not isinstance(name, str):
            continue
        document = _read(config.folder / name)
        problems = (*document.problems, *_file_problems(document), *_repeated(config, document))
        for problem in problems:
            line = problem.line or document.lines.get(problem.path, 1)
            key = f"{key_text(problem.path)}: " if problem.path else ""
            yield Problem(path, f"{one_line(name)}:{line}: {key}{problem.text}")
        if users:
            yield Problem(path, f"is given besides {_USERS}, expected one of the two")


def with_users_of_file(web: Web, folder: Path) -> Web:
    """``web`` with the users of its ``config_file``, which is made absolute from ``folder``."""
    if web.config_file is None:
        return web
    path = folder / web.config_file
    pairs = select(_read(path).data, _USERS, "*")
    users = {str(at[-1]): Secret(text) for at, text in pairs if isinstance(text, str)}
    return web.model_copy(update={"config_file": str(path), _USERS: users})


def _read(path: Path) -> Document:
    return read_yaml(path, _FORMAT, "a web.config.yml")


def _file_problems(document: Document) -> Iterator[Problem]:
    if document.data is None:
        return
    if not isinstance(document.data, dict):
        yield Problem((), f"is not a mapping, expected {_USERS}")
        return
    for name in document.data:
        if name != _USERS:
            yield Problem((name,), _UNSUPPORTED.get(name, f"is not known, expected {_USERS}"))
    if not isinstance(document.data.get(_USERS, {}), dict):
        yield Problem((_USERS,), f"is not a mapping, expected names and {_EXPECTED_HASH}")
    yield from _user_problems(dict(select(document.data, _USERS, "*")))


def _is_visible(value: object) -> bool:
    return not isinstance(value, str) or visible_length(value) > 0


def _repeated(config: UnvalidatedConfig, document: Document) -> Iterator[Problem]:
    """Users of the file who are users with a role as well."""
    named = {name for _path, name in select(config.data, "web", "users", "*", "name")}
    for path, _value in select(document.data, _USERS, "*"):
        if path[-1] in named:
            yield Problem(path, "is a user of web.users as well, expected it in one of the two")


def _named_user_problems(data: object, viewers: set[str]) -> Iterator[Problem]:
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
        if _is_visible(value):
            yield from _hash_problems(path, value)


def _user_problems(users: dict[KeyPath, object]) -> Iterator[Problem]:
    for path, value in users.items():
        if not _NAME.fullmatch(str(path[-1])):
            yield Problem(path, f"is no user name, expected {_EXPECTED_NAME}")
        yield from _hash_problems(path, value)


def _hash_problems(path: KeyPath, value: object) -> Iterator[Problem]:
    text = value.reveal() if isinstance(value, Secret) else value
    match = _HASH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        yield Problem(path, f"is not a password's hash, expected {_EXPECTED_HASH}")
    elif not _CHEAPEST <= int(match["cost"]) <= _DEAREST:
        yield Problem(path, f"has a cost outside {_CHEAPEST} to {_DEAREST}, expected 10")
