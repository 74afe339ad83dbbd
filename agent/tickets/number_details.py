"""Whose number it is: company, carrier and grade, from the facts polled last."""

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
    """What a ticket says of the customer behind its subject; empty where it is many or none."""

    company: str = ""
    carrier: str = ""
    grade: Grade = Grade.STANDARD


def particulars_of(subject: Subject, fleet: Fleet, settings: Settings) -> Particulars:
    """Particulars of a number; for anything wider the best grade below it, which sets clocks."""
    if subject.number:
        number = find_number(fleet.get(subject.provider, subject.account), subject.number)
        return _of_number(number, _account_grade(settings, subject.provider, subject.account))
    grades = {
        grade for snapshot in snapshots_of(subject, fleet) for grade in _grades(snapshot, settings)
    }
    return Particulars(grade=_best(grades), carrier=subject.carrier)


def grade_now(subject: Subject, fleet: Fleet, settings: Settings) -> Grade | None:
    """The grade of a number that is listed now; ``None`` for anything else."""
    snapshot = fleet.get(subject.provider, subject.account) if subject.number else None
    number = find_number(snapshot, subject.number)
    if number is None:
        return None
    account_grade = _account_grade(settings, subject.provider, subject.account)
    return _of_number(number, account_grade).grade


def snapshots_of(subject: Subject, fleet: Fleet) -> Iterator[Snapshot]:
    """The accounts a subject covers: all of them for the agent and for a carrier."""
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
    place = bisect_left(numbers, number, key=attrgetter("number"))
    found = numbers[place] if place < len(numbers) else None
    return found if found is not None and found.number == number else None


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
