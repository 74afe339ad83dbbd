"""What people may see of a phone number."""

import json
import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.masking import looks_like_phone, mask_document, mask_phone, mask_reference, mask_text

DIGITS = "0123456789"
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
landlines = st.from_regex(r"0(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True)
hotlines = st.from_regex(r"400[0-9]{7}", fullmatch=True)
FULLWIDTH = {0xFF10 + value: str(value) for value in range(10)}
letters = st.text(st.characters(exclude_categories=("Nd", "Cs"), exclude_characters="+*"))


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800000001", "138****0001"),
        ("02287654321", "022****4321"),
        ("01087654321", "010****4321"),
        ("075587654321", "0755****4321"),
        ("03121234567", "0312****567"),
        ("+8613800000001", "+86138****0001"),
        ("008613800000001", "0086138****0001"),
        ("+86 138-0000-0001", "+86138****0001"),
        ("(022)8765-4321", "022****4321"),
        ("013800000001", "0138****0001"),
        ("+14155550100", "+14*****0100"),
        ("87654321", "****4321"),
        ("4006220001", "4006220001"),
        ("400-622-0001", "400-622-0001"),
        ("+864006220001", "+864006220001"),
        ("8001", "8001"),
        ("801", "801"),
        ("801002", "801002"),
        ("8010023", "****023"),
        ("", ""),
        ("sip:13800000001@pbx.example", "sip:138****0001@pbx.example"),
        ("sip:alice@pbx.example", "sip:a***@pbx.example"),
    ],
)
def test_the_middle_of_a_phone_is_hidden(phone, shown):
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("主叫13800000001呼叫4006220001失败", "主叫138****0001呼叫4006220001失败"),
        ("call 138 0000 0001 or 400-6220001", "call 138****0001 or 400-6220001"),
        ("call (022) 87654321, ext 12", "call 022****4321, ext 12"),
        ("13800000001 13900000002", "138****0001 139****0002"),
        ("138.0000.0001", "138****0001"),
        ("balance 15.00 35.00 120.50 at 2026-11-21 20:16:55", None),
        ("error 40401 on page 12", None),
        ("１３８００００１１１１", "１３８****１１１１"),
    ],
)
def test_free_text_loses_only_its_phones(text, shown):
    assert mask_text(text) == (text if shown is None else shown)


@given(mobiles | landlines, st.sampled_from(["", "+86", "0086", "+86 "]))
def test_at_least_four_digits_of_every_phone_are_hidden(phone, country):
    shown = mask_phone(country + phone)
    assert shown.count("*") >= 4
    assert phone not in shown
    assert sum(letter in DIGITS for letter in shown) <= len(phone) - 4 + len(country)


@given(letters, mobiles | landlines, letters)
def test_no_phone_survives_in_free_text(before, phone, after):
    shown = mask_text(before + phone + after)
    assert phone not in shown
    assert "****" in shown


@given(mobiles, st.lists(st.sampled_from(["", "-", " "]), min_size=10, max_size=10))
def test_a_mobile_is_found_however_it_is_grouped(phone, gaps):
    written = "".join(a + b for a, b in zip(phone, [*gaps, ""], strict=True))
    shown = mask_text(f"主叫 {written} 失败")
    assert shown == f"主叫 {phone[:3]}****{phone[7:]} 失败"


@given(letters, hotlines, letters)
def test_a_hotline_is_public(before, hotline, after):
    # A letter that is read as a digit makes it another number, which may be somebody's phone.
    assume(not before.endswith(("l", "I", "O", "o")))
    assert hotline in mask_text(before + hotline + after)


@given(st.text())
def test_masking_never_fails_and_leaves_no_long_run_but_a_hotline(text):
    without_ids = re.sub(r"[A-Z]{2,8}(?:[-_/][A-Z0-9]{1,6})*[-_/]?\d+", "", mask_text(text))
    for run in re.findall(r"\d{7,}", without_ids):
        assert re.fullmatch(r"(?:0086)?400\d{7}", run)
    mask_phone(text)
    mask_reference(text)


@given(mobiles | landlines)
def test_a_phone_looks_like_one(phone):
    assert looks_like_phone(phone)
    assert looks_like_phone("+86" + phone)


