"""The handling scores of a period as a paper: by provider, responsible party and person."""

from collections.abc import Iterable, Mapping
from typing import Final

from agent.i18n import Message
from agent.reports.paper import Cell, CellKind, Paper, Section, Table
from agent.reports.scores import Excluded, Part, ScoreGroup, Scores, TicketScore
from agent.reports.words import ReportWords, masked_name

MOST_ROWS = 100
_GOOD, _BAD = 80.0, 60.0
PARTS: Final[Mapping[Part, Message]] = {
    Part.CONTACT: Message("First contact in time"),
    Part.ARRIVAL: Message("Arrival in time"),
    Part.RESTORATION: Message("Restoration in time"),
    Part.REOPENINGS: Message("Not opened again"),
    Part.SURVEY: Message("Callers' survey"),
    Part.QUALITY: Message("Quality check"),
}
_EXCLUDED: Final[Mapping[Excluded, Message]] = {
    Excluded.UNCLEAR: Message("Not scored, the responsibility is unclear: {count}."),
    Excluded.CUSTOMERS: Message("Not scored, the customer's responsibility: {count}."),
    Excluded.NO_FAULT: Message("Not scored, no fault or a duplicate: {count}."),
    Excluded.NOTHING_KNOWN: Message("Not scored, nothing is known of the handling: {count}."),
}


class ScoresPaper:
    """Writes the scores of one period in one language.

    Args:
        scores: The scores.
        words: The language.
        most_rows: The most rows of long tables; ``None`` for all.
        shows_people: Whether people's names are shown; else they are masked.
    """

    def __init__(
        self, scores: Scores, words: ReportWords, most_rows: int | None, *, shows_people: bool
    ) -> None:
        self._it = scores
        self._words = words
        self._most_rows = most_rows
        self._shows_people = shows_people

    def paper(self) -> Paper:
        """The whole paper."""
        it, text = self._it, self._words.text
        none = text(Message("nobody is recorded"))
        sections = [
            self._whole(),
            self._by(Message("By provider"), Message("Provider"), it.providers.items()),
            self._by(
                Message("By responsible party"),
                Message("Responsible party"),
                ((self._words.party(name), group) for name, group in it.parties.items()),
            ),
            self._by(
                Message("By person"),
                Message("Person"),
                ((self._person(name) or none, group) for name, group in it.people.items()),
            ),
            self._tickets(),
        ]
        lines = [text(Message("Period: {period}", {"period": it.period.title()}))]
        if it.provider:
            lines.append(text(Message("Provider: {provider}", {"provider": it.provider})))
        lines.append(text(Message("Times in {zone}.", {"zone": self._words.zone.key})))
        name = f"handling-scores-{it.period.name}"
        return Paper(self._words.locale, text(Message("Handling scores")), lines, sections, name)

    def _whole(self) -> Section:
        text = self._words.text
        weights = ", ".join(
            f"{text(PARTS[part])} {getattr(self._it.weights, part.value):g}" for part in Part
        )
        sentences = [
            text(
                Message(
                    "Tickets that were closed in the period, from 0 to 100. A part of which "
                    "nothing is known counts in no score."
                )
            ),
            text(Message("Weights: {weights}.", {"weights": weights})),
            *(
                text(_EXCLUDED[reason].with_values(count=count))
                for reason, count in sorted(self._it.excluded.items())
            ),
        ]
        table = Table(self._columns(), [self._group(self._it.whole)])
        return Section(text(Message("All tickets")), sentences, table)

    def _by(
        self, title: Message, head: Message, groups: Iterable[tuple[str, ScoreGroup]]
    ) -> Section:
        text = self._words.text
        ordered = sorted(groups, key=lambda it: (it[1].mean or 0.0, it[0]))
        shown = ordered if self._most_rows is None else ordered[: self._most_rows]
        rows = [[self._words.free(name), *self._group(group)] for name, group in shown]
        return Section(text(title), (), Table([text(head), *self._columns()], rows))

    def _columns(self) -> list[str]:
        heads = (
            Message("Tickets"),
            Message("Score"),
            *PARTS.values(),
            Message("Opened again"),
            Message("Rejected by the quality check"),
        )
        return [self._words.text(it) for it in heads]

    def _group(self, group: ScoreGroup) -> list[Cell]:
        words = self._words
        parts = (self._points(group.part(part)) for part in Part)
        return [
            words.count(group.tickets),
            self._points(group.mean),
            *parts,
            words.count(group.reopenings),
            words.count(group.rejections),
        ]

    def _points(self, points: float | None) -> Cell:
        if points is None:
            return self._words.unknown()
        kind = CellKind.GOOD if points >= _GOOD else CellKind.FIGURE
        return Cell(f"{points:.0f}", CellKind.BAD if points < _BAD else kind)

    def _person(self, name: str) -> str:
        return name if self._shows_people else masked_name(name)

    def _tickets(self) -> Section:
        text = self._words.text
        heads = (
            Message("Ticket"),
            Message("Closed at"),
            Message("Provider"),
            Message("Responsible party"),
            Message("Person"),
            Message("Score"),
            *PARTS.values(),
        )
        found = sorted(self._it.tickets, key=lambda it: (it.score, it.ticket))
        shown = found if self._most_rows is None else found[: self._most_rows]
        table = Table([text(it) for it in heads], [self._ticket(it) for it in shown])
        return Section(text(Message("Ticket by ticket, the lowest first")), (), table)

    def _ticket(self, it: TicketScore) -> list[Cell]:
        words = self._words
        return [
            Cell(it.ticket, ticket=it.ticket),
            Cell(words.moment(it.closed_at)),
            words.free(it.provider),
            Cell(words.party(it.party)),
            words.free(self._person(it.person)),
            self._points(it.score),
            *(self._points(it.parts[part]) for part in Part),
        ]
