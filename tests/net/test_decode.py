import asyncio
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.net import decode
from agent.net.decode import (
    MAX_CONTAINERS,
    MAX_VALUES,
    check_count,
    decode_body,
    decode_json,
    decode_text,
)
from agent.net.exchange import Answer, ProviderError
from agent.net.reading import INLINE_BYTES
from agent.states import PollFailure
from tests.proof_size import size

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.sampled_from('ab":,[]{}\\ \t公0'), max_size=6)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet='ab":公\\ ', max_size=3), inner, max_size=4)
    ),
    max_leaves=25,
)
STYLES = st.sampled_from(
    [
        {},
        {"separators": (",", ":")},
        {"indent": 2},
        {"separators": (" , ", " : ")},
        {"ensure_ascii": False},
    ]
)


def strictly(text: str):
    """What the strict reading alone makes of it."""
    try:
        return repr(decode_text(text))
    except ProviderError as error:
        return error.kind


def as_polled(text: str):
    try:
        return repr(decode_body(text.encode()))
    except ProviderError as error:
        return error.kind


@given(TREES, STYLES)
def test_both_readings_agree_on_what_python_writes(tree, style):
    text = json.dumps(tree, **style)
    assert as_polled(text) == strictly(text) == repr(tree)


@st.composite
def objects_written_by_hand(draw):
    """Objects with chosen keys, twice or not, escaped or not, spaced or not."""
    keys = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"\\":"', '":"', '""'])
    values = st.sampled_from(
        ["1", '":x"', '"\\":"', '"\\u0022:"', "[]", "1e999", "NaN", "-0", '{"a":1,"a":2}', '"x :"']
    )
    colons = st.sampled_from([":", ": ", " :", "\t:", "\n: "])
    members = draw(st.lists(st.tuples(keys, colons, values), max_size=5))
    text = "{" + ",".join("".join(member) for member in members) + "}"
    return f"[{text}, {text}]" if draw(st.booleans()) else text


@settings(max_examples=size(100, 1000))
@given(objects_written_by_hand())
def test_both_readings_agree_on_objects_written_by_hand(text):
    assert as_polled(text) == strictly(text)


@given(st.text(alphabet='{}[]":,\\ub0129eE.+-nulltrueNaIfinity \n', max_size=40))
def test_both_readings_agree_on_rubbish(text):
    assert as_polled(text) == strictly(text)


def test_without_the_count_of_keys_a_lost_key_would_pass(monkeypatch):
    monkeypatch.setattr(decode, "_has_every_key", lambda _body, _tree: True)
    assert decode_body(b'{"state":"active","state":"suspended_arrears"}') == {
        "state": "suspended_arrears"
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"a":2}', "decode"),
        (b'{"a":1,"\\u0061":2}', "decode"),
        (b'[{"a":{"b":1, "b":1}}]', "decode"),
        (b'{"a":NaN}', "decode"),
        (b'{"a":-Infinity}', "decode"),
        (b'{"a":1e999}', "decode"),
        (b"[" * 200_000, "decode"),
        (b"[" * 101 + b"]" * 101, "decode"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "decode"),
        (b"9" * 5000, "decode"),
        (b"", "decode"),
        (b'{"a":1', "decode"),
        (b"<html>", "decode"),
        (b'{"a":1} x', "decode"),
        (b'"\xff\xff"', "charset"),
    ],
)
@pytest.mark.parametrize("charset", [None, "utf-8", "gbk", "zip", "idna", "no-such"])
def test_what_is_not_strict_json_is_refused_with_its_reason(body, reason, charset):
    with pytest.raises(ProviderError) as caught:
        decode_body(body, charset, "numbers")
    assert caught.value.kind == reason
    assert caught.value.detail.startswith("numbers: ")


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", None),
        ("utf-8", "utf-8"),
        ("utf-8", "UTF8"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gbk"),
        ("gbk", "GB2312"),
        ("gb18030", None),
        ("gbk", "utf-8"),
        ("utf-16-le", "utf-16-le"),
        ("utf-8", "unicode_escape"),
        ("utf-8", "no-such-charset"),
        ("big5", "big5"),
    ],
)
def test_charset_by_header_then_utf8_then_gb18030(encoding, charset):
    text = '{"company":"企業公司"}' if encoding == "big5" else '{"company":"示例公司镕"}'
    tree = decode_body(text.encode(encoding), charset)
    assert tree == json.loads(text)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"a":1,"a":2}', "an object has the same key twice"),
        (b'{"a":NaN}', "NaN or Infinity is not a JSON number"),
        (b"[-Infinity]", "NaN or Infinity is not a JSON number"),
        (b"1e999", "a number is too large"),
        (b"[" * 200_000, "nested deeper than 100"),
        (b"[" * 101 + b"]" * 101, "nested deeper than 100"),
        (b"", "not JSON at character 0"),
        (b'{"a":1} x', "not JSON at character 8"),
        (b'"\xff\xff"', "neither UTF-8 nor GB18030 text"),
    ],
)
async def test_a_refusal_says_what_is_wrong_and_where(body, detail):
    for label, read in (
        ("numbers", lambda: decode_body(body, None, "numbers")),
        ("answer", lambda: decode_body(body)),
    ):
        with pytest.raises(ProviderError) as caught:
            read()
        assert caught.value.detail == f"{label}: {detail}"
    with pytest.raises(ProviderError, match=f": answer: {detail}$"):
        await decode_json(Answer(200, {}, body, None))