@pytest.mark.parametrize("text", ["b1", "10000001", "4006220001", "2026-11-21", "binding-7", ""])
def test_an_id_does_not_look_like_a_phone(text):
    assert not looks_like_phone(text)


def _between(gap: str):
    return gap.join


def _grouped(gap: str):
    return lambda phone: gap.join((phone[:3], phone[3:7], phone[7:]))


def _encoded(form: str):
    return lambda phone: "".join(form.format(ord(digit)) for digit in phone)


GAPS = [",", ":", ";", "=", "+", "!", "&", '"', "→", "●", " " * 6, "<b></b>", "⠀", "\u0301"]
UNUSUAL = [
    lambda phone: "".join(chr(0x1D7CE + int(digit)) for digit in phone),
    lambda phone: "".join(chr(0xFF10 + int(digit)) for digit in phone),
    _between("\u200b"),
    *map(_between, [*GAPS, ".", "a", "\ufe0f\u20e3"]),
    *map(_grouped, [*GAPS, "."]),
    *map(_encoded, ["&#{};", "&#x{:x};", "%{:02x}", "\\u{:04x}"]),
    lambda phone: phone[:5] + "," + phone[5:],
    lambda phone: phone[:5] + "\u0489" + phone[5:],
    lambda phone: "".join("零一二三四五六七八九"[int(digit)] for digit in phone),
]


@pytest.mark.parametrize("written", UNUSUAL)
def test_a_mobile_is_found_whatever_stands_between_its_digits(written):
    phone = "13951007919"
    for shown in (mask_text(f"call {written(phone)} now"), mask_phone(written(phone))):
        assert "****" in shown
        assert not re.search(r"5\D*1\D*0\D*0", shown)
        assert "五" not in shown


@pytest.mark.parametrize("written", UNUSUAL)
def test_a_mobile_is_found_in_json_whose_letters_are_escaped(written):
    shown = json.loads(mask_text(json.dumps({"name": written("13951007919"), "a": '"b"'})))
    assert "****" in shown["name"]
    assert shown["a"] == '"b"'


@pytest.mark.parametrize("escape", [r"\ud83d", r"\udc00", r"\ud83dx", r"\u12", r"\\u00e9"])
def test_a_broken_escape_is_no_error(escape):
    mask_text(f"13951007919 {escape}").encode()


@pytest.mark.parametrize(
    "text",
    [
        "172.16.100.101 refused",
        "waits 5,10,15,20,30,50,60,90",
        "open 13:00-18:00, 19:00-20:30",
        "2026-11-28T15:30:02.678020Z",
        "13,500.00 of 150,000.00",
        "17a3f09b8c1d4e5f6a7b8c9d0e1f2a3b",
        "100&#49; and 50%3D",
        "二零二六年一月三日",
    ],
)
def test_what_is_no_phone_stays(text):
    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 138OOOO0001 now", "call 138****0001 now"),
        ("u-138ooOO0001", "u-138****0001"),
        ("l38-0000-000I", "138****0001"),
        ("+86 138 OOOO 0001", "+86138****0001"),
        ("8613800OO0001", None),
        ("O22-876543Ol", "022****4301"),
        ("138ＯＯＯＯ0001", "138****0001"),
        ("138ОООО0001", "138****0001"),
        ("what it did to 13812345678", "what it did to 138****5678"),
        ("o 13812345678 l", "o 138****5678 l"),
    ],
)
def test_letters_that_look_like_digits_are_digits(text, shown):
    found = mask_text(text)
    assert "****" in found
    assert shown in (None, found)


@pytest.mark.parametrize(
    "text", ["Ool lol ooo", "0oO1lI", "NW-1O2B3C4D5E6F", "I3Ol and 4OO622OOO1"]
)
def test_words_with_letters_that_look_like_digits_stay(text):
    assert mask_text(text) == text


@given(mobiles, st.lists(st.booleans(), min_size=11, max_size=11))
def test_a_mobile_is_found_with_any_of_its_zeros_as_letters(phone, letters):
    swapped = "".join(
        "O" if it and digit == "0" else digit for digit, it in zip(phone, letters, strict=True)
    )
    if sum(map(str.isdecimal, swapped)) >= 6:
        assert mask_text(f"call {swapped}") == f"call {phone[:3]}****{phone[7:]}"


