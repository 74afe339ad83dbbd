"""The details of failed polls in Chinese: every sentence that the code composes has a form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.i18n.failure_details import LONGEST, failure_text, form_of, in_words, is_value
from agent.i18n.failure_forms import FORMS, VALUES
from agent.net import failures
from tests.integration.processes import ROOT

RAISING = {
    "ProviderError",
    "NotFoundError",
    "too_many",
    "_ChangedWhileReadError",
    *("_changed_error", "_decode_error", "_failure", "_misfit", "_no_purchases"),
    *("_pagination_error", "_partial_error", "_schema", "_schema_error"),
}
"""What a sentence is passed to."""
NAMES = {"counts", "found", "text", "timeout", "why"}
"""The names under which parts of a sentence are kept before."""
PROVIDERS_WORDS = re.compile(
    r"(7: )?(HTTP 7 ?7?|HTTP 500|code 7 7)|(\w+: )?7(: 7)*|7, 7|7: 7 at 7|GET \S+|answer"
    r"|ul\.\w+|dispatcher\.list|Data\S*|ResponseData.*"
    # What is known of a phone, not what failed.
    r"|7, which may be off|7 at 7"
)
"""Texts that are a provider's own, a label, or nothing but what stands in the placeholders."""
COMPOSED = {
    "no records": "no records at 7",
    "no count": "no count at 7",
    "no switch": "no switch at 7",
    "no next page": "no next page at 7",
    "7, more than 7": "the account has 7 numbers, more than 7",
    "the account has 7 7": "the account has 7 numbers, more than 7",
    "7: the answers of the poll have 7 bytes": "the answers of the poll have 7 bytes, more than 7",
    "max_bytes": "polling.max_bytes sets the limit",
    "7polling.max_records sets the limit": "polling.max_records sets the limit",
}
"""Parts to which the raising function adds the rest."""


def _files() -> Iterator[Path]:
    for package in ("net", "providers", "polling"):
        for path in sorted((ROOT / "agent" / package).rglob("*.py")):
            if "ProviderError" in path.read_text(encoding="utf-8"):
                yield path


def _sample(node: ast.expr) -> str | None:
    """A text as it may be, with a digit in each place."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join("7" if isinstance(it, ast.FormattedValue) else it.value for it in parts)
    return None


def _sentences(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in RAISING:
                found = node.args
            case ast.Assign(targets=[ast.Name(id=name)]) if name in NAMES:
                found = [node.value]
            case ast.Tuple(elts=parts):
                found = [it for it in parts if isinstance(it, ast.JoinedStr)]
        yield from filter(None, map(_sample, found))


def _without_form(sentence: str) -> list[str]:
    parts = [COMPOSED.get(part, part) for part in sentence.split("; ")]
    return [
        part
        for part in parts
        if part
        and not PROVIDERS_WORDS.fullmatch(part)
        and isinstance(in_words(part), str)
        and not is_value(part)
    ]


def test_every_sentence_that_a_failure_is_composed_of_has_a_form():
    missing: dict[str, list[str]] = {}
    seen = 0
    for path in _files():
        for sentence in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
            seen += 1
            without = _without_form(sentence)
            if without:
                missing.setdefault(path.relative_to(ROOT).as_posix(), []).extend(without)
    assert missing == {}
    assert seen > 80
    assert [text for _, _, text in failures._TABLE if _without_form(text)] == []


def test_every_form_has_a_translation_that_is_another_text():
    values = dict.fromkeys(("limit", "n", "count", "total"), "7")
    for form in (*FORMS, *VALUES):
        sample = re.sub(r"\{(\w+)\}", lambda it: values.get(it[1], "7"), form)
        if form in FORMS:
            assert form_of(sample) is not None, form
            chinese = failure_text(sample, "zh-CN")
            assert chinese != sample, form
            assert failure_text(sample, "en") == sample


@pytest.mark.parametrize(
    ("detail", "chinese"),
    [
        (
            "GET /v1/numbers: no whole answer in time; no complete answer within 2 s",
            "GET /v1/numbers：未在时限内收到完整应答；2 秒内没有完整应答",
        ),
        (
            "GET x: 3 of 5 records do not fit; record 0: state is a number at a.b, expected a text",
            "GET x：5 条记录中有 3 条不符合要求；第 0 条记录：a.b 处的 state 是一个数，应为文本",
        ),
        ("GET x: not JSON at character 0", "GET x：从第 0 个字符起不是 JSON"),
        (
            "GET x: no records at data.items; keys there: code, message",
            "GET x：data.items 处没有记录列表；该处的键：code, message",
        ),
        (
            "GET x: HTTP 404 Not Found; not polled again before 2026-11-29T06:00:00Z",
            "GET x: HTTP 404 Not Found；2026-11-29T06:00:00Z 之前不再轮询",
        ),
    ],
)
def test_a_detail_in_chinese(detail, chinese):
    assert failure_text(detail, "zh-CN") == chinese
    assert failure_text(detail, "en") == detail


@pytest.mark.parametrize(
    "detail",
    [
        "",
        "a: b: c",
        "系统忙; {0} {x}",
        "GET /v1/balance: HTTP 500 Internal Server Error",
        "x" * 5000,
    ],
)
def test_what_has_no_form_stays_as_it_is(detail):
    assert failure_text(detail, "zh-CN") == detail


def test_hostile_details_are_read_in_no_time():
    for piece in (": ", "is at, expected ", "record 0: ", "; ", " records of "):
        detail = (piece * LONGEST)[:LONGEST]
        assert failure_text(detail, "en") == detail


def test_a_longer_detail_than_is_read_stays_as_it_is():
    longest = "keys there: " + "k" * (LONGEST - len("keys there: "))
    assert failure_text(longest, "zh-CN") != longest, "the negative control"
    assert failure_text(longest + "k", "zh-CN") == longest + "k"
