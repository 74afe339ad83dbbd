"""Lints of the bound phones (domain.md §4 L03, L04, L09 to L15)."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.masking import mask_phone, mask_text
from agent.model import Binding
from agent.routing.caller import area_of, is_mobile, plain_number
from agent.states import BindingKind, BindingState

_ABROAD: Final = re.compile(r"(?:\+|00)(?!86)\d+", re.ASCII)
_MOBILE_WITH_ZERO: Final = re.compile(r"01[3-9]\d{9}", re.ASCII)
_LOCAL: Final = re.compile(r"[2-9]\d{6,7}", re.ASCII)
_SEVERAL = 2
_MOBILE_LENGTH = 11


def _bound(facts: NumberFacts) -> tuple[Binding, ...]:
    return facts.bound or ()


def _names(phones: Sequence[Binding]) -> dict[str, object] | None:
    if not phones:
        return None
    names = ", ".join(f"{mask_text(it.id)} {mask_phone(it.phone)}".strip() for it in phones)
    return {"phones": names}


@lint(
    "L03",
    Level.ERROR,
    Words("no bound phone", "未绑定电话"),
    Words("no phone is bound: nobody can be reached", "未绑定任何电话，无人可接听"),
    Needs.UNBOUND,
)
def nothing_bound(facts: NumberFacts) -> Values | None:
    """A number without a bound phone (domain.md §4 L03)."""
    return None if _bound(facts) else {}


@lint(
    "L04",
    Level.WARNING,
    Words("one bound phone", "仅绑定一部电话"),
    Words(
        "one bound phone: no redundancy and no overflow",
        "仅绑定一部电话，没有冗余，也无法溢出",
    ),
    Needs.SINGLE,
)
def single(facts: NumberFacts) -> Values | None:
    """A number with a single bound phone; a switchboard or trunk is many (domain.md §4 L04)."""
    bound = _bound(facts)
    many = bound and bound[0].kind in (BindingKind.PBX, BindingKind.TRUNK)
    return {} if len(bound) == 1 and not many else None


@lint(
    "L09",
    Level.ERROR,
    Words("bound phone abroad", "绑定境外号码"),
    Words("bound phone outside the mainland: {phones}", "绑定了境外或港澳台号码：{phones}"),
    Needs.BOUND,
)
def overseas(facts: NumberFacts) -> Values | None:
    """A bound phone abroad, in Hong Kong, Macau or Taiwan: prohibited (domain.md §4 L09)."""
    told = {it.binding.id for it in facts.told if _ABROAD.fullmatch(it.digits)}
    return _names(
        [it for it in _bound(facts) if it.state is BindingState.OVERSEAS or it.id in told]
    )


@lint(
    "L10",
    Level.ERROR,
    Words("refused kind of destination", "不允许的绑定号码"),
    Words(
        "providers refuse virtual numbers and 400 numbers as destinations: {phones}",
        "服务商不接受虚拟号段或 400 号码作为绑定号码：{phones}",
    ),
    Needs.BOUND,
)
def refused(facts: NumberFacts) -> Values | None:
    """A virtual number, or a 400 number that would loop, as bound phone (domain.md §4 L10)."""
    leading = tuple(facts.place.parameters.refused_destinations)
    return _names([it.binding for it in facts.told if it.plain.startswith(leading)])


@lint(
    "L11",
    Level.WARNING,
    Words("destination not filed", "绑定号码未备案"),
    Words("not filed as the company's own: {phones}", "未备案或非本企业所有：{phones}"),
    Needs.BOUND,
)
def unfiled(facts: NumberFacts) -> Values | None:
    """A bound phone that is not filed or not the company's own (domain.md §4 L11)."""
    return _names(
        [it for it in _bound(facts) if it.filed is False or it.state is BindingState.UNREGISTERED]
    )


@lint(
    "L12",
    Level.ERROR,
    Words("unroutable destination", "绑定号码格式错误"),
    Words(
        "a mobile takes no leading 0 and a landline needs its area code: {phones}",
        "手机号前不应加 0，固话必须带区号：{phones}",
    ),
    Needs.BOUND,
)
def misformatted(facts: NumberFacts) -> Values | None:
    """A mobile with a leading 0, or a landline without its area code (domain.md §4 L12)."""
    return _names(
        [
            it.binding
            for it in facts.told
            if len(it.digits) != _MOBILE_LENGTH
            and (_MOBILE_WITH_ZERO.fullmatch(it.digits) or _LOCAL.fullmatch(it.digits))
        ]
    )


@lint(
    "L13",
    Level.WARNING,
    Words("duplicate destination", "绑定号码重复"),
    Words("bound more than once: {phones}", "重复绑定：{phones}"),
    Needs.SEVERAL,
)
def duplicated(facts: NumberFacts) -> Values | None:
    """The same phone twice: a redundancy that is none (domain.md §4 L13)."""
    told = facts.told
    if len({it.plain for it in told}) == len(told):
        return None
    counts = Counter(it.plain for it in told)
    return _names([it.binding for it in told if counts[it.plain] > 1])


@lint(
    "L14",
    Level.INFO,
    Words("all phones with one carrier", "绑定电话同属一家运营商"),
    Words(
        "all bound phones are with {carrier}: they fail together",
        "所有绑定电话同属 {carrier}，会同时中断",
    ),
    Needs.SEVERAL,
)
def one_carrier(facts: NumberFacts) -> Values | None:
    """All bound phones with one carrier, as told: numbers are ported (domain.md §4 L14)."""
    bound = _bound(facts)
    carrier = bound[0].carrier if len(bound) >= _SEVERAL else ""
    same = carrier and all(it.carrier == carrier for it in bound)
    return {"carrier": carrier} if same else None


@lint(
    "L15",
    Level.INFO,
    Words("all phones in one place or hand", "绑定电话集中于一处或一人"),
    Words("{en}", "{zh}"),
    Needs.SEVERAL,
)
def one_place(facts: NumberFacts) -> Values | None:
    """All bound phones in one area or with one holder (domain.md §4 L15)."""
    bound = _bound(facts)
    if len(bound) < _SEVERAL:
        return None
    if bound[0].holder and all(it.holder == bound[0].holder for it in bound):
        return {"en": "all bound phones have one holder", "zh": "所有绑定电话由同一人持有"}
    area = _area(bound[0])
    if area and all(_area(it) == area for it in bound):
        return {"en": f"all bound phones are in area {area}", "zh": f"所有绑定电话都在区号 {area}"}
    return None


def _area(binding: Binding) -> str:
    phone = plain_number(binding.phone)
    return binding.area or ("" if is_mobile(phone) else area_of(phone))