async def test_an_answer_is_decoded_by_its_charset_and_named_by_its_label():
    body = '"公"'.encode("utf-16-le")
    assert await decode_json(Answer(200, {}, body, "utf-16-le")) == "公"
    large = b" " * INLINE_BYTES
    assert await decode_json(Answer(200, {}, large + b"1", "utf-8")) == 1
    wide = " ".encode("utf-16-le") * INLINE_BYTES + body
    assert await decode_json(Answer(200, {}, wide, "utf-16-le")) == "公"
    with pytest.raises(ProviderError, match=r"^decode: numbers: not JSON at character"):
        await decode_json(Answer(200, {}, large + b"x", None), "numbers")


@pytest.mark.parametrize("size", [0, 1])
async def test_a_body_over_64_kibibytes_is_decoded_in_a_thread(monkeypatch, size):
    threads = []

    async def to_thread(call, *arguments):
        threads.append(call)
        return call(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    body = b"1".rjust(64 * 1024 + size)
    assert await decode_json(Answer(200, {}, body, None)) == 1
    assert len(threads) == size


@pytest.mark.parametrize(
    ("body", "spaced", "marks"),
    [
        (b'{"a":1,"b":2}', False, 2),
        (b'{"a": 1}', False, 1),
        (b'{"a" :1}', True, 0),
        (b'{"a"\t:1}', True, 0),
        (b'{"a"\n:1}', True, 0),
        (b'{"a"\r:1}', True, 0),
        (b'":', False, 1),
        (b':"', False, 0),
        (b'"', False, 0),
        (b"", False, 0),
    ],
)
def test_keys_are_counted_by_their_colons(body, spaced, marks):
    assert decode.has_spaced_colon(body) is spaced
    assert decode.count_key_marks(body) == marks


@pytest.mark.parametrize(
    ("body", "keys", "proven"),
    [
        (b'{"a":1,"b":2}', 2, True),
        (b'{"a" : 1}', 1, True),
        (b'{"a":"08:00"}', 1, True),
        (b'{"a":"08:00","a":"b"}', 1, False),
        (b'{"a":1,"a":2}', 1, False),
        (b'{"a" :1,"a" :2}', 1, False),
        (b'{"a" :"08:00"}', 1, False),  # not proven, so the strict decoder reads it
    ],
)
def test_a_text_is_proven_to_have_no_more_keys(body, keys, proven):
    assert decode.has_no_more_keys(body, keys) is proven


def test_a_plain_body_takes_the_fast_way(monkeypatch):
    def slow(*_arguments):
        raise AssertionError

    deep = b'{"a":' * 100 + b"1" + b"}" * 100
    bodies = [deep, b'{"a":[],"b":{"c":1}}', b'[{"a":1},[2,[3]]]', b"1"]
    expected = [json.loads(body) for body in bodies]
    monkeypatch.setattr(decode, "decode_text", slow)
    for charset in (None, "utf-8", "UTF-8"):
        assert [decode_body(body, charset) for body in bodies] == expected


def test_a_hundred_levels_are_read():
    assert decode_body(b"[" * 100 + b"]" * 100) == decode_text("[" * 100 + "]" * 100)


async def test_a_large_body_is_read_beside_the_loop():
    body = json.dumps([{"number": str(n), "x": "y" * 100} for n in range(20_000)]).encode()
    assert len(body) > INLINE_BYTES
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    before = ticks
    tree = await decode_json(Answer(200, {}, body, "utf-8"))
    ticking.cancel()
    assert len(tree) == 20_000
    assert ticks > before


def test_floats_are_finite():
    assert math.isfinite(decode_body(b"[1.7976931348623157e308]")[0])


@pytest.mark.parametrize(
    ("piece", "most", "what"),
    [(b"{}", MAX_CONTAINERS, "objects and lists"), (b"0", MAX_VALUES, "values")],
)
def test_one_answer_has_so_many_objects_and_so_many_values(piece, most, what):
    # The list itself is one of the objects and lists; there is one comma less than values.
    count = most - 1 if what != "values" else most + 1
    check_count(b"[" + b",".join([piece] * count) + b"]")
    with pytest.raises(ProviderError, match=f"more than {most} {what}") as caught:
        check_count(b"[" + b",".join([piece] * (count + 1)) + b"]")
    assert caught.value.kind is PollFailure.TOO_MANY
