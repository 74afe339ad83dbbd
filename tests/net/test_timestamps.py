"""Time formats of providers, read into epoch seconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.net.timestamps import epoch_parser, iso_parser, parse_offset, parse_rfc2822

CHINA = timezone(timedelta(hours=8))
LATEST = 253_402_128_000


@given(st.integers(-23, 23), st.integers(0, 59))
def test_an_offset_is_read_with_its_sign_and_minutes(hours, minutes):
    text = f"{'-' if hours < 0 else '+'}{abs(hours):02}:{minutes:02}"
    size = timedelta(hours=abs(hours), minutes=minutes)
    assert parse_offset(text).utcoffset(None) == (-size if hours < 0 else size)


def test_no_offset_is_utc():
    assert parse_offset(None) is UTC


@pytest.mark.parametrize("offset", ["", "8", "08:00", "+8:00", "+08:00 ", "+0800", "UTC", "+٠8:00"])
def test_a_malformed_offset_is_refused_with_an_example(offset):
    with pytest.raises(ValueError, match=r"^not an offset, expected for example \+08:00$"):
        parse_offset(offset)


def test_an_offset_of_a_day_is_refused():
    with pytest.raises(ValueError, match="offset"):
        parse_offset("+24:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-01", datetime(2027, 3, 1, tzinfo=CHINA)),
        ("2027-03-01 08:00:00", datetime(2027, 3, 1, 8, tzinfo=CHINA)),
        ("2027-03-01T08:00:00Z", datetime(2027, 3, 1, 8, tzinfo=UTC)),
        ("2027-03-01T08:00:00.5-03:00", datetime(2027, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_iso_8601_in_the_account_s_zone_unless_it_has_its_own(text, moment):
    assert iso_parser(CHINA)(text) == moment.timestamp()


@pytest.mark.parametrize("value", [None, 1_800_000_000, 2027.0, True, b"2027-03-01", "2027" * 17])
def test_what_is_not_a_short_text_is_no_iso_time(value):
    with pytest.raises(ValueError, match=r"^not a time$"):
        iso_parser(UTC)(value)


def test_sixty_four_characters_are_the_longest_iso_time():
    longest = "2027-03-01T08:00:00." + "1" * 38 + "+00:00"
    assert len(longest) == 64
    moment = datetime(2027, 3, 1, 8, 0, 0, 111_111, tzinfo=UTC)
    assert iso_parser(CHINA)(longest) == moment.timestamp()
    with pytest.raises(ValueError, match=r"^not a time$"):
        iso_parser(CHINA)(longest.replace(".", ".1"))


def test_an_rfc_2822_time():
    moment = datetime(2019, 10, 18, 17, 2, tzinfo=UTC)
    assert parse_rfc2822("Fri, 18 Oct 2019 17:02:00 +0000") == moment.timestamp()
    assert parse_rfc2822("Sat, 19 Oct 2019 01:02:00 +0800") == moment.timestamp()


@pytest.mark.parametrize("value", [None, 1_571_418_120, b"Fri, 18 Oct 2019 17:02:00 +0000"])
def test_what_is_no_text_is_no_rfc_2822_time(value):
    with pytest.raises(ValueError, match=r"^not a time$"):
        parse_rfc2822(value)


@pytest.mark.parametrize("text", ["", "soon", ",", "Fri, 18 Oct 2019 99:02:00 +0000", "x" * 65])
def test_a_malformed_rfc_2822_time_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        parse_rfc2822(text)


def test_sixty_four_characters_are_the_longest_rfc_2822_time():
    time = "Fri, 18 Oct 2019 17:02:00 +0000"
    longest = time + " " * (64 - len(time))
    assert parse_rfc2822(longest) == 1_571_418_120
    with pytest.raises(ValueError, match=r"^not a time$"):
        parse_rfc2822(longest + " ")


@given(st.integers(0, LATEST))
def test_epoch_seconds_as_number_or_digits(seconds):
    parse = epoch_parser(1.0)
    assert parse(seconds) == parse(str(seconds)) == seconds


def test_epoch_milliseconds():
    parse = epoch_parser(0.001)
    assert parse(1_800_000_000_500) == parse("1800000000500") == 1_800_000_000.5
    assert parse("1800000000500.25") == pytest.approx(1_800_000_000.50025, abs=1e-6)


def test_the_last_day_of_the_year_9999_is_without_an_end():
    assert epoch_parser(1.0)(LATEST) == LATEST
    for without_end in (LATEST + 1, "253402300799.5"):
        assert epoch_parser(1.0)(without_end) == LATEST
    for text in ("9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00", "9999-12-31T00:00:00+14:00"):
        assert iso_parser(CHINA)(text) == LATEST


@pytest.mark.parametrize("beyond", [253_402_387_200, "9" * 15, 10**15 - 1])
def test_a_time_after_the_year_9999_is_none(beyond):
    with pytest.raises(ValueError, match=r"^not a time$"):
        epoch_parser(1.0)(beyond)


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1899-12-31T23:59:59Z"]
)
def test_a_time_before_1900_is_none(text):
    with pytest.raises(ValueError, match=r"^not a time$"):
        iso_parser(CHINA)(text)


@pytest.mark.parametrize(
    "value", [None, True, False, -1, "", " 1", "1 ", "+1", "1e9", "1.", "٣", 1e20, [], float("nan")]
)
def test_what_is_no_count_is_no_epoch_time(value):
    with pytest.raises(ValueError, match=r"^not a time$"):
        epoch_parser(1.0)(value)
