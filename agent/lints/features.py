"""Lints of menus, voicemail, recording and extensions (docs/reference/domain.md §4)."""

from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.masking import mask_text
from agent.model import Extension
from agent.routing.menu import Menu

_SHOWN = 5


@lint("L35", Level.ERROR, Message("dead end in the voice menu"), needs=Needs.MENU)
def menu_dead_ends(facts: NumberFacts) -> Result:
    """A key without a target, a loop, or a menu deeper than 5 levels (L35)."""
    menu = Menu.of(facts.settings.menu or ())
    dead = [] if facts.bound is None else menu.dead_keys(phone.id for phone in facts.bound)
    depth, maximum = max(menu.depths().values()), facts.context.parameters.menu_depth
    if dead:
        keys = ", ".join(f"{mask_text(name)} {mask_text(key)}" for name, key in dead[:_SHOWN])
        return Message("keys that lead nowhere: {keys}", {"keys": keys})
    if menu.has_loop():
        return Message("the menus lead in a circle")
    if depth > maximum:
        values = {"depth": depth, "maximum": maximum}
        return Message("{depth} levels deep, at most {maximum} are good", values)
    return None


@lint(
    "L36",
    Level.ERROR,
    Message("voicemail without a recipient"),
    Message("voicemail is on and nobody gets the messages"),
    Needs.VOICEMAIL,
)
def nobody_gets_voicemail(facts: NumberFacts) -> Result:
    """Voicemail that is on and has no recipient (L36)."""
    recipient = facts.settings.voicemail_recipient
    lost = facts.settings.voicemail and recipient is not None and not recipient.strip()
    return {} if lost else None


@lint("L37", Level.WARNING, Message("recordings are gone too soon"), needs=Needs.RECORDING)
def recordings_lost(facts: NumberFacts) -> Result:
    """Recordings kept for less than evidence needs, or deleted unexported (L37)."""
    routing = facts.settings
    if not routing.recording:
        return None
    days, needed = routing.retention_days, facts.context.parameters.evidence_days
    if days is not None and days < needed and not routing.recording_export:
        return Message(
            "recordings are kept for {days:g} days, evidence needs {needed:g}",
            {"days": days, "needed": needed},
        )
    if routing.recording_export is False:
        return Message("recordings are deleted without having been exported")
    return None


@lint(
    "L38",
    Level.WARNING,
    Message("recording without notice"),
    Message("calls are recorded and callers are not told"),
    Needs.RECORDING,
)
def unannounced_recording(facts: NumberFacts) -> Result:
    """Recording without notice to the caller (L38)."""
    routing = facts.settings
    return {} if routing.recording and routing.recording_notice is False else None


@lint(
    "L39",
    Level.ERROR,
    Message("extension nearly out of money"),
    Message("callers of these extensions hear that the balance is insufficient: {names}"),
    Needs.ROUTING,
)
def extensions_low(facts: NumberFacts) -> Result:
    """An extension whose own balance is low (L39)."""
    default = facts.context.parameters.extension_minimum
    extensions = facts.settings.extensions or ()
    low = [mask_text(extension.id) for extension in extensions if _is_low(extension, default)]
    return {"names": ", ".join(low)} if low else None


def _is_low(extension: Extension, default: float | None) -> bool:
    minimum = default if extension.minimum is None else extension.minimum
    if extension.balance is None:
        return False
    return extension.balance <= 0 or (minimum is not None and extension.balance < minimum)
