"""What callers notice of a number's drift from its baseline."""

from agent.checks.result import CheckResult
from agent.i18n import Message
from agent.routing.calendar import Calendar
from agent.routing.effect import effect
from agent.routing.evaluate import Setting


def effect_of_drift(
    checked: CheckResult, number: str, calendar: Calendar | None = None
) -> tuple[Message, ...]:
    """What callers notice of the differences from the baseline, in both languages.

    Empty where nothing differs, or where either side does not tell its routing. Phones that
    either side does not tell are left out of the comparison.
    """
    row = checked.number_row(number)
    if row is None or not checked.drift.drifted[row]:
        return ()
    held = checked.drift.configuration
    baseline, routing, bound = held.baselines[row], held.routings[row], held.bound[row]
    if baseline is None or baseline.routing is None or routing is None:
        return ()
    told = bound is not None and baseline.bindings is not None
    days = calendar or Calendar()
    return effect(
        Setting(baseline.routing, baseline.bindings if told else None, days),
        Setting(routing, bound if told else None, days),
    )
