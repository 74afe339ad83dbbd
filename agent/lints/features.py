"""Lints of menus, voicemail, recording and extensions (domain.md §4 L35 to L39)."""

from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.masking import mask_text
from agent.model import Extension, Routing
from agent.routing.menu import Menu


def _routing(facts: NumberFacts) -> Routing:
    return facts.routing or Routing()


@lint(
    "L35",
    Level.ERROR,
    Words("dead end in the voice menu", "语音菜单存在死路"),
    Words("{en}", "{zh}"),
    Needs.MENU,
)
def menu_dead_ends(facts: NumberFacts) -> Values | None:
    """A key without a target, a loop, or a menu deeper than 5 levels (domain.md §4 L35)."""
    menu = Menu.of(_routing(facts).menu or ())
    dead = menu.dead_keys(each.id for each in facts.bound) if facts.bound is not None else []
    deepest, most = max(menu.depths().values()), facts.place.parameters.menu_depth
    if dead:
        keys = ", ".join(f"{mask_text(name)} {mask_text(key)}" for name, key in dead[:5])
        return {"en": f"keys that lead nowhere: {keys}", "zh": f"按键没有目标：{keys}"}
    if menu.loops():
        return {"en": "the menus lead in a circle", "zh": "菜单互相循环"}
    if deepest > most:
        return {
            "en": f"{deepest} levels deep, at most {most} are good",
            "zh": f"菜单深达 {deepest} 级，超过 {most} 级",
        }
    return None


@lint(
    "L36",
    Level.ERROR,
    Words("voicemail without a recipient", "语音信箱无接收人"),
    Words(
        "voicemail is on and nobody gets the messages", "语音信箱已开启，但没有接收人，留言会丢失"
    ),
    Needs.VOICEMAIL,
)
def nobody_gets_voicemail(facts: NumberFacts) -> Values | None:
    """Voicemail that is on and has no recipient (domain.md §4 L36)."""
    routing = _routing(facts)
    told = routing.voicemail_recipient is not None
    lost = routing.voicemail and told and not (routing.voicemail_recipient or "").strip()
    return {} if lost else None


@lint(
    "L37",
    Level.WARNING,
    Words("recordings are gone too soon", "录音保留不足"),
    Words("{en}", "{zh}"),
    Needs.RECORDING,
)
def recordings_lost(facts: NumberFacts) -> Values | None:
    """Recordings kept for less than evidence needs, or deleted unexported (domain.md §4 L37)."""
    routing = _routing(facts)
    if not routing.recording:
        return None
    kept, needed = routing.retention_days, facts.place.parameters.evidence_days
    if kept is not None and kept < needed and not routing.recording_export:
        return {
            "en": f"recordings are kept for {kept:g} days, evidence needs {needed:g}",
            "zh": f"录音仅保留 {kept:g} 天，举证需要 {needed:g} 天",
        }
    if routing.recording_export is False:
        return {
            "en": "recordings are deleted without having been exported",
            "zh": "录音删除前没有导出",
        }
    return None


@lint(
    "L38",
    Level.WARNING,
    Words("recording without notice", "录音未告知"),
    Words("calls are recorded and callers are not told", "通话录音但未告知来电者"),
    Needs.RECORDING,
)
def unannounced_recording(facts: NumberFacts) -> Values | None:
    """Recording without notice to the caller (domain.md §4 L38)."""
    routing = _routing(facts)
    return {} if routing.recording and routing.recording_notice is False else None


@lint(
    "L39",
    Level.ERROR,
    Words("extension nearly out of money", "分机余额不足"),
    Words(
        "callers of these extensions hear that the balance is insufficient: {names}",
        "以下分机的来电者会听到余额不足：{names}",
    ),
    Needs.ROUTING,
)
def extensions_low(facts: NumberFacts) -> Values | None:
    """An extension whose own balance is low (domain.md §4 L39)."""
    usual = facts.place.parameters.extension_minimum
    low = [it for it in _routing(facts).extensions or () if _is_low(it, usual)]
    return {"names": ", ".join(mask_text(it.id) for it in low)} if low else None


def _is_low(extension: Extension, usual: float | None) -> bool:
    least = usual if extension.minimum is None else extension.minimum
    if extension.balance is None:
        return False
    return extension.balance <= 0 or (least is not None and extension.balance < least)
