"""Records that are the parts of one text, such as phones with a bar between them."""

import pytest

from tests.providers.answers import failure_of, mistakes, numbers_of

FIRST, SECOND, THIRD = "4006220001", "4006220002", "4006220003"
FIELDS = {"number": "@", "state": {"const": "active"}}
COMMAS = {"records": {"path": "hotlines", "split": ","}, "fields": FIELDS}
BARS = {"records": "apps", "each": {"path": "tels", "split": "|"}, "fields": FIELDS}
READINGS = {
    "a text": ({"hotlines": f"{FIRST}, {SECOND},,{THIRD} ,"}, COMMAS),
    "texts in records, one of them empty": (
        {"apps": [{"tels": f"{FIRST}|{SECOND}"}, {"tels": ""}, {"tels": THIRD}]},
        BARS,
    ),
}
FAILURES = {
    "a list": ({"hotlines": [FIRST]}, COMMAS, "it is a list of 1, expected a text, which split"),
    "nothing": ({"count": 0}, COMMAS, "no records at hotlines; keys there: count"),
    "null in a record": ({"apps": [{"tels": None}]}, BARS, "its list is null at tels, expected a"),
    "a text, without split": (
        {"apps": [{"tels": f"{FIRST}|{SECOND}"}]},
        {"records": "apps", "each": "tels", "fields": FIELDS},
        'record 0: its list is a text of 21 characters at tels, expected a list; split: "|" reads',
    ),
}
MISTAKES = {
    "numbers.records.split: ": {"path": "a", "split": ""},
    "numbers.records.split: does not go with keyed": {"path": "a", "split": ",", "keyed": True},
}


@pytest.mark.parametrize("name", READINGS)
async def test_each_part_is_a_record(bench, tmp_path, name):
    body, operation = READINGS[name]
    numbers = await numbers_of(bench, tmp_path, body, **operation)
    assert [it.number for it in numbers] == [FIRST, SECOND, THIRD]
    assert bench.counts.invalid == {}


@pytest.mark.parametrize("name", FAILURES)
async def test_another_value_is_a_failure_with_its_place_and_remedy(bench, tmp_path, name):
    body, operation, words = FAILURES[name]
    error = await failure_of(bench, tmp_path, body, **operation)
    assert words in error.detail
    assert FIRST not in error.detail


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told(tmp_path, text):
    numbers = {"path": "/n", "records": MISTAKES[text], "fields": FIELDS}
    told = mistakes(tmp_path, base_url="https://example.com", numbers=numbers)
    assert any(one.startswith(text) for one in told), told
