"""Mistakes in ``signing`` and ``login`` sections are reported at load, with line and remedy."""

import pytest

from agent.config.load import ConfigError
from agent.providers.profile.load import read_profile

HEAD = """\
name: example
title: Example
base_url: https://api.example.com
credentials: [key, secret]
"""
NUMBERS = """\
numbers:
  path: /numbers
  fields: {number: number, state: {const: active}}
"""
TC3 = 'signing: {signer: tc3, service: ccc, version: "2020-02-10"}\n'
LOGIN = """\
login:
  path: /login
  token: token
"""


def errors_of(tmp_path, text):
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_profile(file)
    except ConfigError as error:
        return [str(it).removeprefix(f"{tmp_path}/") for it in error.errors]
    return []


SIGNING = [
    ("signer: tc4", "5: signing.signer: is not one of the known values, got tc4; expected one of"),
    ("signer: wsse, regoin: x", "5: signing.regoin: is not a known key, did you mean region?"),
    ("signer: tc3", "6: numbers: has no signing.action, which signer tc3 needs, expected action:"),
    ("signer: volc4, region: x", "6: numbers: has no signing.service, which signer volc4 needs"),
    (
        "signer: wsse, service: vms",
        "6: numbers: has signing.service, which signer wsse does not have",
    ),
    (
        'signer: wsse, bearer: "{key}"',
        "6: numbers: has signing.bearer, which does not go with signer wsse",
    ),
    (
        "signer: wsse, key_credential: app",
        (
            "6: numbers: needs the credential app for signer wsse, expected it under credentials,"
            " or key_credential: NAME with one of key, secret"
        ),
    ),
    (
        'signer: volc4, service: vms, region: "{regoin}"',
        "5: signing.region: has {regoin}, expected one of key, secret",
    ),
    (
        "action: X",
        "6: numbers: has signing.action, which only a signer has, expected signer: one of acs3,",
    ),
    ("zone: Beijing", "5: signing.zone: is no offset, expected +08:00"),
    ('headers: {X: "{key|b64}"}', "5: signing.headers.X: has the filter b64, expected one of base"),
    ('headers: {X: "{token}"}', "5: signing.headers.X: has {token}, expected one of body, date,"),
    (
        'digests: [{encoding: raw, message: "{body}"}], headers: {X: "{signature}"}',
        "5: signing.headers.X: has raw bytes, expected {signature|base64} or {signature|hex}",
    ),
    (
        'digests: [{message: a}, {message: b}], headers: {X: "{signature}"}',
        "5: signing.digests[1].name: signature is taken, expected another name",
    ),
    (
        'digests: [{algorithm: none, key: "{secret}", message: a}], headers: {X: "{signature}"}',
        "5: signing.digests[0].algorithm: does not go with key, expected sha256",
    ),
    ('body: {sign: "{key}"}', "6: numbers: has a signing.body, which does not go with GET"),
]


@pytest.mark.parametrize(("signing", "error"), SIGNING)
def test_a_mistake_in_signing(tmp_path, signing, error):
    (only,) = errors_of(tmp_path, f"{HEAD}signing: {{{signing}}}\n{NUMBERS}")[:1]
    assert only.startswith(f"example.yaml:{error}"), only


LOGINS = [
    ("  token: token\n", "", "5: login: does not say where the token is, expected token: PATH or"),
    (
        "  token: token\n",
        "  token: token\n  token_header: X\n",
        "8: login.token_header: does not go with token, expected one of them",
    ),
    ("/login\n", "/login\n  body: {a: b}\n  form: {a: b}\n", "8: login.form: does not go with"),
    ("/login\n", "/login\n  method: GET\n  body: {a: b}\n", "8: login.body: does not go with GET"),
    (
        "/login\n",
        '/login\n  form: {a: "{secert}"}\n',
        "7: login.form.a: has {secert}, expected one",
    ),
    (
        "/login\n",
        "/login\n  signing: {signer: acs3, action: X}\n",
        "7: login.signing: has no signing.version, which signer acs3 needs",
    ),
    ("/login\n", "/login\n  lifetime: 0\n", "7: login.lifetime: must be at least 1, got 0"),
    (
        "login:\n",
        'signing: {bearer: "{key}"}\nlogin:\n',
        "9: numbers: does not place the login's token, expected {token} in bearer, headers or",
    ),
]


@pytest.mark.parametrize(("former", "new", "error"), LOGINS)
def test_a_mistake_in_login(tmp_path, former, new, error):
    (only,) = errors_of(tmp_path, HEAD + LOGIN.replace(former, new) + NUMBERS)[:1]
    assert only.startswith(f"example.yaml:{error}"), only


def test_a_credential_may_not_be_called_token_beside_a_login(tmp_path):
    head = HEAD.replace("secret]", "token]")
    (error,) = errors_of(tmp_path, head + LOGIN + NUMBERS)
    assert error.startswith("example.yaml:5: login: gets the token, expected another name")


def test_all_mistakes_of_all_operations_are_reported_at_once(tmp_path):
    balance = "balance:\n  path: /b\n  signing: {zone: here}\n  fields: {amount: a, currency: c}\n"
    errors = errors_of(tmp_path, HEAD + TC3 + NUMBERS + balance)
    assert [error.split(": ")[:2] for error in errors] == [
        ["example.yaml:6", "numbers"],
        ["example.yaml:11", "balance.signing.zone"],
        ["example.yaml:11", "balance.signing"],
    ]


def test_an_operation_completes_the_profile_s_section(tmp_path):
    numbers = NUMBERS.replace("fields", "signing: {action: DescribeNumbers}\n  fields")
    assert errors_of(tmp_path, HEAD + TC3 + numbers) == []
    replaced = NUMBERS.replace("fields", 'signing: {replace: true, bearer: "{key}"}\n  fields')
    assert errors_of(tmp_path, HEAD + TC3 + replaced) == []
