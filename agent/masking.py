"""Masks people's phone numbers: the middle digits are replaced by asterisks, the ends stay.

The hotline numbers themselves (400 and seven digits) are public and are never masked
(docs/reference/interface.md, Metrics; docs/reference/domain.md §1).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

_INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    r"\u0300-\u036f\u0483-\u0489\u20d0-\u20f0\u2800"  # marks that combine, the blank of Braille
)
_BETWEEN = rf"\s\-‐-―－−_＿/／∕\\＼|｜·・•‧~～*#'’`´^{_INVISIBLE}"
_SEPARATOR = rf"[{_BETWEEN}.()（）\[\]]"
_LOOSE = rf"[{_BETWEEN}]{{0,4}}"
_COUNTRY = rf"(?:(?:\+|00){_LOOSE}86{_LOOSE})?"
_HOTLINE = rf"{_COUNTRY}400(?:{_LOOSE}\d){{7}}"
_MOBILE = rf"{_COUNTRY}0?1(?:{_LOOSE}[3-9])(?:{_LOOSE}\d){{9}}|1[3-9]\d\.\d{{4}}\.\d{{4}}"
_LANDLINE = rf"{_COUNTRY}[(（]?0(?:{_LOOSE}\d){{2,3}}{_LOOSE}[)）]?{_LOOSE}\d(?:{_LOOSE}\d){{6,7}}"
_ABROAD = rf"[+＋]{_LOOSE}\d(?:{_SEPARATOR}{{0,3}}\d){{6,15}}"
_MASKED_GROUPS = rf"\d{{7,}}|1{_LOOSE}[3-9](?:{_LOOSE}\d){{9}}"
_LONG = r"(?:\+|00)?\d{7,}"
# What stands between digits may be anything when it is the same each time: between all of them
# or in the usual groups; between any of them no letter and no dot, as addresses of machines have.
_SPREAD = (
    r"(?P<spread>1(?P<every>\D{1,8})[3-9](?:(?P=every)\d){9}"
    r"|1[3-9]\d(?P<group>\D{1,8})\d{4}(?P=group)\d{4}"
    r"|0\d{2,3}(?P<area>[^\w.]{1,8})\d{3,4}(?P=area)\d{4}"
    r"|(?=1\d*(?P<any>[^\w.]{1,8})\d)1(?P=any)?[3-9](?:(?P=any)?\d){9})"
)

_HOTLINE_RUN = re.compile(rf"(?<!\d){_HOTLINE}(?!\d)")
_PHONE_RUN = re.compile(
    rf"(?<!\d)(?:(?P<hotline>{_HOTLINE})|{_MOBILE}|{_LANDLINE}|{_ABROAD}|(?P<long>{_LONG})|{_SPREAD})"
    rf"(?!\d)"
    rf"|{_MASKED_GROUPS}"
)
_PHONE_WORD = r"(?:TEL|TELE|PHONE|MOB|MOBILE|CELL|CALL|CALLER|FAX|HP|SMS|NO|NUMBER)"
_IDENTIFIER_BEFORE = re.compile(
    rf"(?<![A-Za-z0-9])(?!{_PHONE_WORD}[-_/]?\d*$)[A-Z]{{2,8}}(?:[-_/][A-Z0-9]{{1,6}})*(?P<gap>[-_/]?)$"
)
"""Capital letters before digits, as in the ids of orders and tickets: ``SP-``, ``WO-SH-``."""
_DATE_FIRST = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{0,8}")
_SHORT_ID = re.compile(r"(?!1[3-9]|0[1-9])\d{7,8}")
"""Digits behind letters without a gap, as in ``INC0012345``; not the beginning of a phone."""
_MOBILE_INSIDE = re.compile(r"1[3-9]\d{9}")
_LONGEST_PREFIX = 32
_USUAL_MOBILE = (
    rf"(?:(?:(?:\+|00){_LOOSE})?86{_LOOSE})?0?1[3-9]\d{_LOOSE}\d{{4}}{_LOOSE}\d{{4}}"
    rf"|{_COUNTRY}1(?P<single>[{_BETWEEN}.]{{1,4}})[3-9](?:(?P=single)\d){{9}}"
    r"|1[3-9]\d\.\d{4}\.\d{4}"
)
_USUAL_LANDLINE = (
    rf"{_COUNTRY}[(（]?0(?:10|2\d|[3-9]\d{{2}}){_LOOSE}[)）]?{_LOOSE}[2-8]\d{{2,3}}{_LOOSE}\d{{4}}"
)
_USUAL_PHONE = re.compile(rf"(?<!\d)(?:{_USUAL_MOBILE}|{_USUAL_LANDLINE}|{_ABROAD})(?!\d)")
_CHINESE_DIGITS = {ord(letter): str(value) for value, letter in enumerate("零一二三四五六七八九")}
_CHINESE_DIGITS |= {ord("〇"): "0", ord("幺"): "1"}
_CHINESE_RUN = re.compile(rf"(?:[零〇幺一二三四五六七八九]{_LOOSE}){{9,}}")
_ALIKE = {ord(letter): "0" for letter in "OoΟοОоՕօＯｏ○◯"} | {
    ord(letter): "1" for letter in "lIІӀｌＩ"
}
"""Letters that people, or whoever wants to hide a phone from a mask, write for 0 and for 1."""
_ALIKE_DIGIT = rf"[0-9{''.join(map(chr, _ALIKE))}]"
_ALIKE_RUN = re.compile(
    rf"(?<!\d)(?:{_COUNTRY}|86{_LOOSE})(?:0?[1lI]{_LOOSE}[3-9](?:{_LOOSE}{_ALIKE_DIGIT}){{9}}"
    rf"|(?:0|(?<!\w)[Oo])(?:{_ALIKE_DIGIT}){{2,3}}(?:{_LOOSE}{_ALIKE_DIGIT}){{7,8}})(?!\d)"
)
_LEAST_DIGITS = 6
"""True digits of a phone of which others are letters; words have fewer."""
_ESCAPE = (
    r"\\{1,4}u([dD][89abAB][0-9a-fA-F]{2})\\{1,4}u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\{1,4}u((?![dD][89a-fA-F])[0-9a-fA-F]{4})"
)
_ENCODED = re.compile(rf"&#(?:[xX]0*(3\d)|0*(4[89]|5[0-7]));?|%(3\d)|{_ESCAPE}")
"""A digit as an entity of HTML or in a URL's escape; any character in JSON's, even twice."""
_PHONE_SHAPE = re.compile(rf"(?:{_MOBILE}|{_LANDLINE}|{_ABROAD})(?!\d)")
_NOISE = re.compile(_SEPARATOR)
_NUMBER_ONLY = re.compile(rf"\+?(?:\d|{_SEPARATOR})*")
_CHINA_DIGITS = re.compile(r"^(?:00)?86(?=\d{9,12}$)")
_CHINA = re.compile(r"(\+86|0086)(?=\d{9,12}$)")
_PARTS = re.compile(r"(0?1[3-9]\d|0(?:10|2\d)|0\d{3})(\d+)")
_PART_SIZES = frozenset({7, 8})


class _AsciiDigits(dict[int, str]):
    """For ``str.translate``: a digit of any script as an ASCII digit, all else as it is."""

    def __init__(self, digit: Callable[[str, None], int | None]) -> None:
        super().__init__()
        self._digit = digit

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        value = self._digit(letter, None)
        self[code] = letter if value is None else str(value)
        return self[code]


_ASCII_DIGITS = _AsciiDigits(unicodedata.decimal)
_ASCII_OF_ALL_DIGITS = _AsciiDigits(unicodedata.digit)
"""Superscripts and circled digits, too."""
IDENTIFIERS = frozenset(
    {"id", "key", "ticket", "next", "previous", "parent", "members_url", "webhook_id"}
)
"""Keys of documents that hold identifiers made by the agent, some of which have many digits."""
REFERENCES = frozenset({"provider_ticket", "reference"})
"""Keys of documents that hold numbers of tickets and orders of others (:func:`mask_reference`)."""
_FEW = 4
_INVISIBLE_CHARACTERS = re.compile(f"[{_INVISIBLE}]")
_FRONT_DIGITS = 3
_BACK_DIGITS = 4
_MASK = "****"
_LONGEST_UNSPLIT = 11
_LONGEST_EXTENSION = 6
"""Digits: an extension of a PBX or a public short number, and no person's phone."""


