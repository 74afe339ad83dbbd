"""Masks people's phone numbers: the middle digits are replaced by asterisks, the ends stay.

The hotline numbers themselves (400 and seven digits) are public and are never masked
(docs/reference/interface.md, Metrics; docs/reference/domain.md §1).
"""

import re

_SEPARATOR = r"[\s\-‐-―－.()（）·]"
_LOOSE = r"[\s\-‐-―－]{0,2}"
_COUNTRY = rf"(?:(?:\+|00){_LOOSE}86{_LOOSE})?"
_HOTLINE = rf"{_COUNTRY}400(?:{_LOOSE}\d){{7}}"
_MOBILE = rf"{_COUNTRY}0?1(?:{_LOOSE}[3-9])(?:{_LOOSE}\d){{9}}|1[3-9]\d\.\d{{4}}\.\d{{4}}"
_LANDLINE = rf"{_COUNTRY}[(（]?0\d{{2,3}}[)）]?{_LOOSE}\d(?:{_LOOSE}\d){{6,7}}"
_ABROAD = rf"\+\d(?:{_SEPARATOR}{{0,2}}\d){{6,15}}"
_LONG = r"(?:\+|00)?\d{7,}"

_HOTLINE_RUN = re.compile(rf"(?<!\d){_HOTLINE}(?!\d)")
_PHONE_RUN = re.compile(
    rf"(?<!\d)(?:(?P<hotline>{_HOTLINE})|{_MOBILE}|{_LANDLINE}|{_ABROAD}|{_LONG})(?!\d)|\d{{7,}}"
)
_PHONE_SHAPE = re.compile(rf"(?:{_MOBILE}|{_LANDLINE}|{_ABROAD})(?!\d)")
_NOISE = re.compile(_SEPARATOR)
_NUMBER_ONLY = re.compile(rf"\+?(?:\d|{_SEPARATOR})*")
_CHINA = re.compile(r"(\+86|0086)(?=\d{9,12}$)")
_PARTS = re.compile(r"(0?1[3-9]\d|0(?:10|2\d)|0\d{3})(\d+)")
_PART_SIZES = frozenset({7, 8})
_FRONT_DIGITS = 3
_BACK_DIGITS = 4
_MASK = "****"
_LONGEST_UNSPLIT = 11


def mask_phone(phone: str) -> str:
    """``phone`` with its middle hidden: ``13800000001`` gives ``138****0001``.

    Landlines keep their area code (``022****4321``), country codes stay in front. Separators
    are dropped. A 400 number comes back as it is. Text that is not a phone number, such as a
    SIP address, is masked as free text.
    """
    if _HOTLINE_RUN.fullmatch(phone):
        return phone
    if not _NUMBER_ONLY.fullmatch(phone):
        return _mask_address(phone)
    digits = _NOISE.sub("", phone)
    country = _CHINA.match(digits)
    front = country[0] if country else ""
    return front + _mask_national(digits[len(front) :])


def mask_text(text: str) -> str:
    """``text`` with every phone-like run of digits masked as :func:`mask_phone` does."""
    return _PHONE_RUN.sub(_mask_run, text)


def looks_like_phone(text: str) -> bool:
    """Whether all of ``text`` has the shape of a mobile, a landline or a number abroad."""
    return _PHONE_SHAPE.fullmatch(text.strip()) is not None


def _mask_run(run: re.Match[str]) -> str:
    return run[0] if run["hotline"] else mask_phone(run[0])


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
