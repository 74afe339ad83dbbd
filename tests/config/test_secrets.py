"""Every key that holds a secret has a least length; blank and weak ones are refused."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from agent.cli.main import app
from agent.config.load import ConfigError, load
from agent.config.schema import settings_schema
from agent.config.secret import SECRET
from agent.yamlfile.paths import key_text
from agent.yamlfile.schema import Json
from tests.config.samples import PROFILES, Writer

STRONG = "correct horse battery staple"
HASH = "$2y$10$s5BJMRSgBt.NiVuNLJDWi.s15ZFv8msspk0px.OAjXksHMw1CP8Na"
SIGNING = "whsec_" + "c2VjcmV0" * 4
ACCOUNT = {"id": "hq", "credentials": {"key": "demo", "secret": "demo-secret"}}
PUSHES = {"secret": STRONG, "former_secret": STRONG}
MARKING = {
    "secret_id": STRONG,
    "secret_key": STRONG,
    "resource_id": "r",
    "cost": 0.1,
    "daily_budget": 1,
}


def message() -> dict:
    """A new one each time, or the two would be one anchor and its alias in YAML."""
    receivers = [{"name": "li", "phone": "13800000001"}]
    return {"sign_name": "s", "template": "t", "receivers": receivers}


def call() -> dict:
    """The section of calls: they have no signature."""
    return {name: value for name, value in message().items() if name != "sign_name"}


KINDS = {
    "webhook": {"url": "https://desk.example.com", "secret": SIGNING, "headers": {"X-Key": STRONG}},
    "jira": {
        "url": "https://jira.example.com",
        "jira": {"user": "bot@x.cn", "token": STRONG, "project": "OPS", "issue_type": "Task"},
    },
    "servicenow": {
        "url": "https://now.example.com",
        "servicenow": {"user": "bot", "password": STRONG},
    },
    "zammad": {
        "url": "https://zammad.example.com",
        "zammad": {"token": STRONG, "group": "Users", "customer": "a@example.com"},
    },
    "pagerduty": {"pagerduty": {"routing_key": "r" * 32}},
    "dingtalk": {"bot": {"token": STRONG, "secret": STRONG}},
    "aliyun_sms": {"aliyun_sms": {"key": STRONG, "secret": STRONG, **message()}},
    "tencent_sms": {
        "tencent_sms": {"secret_id": STRONG, "secret_key": STRONG, "app_id": "1", **message()}
    },
    "aliyun_voice": {"aliyun_voice": {"key": STRONG, "secret": STRONG, **call()}},
    "tencent_voice": {
        "tencent_voice": {"secret_id": STRONG, "secret_key": STRONG, "app_id": "1", **call()}
    },
    "sms_gateway": {
        "url": "https://sms.example.com",
        "sms_gateway": {
            "body": '{"to": {{ phone | tojson }}}',
            "credentials": {"pin": STRONG},
            "receivers": message()["receivers"],
        },
    },
}
BLANKS = (
    *("", " ", "\t \t", "\u3000", "\u200b\u200d\ufeff", "${UNSET:-}", "${BLANK}"),
    *("\u3164" * 20, "\u2800\ufe0f" * 20),
)
OPENING = ("web.token", "intake.alertmanager.token", "intake.complaints.token")
"""Keys whose secret lets someone in here."""


def configuration() -> dict:
    """A good configuration with a value at every secret key there is."""
    hook = {"token": STRONG, "former_token": STRONG}
    sinks = [{"name": kind, "kind": kind, **section} for kind, section in KINDS.items()]
    account = {**ACCOUNT, "marking": MARKING, "pushes": PUSHES}
    sinks[1]["callback"] = {"secret": STRONG, "former_secret": STRONG}
    return {
        "web": {
            "token": STRONG,
            "basic_auth_users": {"reader": HASH},
            "users": [{"name": "anna", "password_hash": HASH}],
        },
        "intake": {
            "alertmanager": {**hook, "headers": {"Authorization": f"Bearer {STRONG}"}},
            "complaints": {**hook, "secret": SIGNING, "former_secret": SIGNING},
        },
        "prometheus": {"url": "https://prometheus.example.com", "token": STRONG},
        "store": {"url": "postgresql://numwatch:battery-staple@db.example.com/numwatch"},
        "sinks": sinks,
        "dial": {
            "callers": [
                {
                    "name": "one",
                    "trunk": "192.0.2.1:5060",
                    "user": "100",
                    "consent": "us",
                    "password": STRONG,
                }
            ]
        },
        "providers": [{"name": "north", "profile": "generic", "accounts": [account]}],
    }


def secret_paths(value: object, path: tuple = ()) -> Iterator[tuple]:
    """Where the good configuration holds a secret, by the schema."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from secret_paths(inner, (*path, key))
        return
    schema = settings_schema().at(path)
    if schema is not None and schema.get("x-kind") == SECRET:
        yield path