def mask_phone(phone: str) -> str:
    """``phone`` with its middle hidden: ``13800000001`` gives ``138****0001``.

    Landlines keep their area code (``022****4321``), country codes stay in front. Separators
    are dropped. A 400 number comes back as it is. Text that is not a phone number, such as a
    SIP address, is masked as free text. Up to six digits are an extension and stay.
    """
    phone = _visible(phone)
    if _HOTLINE_RUN.fullmatch(phone):
        return phone
    if not _NUMBER_ONLY.fullmatch(phone):
        return _mask_address(phone)
    digits = _NOISE.sub("", phone)
    if len(digits) <= _LONGEST_EXTENSION and digits.isdecimal():
        return digits
    country = _CHINA.match(digits)
    front = country[0] if country else ""
    return front + _mask_national(digits[len(front) :])


def mask_text(text: str, is_public: Callable[[str], bool] | None = None) -> str:
    """``text`` with every phone-like run of digits masked as :func:`mask_phone` does.

    Digits of other scripts count as digits, and what people, or whoever wants to hide a phone
    from a mask, put between digits (spaces, dashes, slashes, underscores, invisible characters)
    counts as nothing; what else may stand there counts as nothing where it is the same between
    all digits or groups. Digits written as entities of HTML, in URLs' and JSON's escapes are
    digits as well. Runs of digits that ``is_public`` accepts stay.
    """
    return _with_phones(text, is_public, mask_phone)


