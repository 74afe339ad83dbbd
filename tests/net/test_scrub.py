import base64
import html
import json
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.secret import Secret
from agent.config.sinks import Sink
from agent.net.retry_after import parse_http_date, parse_retry_after
from agent.net.scrub import Redactor, scrub, secrets_in

ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=300)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY, st.integers(1, 250))
def test_nothing_hostile_is_left(text, limit):
    clean = scrub(text, limit)
    assert len(clean) <= limit
    assert not BIDI & set(clean)
    assert not [
        letter for letter in clean if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
    ]
    clean.encode()


@given(ANY)
def test_scrubbing_twice_changes_nothing(text):
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("欠费停机", "欠费停机"),
        ("a\r\nb\tc", "a b c"),
        ("\x1b[31mred", "[31mred"),
        ("x" * 201, "x" * 199 + "…"),
        ("\ud800x", "x"),
        ("abc\u202edef", "abcdef"),
        ("  spaces stay  ", "  spaces stay  "),
        ("x" * 200, "x" * 200),
        ("a\x00\x08\x0e\x1f\x7f\x84\x86\x9fb", "ab"),
        ("a\ufeff\ufff9\ufffbb", "ab"),
        ("a\x85b\u2028c\u2029\v\fd", "a b c d"),
        ("\na\n", "a"),
    ],
)
def test_examples(text, clean):
    assert scrub(text) == clean


@given(st.text(max_size=40), st.floats(0, 4e9))
def test_any_retry_after_is_none_or_within_an_hour(text, now):
    wait = parse_retry_after(text, now)
    assert wait is None or 0 <= wait <= 3600


def test_dates():
    assert parse_http_date("Sun, 01 Mar 2026 00:00:00 GMT") == 1_772_323_200
    assert parse_http_date("x" * 10**6) is None
    assert parse_http_date(None) is None


def test_a_hostile_text_is_cut_before_it_is_searched():
    # Eight hundred and one characters are looked at for a result of two hundred.
    assert scrub("\x00" * 800 + "ab") == "a"
    assert scrub("\x00" * 801 + "b") == ""
    assert scrub("\x00" * 8 + "ab", 2) == "a"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("+7", 7.0),
        (" 7.5 ", 7.5),
        ("7.", 7.0),
        ("1e2", 100.0),
        ("-1", 0.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 400, 3600.0),
        ("9" * 401, None),
        ("Sun, 01 Mar 2026 00:01:40 GMT", 100.0),
        ("Sat, 28 Feb 2026 23:59:59 GMT", 0.0),
        ("Sun, 01 Mar 2026 02:00:00 GMT", 3600.0),
        ("XXXX", None),
        (None, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(text, wait):
    assert parse_retry_after(text, 1_772_323_200.0) == wait


def test_a_date_has_at_most_sixty_four_characters():
    date = "Sun, 01 Mar 2026 00:00:00 GMT"
    assert parse_http_date(date.ljust(64)) == 1_772_323_200
    assert parse_http_date(date.ljust(65)) is None


@pytest.mark.parametrize("text", ["", "soon", ",", "Mon, 99 Foo 2026", "1 Jan 99999999999 0:0:0"])
def test_a_malformed_date_is_none(text):
    assert parse_http_date(text) is None


SECRETS = [
    Secret("X+Y Z"),
    Secret("s3cret/key"),
    Secret("s3cret/key-longer"),
    Secret("abc"),
    Secret("a+b."),
]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("key s3cret/key!", "key <secret>!"),
        ("s3cret/key-longer", "<secret>"),
        ("s3cret%2Fkey and s3cret%2Fkey-longer", "<secret> and <secret>"),
        ("X%2BY%20Z and X+Y Z", "<secret> and <secret>"),
        ("abc abcd", "abc abcd"),
        ("a+b. aab. a+bc", "<secret> aab. a+bc"),
        ("GET https://h/p?sign=1#x 'and", "GET https://h/p?<secret> 'and"),
        ("http://h/p#frag", "http://h/p?<secret>"),
        ('HTTP://h/"?q', 'HTTP://h/"?q'),
        ("HTTPS://u:p@h/x", "HTTPS://<secret>@h/x"),
        ("http://u@h and http://v@h", "http://<secret>@h and http://<secret>@h"),
        ("http://h/a@b", "http://h/a@b"),
        ("ftp://u:p@h/x?q", "ftp://u:p@h/x?q"),
    ],
)
def test_secrets_queries_and_users_are_replaced(text, redacted):
    assert Redactor(SECRETS)(text) == redacted


def test_without_secrets_only_urls_are_redacted():
    assert Redactor([])("abc http://u:p@h/x?q") == "abc http://<secret>@h/x?<secret>"


@given(st.lists(st.text(min_size=4, max_size=9), min_size=1, max_size=3), st.text(max_size=5))
def test_no_secret_is_left_however_they_overlap(plain, between):
    text = between.join([*plain, *(quote(secret, safe="") for secret in plain)])
    redacted = Redactor(map(Secret, plain))(text)
    pieces = redacted.split("<secret>")
    assert not [secret for secret in plain for piece in pieces if secret in piece]


LOUD = 'pä"ss w\\ord/+&1'


@pytest.mark.parametrize(
    "echo",
    [
        LOUD,
        quote(LOUD, safe=""),
        quote(LOUD, safe="").lower(),
        quote(LOUD),
        quote_plus(LOUD),
        quote(quote(LOUD, safe=""), safe=""),
        json.dumps(LOUD)[1:-1],
        json.dumps(LOUD, ensure_ascii=False)[1:-1],
        json.dumps(LOUD)[1:-1].replace("/", "\\/"),
        html.escape(LOUD),
        "".join(f"&#{ord(letter)};" for letter in LOUD),
        "".join(f"&#x{ord(letter):X};" for letter in LOUD),
        LOUD.encode().hex(),
        LOUD.encode().hex().upper(),
    ],
)
def test_a_secret_is_recognized_in_every_spelling(echo):
    redact = Redactor([Secret(LOUD), Secret("other-secret")])
    assert redact(f"denied: {echo} is wrong") == "denied: <secret> is wrong"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("user", ["", "a:", "ab:", "abc:", "demo-key:", "x" * 50 + ":"])
@pytest.mark.parametrize("after", ["", ":", "\n", "12"])
def test_a_secret_inside_base64_is_recognized(encode, user, after):
    redact = Redactor([Secret("Pa55?>wörd~"), Secret("k")])
    echo = encode(f"{user}Pa55?>wörd~{after}".encode()).decode()
    assert redact(f"Authorization: Basic {echo} refused") == "Authorization: Basic <secret> refused"
    assert redact(f"Basic {quote(echo, safe='')} no") == "Basic <secret> no"
    assert redact(f"Basic {echo.rstrip('=')}, no") == "Basic <secret>, no"


def test_ordinary_words_stay():
    redact = Redactor([Secret("demo-secret"), Secret("abcd"), Secret("1234567890")])
    text = "the account hq has no number 4006220001; page 12 of 400, YWJj, deadbeef"
    assert redact(text) == text


def test_every_secret_of_a_section_is_found():
    sink = Sink.model_validate(
        {
            "name": "desk",
            "kind": "servicenow",
            "url": "https://desk.example",
            "headers": {"X-Key": "header-secret"},
            "servicenow": {"user": "agent", "password": "pass-word-1"},
        }
    )
    assert {secret.reveal() for secret in secrets_in(sink)} >= {"header-secret", "pass-word-1"}