days = st.dates(date(2015, 1, 1), date(2039, 12, 31)).map(lambda day: f"{day:%Y%m%d}")
# ``OO`` and ``OI`` before digits may be digits themselves: those are masked.
prefixes = st.from_regex(r"(?!NO|TEL|HP|[OI]+$)[A-Z]{2,4}", fullmatch=True).filter(
    lambda text: text not in {"FAX", "MOB", "CELL", "CALL", "SMS"}
)
gaps = st.sampled_from(["-", "_", "/"])


@pytest.mark.parametrize("mask", [mask_text, mask_reference])
@given(prefixes, gaps, days, st.from_regex(r"([-_/][0-9]{1,4})?", fullmatch=True))
def test_an_id_with_letters_and_a_date_is_no_phone(mask, prefix, gap, day, rest):
    for written in (f"{prefix}{gap}{day}{rest}", f"{prefix}{day}{rest}"):
        assert mask(written) == written
        text = f"接单 {written}，处理中"
        assert mask(text) == text


@pytest.mark.parametrize("written", ["OO20150101", "OI20150101", "OOO20150101"])
def test_letters_that_may_all_be_digits_are_no_prefix_of_an_id(written):
    assert mask_text(written) != written


@pytest.mark.parametrize(
    "number",
    [
        *("SP-20261128-77", "20261128004417", "CU-17", "INC0012345", "2026112813912345678"),
        *(
            "2026-11-28-0077",
            "15-20261128-7",
            "0001-20261128",
            "GD_8765432_1",
            "20261128",
            "#40017",
        ),
        *("a3f09b8c-1d4e-5f6a-7b8c-9d0e1f2a3b4c", "SO/2026/11/000123", "8765432"),
        *("4006220001-1", "20261128"),
    ],
)
def test_a_reference_that_is_no_phone_is_never_changed(number):
    assert mask_reference(number) == number
    assert mask_document({"provider_ticket": number}, mask_text) == {"provider_ticket": number}


@given(st.from_regex(r"[A-Z]{0,4}[-_/#]?[0-9]{1,9}([-_/][A-Z0-9]{1,6}){0,2}", fullmatch=True))
def test_a_reference_without_eleven_digits_is_never_changed(number):
    if sum(map(str.isdecimal, number)) < 10:
        assert mask_reference(number) == number


usual = st.sampled_from(
    [
        lambda phone: phone,
        lambda phone: f"+86{phone}",
        lambda phone: f"+86 {phone}",
        lambda phone: f"0086-{phone}",
        lambda phone: f"86{phone}",
        _grouped(" "),
        _grouped("-"),
        _grouped("."),
        _grouped("/"),
        _grouped("\u200b"),
        _between(" "),
        _between("-"),
        _between("\u200b"),
        lambda phone: "".join(chr(0xFF10 + int(digit)) for digit in phone),
    ]
)


@given(mobiles, usual, st.sampled_from(["", "SP-", "PT ", "tel:", "u-", "工单", "INC"]), letters)
def test_no_mobile_escapes_from_a_reference_or_a_text(phone, written, before, after):
    for mask in (mask_text, mask_reference):
        shown = mask(f"{before}{written(phone)} {after}")
        assert phone not in "".join(filter(str.isdecimal, shown.translate(FULLWIDTH)))
        assert "****" in shown


@given(landlines, st.sampled_from(["", "SP-", "PT ", "tel:"]))
def test_no_landline_with_its_area_code_escapes(phone, before):
    area = 3 if phone[1] in "12" else 4
    spellings = (phone, f"{phone[:area]}-{phone[area:]}", f"({phone[:area]}){phone[area:]}")
    for written in (*spellings, f"+86 {phone}"):
        for mask in (mask_text, mask_reference):
            assert phone not in re.sub(r"\D", "", mask(f"{before}{written}"))


@pytest.mark.parametrize(
    "text",
    [
        *("TEL-20261128", "T-20261128", "PHONE20261128", "u-87654321", "SH-87654321", "SP1391234"),
        *("SP-8613912345678", "SP-0214155550123", "SP-1391234-5678", "SP-139 1234 5678"),
    ],
)
def test_what_may_be_a_phone_is_no_id(text):
    assert "***" in mask_text(text)
