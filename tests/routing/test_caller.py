"""Callers in any notation, and the entries that match them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.routing.caller import (
    Caller,
    area_of,
    is_mobile,
    mask_entry,
    matching_area,
    matching_entry,
    plain_number,
)


@pytest.mark.parametrize(
    ("number", "plain"),
    [
        ("13800000001", "13800000001"),
        ("013800000001", "13800000001"),
        ("+86 138-0000-0001", "13800000001"),
        ("0086 138 0000 0001", "13800000001"),
        ("+86 (010) 8888.6666", "01088886666"),
        ("+861088886666", "01088886666"),
        ("+86 22 87654321", "02287654321"),
        ("010-88886666", "01088886666"),
        ("+864006220001", "4006220001"),
        ("00868006220001", "8006220001"),
        ("+86700123456789012", "700123456789012"),
        ("700 1234 5678 9012", "700123456789012"),
        ("12800000001", "12800000001"),
        ("1380000000", "1380000000"),
        ("8613800000001", "8613800000001"),
        ("95588", "95588"),
        ("", ""),
    ],
)
def test_any_notation_is_read(number, plain):
    assert plain_number(number) == plain


@pytest.mark.parametrize(
    ("number", "area"),
    [
        ("01088886666", "010"),
        ("02287654321", "022"),
        ("075588886666", "0755"),
        ("0311", "0311"),
        ("700123456789012", ""),
        ("010", "010"),
        ("01", ""),
        ("031", ""),
        ("13800000001", ""),
        ("", ""),
    ],
)
def test_the_area_of_a_landline_is_in_its_number(number, area):
    assert area_of(number) == area
    assert Caller.of(number) == Caller(number, area, "")


def test_an_area_that_is_given_goes_before_the_number_s():
    assert Caller.of("+86 13800000001", "010", "mobile") == Caller("13800000001", "010", "mobile")
    assert Caller.of("02287654321", "010").area == "010"


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("0755", "0755"),
        ("138000", "138000"),
        ("1380000", "****000"),
        ("13800000001", "138****0001"),
        ("+8613800000001", "+86138****0001"),
        ("Ada 13800000001", "Ada 138****0001"),
        ("", ""),
    ],
)
def test_an_entry_is_shown_without_anybody_s_number(entry, shown):
    assert mask_entry(entry) == shown


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("13800000001", True),
        ("19912345678", True),
        ("12800000001", False),
        ("138000000011", False),
        ("1380000000", False),
        ("١3800000001", False),
    ],
)
def test_mobiles_of_the_mainland(number, expected):
    assert is_mobile(number) is expected


@given(st.lists(st.text("012", max_size=4), max_size=5), st.text("012", max_size=6))
def test_the_longest_leading_entry_matches(entries, number):
    hits = [entry for entry in entries if entry and number[: len(entry)] == entry]
    found = matching_entry(entries, number)
    assert found == matching_area(entries, number)
    assert found == (max(hits, key=len) if hits else "")
