"""Sentences that were composed of known forms, found again in a text and said in both languages.

For texts that are recorded before anybody knows who will read them: they are redacted, kept over
restarts, and written to logs, in English. A form is an English text with placeholders, as a
:class:`Message` has them, and the key of its translation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from string import Formatter

from agent.i18n.message import Message, Text

_DEPTH = 4
"""How deep forms are looked for in the values of forms."""


class Forms:
    """Finds forms in texts.

    Args:
        forms: The sentences.
        values: What else stands in the placeholders named in ``worded``.
        patterns: What a placeholder may hold, by its name; by default anything.
        worded: The placeholders that hold sentences and values themselves.
        whole: Whether a sentence counts only if each of these is one that is known, or holds
            nothing but names.
    """

    def __init__(
        self,
        forms: Sequence[str],
        values: Sequence[str],
        patterns: Mapping[str, str],
        worded: frozenset[str],
        *,
        whole: re.Pattern[str] | None = None,
    ) -> None:
        self._texts = tuple(forms), tuple(values)
        self._patterns = patterns
        self._worded = worded
        self._whole = whole

    def message(self, text: str) -> Message | None:
        """``text`` as a message; ``None`` where it has no form."""
        return self._message(text, self._forms, _DEPTH)

    def value(self, text: str) -> Message | None:
        """``text``, which stands in a placeholder, as a message."""
        return self._message(text, self._values, _DEPTH)

    def form_of(self, text: str) -> str | None:
        """The form of a whole sentence; ``None`` where it has none."""
        return next((form for form, _ in _matches(text, self._forms)), None)

    @cached_property
    def _forms(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return self._compiled(self._texts[0])

    @cached_property
    def _values(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return self._compiled(self._texts[1])

    def _message(
        self, text: str, forms: Sequence[tuple[str, re.Pattern[str]]], depth: int
    ) -> Message | None:
        for form, found in _matches(text, forms):
            values = {name: self._value(name, it, depth) for name, it in found.items()}
            if None not in values.values():
                return Message(form, values)
        return None

    def _value(self, name: str, text: str, depth: int) -> Text | str | None:
        if name not in self._worded or not depth:
            return text
        known = self._message(text, self._values, depth - 1)
        known = known or self._message(text, self._forms, depth - 1)
        if known is None and self._whole is not None and not self._whole.fullmatch(text):
            return None
        return known or text

    def _compiled(self, forms: Sequence[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The forms with their patterns, those with the most text of their own first."""
        ordered = sorted(forms, key=lambda it: -sum(len(text) for text, *_ in _parts(it)))
        return tuple((form, re.compile(self._pattern(form), re.DOTALL)) for form in ordered)

    def _pattern(self, form: str) -> str:
        return "".join(
            re.escape(text) + (f"(?P<{name}>{self._patterns.get(name, '.+?')})" if name else "")
            for text, name, _, _ in _parts(form)
        )


def _parts(form: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return list(Formatter().parse(form))


def _matches(
    text: str, forms: Sequence[tuple[str, re.Pattern[str]]]
) -> Iterator[tuple[str, dict[str, str]]]:
    for form, pattern in forms:
        if match := pattern.fullmatch(text):
            yield form, match.groupdict()
