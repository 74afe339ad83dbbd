"""``web.users``, ``web.basic_auth_users`` and ``web.config_file``: nothing wrong is taken."""

from pathlib import Path

import pytest
import trustme
import yaml
from typer.testing import CliRunner

from agent.cli.main import app
from agent.config.load import ConfigError, load
from agent.config.settings import Settings
from tests.config.samples import PROFILES, Writer

HASH = "$2y$10$s5BJMRSgBt.NiVuNLJDWi.s15ZFv8msspk0px.OAjXksHMw1CP8Na"


def settings(path: Path) -> Settings:
    return load(path, {}, PROFILES)


def errors_of(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings(path)
    return [str(error).removeprefix(f"{path}:") for error in caught.value.errors]


def config(**web: object) -> str:
    account = {"id": "hq", "credentials": {"key": "demo", "secret": "demo-secret"}}
    providers = [{"name": "north", "profile": "generic", "accounts": [account]}]
    return yaml.safe_dump({"web": web, "providers": providers}, sort_keys=False)


def test_users_are_read_from_either_place(write: Writer, tmp_path: Path) -> None:
    here = settings(write(config(basic_auth_users={"reader": HASH}))).web
    (tmp_path / "web.config.yml").write_text(f"basic_auth_users:\n  reader: {HASH}\n")
    there = settings(write(config(config_file="web.config.yml"))).web
    assert here.basic_auth_users == there.basic_auth_users
    assert here.basic_auth_users["reader"].reveal() == HASH
    assert HASH not in repr(there)
    assert there.config_file == str(tmp_path / "web.config.yml")


@pytest.mark.parametrize(
    "value",
    ["password", "", "  ", "$2y$10$short", "$2y$31$" + HASH[7:], "$2y$03$" + HASH[7:], 1, None],
    ids=str,
)
def test_what_is_no_good_hash_is_refused(write: Writer, tmp_path: Path, value: object) -> None:
    (error,) = errors_of(write(config(basic_auth_users={"reader": value})))
    assert error.startswith("3: web.basic_auth_users.reader: ")
    (tmp_path / "web.config.yml").write_text(yaml.safe_dump({"basic_auth_users": {"r": value}}))
    (error,) = errors_of(write(config(config_file="web.config.yml")))
    assert error.startswith("2: web.config_file: web.config.yml:2: basic_auth_users.r: ")
    assert "password" not in error.replace("a password's hash", "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("tls_server_config: {cert_file: a}", "1: tls_server_config.key_file: is missing"),
        ("rate_limit: {interval: 1s}", "web.config.yml:1: rate_limit: is not supported"),
        (
            "basic_auth_user: {}",
            "1: basic_auth_user: is not a known key, did you mean",
        ),
        ("[1]", "web.config.yml:1: is not a mapping"),
        ("basic_auth_users: [a]", "web.config.yml:1: basic_auth_users: "),
        ("", "web.config.yml:1: is empty"),
        ("a: {", "web.config.yml:"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "is no user name"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    write: Writer, tmp_path: Path, content: str, expected: str
) -> None:
    (tmp_path / "web.config.yml").write_text(content)
    (error,) = errors_of(write(config(config_file="web.config.yml")))
    assert error.startswith("2: web.config_file: web.config.yml:")
    assert expected in error


TLS_KEYS = """\
tls_server_config:
  cert_file: none.crt
  key_file: none.key
  cert: inline
  client_auth_type: RequireAnyClientCert
  client_allowed_sans: [a]
  min_version: TLS11
  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]
  curve_preferences: [X25519]
http_server_config:
  http2: maybe
  http3: true
  headers: {X-Frame-Options: deny, X-XSS-Protection: "1"}
rate_limit: {burst: 5}
"""


def test_every_key_that_is_not_supported_is_refused_with_its_line(
    write: Writer, tmp_path: Path
) -> None:
    (tmp_path / "web.config.yml").write_text(TLS_KEYS)
    errors = errors_of(write(config(config_file="web.config.yml")))
    found = [error.removeprefix("2: web.config_file: web.config.yml:") for error in errors]
    expected = [
        "4: tls_server_config.cert: is not supported, expected the name of a file under cert_file",
        "5: tls_server_config.client_auth_type: is not one of the known values, got RequireAnyCl",
        "7: tls_server_config.min_version: is not one of the known values, got TLS11; expected on",
        "8: tls_server_config.cipher_suites[0]: is not one of the known values, got TLS_RSA_WITH_",
        "9: tls_server_config.curve_preferences: is not supported",
        "11: http_server_config.http2: is text, got maybe; expected true or false",
        "12: http_server_config.http3: is not a known key",
        "13: http_server_config.headers.X-Frame-Options: is not supported: the agent sends its ow",
        "13: http_server_config.headers.X-XSS-Protection: is not supported",
        "14: rate_limit: is not supported; let a reverse proxy in front of the agent limit rates",
    ]
    assert len(found) == len(expected)
    for text, beginning in zip(found, expected, strict=True):
        assert text.startswith(beginning)


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        ({"client_auth_type": "VerifyClientCertIfGiven"}, "expected a client_ca_file"),
        ({"client_ca_file": "ca.pem"}, "client_ca_file: is not used without client_auth_type"),
        ({"client_allowed_sans": ["a"]}, "client_allowed_sans: needs client_auth_type: Require"),
        ({"min_version": "TLS13", "max_version": "TLS12"}, "min_version: is above max_version"),
        ({"cert_file": "none.pem"}, "cert_file: cannot be read: No such file"),
        ({"key_file": "ca.pem"}, "cert_file: and key_file are no certificate and its key"),
    ],
)
def test_what_does_not_go_together_is_refused(
    write: Writer, tmp_path: Path, tls: dict[str, object], expected: str
) -> None:
    write_certificate(tmp_path)
    good = {"cert_file": "server.pem", "key_file": "server.pem"}
    file = {"tls_server_config": {**good, **tls}}
    (tmp_path / "web.config.yml").write_text(yaml.safe_dump(file))
    (error,) = errors_of(write(config(config_file="web.config.yml")))
    assert expected in error


