"""A checklist: what is looked at, what people answered, and who signed; pure.

An inspection ends with a signature and may have findings; an onboarding ends with the take-over,
for which every row must be in order (docs/reference/domain.md §6). Answers are only added: the
newest of a row counts, the others say what was answered before and by whom.
"""

from collections.abc import Iterable
from enum import StrEnum, unique
from hashlib import sha256

import msgspec
from msgspec.structs import replace

_ID_DIGITS = 12
MOST_ANSWERS = 500


@unique
class Kind(StrEnum):
    """What a checklist is for."""

    INSPECTION = "inspection"
    ONBOARDING = "onboarding"


@unique
class Result(StrEnum):
    """How a row is."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    """The agent does not know: a person has to look. No answer of a person."""


_PREFIXES = {Kind.INSPECTION: "IN", Kind.ONBOARDING: "ON"}


class Answer(msgspec.Struct, frozen=True):
    """What one person answered about one row."""

    item: str
    result: Result
    note: str
    by: str
    at: float


class SeenFact(msgspec.Struct, frozen=True):
    """What the agent saw of one row when the checklist was closed."""

    item: str
    result: Result
    detail: tuple[str, ...] = ()
    """Words for :data:`agent.web.labels.LABELS`, or texts as they are."""


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """One inspection or onboarding of one number."""

    id: str
    kind: Kind
    number: str
    provider: str = ""
    """Empty while no account lists the number."""
    account: str = ""
    company: str = ""
    plan: str = ""
    """The plan of an inspection; empty for one that a person began."""
    begun_at: float
    begun_by: str = ""
    """Empty where the plan did."""
    due_at: float
    items: tuple[str, ...]
    """The rows: codes of :mod:`agent.inspections.items`, and sentences of the configuration."""
    answers: tuple[Answer, ...] = ()
    facts: tuple[SeenFact, ...] = ()
    """Of the moment of closing; empty before."""
    closed_at: float | None = None
    closed_by: str = ""
    note: str = ""
    """What whoever closed it wrote."""
    cancelled: bool = False
    """Given up: nothing was signed or taken over."""

    def newest(self) -> dict[str, Answer]:
        """The answer that counts, by row."""
        return {answer.item: answer for answer in self.answers}


class ChecklistError(ValueError):
    """Something is not possible; ``code`` is one of ``agent.inspections.words.PROBLEMS``."""

    def __init__(self, code: str, items: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.items = tuple(items)


def checklist_id(kind: Kind, number: str, plan: str, account: str, moment: float) -> str:
    """An id that is the same for the same inspection, whoever begins it."""
    parts = "\n".join((kind, number, plan, account, repr(moment)))
    digest = sha256(parts.encode()).hexdigest()[:_ID_DIGITS].upper()
    return f"{_PREFIXES[kind]}-{digest}"


def with_answers(checklist: Checklist, answers: Iterable[Answer]) -> Checklist:
    """The checklist with further answers; those of a signed inspection resolve its findings.

    Raises:
        ChecklistError: when it takes no answers, or there is no such row.
    """
    added = tuple(answers)
    if checklist.cancelled or (checklist.closed_at and checklist.kind is Kind.ONBOARDING):
        raise ChecklistError("closed")
    if unknown := [it.item for it in added if it.item not in checklist.items]:
        raise ChecklistError("no_such_row", unknown)
    if len(checklist.answers) + len(added) > MOST_ANSWERS:
        raise ChecklistError("too_many_answers")
    return replace(checklist, answers=(*checklist.answers, *added))


def closed(
    checklist: Checklist, by: str, note: str, facts: Iterable[SeenFact], now: float
) -> Checklist:
    """The checklist signed by ``by``, or its number taken over.

    A row that the agent does not know needs a person's answer, as every row of theirs does; of an
    onboarding none may have failed.

    Raises:
        ChecklistError: with the rows that stand in the way.
    """
    if checklist.closed_at is not None:
        raise ChecklistError("closed")
    seen = tuple(facts)
    results = results_of(checklist, seen)
    if missing := [it for it, result in results.items() if result is Result.UNKNOWN]:
        raise ChecklistError("unanswered", missing)
    failed = [it for it, result in results.items() if result is Result.FAILED]
    if checklist.kind is Kind.ONBOARDING and failed:
        raise ChecklistError("failed", failed)
    return replace(checklist, closed_at=now, closed_by=by, note=note, facts=seen)


def cancelled(checklist: Checklist, by: str, note: str, now: float) -> Checklist:
    """The checklist given up.

    Raises:
        ChecklistError: when it is closed.
    """
    if checklist.closed_at is not None:
        raise ChecklistError("closed")
    return replace(checklist, closed_at=now, closed_by=by, note=note, cancelled=True)


def results_of(checklist: Checklist, facts: Iterable[SeenFact]) -> dict[str, Result]:
    """How each row is: as the agent sees it, and as people answered where it does not know."""
    seen = {fact.item: fact.result for fact in facts}
    answers = checklist.newest()
    results = {}
    for item in checklist.items:
        known = seen.get(item, Result.UNKNOWN)
        answer = answers.get(item)
        results[item] = answer.result if known is Result.UNKNOWN and answer else known
    return results


def findings(checklist: Checklist) -> tuple[Answer, ...]:
    """What people found that is not in order and not resolved since; nothing of an onboarding."""
    if checklist.kind is Kind.ONBOARDING or checklist.cancelled:
        return ()
    return tuple(it for it in checklist.newest().values() if it.result is Result.FAILED)