PATHS = tuple(secret_paths(configuration()))


def with_value(path: tuple, value: object, suffix: str = "") -> str:
    """The good configuration, as YAML, with another value at ``path``."""
    data = deepcopy(configuration())
    holder: object = data
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index]
    holder.pop(path[-1])  # type: ignore[attr-defined]
    holder[f"{path[-1]}{suffix}"] = value  # type: ignore[index]
    text: str = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True)
    return text


def errors_of(path: Path) -> list[tuple[str, int]]:
    with pytest.raises(ConfigError) as caught:
        load(path, {"BLANK": " \u3000 "}, PROFILES)
    return [(error.key, error.line) for error in caught.value.errors]


def line_of(text: str, path: tuple, suffix: str = "") -> int:
    """The line of a key that is there once below its section, found without the reader."""
    node = yaml.compose(text, yaml.CSafeLoader)
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
            continue
        name = f"{step}{suffix}" if step == path[-1] else step
        key, node = next(pair for pair in node.value if pair[0].value == name)
    return int(key.start_mark.line) + 1


def test_the_good_configuration_is_good(write: Writer) -> None:
    assert load(write(yaml.safe_dump(configuration())), {}, PROFILES)
    assert len(PATHS) >= 16


@pytest.mark.parametrize("path", PATHS, ids=key_text)
@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_a_blank_secret_is_refused(write: Writer, path: tuple, blank: str) -> None:
    text = with_value(path, blank)
    assert errors_of(write(text)) == [(key_text(path), line_of(text, path))]


@pytest.mark.parametrize("path", PATHS, ids=key_text)
@pytest.mark.parametrize("content", ["", "\n", "  \n", "\ufeff\u200b\n"], ids=ascii)
def test_an_empty_secret_file_is_refused(
    write: Writer, tmp_path: Path, path: tuple, content: str
) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    text = with_value(path, "secret", "_file")
    assert errors_of(write(text)) == [(f"{key_text(path)}_file", line_of(text, path, "_file"))]


@pytest.mark.parametrize("key", OPENING)
@pytest.mark.parametrize("weak", ["a", "demo", "fifteen letters", "a" + " " * 30, "0" * 15])
def test_what_lets_someone_in_is_not_short(write: Writer, key: str, weak: str) -> None:
    path = tuple(key.split("."))
    text = with_value(path, weak)
    assert errors_of(write(text)) == [(key, line_of(text, path))]
    with pytest.raises(ConfigError, match="16 characters or more"):
        load(write(text), {}, PROFILES)


def test_a_header_without_its_credentials_is_refused(write: Writer) -> None:
    path = ("intake", "alertmanager", "headers", "Authorization")
    assert errors_of(write(with_value(path, "Bearer ${UNSET:-}")))


def test_a_short_signing_secret_is_refused(write: Writer) -> None:
    path = ("intake", "complaints", "secret")
    assert errors_of(write(with_value(path, "whsec_c2VjcmV0")))


@pytest.mark.parametrize("command", [["check-config"], ["run", "--config"]], ids=" ".join)
@pytest.mark.parametrize("key", OPENING)
def test_the_commands_name_file_line_and_key(write: Writer, command: list[str], key: str) -> None:
    path = tuple(key.split("."))
    text = with_value(path, "${UNSET:-}")
    file = write(text)
    result = CliRunner().invoke(app, [*command, str(file)])
    assert result.exit_code in (1, 2)
    assert f"{file}:{line_of(text, path)}: {key}: is empty" in result.output + result.stderr


def all_secret_patterns(schema: Json, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the schema has a secret, with ``*`` for items and free names."""
    schema = settings_schema().resolve(schema, 0 if at[-1:] == ("*",) else "")
    if schema.get("x-kind") == SECRET:
        yield at
    for name, inner in schema.get("properties", {}).items():
        kind = settings_schema().resolve(inner)
        yield from all_secret_patterns(kind, (*at, name))
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from all_secret_patterns(schema[name], (*at, "*"))


def test_every_secret_of_the_schema_is_in_the_good_configuration() -> None:
    """So that a secret added later is tried with all that is above, too."""
    schema = settings_schema()
    free = {"headers", "credentials", "basic_auth_users"}
    seen = {
        tuple(
            "*" if isinstance(step, int) or (before in free) else step
            for before, step in zip(("", *path), path, strict=False)
        )
        for path in PATHS
    }
    assert set(all_secret_patterns(schema.root)) - seen == set()