def erase_phones(text: str, word: str, is_theirs: Callable[[str], bool] | None = None) -> str:
    """``text`` with ``word`` in the place of every phone that :func:`mask_text` would mask.

    Args:
        text: Any text.
        word: What stands there then.
        is_theirs: Whether a run of digits, with what stands between them, is to be erased; without
            it all are.
    """
    is_public = None if is_theirs is None else lambda run: not is_theirs(run)
    return _with_phones(text, is_public, lambda _phone: word)


def _with_phones(
    text: str, is_public: Callable[[str], bool] | None, shown: Callable[[str], str]
) -> str:
    if _ENCODED.search(text):
        plain = _ENCODED.sub(_decoded, text)
        if (changed := _masked(plain, is_public, shown)) != plain:
            return changed
    return _masked(text, is_public, shown)


def _decoded(match: re.Match[str]) -> str:
    hexadecimal, decimal, percent, high, low, escape = match.groups()
    if high:
        return bytes.fromhex(high + low).decode("utf-16-be")
    if escape and not (letter := chr(int(escape, 16))).isdecimal() and letter.isascii():
        return match[0]  # a quotation mark stays escaped, so that the text stays JSON
    return chr(int(decimal) if decimal else int(hexadecimal or percent or escape, 16))


def _masked(text: str, is_public: Callable[[str], bool] | None, shown: Callable[[str], str]) -> str:
    # One character for one, so that what is found has the same place in the text.
    normalized = text if text.isascii() else _with_ascii_digits(text)
    normalized = _ALIKE_RUN.sub(_with_digits_alike, normalized)
    parts, end = [], 0
    for run in _PHONE_RUN.finditer(normalized):
        if run["hotline"] or (is_public is not None and is_public(run[0])):
            continue
        if run["long"] and _is_identifier(normalized, run):
            continue
        found = text[run.start() : run.end()]
        if run["spread"]:
            found = "".join(filter(str.isdecimal, run[0]))
        # Of superscripts and circled digits, which are no decimals, the ASCII form is masked.
        phone = found if _NUMBER_ONLY.fullmatch(_visible(found)) else run[0]
        parts += [text[end : run.start()], shown(phone)]
        end = run.end()
    return "".join((*parts, text[end:])) if parts else text


def _is_identifier(text: str, run: re.Match[str]) -> bool:
    """Whether the digits of ``run`` are part of an id, as ``SP-20261128-77`` has them.

    Capital letters stand before them, and they begin with a date, or are few and stand without a
    gap. Digits that may be a phone never are.
    """
    before = _IDENTIFIER_BEFORE.search(text, max(0, run.start() - _LONGEST_PREFIX), run.start())
    if before is None or _MOBILE_INSIDE.search(run[0]):
        return False
    if _DATE_FIRST.fullmatch(run[0]):
        return True
    return not before["gap"] and _SHORT_ID.fullmatch(run[0]) is not None


