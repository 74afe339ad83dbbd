"""One person, as the store may know them: by a phone in any spelling, or by a reporter's id."""

import re
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final

from agent.masking import erase_phones, mask_phone, mask_text, national_digits
from agent.routing.caller import caller_number, is_hotline

_LEAST_DIGITS: Final = 7
_REPORTER: Final = re.compile(r"[0-9a-f]{16}")
_IN_TEXT: Final = r"[\W_]{0,4}"
"""What people write between digits, and what does not show."""
IN_BYTES: Final = r"[ \t\-./()]{0,3}"
"""The same in the bytes of a file, where a character may be several."""


@unique
class Form(StrEnum):
    """How a text names a person."""

    PHONE = "phone"
    """In full, in whatever spelling."""
    MASKED = "masked"
    """By the mask, which others have too whose phones begin and end alike."""
    REPORTER = "reporter"
    """By the keyed hash of the phone."""


class UnknownPersonError(ValueError):
    """What was given is neither a phone nor the id of a reporter; the text says what is."""


@dataclass(frozen=True)
class Person:
    """A person to look for.

    Args:
        phone: As it is dialled in China, digits only; empty where only the id is known.
        who: The keyed hash of it; empty where nobody is known by one.
    """

    phone: str = field(default="", repr=False)
    who: str = ""

    @property
    def masked(self) -> str:
        """What may be shown of the phone; empty without one."""
        return mask_phone(self.phone) if self.phone else ""

    def forms_in(self, text: str) -> set[Form]:
        """How ``text`` names this person; empty where it does not."""
        forms = set()
        if self.phone and self._without_phone(text, "") != text:
            forms.add(Form.PHONE)
        if self.masked and self.masked in text:
            forms.add(Form.MASKED)
        if self.who and self.who in text:
            forms.add(Form.REPORTER)
        return forms

    def erased_from(self, text: str, word: str) -> str:
        """``text`` with ``word`` wherever it names this person."""
        if self.phone:
            text = self._without_phone(text, word).replace(self.masked, word)
        return text.replace(self.who, word) if self.who else text

    def shown_in(self, text: str) -> str:
        """``text`` with every phone masked but this person's."""
        return mask_text(text, self.is_phone)

    def is_phone(self, run: str) -> bool:
        """Whether a run of digits, with what stands between them, is this person's phone."""
        return canonical(run) == self.phone

    def _without_phone(self, text: str, word: str) -> str:
        # The mask knows unusual spellings, the pattern those that are masked as something else.
        return re.sub(self.pattern(_IN_TEXT), word, erase_phones(text, word, self.is_phone))

    def pattern(self, between: str) -> str:
        """A regular expression that finds usual spellings of the phone, which there must be.

        A landline has no 0 after the country code, a mobile may have one.

        Args:
            between: Matches what may stand between digits.
        """
        digits = between.join(self.phone.removeprefix("0"))
        return rf"(?<!\d)(?:(?:\+|00)?86{between})?0?{between}{digits}(?!\d)"


def canonical(phone: str) -> str:
    """``phone`` as it is dialled in China, in digits only, however it was written."""
    plain = caller_number(phone)
    if not plain.isdecimal():
        plain = caller_number(national_digits(phone))
    return plain


def person_of(phone: str, who: str) -> Person:
    """The person with this phone or, without one, this id of a reporter.

    Raises:
        UnknownPersonError: when neither is one.
    """
    if phone:
        plain = canonical(phone)
        if not plain.isdecimal() or len(plain) < _LEAST_DIGITS or is_hotline(plain):
            raise UnknownPersonError(
                "this is no person's phone; give all of it, a landline with its area code"
            )
        return Person(plain, who)
    if not _REPORTER.fullmatch(who):
        raise UnknownPersonError(
            "give a phone, or the id of a reporter: 16 hexadecimal digits, as in the address"
            " /complaints?reporter=… of their complaints"
        )
    return Person("", who)
