"""The customer behind a number: company, carrier and grade, from the newest facts."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import attrgetter

import msgspec

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Number, Snapshot
from agent.states import Grade
from agent.tickets.ticket import Subject

_BEST_FIRST = tuple(Grade)


class Particulars(msgspec.Struct, frozen=True):
    """The customer behind a ticket's subject; empty where there are several or none."""

    company: str = ""
    carrier: str = ""
    grade: Grade = Grade.STANDARD


def particulars_of(subject: Subject, fleet: Fleet, settings: Settings) -> Particulars:
    """The particulars of a number; for a wider subject, the best grade among its numbers.

    The grade decides what the ticket's clocks are promised.
    """
    if subject.number:
        number = find_number(fleet.get(subject.provider, subject.account), subject.number)
        return _of_number(number, _account_grade(settings, subject.provider, subject.account))
    grades = {
        grade for snapshot in snapshots_of(subject, fleet) for grade in _grades(snapshot, settings)
    }
    return Particulars(grade=_best(grades), carrier=subject.carrier)


def grade_now(subject: Subject, fleet: Fleet, settings: Settings) -> Grade | None:
    """The present grade of a listed number; ``None`` for any other subject."""
    snapshot = fleet.get(subject.provider, subject.account) if subject.number else None
    number = find_number(snapshot, subject.number)
    if number is None:
        return None
    account_grade = _account_grade(settings, subject.provider, subject.account)
    return _of_number(number, account_grade).grade


def snapshots_of(subject: Subject, fleet: Fleet) -> Iterator[Snapshot]:
    """The snapshots of the accounts a subject covers: all of them for the agent or a carrier."""
    for snapshot in fleet.snapshots():
        if subject.provider in ("", snapshot.provider) and subject.account in (
            "",
            snapshot.account,
        ):
            yield snapshot


def find_number(snapshot: Snapshot | None, number: str) -> Number | None:
    """The listed number, or ``None`` when the account's newest listing does not have it."""
    if snapshot is None or snapshot.listing is None:
        return None
    numbers = snapshot.listing.numbers
    index = bisect_left(numbers, number, key=attrgetter("number"))
    candidate = numbers[index] if index < len(numbers) else None
    return candidate if candidate is not None and candidate.number == number else None


def _of_number(number: Number | None, account_grade: Grade) -> Particulars:
    if number is None:
        return Particulars(grade=account_grade)
    grade = account_grade if number.grade is Grade.STANDARD else number.grade
    return Particulars(number.company, number.carrier, grade)


def _grades(snapshot: Snapshot, settings: Settings) -> set[Grade]:
    listed = snapshot.listing.numbers if snapshot.listing else ()
    account_grade = _account_grade(settings, snapshot.provider, snapshot.account)
    return {account_grade, *map(attrgetter("grade"), listed)}


def _account_grade(settings: Settings, provider: str, account: str) -> Grade:
    for configured in settings.providers:
        if configured.name == provider:
            for candidate in configured.accounts:
                if candidate.id == account:
                    return candidate.grade or Grade.STANDARD
    return Grade.STANDARD


def _best(grades: Iterable[Grade]) -> Grade:
    return min(grades, key=_BEST_FIRST.index, default=Grade.STANDARD)