def mask_reference(reference: str) -> str:
    """``reference``, the number of somebody's ticket or order, masked only where it is a phone.

    For fields whose digits are those of an id, however many: ``SP-20261128-77`` and
    ``20261128004417`` come back as they are. A mobile, a landline with its area code and a number
    with ``+`` are masked in every usual spelling, since people do write phones into such fields.
    """
    plain = reference if reference.isascii() else _with_ascii_digits(reference)
    parts, end = [], 0
    for run in _USUAL_PHONE.finditer(plain):
        if _HOTLINE_RUN.fullmatch(run[0]):
            continue
        parts += [reference[end : run.start()], mask_phone(run[0])]
        end = run.end()
    return "".join((*parts, reference[end:])) if parts else reference


def national_digits(phone: str) -> str:
    """The digits of ``phone`` without separators and without China's country code."""
    digits = "".join(filter(str.isdecimal, phone.translate(_ASCII_DIGITS)))
    return _CHINA_DIGITS.sub("", digits)


def phones_in(text: str) -> Iterator[str]:
    """The :func:`national_digits` of everything in ``text`` that :func:`mask_text` would mask."""
    for run in _PHONE_RUN.finditer(text if text.isascii() else _with_ascii_digits(text)):
        yield national_digits(run[0])


def mask_document(value: Any, mask: Callable[[str], str]) -> Any:
    """``value``, made of JSON's types, with ``mask`` applied to its texts and keys.

    Texts under the keys of :data:`IDENTIFIERS` stay as they are; those under the keys of
    :data:`REFERENCES` are masked as :func:`mask_reference` does.
    """
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [mask_document(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(name): _mask_item(name, item, mask) for name, item in value.items()}
    return value


def _mask_item(name: str, item: Any, mask: Callable[[str], str]) -> Any:
    if name in IDENTIFIERS:
        return item
    if name in REFERENCES and isinstance(item, str):
        return mask_reference(item)
    return mask_document(item, mask)


def looks_like_phone(text: str) -> bool:
    """Whether all of ``text`` has the shape of a mobile, a landline or a number abroad."""
    return _PHONE_SHAPE.fullmatch(text.translate(_ASCII_DIGITS).strip()) is not None


def _with_ascii_digits(text: str) -> str:
    # A few superscripts are footnotes and the like; more of them stand for a number.
    text = _CHINESE_RUN.sub(lambda run: run[0].translate(_CHINESE_DIGITS), text)
    others = sum(letter.isdigit() and not letter.isdecimal() for letter in text)
    return text.translate(_ASCII_OF_ALL_DIGITS if others > _FEW else _ASCII_DIGITS)


def _with_digits_alike(run: re.Match[str]) -> str:
    is_phone = sum(map(str.isdecimal, run[0])) >= _LEAST_DIGITS
    return run[0].translate(_ALIKE) if is_phone else run[0]


def _visible(text: str) -> str:
    return text if text.isascii() else _INVISIBLE_CHARACTERS.sub("", text)


def _mask_national(digits: str) -> str:
    parts = _PARTS.fullmatch(digits)
    if parts and len(parts[2]) in _PART_SIZES:
        return parts[1] + _MASK + parts[2][len(_MASK) :]
    if len(digits) < _LONGEST_UNSPLIT:
        shown = max(0, min(_BACK_DIGITS, len(digits) - len(_MASK)))
        return "*" * (len(digits) - shown) + digits[len(digits) - shown :]
    hidden = len(digits) - _FRONT_DIGITS - _BACK_DIGITS
    return digits[:_FRONT_DIGITS] + "*" * hidden + digits[-_BACK_DIGITS:]


def _mask_address(text: str) -> str:
    """Mask a SIP or mail address: the first letter of the user part and the host stay."""
    scheme, colon, rest = text.rpartition(":") if text.lower().startswith("sip") else ("", "", text)
    user, at, host = rest.partition("@")
    if at and not any(letter.isdecimal() for letter in user):
        rest = f"{user[:1]}***@{host}"
    return mask_text(scheme + colon + rest)
