"""Only what is mapped of an answer becomes evidence."""

import json

import pytest

from agent.evidence.mapped_values import LEFT_OUT, only_mapped

TREE = {
    "data": {
        "items": [{"number": "4006220001", "password": 'p"w\\d', "tags": ["a", "b"], "on": True}],
        "count": 1.5e3,
        "none": None,
    },
    "headers": {"m7-sign": "abc=", "number": "1"},
}
TEXT = json.dumps(TREE)


def test_values_of_other_keys_are_left_out_and_the_rest_is_the_same_json() -> None:
    left = json.loads(only_mapped(TEXT, frozenset({"data", "items", "number"})))
    (item,) = left["data"]["items"]
    out = json.loads(LEFT_OUT)
    assert item == {"number": "4006220001", "password": out, "tags": out, "on": out}
    assert left["data"]["count"] == out
    assert left["headers"] == {"m7-sign": out, "number": "1"}


def test_everything_mapped_stays_as_it_was() -> None:
    keys = {"number", "password", "tags", "on", "count", "m7-sign"}
    assert only_mapped(TEXT, frozenset(keys)) == TEXT


def test_without_knowing_what_is_mapped_secrets_are_left_out_by_their_names() -> None:
    left = json.loads(only_mapped(TEXT, None))
    (item,) = left["data"]["items"]
    assert item["password"] == left["headers"]["m7-sign"] == json.loads(LEFT_OUT)
    assert item["tags"] == ["a", "b"]


@pytest.mark.parametrize("cut", ['": "p@ss", "number": "1"}', ' : "p@ss"}', ': ["p@ss"]'])
def test_a_value_whose_key_was_cut_off_is_left_out(cut: str) -> None:
    assert "p@ss" not in only_mapped(cut.removeprefix('"'), frozenset({"number"}))


def test_a_long_text_takes_no_time() -> None:
    hostile = '{"a": "' + '\\"' * 20_000 + "[" * 5000 + '"1,' * 5000
    assert len(only_mapped(hostile, frozenset())) <= len(hostile) + 100_000