def write_certificate(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))


@pytest.mark.parametrize(
    ("tls", "file_users", "users", "allowed"),
    [
        (True, True, False, True),
        (True, False, True, True),
        (True, False, False, False),
        (False, True, False, False),
    ],
)
def test_others_reach_the_agent_only_by_tls_and_a_login(
    write: Writer, tmp_path: Path, tls: bool, file_users: bool, users: bool, allowed: bool
) -> None:
    write_certificate(tmp_path)
    file: dict[str, object] = {"basic_auth_users": {"reader": HASH} if file_users else {}}
    if tls:
        file["tls_server_config"] = {"cert_file": "server.pem", "key_file": "server.pem"}
    (tmp_path / "web.config.yml").write_text(yaml.safe_dump(file))
    anna = [{"name": "anna", "password_hash": HASH}] if users else []
    text = config(config_file="web.config.yml", users=anna) + "listen: ['0.0.0.0:10400']\n"
    if allowed:
        assert settings(write(text)).listen == ["0.0.0.0:10400"]
    else:
        (error,) = errors_of(write(text))
        assert "expected web.token, or TLS and users in web.config_file" in error


@pytest.mark.parametrize(
    ("web", "expected"),
    [
        ({"trusted_headers": {}}, "is set without web.trusted_proxies"),
        ({"trusted_headers": {}, "trusted_proxies": ["0.0.0.0/0"]}, "believes everybody"),
        (
            {"trusted_headers": {"user": "Authorization"}, "trusted_proxies": ["10.0.0.1/32"]},
            "web.trusted_headers.user: has another meaning",
        ),
        (
            {"trusted_headers": {"roles": {"ops": "root"}}, "trusted_proxies": ["10.0.0.1/32"]},
            "web.trusted_headers.roles.ops: is not one of the known values, got root",
        ),
        (
            {"trusted_headers": {"user": "X User"}, "trusted_proxies": ["10.0.0.1/32"]},
            "web.trusted_headers.user: ",
        ),
    ],
)
def test_headers_that_would_let_anybody_in_are_refused(
    write: Writer, web: dict[str, object], expected: str
) -> None:
    (error,) = errors_of(write(config(**web)))
    assert expected in error


def test_a_missing_file_is_refused_and_both_at_once_are(write: Writer, tmp_path: Path) -> None:
    (error,) = errors_of(write(config(config_file="missing.yml")))
    assert "missing.yml:1: cannot be read" in error
    (tmp_path / "web.config.yml").write_text(f"basic_auth_users:\n  reader: {HASH}\n")
    both = config(config_file="web.config.yml", basic_auth_users={"reader": HASH})
    (error,) = errors_of(write(both))
    assert "is given besides basic_auth_users" in error


def test_users_have_a_name_of_their_own_a_hash_and_a_known_role(
    write: Writer, tmp_path: Path
) -> None:
    anna = {"name": "anna", "password_hash": HASH, "role": "operator"}
    logins = settings(write(config(users=[anna], basic_auth_users={"reader": HASH}))).web.logins()
    assert {name: str(user.role) for name, user in logins.items()} == {
        "reader": "viewer",
        "anna": "operator",
    }
    bad = [
        {**anna, "name": "a:b"},
        {**anna, "password_hash": "password"},
        {**anna, "role": "root"},
        {**anna, "name": "reader"},
        {"name": "berta"},
    ]
    errors = errors_of(write(config(users=[anna, *bad], basic_auth_users={"reader": HASH})))
    expected = [
        "web.users[1].name: is no user name, expected 1 to 128 characters without a colon",
        "web.users[2].name: is a user already, got anna; expected another",
        "web.users[2].password_hash: is not a password's hash, expected a bcrypt hash such as",
        "web.users[3].name: is a user already, got anna; expected another",
        "web.users[3].role: is not one of the known values, got root; expected one of viewer, ",
        "web.users[4].name: is a user already, got reader; expected another",
        "web.users[5].password_hash: ",
    ]
    texts = [error.split(": ", 1)[1] for error in errors]
    assert len(texts) == len(expected)
    for text, beginning in zip(texts, expected, strict=True):
        assert text.startswith(beginning)
    (tmp_path / "web.config.yml").write_text(f"basic_auth_users:\n  anna: {HASH}\n")
    (error,) = errors_of(write(config(config_file="web.config.yml", users=[anna])))
    assert "web.config_file: has the user anna, who is in web.users as well" in error


def test_check_config_says_so(write: Writer) -> None:
    result = CliRunner().invoke(app, ["check-config", str(write(config(config_file="no.yml")))])
    assert result.exit_code == 1
    assert "web.config_file: no.yml:1: cannot be read" in result.output + result.stderr
