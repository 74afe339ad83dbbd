"""Until when a notification is held because people sleep. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.config.on_call import QuietHours
from agent.states import Grade, Severity


def held_until(
    quiet: QuietHours | None, severity: Severity, grade: Grade, at: float, zone: str
) -> float | None:
    """When what is due at ``at`` may be told, epoch seconds; ``None`` where it may be now.

    What is critical is never held, whatever its grade.
    """
    if quiet is None or severity is Severity.CRITICAL or grade not in quiet.grades:
        return None
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    since, until = time.fromisoformat(quiet.since), time.fromisoformat(quiet.until)
    now = local.time()
    is_quiet = since <= now < until if since < until else now >= since or now < until
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=0 if now < until else 1)
    end = datetime.combine(day, until, ZoneInfo(zone)).timestamp()
    # Where clocks are set back past the end it comes twice; the second one is meant then.
    again = datetime.combine(day, until, ZoneInfo(zone)).replace(fold=1).timestamp()
    return end if end > at else max(again, at + 1)
