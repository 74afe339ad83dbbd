"""The fields that drift from a baseline, and their values, in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.baselines.drift import Difference
from agent.i18n import Message, contextual

_FIELD: Final = re.compile(r"(?:(?P<owner>.*) )?(?P<name>key \S+|\S+)", re.DOTALL)
_FIELDS: Final[Mapping[str, Message]] = {
    "bound": Message("phone bound"),
    "phone": Message("phone number"),
    "kind": Message("kind of phone"),
    "position": Message("place in the order"),
    "areas": Message("areas whose callers ring it"),
    "wait_seconds": Message("seconds that it rings"),
    "weight": Message("share of the calls in percent"),
    "filed": Message("filed as the company's own"),
    "declared": Message("lines declared"),
    "paid": Message("lines paid for"),
    "capacity": Message("lines"),
    "binding_order": Message("order of the phones"),
    "strategy": Message("order of ringing"),
    "mon": Message("Mondays"),
    "tue": Message("Tuesdays"),
    "wed": Message("Wednesdays"),
    "thu": Message("Thursdays"),
    "fri": Message("Fridays"),
    "schedule": Message("opening hours"),
    "sat": Message("Saturdays"),
    "sun": Message("Sundays"),
    "special_days": Message("special days"),
    "national_calendar": Message("national holidays apply"),
    "region_allow": Message("regions let in"),
    "region_deny": Message("regions kept out"),
    "blacklist": Message("black list"),
    "whitelist_enabled": Message("white list in use"),
    "whitelist": Message("white list"),
    "pin": Message("code that callers must enter"),
    "menu": Message("menu that callers hear first"),
    "concurrency_limit": Message("calls at once"),
    "voicemail": contextual("setting", "voicemail"),
    "voicemail_recipient": Message("recipient of voicemail"),
    "overflow": Message("phone for what the others do not take"),
    "recording": Message("calls are recorded"),
    "recording_notice": Message("notice of the recording"),
    "recording_export": Message("recordings are exported"),
    "retention_days": Message("days that recordings are kept"),
    "landing_forwarded": Message("landing number merely forwarded"),
    "trunk": contextual("setting", "trunk"),
    "trunk_capacity": Message("calls that the trunk takes at once"),
    "extensions": Message("extensions"),
}
_VALUES: Final[Mapping[str, Message]] = {
    "none": contextual("value", "none"),
    "no": contextual("value", "no"),
    "yes": contextual("value", "yes"),
    "all day": Message("all day"),
    "closed": contextual("hours", "closed"),
    "nowhere": Message("nowhere"),
    "sequential": Message("one after the other"),
    "random": Message("drawn for each call"),
    "cyclic": Message("each call begins with the next"),
    "weighted": Message("drawn by share"),
    "simultaneous": Message("all at once"),
    "mobile": Message("mobile"),
    "landline": Message("landline"),
    "trunk": Message("trunk"),
    "pbx": Message("switchboard"),
    "queue": Message("ring the phones"),
    "voicemail": contextual("setting", "voicemail"),
    "hangup": Message("hang up"),
}
"""Words that values are made of where they are no names of the provider's."""
_NAMES: Final = frozenset({"phone", "voicemail_recipient", "overflow", "extensions", "menu"})
"""Fields whose values are names: only that there is none is a word."""
_IN_HOURS: Final = ("all day", "closed")


@dataclass(frozen=True)
class ChangeText:
    """One field that differs, as a text."""

    field: str
    was: str
    now: str

    @classmethod
    def of(cls, difference: Difference) -> "ChangeText":
        """The text of ``difference``."""
        return cls(difference.field, difference.was, difference.now)

    def text(self, locale: str) -> str:
        """The field with its former and its present value in ``locale``."""
        values = {
            "field": field_text(self.field, locale),
            "was": value_text(self.field, self.was, locale),
            "now": value_text(self.field, self.now, locale),
        }
        return Message("{field}: {was} → {now}", values).text(locale)


def field_text(field: str, locale: str) -> str:
    """The name of a field, with the phone or the menu that it belongs to."""
    owner, name = _parts(field)
    if name.startswith("key "):
        text = Message("key {key}", {"key": name.removeprefix("key ")}).text(locale)
    else:
        message = _FIELDS.get(name)
        text = name if message is None else message.text(locale)
    if not owner:
        return text
    return Message("{owner}: {field}", {"owner": owner, "field": text}).text(locale)


def value_text(field: str, value: str, locale: str) -> str:
    """The value of ``field``; a name of the provider's stays as it is."""
    _, name = _parts(field)
    if value in {"none", "no"} or (name not in _NAMES and value in _VALUES):
        return _VALUES[value].text(locale)
    if name in {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "special_days"}:
        for word in _IN_HOURS:
            value = re.sub(rf"\b{word}\b", _VALUES[word].text(locale), value)
    return value


def _parts(field: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(field)
    return ("", field) if match is None else (match["owner"] or "", match["name"])
