"""What a forecast says, in words."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent.history.forecast import LEAST_DAYS, Forecast, Outlook
from agent.i18n import Message, plural

OUTLOOK_WORDS: Final = {
    Outlook.UNKNOWN: Message("unknown"),
    Outlook.REACHED: Message("reached"),
    Outlook.NOT_IN_SIGHT: Message("not in sight"),
}
"""What a table's cell says of an outlook without a day."""


def brief(forecast: Forecast, zone: ZoneInfo) -> Message:
    """The day on which the stop line is reached, or why there is none, for a table's cell."""
    if forecast.at is None:
        return OUTLOOK_WORDS[forecast.outlook]
    return Message("about {day}", {"day": _day(forecast.at, zone)})


def sentence(forecast: Forecast, currency: str, zone: ZoneInfo) -> Message:
    """The same as a sentence, with its range and what it rests on."""
    match forecast.outlook:
        case Outlook.REACHED:
            return Message("The balance is at the stop line or below it.")
        case Outlook.NOT_IN_SIGHT:
            return Message("At what is usually spent, the stop line is not in sight.")
        case Outlook.UNKNOWN:
            return _unknown(forecast)
    assert forecast.at is not None
    values = {
        "day": _day(forecast.at, zone),
        "earliest": _day(forecast.earliest, zone),
        "spend": f"{forecast.daily_spend or 0.0:,.2f} {currency}",
        "days": forecast.days,
    }
    if forecast.latest is None:
        return Message(
            "The stop line is reached about {day}, not before {earliest}:"
            " {spend} are spent on a usual day (of {days} days known).",
            values,
        )
    return Message(
        "The stop line is reached about {day}, between {earliest} and {latest}:"
        " {spend} are spent on a usual day (of {days} days known).",
        {**values, "latest": _day(forecast.latest, zone)},
    )


def _unknown(forecast: Forecast) -> Message:
    if forecast.days < LEAST_DAYS:
        return plural(
            "When the stop line is reached is not known: the spend of {least} days is needed,"
            " and that of {count} day is known.",
            "When the stop line is reached is not known: the spend of {least} days is needed,"
            " and that of {count} days is known.",
            forecast.days,
            least=LEAST_DAYS,
        )
    return Message(
        "When the stop line is reached is not known: the balance or the line itself is unknown."
    )


def _day(at: float | None, zone: ZoneInfo) -> str:
    return "–" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"
