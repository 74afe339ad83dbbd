"""The acceptance of a number as a paper to sign: the matrix, a row a call, the signatures."""

from collections.abc import Mapping
from typing import Final

from agent.i18n import Message, contextual
from agent.probing.facts import Control, ProbeCall
from agent.probing.outcome import CallOutcome
from agent.reports.paper import Cell, CellKind, Paper, Section, Table
from agent.reports.words import ReportWords
from agent.testcalls.acceptance import AcceptanceMatrix, CellState
from agent.testcalls.acceptance import Cell as MatrixCell
from agent.testcalls.words import KINDS, announcement_text, health_of

_STATES: Final[Mapping[CellState, Message]] = {
    CellState.OPEN: contextual("acceptance", "open"),
    CellState.PASSED: contextual("acceptance", "got through"),
    CellState.FAILED: contextual("acceptance", "failed"),
    CellState.UNKNOWN: contextual("acceptance", "not known"),
    CellState.NOT_CALLED: contextual("acceptance", "not called"),
}
_OUTCOMES: Final[Mapping[CallOutcome, Message]] = {
    CallOutcome.ANSWERED: contextual("acceptance", "answered"),
    CallOutcome.SILENT: contextual("acceptance", "answered, silence"),
    CallOutcome.ONE_WAY: contextual("acceptance", "answered, no sound"),
    CallOutcome.NO_ANSWER: contextual("acceptance", "no answer"),
    CallOutcome.BUSY: contextual("acceptance", "busy"),
    CallOutcome.CONGESTED: contextual("acceptance", "no way through"),
    CallOutcome.REJECTED: contextual("acceptance", "rejected"),
    CallOutcome.NONEXISTENT: contextual("acceptance", "no such number"),
    CallOutcome.UNREACHABLE: contextual("acceptance", "unreachable"),
    CallOutcome.BARRED: contextual("acceptance", "not allowed"),
    CallOutcome.ANNOUNCEMENT: contextual("acceptance", "announcement"),
    CallOutcome.UNKNOWN: contextual("acceptance", "not known"),
}
_CONTROLS: Final[Mapping[Control, Message]] = {
    Control.NOT_NEEDED: contextual("acceptance", "works"),
    Control.NOT_CONFIGURED: contextual("acceptance", "not checked"),
    Control.PASSED: contextual("acceptance", "works, checked"),
    Control.FAILED: contextual("acceptance", "at fault"),
    Control.UNKNOWN: contextual("acceptance", "not known"),
}
"""Short, so that the calls of an acceptance fit on one page."""
_CELL_KINDS: Final = {
    CellState.PASSED: CellKind.GOOD,
    CellState.FAILED: CellKind.BAD,
    CellState.UNKNOWN: CellKind.UNKNOWN,
}
_VERDICTS: Final[Mapping[CellState, Message]] = {
    CellState.PASSED: Message(
        "Accepted: calls from every line got through at every part of the day."
    ),
    CellState.FAILED: Message("Not accepted: calls do not get through where the table says so."),
    CellState.OPEN: Message(
        "Not finished: calls are missing, or say nothing of the number, where the table says so."
    ),
}
_CALL_KINDS: Final = {"ok": CellKind.GOOD, "down": CellKind.BAD, "unknown": CellKind.UNKNOWN}
_BLANK: Final = "____________________"


def acceptance_paper(
    matrix: AcceptanceMatrix, company: str, words: ReportWords, now: float
) -> Paper:
    """The whole paper.

    Args:
        matrix: The acceptance as far as it is.
        company: Whose number it is; empty where that is not known.
        words: The language.
        now: The time of the paper, epoch seconds.
    """
    text = words.text
    title = text(Message("Acceptance of {number}", {"number": matrix.number}))
    lines = [text(Message("Company: {company}", {"company": company}))] if company else []
    lines.append(text(Message("As of {time}, times in {zone}.", _as_of(words, now))))
    sections = [_result(matrix, words), _calls(matrix, words), _signatures(words)]
    name = f"acceptance-{matrix.number}"
    return Paper(words.locale, title, lines, sections, name, is_upright=True)


def _as_of(words: ReportWords, now: float) -> dict[str, str]:
    return {"time": words.moment(now), "zone": words.zone.key}


def _result(matrix: AcceptanceMatrix, words: ReportWords) -> Section:
    text = words.text
    heads = (
        *(contextual("acceptance", "Line"), contextual("acceptance", "Carrier")),
        *(Message("Area"), contextual("line", "Kind")),
    )
    columns = [*map(text, heads), *matrix.hours]
    rows = [
        [
            Cell(row[0].caller.name),
            Cell(words.carrier(row[0].caller.carrier)),
            Cell(row[0].caller.area or "–"),
            Cell(text(KINDS[row[0].caller.kind])),
            *(_cell(cell, words) for cell in row),
        ]
        for row in matrix.rows
    ]
    verdict = text(_VERDICTS[matrix.state])
    return Section(text(Message("Result")), [verdict], Table(columns, rows))


def _cell(cell: MatrixCell, words: ReportWords) -> Cell:
    state = cell.state
    shown = words.text(_STATES[state])
    through = sum(call.got_through for call in cell.calls)
    if cell.needed > 1 and state in (CellState.OPEN, CellState.PASSED):
        shown = f"{shown} ({through}/{cell.needed})"
    return Cell(shown, _CELL_KINDS.get(state, CellKind.FIGURE))


def _calls(matrix: AcceptanceMatrix, words: ReportWords) -> Section:
    heads = (
        *(contextual("call", "At"), contextual("acceptance", "Line"), Message("How it went")),
        *(Message("Certainty"), Message("Heard after"), Message("MOS")),
        *(Message("Answer of the network"), Message("The line itself")),
    )
    rows = [_call(call, words) for call in reversed(matrix.calls)]
    table = Table([words.text(head) for head in heads], rows)
    return Section(words.text(contextual("acceptance", "Calls")), (), table)


def _call(call: ProbeCall, words: ReportWords) -> list[Cell]:
    outcome = words.text(_OUTCOMES[call.outcome])
    if call.prompt:
        outcome = f"{outcome}: {announcement_text(call.prompt, words.locale)}"
    network = f"{call.sip_status or ''} {call.sip_phrase}".strip()
    if call.q850_cause is not None:
        network = f"{network} Q.850 {call.q850_cause}"
    setup, mos = call.setup, call.mos
    return [
        Cell(words.moment(call.at)),
        Cell(call.caller),
        Cell(outcome, _CALL_KINDS[health_of(call)]),
        words.share(call.confidence or None, 0),
        words.unknown() if setup is None else Cell(f"{setup:.1f} s", CellKind.FIGURE),
        words.unknown() if mos is None else Cell(f"{mos:.1f}", CellKind.FIGURE),
        words.free(network),
        Cell(words.text(_CONTROLS[call.control])),
    ]


def _signatures(words: ReportWords) -> Section:
    lines = (Message("Tested by: {blank}"), Message("Accepted by: {blank}"))
    date = words.text(Message("Date: {blank}", {"blank": _BLANK}))
    sentences = [f"{words.text(it.with_values(blank=_BLANK))}   {date}" for it in lines]
    return Section(words.text(Message("Signatures")), sentences, is_letter=True)
