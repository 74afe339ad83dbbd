"""A verdict as output: for people, in the configured language, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec
from rich.text import Text

from agent.config.settings import Settings
from agent.diagnosis.evidence_words import fact_text, reason_text, source_text, value_of_fact
from agent.diagnosis.texts import verdict_in
from agent.diagnosis.words import Words
from agent.i18n import ENGLISH, Joined
from agent.states import Cause
from agent.terminal.grid import Column, facts, paragraph, table
from agent.terminal.times import duration, moment
from agent.verdict import Considered, Evidence, Verdict

_STYLES = {Cause.HEALTHY.value: "green", Cause.UNKNOWN.value: "yellow"}
_BAD = "red"
_LIST_STYLES = {"findings": ("!", "yellow"), "next_steps": (">", ""), "questions": ("?", "cyan")}


def render_json(verdict: Verdict) -> str:
    """The verdict as one JSON document (docs/reference/interface.md, States)."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2).decode()


def render(verdict: Verdict, settings: Settings, locale: str, width: int) -> Iterator[Text]:
    """The lines of the verdict for a terminal of ``width`` cells, in the language ``locale``."""
    words, verdict = Words(locale), verdict_in(verdict, locale)
    style = _STYLES.get(verdict.cause, _BAD)
    title = f"{verdict.number}  {words.title(Cause(verdict.cause))}"
    yield from paragraph(Text(title, style=f"bold {style}"), width)
    summary = _summary(verdict, settings, words, locale)
    yield from facts(((words.word("headings", name), text) for name, text in summary), width, 2)
    if verdict.evidence:
        yield from _evidence(verdict.evidence, words, locale, width)
    for name, (mark, line_style) in _LIST_STYLES.items():
        lines: tuple[str, ...] = getattr(verdict, name)
        if lines:
            yield Text(words.word("headings", name), style="bold")
            for line in lines:
                yield from paragraph(Text(line, style=line_style), width, f"  {mark} ")
    if verdict.considered:
        yield Text(words.word("headings", "considered"), style="bold")
        for considered in verdict.considered:
            yield from paragraph(_considered(considered, words, locale), width, "  · ")


def _summary(
    verdict: Verdict, settings: Settings, words: Words, locale: str
) -> Iterator[tuple[str, str]]:
    party = words.word("parties", verdict.party)
    # The codes are what the JSON document and the metrics have; other languages go without them.
    yield "job", party if locale != ENGLISH else f"{party}  ({verdict.cause}, {verdict.party})"
    yield "sure", f"{verdict.confidence:.0%}"
    if verdict.contact:
        yield "call", verdict.contact
    if verdict.since is not None:
        yield "since", moment(verdict.since, ZoneInfo(settings.timezone))


def _evidence(known: tuple[Evidence, ...], words: Words, locale: str, width: int) -> Iterable[Text]:
    wraps = {"fact": True, "value": True}
    columns = [
        Column(words.word("headings", name), wraps=wraps.get(name, False))
        for name in ("fact", "value", "source", "age")
    ]
    rows = (
        (
            fact_text(fact.fact, locale),
            value_of_fact(fact.fact, fact.value, locale),
            source_text(fact.source, locale),
            "-" if fact.age_seconds is None else duration(fact.age_seconds, locale),
        )
        for fact in known
    )
    return table(columns, rows, width)


def _considered(considered: Considered, words: Words, locale: str) -> Text:
    title = words.title(Cause(considered.cause))
    parts = [
        f"{words.word('headings', name)}: {_reasons(known, locale)}"
        for name, known in (("pro", considered.for_), ("contra", considered.against))
        if known
    ]
    return Text(f"{title}  {'  '.join(parts)}", style="dim")


def _reasons(known: Sequence[str], locale: str) -> str:
    return Joined(tuple(reason_text(reason, locale) for reason in known)).text(locale)
