"""Which inspections are to begin: the numbers of each plan whose last one is long enough ago."""

from collections.abc import Iterable, Iterator, Mapping

from agent.checks.result import CheckResult
from agent.config.inspections import InspectionPlan
from agent.inspections.checklist import Checklist, Kind, checklist_id
from agent.inspections.items import ITEMS

Key = tuple[str, str, str, str]
"""Plan, provider, account and number."""
_DAY = 86_400.0


def to_begin(
    plans: Iterable[InspectionPlan],
    results: Iterable[CheckResult],
    last: Mapping[Key, float],
    under_way: frozenset[Key],
    now: float,
) -> Iterator[Checklist]:
    """The inspections whose time has come and that nobody has begun.

    One begins as long before its day as people have for it; of a number that was never inspected
    on the day on which it is first seen.

    Args:
        plans: The plans of the configuration.
        results: What was polled.
        last: When each was signed last, in epoch seconds.
        under_way: Those that are open.
        now: Epoch seconds.
    """
    listed = tuple(results)
    for plan in plans:
        for result in listed:
            snapshot = result.snapshot
            for row, number in enumerate(result.names[: result.listed]):
                key = (plan.name, snapshot.provider, snapshot.account, number)
                if key in under_way or not covers(plan, result, row):
                    continue
                signed = last.get(key)
                due = _first_due(plan, now) if signed is None else signed + plan.every
                if due - plan.within <= now:
                    yield begin(plan, result, row, max(due, _first_due(plan, now)), now)


def _first_due(plan: InspectionPlan, now: float) -> float:
    return now - now % _DAY + plan.within


def covers(plan: InspectionPlan, result: CheckResult, row: int) -> bool:
    """Whether ``plan`` is about the number in ``row``."""
    number = result.numbers[row]
    return all(
        not selected or value in selected
        for selected, value in (
            (plan.providers, result.snapshot.provider),
            (plan.numbers, number.number),
            (plan.companies, number.company),
            (plan.grades, number.grade),
        )
    )


def begin(plan: InspectionPlan, result: CheckResult, row: int, due: float, now: float) -> Checklist:
    """An inspection of the number in ``row``."""
    number, snapshot = result.numbers[row], result.snapshot
    kind, account = Kind.INSPECTION, f"{snapshot.provider}/{snapshot.account}"
    return Checklist(
        id=checklist_id(kind, number.number, plan.name, account, due),
        kind=kind,
        number=number.number,
        provider=snapshot.provider,
        account=snapshot.account,
        company=number.company,
        plan=plan.name,
        begun_at=now,
        due_at=due,
        items=(*(item.code for item in ITEMS[kind]), *plan.checks),
    )
