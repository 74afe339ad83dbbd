"""The letter in which a provider is asked for what it owes for a month, and its schedules."""

from typing import Final

from agent.i18n import Message
from agent.masking import mask_reference
from agent.reports.claims import Claim, ClaimLine, Unclaimed
from agent.reports.paper import Cell, CellKind, Paper, Section, Table
from agent.reports.words import ReportWords

MOST_EVIDENCE = 200
"""Files of evidence listed in a letter; CSV has all."""
_REASONS: Final = {
    Unclaimed.CUSTOMERS: Message("the customer's responsibility"),
    Unclaimed.UNCLEAR: Message("the responsibility is unclear"),
    Unclaimed.NO_FAULT: Message("no fault, or counted by another ticket"),
}


class ClaimPaper:
    """Writes a claim in one language.

    Args:
        claim: What is claimed.
        words: The language.
        sender: Who claims.
        now: The date of the letter, epoch seconds.
        most_rows: The most files of evidence listed; ``None`` for all.
    """

    def __init__(
        self, claim: Claim, words: ReportWords, sender: str, now: float, most_rows: int | None
    ) -> None:
        self._it = claim
        self._words = words
        self._sender = sender
        self._now = now
        self._most_rows = most_rows

    def paper(self) -> Paper:
        """The whole letter."""
        it, text = self._it, self._words.text
        title = text(Message("Claim for service levels that were not kept"))
        lines = [text(Message("Period: {period}", {"period": it.period.title()}))]
        lines.append(text(Message("Provider: {provider}", {"provider": it.provider})))
        if it.contract.reference:
            lines.append(text(Message("Contract: {name}", {"name": it.contract.reference})))
        lines.append(text(Message("Times in {zone}.", {"zone": self._words.zone.key})))
        sections = [
            self._letter(),
            self._claimed(),
            self._exclusions(),
            self._unclaimed(),
            self._evidence(),
            self._signature(),
        ]
        name = f"claim-{it.period.name}"
        return Paper(self._words.locale, title, lines, sections, name)

    def _letter(self) -> Section:
        it, text = self._it, self._words.text
        values = {
            "period": it.period.title(),
            "tickets": it.tickets,
            "count": len(it.claimed),
            "recipient": it.contract.recipient or it.provider,
        }
        sentences = [text(Message("To: {recipient}", values))]
        if it.claimed:
            sentences.append(
                text(
                    Message(
                        "In {period}, {tickets} tickets on faults at your service were closed. By "
                        "the clocks that our monitoring kept, {count} promised times were not "
                        "kept. Each of them is listed below with when it began and ended, what "
                        "was promised, and what was left out of account.",
                        values,
                    )
                )
            )
            sentences.append(self._demand())
        else:
            sentences.append(
                text(
                    Message(
                        "In {period}, {tickets} tickets on faults at your service were closed. No "
                        "promised time was broken for which anything is claimed.",
                        values,
                    )
                )
            )
        return Section("", [sentence for sentence in sentences if sentence], is_letter=True)

    def _demand(self) -> str:
        it, text = self._it, self._words.text
        if not it.has_amounts:
            return text(
                Message(
                    "Please confirm these times, and what follows from them by our contract, "
                    "within ten working days."
                )
            )
        amount = self._words.amount(it.amount, it.contract.currency)
        most = it.contract.most_a_month
        demand = Message(
            "By our contract {amount} is owed for them. Please credit this amount, or name what "
            "you object to, within ten working days.",
            {"amount": amount},
        )
        if most is None or it.amount < most:
            return text(demand)
        limit = Message(
            "That is the most that the contract has for a month: the single amounts add up to more."
        )
        return f"{text(demand)} {text(limit)}"

    def _claimed(self) -> Section:
        it, text = self._it, self._words.text
        heads = [
            *(Message("Ticket"), Message("Your ticket"), Message("Number or service")),
            *(Message("Promised time"), Message("Service grade"), Message("Began")),
            *(Message("Ended"), Message("Promised"), Message("Counted"), Message("Beyond it")),
        ]
        if it.has_amounts:
            heads.append(Message("Amount"))
        rows = [self._line(line) for line in it.claimed]
        left_out = ""
        if it.left_out:
            message = Message("{count} more are not in this letter.", {"count": it.left_out})
            left_out = text(message)
        table = Table([text(head) for head in heads], rows, left_out)
        return Section(text(Message("Promised times that were not kept")), (), table)

    def _line(self, line: ClaimLine) -> list[Cell]:
        words = self._words
        cells = [
            Cell(line.ticket, ticket=line.ticket),
            Cell(mask_reference(line.provider_ticket) or "–"),
            Cell(self._subject(line)),
            Cell(words.clock(line.clock)),
            Cell(line.grade.value),
            Cell(words.moment(line.began)),
            Cell(words.moment(line.ended)),
            words.span(line.allowed),
            words.span(line.counted),
            Cell(words.duration(line.excess), CellKind.BAD),
        ]
        if self._it.has_amounts:
            amount = words.amount(line.amount, self._it.contract.currency)
            cells.append(Cell(amount, CellKind.FIGURE))
        return cells

    def _subject(self, line: ClaimLine) -> str:
        if line.numbers == 1:
            return line.subject
        values = {"name": line.subject, "count": line.numbers}
        return self._words.text(Message("{name}, {count} numbers", values))

    def _exclusions(self) -> Section:
        text, words = self._words.text, self._words
        heads = (Message("Ticket"), Message("Promised time"), Message("Left out for"))
        times = (Message("From"), Message("To"), Message("Length"))
        rows = [
            [
                Cell(line.ticket, ticket=line.ticket),
                Cell(words.clock(line.clock)),
                Cell(words.pause(it.reason)),
                Cell(words.moment(it.start)),
                Cell(words.moment(it.end)),
                words.span(it.end - it.start),
            ]
            for line in self._it.claimed
            for it in line.excluded
        ]
        sentence = Message("What does not count by contract was left out of account already.")
        table = Table([text(it) for it in (*heads, *times)], rows)
        return Section(text(Message("Time left out of account")), [text(sentence)], table)

    def _unclaimed(self) -> Section:
        text, words = self._words.text, self._words
        heads = (Message("Ticket"), Message("Number or service"), Message("Promised time"))
        rows = [
            [
                Cell(line.ticket, ticket=line.ticket),
                Cell(self._subject(line)),
                Cell(words.clock(line.clock)),
                Cell(text(_REASONS[line.unclaimed])),
            ]
            for line in self._it.unclaimed
            if line.unclaimed is not None
        ]
        table = Table([text(it) for it in (*heads, Message("Why it is not claimed"))], rows)
        return Section(text(Message("Broken, and not claimed")), (), table)

    def _evidence(self) -> Section:
        text = self._words.text
        found = self._it.evidence
        shown = found if self._most_rows is None else found[: self._most_rows]
        rows = [[Cell(it.ticket, ticket=it.ticket), Cell(it.name), Cell(it.sha256)] for it in shown]
        sentence = Message(
            "Kept with each ticket; the digests (SHA-256) show that a file is what was stored. The "
            "whole bundle of a ticket is sent on request."
        )
        heads = (Message("Ticket"), Message("File"), Message("Digest"))
        more = len(found) - len(shown)
        left_out = text(
            Message("{count} more are in the CSV file, which has all.", {"count": more})
        )
        table = Table([text(it) for it in heads], rows, left_out if more else "")
        return Section(text(Message("Evidence")), [text(sentence)], table)

    def _signature(self) -> Section:
        text, words = self._words.text, self._words
        sender = self._it.contract.sender or self._sender
        sentences = [
            words.text(sender) if sender else "",
            text(Message("Date: {date}", {"date": words.moment(self._now)[:10]})),
            text(Message("Signature: ____________________")),
        ]
        return Section("", [it for it in sentences if it], is_letter=True)
