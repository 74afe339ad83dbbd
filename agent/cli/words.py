"""Words that several commands print: labels of codes, times, headings."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from agent.i18n import N_, Message, translate
from agent.terminal.times import ago, clock, moment
from agent.web.labels import LABELS

HEADINGS: Final = (
    *(N_("account"), N_("at the provider"), N_("bound phones"), N_("carrier"), N_("cause")),
    *(N_("clock"), N_("closed"), N_("company"), N_("deadline"), N_("detected"), N_("event")),
    *(N_("fact"), N_("finding"), N_("grade"), N_("id"), N_("joined"), N_("left"), N_("lint")),
    *(N_("next"), N_("network"), N_("number"), N_("pattern"), N_("provider"), N_("reason")),
    *(N_("scope"), N_("severity"), N_("stage"), N_("started"), N_("state"), N_("symptom")),
    *(N_("time"), N_("title"), N_("value"), N_("who"), N_("whose job"), N_("section")),
    *(N_("field"), N_("approved"), N_("now"), N_("question"), N_("source"), N_("age")),
)
"""Headings of columns and labels of facts."""


class Words:
    """Says codes, times and headings in one language and time zone.

    Args:
        locale: The language.
        zone: The time zone; the machine's where it is not given.
    """

    def __init__(self, locale: str, zone: str = "") -> None:
        self.locale = locale
        self.zone = ZoneInfo(zone) if zone else None

    def label(self, code: Any, group: str = "") -> str:
        """The words for a code of the closed lists; the code itself where there are none."""
        text = "" if code is None else str(code)
        message = LABELS.get(f"{group}.{text}") or LABELS.get(text)
        return text if message is None else message.text(self.locale)

    def heading(self, text: str) -> str:
        """A heading, or another text without values."""
        return translate(self.locale, text)

    def say(self, message: Message, **values: object) -> str:
        """A message with its values."""
        return message.with_values(**values).text(self.locale)

    def time(self, at: float | str | None) -> str:
        """A moment as local time with its offset; empty where there is none."""
        return "" if at in (None, "") else moment(at, self.zone)

    def age(self, seconds: float | None) -> str:
        """How long ago; a dash where that is not known."""
        return "-" if seconds is None else ago(seconds, self.locale)

    def clock(self, remaining: float | None, *, paused: bool, breached: bool) -> str:
        """How a deadline stands."""
        return clock(remaining, self.locale, paused=paused, breached=breached)
