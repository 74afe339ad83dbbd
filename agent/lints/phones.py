"""Lints of the bound phones (docs/reference/domain.md §4)."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.masking import mask_phone, mask_text
from agent.model import Binding
from agent.routing.caller import area_of, is_mobile, is_privacy_number, plain_number
from agent.states import BindingKind, BindingState

_ABROAD: Final = re.compile(r"(?:\+|00)(?!86)\d+", re.ASCII)
_MOBILE_WITH_ZERO: Final = re.compile(r"01[3-9]\d{9}", re.ASCII)
_LOCAL: Final = re.compile(r"[2-9]\d{6,7}", re.ASCII)
_SEVERAL = 2
_MOBILE_LENGTH = 11


def _masked(phones: Sequence[Binding]) -> Result:
    """The phones by id and masked number; ``None`` where there are none."""
    if not phones:
        return None
    names = ", ".join(
        f"{mask_text(phone.id)} {mask_phone(phone.phone)}".strip() for phone in phones
    )
    return {"phones": names}


@lint(
    "L03",
    Level.ERROR,
    Message("no bound phone"),
    Message("no phone is bound: nobody can be reached"),
    Needs.UNBOUND,
)
def nothing_bound(facts: NumberFacts) -> Result:
    """A number without a bound phone (L03)."""
    return None if facts.phones else {}


@lint(
    "L04",
    Level.WARNING,
    Message("one bound phone"),
    Message("one bound phone: no redundancy and no overflow"),
    Needs.SINGLE,
)
def single(facts: NumberFacts) -> Result:
    """A number with a single bound phone; a switchboard or trunk is many (L04)."""
    bound = facts.phones
    many = bound and bound[0].kind in (BindingKind.PBX, BindingKind.TRUNK)
    return {} if len(bound) == 1 and not many else None


@lint(
    "L09",
    Level.ERROR,
    Message("bound phone abroad"),
    Message("bound phone outside the mainland: {phones}"),
    Needs.BOUND,
)
def overseas(facts: NumberFacts) -> Result:
    """A bound phone abroad, in Hong Kong, Macau or Taiwan: prohibited (L09)."""
    abroad = {phone.binding.id for phone in facts.full_phones if _ABROAD.fullmatch(phone.digits)}
    return _masked(
        [
            phone
            for phone in facts.phones
            if phone.state is BindingState.OVERSEAS or phone.id in abroad
        ]
    )


@lint(
    "L10",
    Level.ERROR,
    Message("refused kind of destination"),
    Message("providers refuse virtual numbers and 400 numbers as destinations: {phones}"),
    Needs.BOUND,
)
def refused(facts: NumberFacts) -> Result:
    """A virtual number, or a 400 number that would loop, as bound phone (L10)."""
    prefixes = tuple(facts.context.parameters.refused_destinations)
    return _masked(
        [phone.binding for phone in facts.full_phones if phone.plain.startswith(prefixes)]
    )


@lint(
    "L46",
    Level.ERROR,
    Message("privacy number as destination"),
    Message("privacy numbers expire with their binding and are no destination: {phones}"),
    Needs.BOUND,
)
def privacy_numbers(facts: NumberFacts) -> Result:
    """A privacy number, 700 and 15 digits in all, as bound phone (L46)."""
    return _masked([phone.binding for phone in facts.full_phones if is_privacy_number(phone.plain)])


@lint(
    "L11",
    Level.WARNING,
    Message("destination not filed"),
    Message("not filed as the company's own: {phones}"),
    Needs.BOUND,
)
def unfiled(facts: NumberFacts) -> Result:
    """A bound phone that is not filed or not the company's own (L11)."""
    return _masked(
        [
            phone
            for phone in facts.phones
            if phone.filed is False or phone.state is BindingState.UNREGISTERED
        ]
    )


@lint(
    "L12",
    Level.ERROR,
    Message("unroutable destination"),
    Message("a mobile takes no leading 0 and a landline needs its area code: {phones}"),
    Needs.BOUND,
)
def misformatted(facts: NumberFacts) -> Result:
    """A mobile with a leading 0, or a landline without its area code (L12)."""
    return _masked(
        [
            phone.binding
            for phone in facts.full_phones
            if len(phone.digits) != _MOBILE_LENGTH
            and (_MOBILE_WITH_ZERO.fullmatch(phone.digits) or _LOCAL.fullmatch(phone.digits))
        ]
    )


@lint(
    "L13",
    Level.WARNING,
    Message("duplicate destination"),
    Message("bound more than once: {phones}"),
    Needs.SEVERAL,
)
def duplicated(facts: NumberFacts) -> Result:
    """The same phone twice, which is no redundancy (L13)."""
    phones = facts.full_phones
    if len({phone.plain for phone in phones}) == len(phones):
        return None
    counts = Counter(phone.plain for phone in phones)
    return _masked([phone.binding for phone in phones if counts[phone.plain] > 1])


@lint(
    "L14",
    Level.INFO,
    Message("all phones with one carrier"),
    Message("all bound phones are with {carrier}: they fail together"),
    Needs.SEVERAL,
)
def one_carrier(facts: NumberFacts) -> Result:
    """All bound phones with one carrier, as reported: numbers are ported (L14)."""
    bound = facts.phones
    carrier = bound[0].carrier if len(bound) >= _SEVERAL else ""
    same = carrier and all(phone.carrier == carrier for phone in bound)
    return {"carrier": carrier} if same else None


@lint("L15", Level.INFO, Message("all phones in one place or hand"), needs=Needs.SEVERAL)
def one_area_or_holder(facts: NumberFacts) -> Result:
    """All bound phones in one area or with one holder (L15)."""
    bound = facts.phones
    if len(bound) < _SEVERAL:
        return None
    if bound[0].holder and all(phone.holder == bound[0].holder for phone in bound):
        return Message("all bound phones have one holder")
    area = _area(bound[0])
    if area and all(_area(phone) == area for phone in bound):
        return Message("all bound phones are in area {area}", {"area": area})
    return None


def _area(binding: Binding) -> str:
    phone = plain_number(binding.phone)
    return binding.area or ("" if is_mobile(phone) else area_of(phone))
