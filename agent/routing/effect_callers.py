"""What an edit changes for particular callers, on particular days, and in what is offered."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from agent.lints.finding import Words
from agent.masking import mask_text
from agent.model import Routing
from agent.routing.caller import Caller, entry_words, is_mobile
from agent.routing.coverage import week
from agent.routing.effect_words import HEARD, SHOWN
from agent.routing.evaluate import Setting, stopped_caller


def callers_change(before: Setting, after: Setting) -> Iterator[Words]:
    """Callers named in the lists and regions of either side, and one who is in none."""
    for caller, en, zh in _probes(before.routing, after.routing):
        was, now = (stopped_caller(it.routing, caller) for it in (before, after))
        if (was is None) == (now is None):
            continue
        if now is None:
            yield Words(f"{en} get through again", f"{zh}可以接通")
        else:
            heard = HEARD[now.heard]
            yield Words(
                f"{en} no longer get through: they hear {heard.en}",
                f"{zh}不再能接通，听到{heard.zh}",
            )


def _probes(before: Routing, after: Routing) -> Iterator[tuple[Caller, str, str]]:
    """A caller for every entry that only one side has, and one whom no entry names."""
    lists = (
        set(before.blacklist) ^ set(after.blacklist),
        set(before.whitelist) ^ set(after.whitelist),
    )
    for entry in sorted(set().union(*lists))[: SHOWN * 5]:
        yield (
            Caller.of(_completed(entry)),
            f"callers beginning with {entry_words(entry)}",
            f"{entry_words(entry)} 开头的来电者",
        )
    regions = set(before.region_allow) ^ set(after.region_allow)
    regions |= set(before.region_deny) ^ set(after.region_deny)
    for area in sorted(regions)[: SHOWN * 5]:
        yield Caller(area=area), f"callers from {area}", f"区号 {area} 的来电者"
    used = {*before.blacklist, *after.blacklist, *before.whitelist, *after.whitelist}
    free = next(
        (it for it in _ANYONE if not any(it.startswith(entry) for entry in used if entry)), None
    )
    if free is not None:
        yield Caller(free, _unused_area(before, after)), "all other callers", "其他来电者"


def _completed(entry: str) -> str:
    """A full number that ``entry`` is the head of."""
    size = len("13800000000") if is_mobile(entry.ljust(11, "0")) else len("01080000000")
    return entry.ljust(size, "0")


_ANYONE: Final = ("18612345678", "15987654321", "17712345678", "13512345678", "19912345678")


def _unused_area(before: Routing, after: Routing) -> str:
    used = {*before.region_allow, *after.region_allow, *before.region_deny, *after.region_deny}
    candidates = ("0898", "0891", "0771", "0431", "0991")
    return next((it for it in candidates if not any(map(it.startswith, used))), "")


def days_change(before: Setting, after: Setting) -> Iterator[Words]:
    """Days with hours of their own that only one side has."""
    was, now = (set(it.routing.special_days or ()) for it in (before, after))
    for days in sorted(was ^ now, key=lambda it: it.first)[:SHOWN]:
        first, last = date.fromordinal(days.first), date.fromordinal(days.last)
        rang, rings = (
            any(stretch.outcome.rings for stretch in week(it, first)[0].stretches)
            for it in (before, after)
        )
        span = f"{first}" if first == last else f"{first} - {last}"
        yield Words(
            f"{span}: {_RINGING[rings].en}, before {_RINGING[rang].en}",
            f"{span}：{_RINGING[rings].zh}，此前{_RINGING[rang].zh}",
        )
    if before.routing.national_calendar != after.routing.national_calendar:
        kept = bool(after.routing.national_calendar)
        yield Words(
            f"public holidays and adjusted workdays are {'kept' if kept else 'not kept'}",
            f"{'遵循' if kept else '不再遵循'}法定节假日与调休",
        )


_RINGING: Final = {
    True: Words("phones ring in that day's hours", "按当日时段振铃"),
    False: Words("nothing rings all day", "全天不振铃"),
}


def features_change(before: Setting, after: Setting) -> Iterator[Words]:
    """Menus, codes, capacity, voicemail, recording: told by their values."""
    for name, words in _FEATURES.items():
        old, new = getattr(before.routing, name), getattr(after.routing, name)
        if old != new and not (old in _EMPTY and new in _EMPTY):
            yield Words(words.en.format(_shown(new)), words.zh.format(_shown_zh(new)))


_EMPTY: Final = (None, (), "")
_FEATURES: Final[dict[str, Words]] = {
    "menu": Words("callers hear another menu", "来电者听到的菜单有变化"),
    "pin": Words("callers are asked for a code: {}", "来电者需输入密码：{}"),
    "concurrency_limit": Words("calls at once, then busy: {}", "最多并发路数，超出听到忙音：{}"),
    "overflow": Words("after all others this phone rings: {}", "其他电话都未接时振铃：{}"),
    "trunk_capacity": Words("calls the trunk carries at once: {}", "中继容量（路）：{}"),
    "landing_forwarded": Words(
        "the landing number is forwarded, one call at a time: {}", "落地号呼叫转移，仅一路：{}"
    ),
    "voicemail": Words(
        "callers whom nobody answers can leave a message: {}", "无人接听时可留言：{}"
    ),
    "voicemail_recipient": Words("messages go to somebody else", "留言接收人有变化"),
    "recording": Words("calls are recorded: {}", "通话录音：{}"),
    "recording_notice": Words("callers are told that they are recorded: {}", "告知来电者录音：{}"),
    "trunk": Words("calls land on another trunk", "来电落在另一条中继"),
    "extensions": Words("extensions have changed", "分机有变化"),
}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _absent(value, "none")


def _shown_zh(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return _absent(value, "无")


def _absent(value: object, nothing: str) -> str:
    return mask_text(f"{value}") if value not in _EMPTY else nothing
