"""Describes what a number's drift from its baseline changes for callers."""

from agent.checks.result import CheckResult
from agent.i18n import Message
from agent.routing.calendar import Calendar
from agent.routing.effect import effect
from agent.routing.evaluate import Setting


def effect_of_drift(
    checked: CheckResult, number: str, calendar: Calendar | None = None
) -> tuple[Message, ...]:
    """Returns what the drift changes for callers, one text for each effect.

    Empty if nothing differs or if either side has no routing. Phones are left out of the
    comparison unless both sides have them.
    """
    row = checked.number_row(number)
    if row is None or not checked.drift.drifted[row]:
        return ()
    drift_facts = checked.drift.configuration
    baseline, routing, bound = (
        drift_facts.baselines[row],
        drift_facts.routings[row],
        drift_facts.bound[row],
    )
    if baseline is None or baseline.routing is None or routing is None:
        return ()
    phones_known = bound is not None and baseline.bindings is not None
    days = calendar or Calendar()
    return effect(
        Setting(baseline.routing, baseline.bindings if phones_known else None, days),
        Setting(routing, bound if phones_known else None, days),
    )
