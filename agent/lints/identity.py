"""Lints of a number's digits, papers and use (docs/reference/domain.md §4)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from agent.checks.carriers import CARRIER_OF_PREFIX
from agent.i18n import N_, Joined, Message
from agent.i18n.words import CARRIERS, SECTIONS, word
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint

_HOTLINE: Final = re.compile(r"400\d{7}", re.ASCII)
_OTHER_COUNTRY: Final = re.compile(r"\+(?!86)\d+", re.ASCII)
_UNCONFIRMED_PREFIXES: Final = frozenset({"4005", "4002"})
"""Prefixes that only one weak source assigns; they prove no mismatch.

Source: docs/reference/domain.md §1."""
_CARRIERS: Final[Mapping[str, str]] = {
    "unicom": "unicom",
    "cucc": "unicom",
    "联通": "unicom",
    "中国联通": "unicom",
    "telecom": "telecom",
    "ctcc": "telecom",
    "电信": "telecom",
    "中国电信": "telecom",
    "mobile": "mobile",
    "cmcc": "mobile",
    "移动": "mobile",
    "中国移动": "mobile",
    "铁通": "mobile",
}
_PREFIX_LENGTH = 4
_EXPIRED: Final = "expired"
_EXPIRES: Final = "expires"
_ENDS: Final[Mapping[str, Mapping[str, Message]]] = {
    "contract_end": {
        _EXPIRED: Message("contract expired on {date}"),
        _EXPIRES: Message("contract expires on {date}"),
    },
    "licence_end": {
        _EXPIRED: Message("business licence expired on {date}"),
        _EXPIRES: Message("business licence expires on {date}"),
    },
    "identity_end": {
        _EXPIRED: Message("identity papers expired on {date}"),
        _EXPIRES: Message("identity papers expire on {date}"),
    },
}


@lint(
    "L01",
    Level.ERROR,
    Message("not a 400 number"),
    Message("{number} is not 400 and seven digits"),
)
def not_a_hotline(facts: NumberFacts) -> Result:
    """A number that is not 400 and seven digits (L01).

    A number of another country follows other rules and is not checked.
    """
    number = facts.number.number
    if _HOTLINE.fullmatch(number) or _OTHER_COUNTRY.fullmatch(number):
        return None
    return {"number": number}


@lint(
    "L02",
    Level.WARNING,
    Message("prefix and carrier disagree"),
    Message("prefix {prefix} belongs to {expected}, the provider says {reported}"),
    Needs.CARRIER,
)
def carrier_mismatch(facts: NumberFacts) -> Result:
    """A carrier that the prefix contradicts, so that faults go to the wrong one (L02).

    Source: docs/reference/domain.md §4; the prefixes are those of §1.
    """
    reported = _CARRIERS.get(facts.number.carrier.lower())
    prefix = facts.number.number[:_PREFIX_LENGTH]
    expected = CARRIER_OF_PREFIX.get(prefix)
    if reported is None or expected is None or reported == expected:
        return None
    if prefix in _UNCONFIRMED_PREFIXES:
        return None
    words = {"expected": word(expected, CARRIERS), "reported": word(facts.number.carrier, CARRIERS)}
    return {"prefix": prefix, **words}


@lint("L32", Level.WARNING, Message("papers expire"), needs=Needs.PAPERS)
def expiring(facts: NumberFacts) -> Result:
    """A contract, licence or ID that has expired or soon will (L32)."""
    now, notice = facts.context.epoch, facts.context.parameters.expiry
    zone = facts.context.now.tzinfo
    due = [
        texts[_EXPIRED if end <= now else _EXPIRES].with_values(
            date=datetime.fromtimestamp(end, zone).date()
        )
        for key, texts in _ENDS.items()
        if (end := getattr(facts.number, key)) is not None and end - now <= notice
    ]
    return Joined(tuple(due)) if due else None


def expiry_moments(facts: NumberFacts) -> list[float]:
    """When the result of L32 may change, in epoch seconds."""
    ends = [end for key in _ENDS if (end := getattr(facts.number, key)) is not None]
    return [moment for end in ends for moment in (end - facts.context.parameters.expiry, end)]


@lint(
    "L41",
    Level.WARNING,
    Message("used otherwise than registered"),
    Message("registered for {registered}, used for {actual}"),
    Needs.USE,
)
def used_otherwise(facts: NumberFacts) -> Result:
    """A use that is not the registered one, for which numbers are closed (L41)."""
    registered, actual = facts.number.registered_use.strip(), facts.number.actual_use.strip()
    if not registered or not actual or registered == actual:
        return None
    return {"registered": registered, "actual": actual}


@lint(
    "L42",
    Level.WARNING,
    Message("not as approved"),
    Message("not as approved: {sections}"),
    Needs.DRIFT,
)
def drifted(facts: NumberFacts) -> Result:
    """A configuration that differs from its baseline (L42)."""
    if not facts.drifted:
        return None
    names = tuple(SECTIONS[section.value] for section in facts.drifted)
    return {"sections": Joined(names, N_(", "))}
