"""The texts of a verdict in every language: its reader may have chosen another than configured."""

from collections.abc import Sequence

import msgspec

from agent.i18n import LOCALES, Text
from agent.verdict import Verdict, VerdictTexts


def with_texts(verdict: Verdict, locale: str, **texts: Sequence[Text]) -> Verdict:
    """``verdict`` with other ``findings``, ``next_steps`` or ``questions``, in every language.

    Its own fields are in ``locale``, as tools that know nothing of languages read them.
    """
    translated = tuple(
        msgspec.structs.replace(_texts_in(verdict, each), **_rendered(texts, each))
        for each in LOCALES
    )
    return verdict_in(msgspec.structs.replace(verdict, translations=translated), locale)


def with_first(verdict: Verdict, locale: str, **texts: Text) -> Verdict:
    """``verdict`` with one text before its ``next_steps`` or ``questions``, in every language."""
    translated = tuple(_with_first(_texts_in(verdict, each), texts) for each in LOCALES)
    return verdict_in(msgspec.structs.replace(verdict, translations=translated), locale)


def verdict_in(verdict: Verdict, locale: str) -> Verdict:
    """``verdict`` as its reader gets it; one that was stored in one language stays in that."""
    own = next((it for it in verdict.translations if it.locale == locale), None)
    if own is None:
        return verdict
    return msgspec.structs.replace(
        verdict, findings=own.findings, next_steps=own.next_steps, questions=own.questions
    )


def _with_first(own: VerdictTexts, texts: dict[str, Text]) -> VerdictTexts:
    first = {name: text.text(own.locale) for name, text in texts.items()}
    several = {name: (text, *getattr(own, name)) for name, text in first.items()}
    return msgspec.structs.replace(own, **several)


def _texts_in(verdict: Verdict, locale: str) -> VerdictTexts:
    found = (it for it in verdict.translations if it.locale == locale)
    return next(found, VerdictTexts(locale))


def _rendered(texts: dict[str, Sequence[Text]], locale: str) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(dict.fromkeys(text.text(locale) for text in several))
        for name, several in texts.items()
    }
