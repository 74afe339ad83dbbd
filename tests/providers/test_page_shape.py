"""A page read by its shape is the page read strictly, or it is not read by its shape."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.providers.profile.page_shape import PageShape, Rows
from tests.proof_size import size

KEYS = ["number", "state", "a b", '":', "", "名"]
LEAVES = st.sampled_from([None, True, 1, 1.5, "x", ":x", '":', "{[", "名", "", -0.0, 10**30])


def page(records, **more):
    return {"code": 0, "data": {"total": len(records), **more, "items": records}}


@st.composite
def tables(draw):
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
    rows = st.lists(st.fixed_dictionaries(dict.fromkeys(keys, LEAVES)), min_size=1, max_size=4)
    return draw(rows), draw(rows)


def plain(tree):
    """``tree`` with its rows as the objects they were."""
    rows = tree["data"]["items"]
    assert isinstance(rows, Rows)
    return {**tree, "data": {**tree["data"], "items": rows.records()}}


def written(tree):
    return json.dumps(tree, sort_keys=True)


@settings(max_examples=size(80, 600))
@given(tables(), st.sampled_from([(",", ":"), (", ", ": "), (",", " :")]), st.booleans())
def test_the_same_shape_gives_the_same_page(two, separators, ascii_only):
    first, second = map(page, two)
    body = json.dumps(second, separators=separators, ensure_ascii=ascii_only).encode()
    shape = PageShape.of(first, ("data", "items"))
    tree = shape and shape.decode(body)
    assert tree is None or written(plain(tree)) == written(decode_body(body))


FIRST = page([{"number": "1", "state": "x"}])
ROW = '{"number":"2","state":"y"}'


def body_of(items, total="1", tail=""):
    return f'{{"code":0,"data":{{"total":{total},"items":[{items}]{tail}}}}}'.encode()


def test_control_the_plain_page_is_read_by_its_shape():
    tree = PageShape.of(FIRST, ("data", "items")).decode(body_of(ROW))
    assert plain(tree) == page([{"number": "2", "state": "y"}])


@pytest.mark.parametrize(
    "body",
    [
        body_of('{"number":"2","number":"3","state":"y"}'),
        body_of('{"number":"2","state":"y","\\u0073tate":"z"}'),
        body_of(ROW, tail=',"total":2'),
        body_of('{"number":"2"}'),
        body_of('{"number":"2","state":"y","more":1}'),
        body_of('{"number":"2","state":{"a":1}}'),
        body_of('{"number":"2","state":[[[]]]}'),
        body_of('{"number":"2","state":"":"}'),
        body_of('{"number" :"2","number":"3","state":"y"}'),
        body_of('{"number":NaN,"state":"y"}'),
        body_of('{"number":1e999,"state":"y"}'),
        body_of(ROW, tail=',"items":[]'),
        body_of("1"),
        body_of(ROW)[:-1],
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_anything_else_is_left_to_the_strict_reading(body):
    assert PageShape.of(FIRST, ("data", "items")).decode(body) is None


@settings(max_examples=size(120, 1000))
@given(st.data())
def test_whatever_is_read_by_its_shape_is_what_strict_reading_gives(data):
    pieces = st.sampled_from(
        [
            '"number":"1"',
            '"state":"x"',
            '"number":":"',
            '"state":"\\":"',
            '"st\\u0061te":1',
            '"state":{}',
            '"state":[]',
            '"number":"{"',
            '"state":"\\u0022:"',
            '"number" :1',
        ]
    )
    rows = data.draw(st.lists(st.lists(pieces, min_size=1, max_size=3), max_size=3))
    body = body_of(",".join("{" + ",".join(row) + "}" for row in rows), total=str(len(rows)))
    tree = PageShape.of(FIRST, ("data", "items")).decode(body)
    if tree is not None:
        assert plain(tree) == decode_body(body)
        return
    try:
        decode_body(body)
    except ProviderError as error:
        assert error.kind == "decode"  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    "tree",
    [
        page([]),
        page([{"a": 1}, {"b": 1}]),
        page([{"a": 1}, 7]),
        page([{}]),
        page([{"a": 1}], extra=[]),
        {"data": None},
        [],
        None,
    ],
)
def test_what_has_no_shape(tree):
    assert PageShape.of(tree, ("data", "items")) is None
