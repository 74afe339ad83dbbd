"""Lints of what a number is: its digits, its papers, its use (domain.md §4 L01, L02, L32, L41)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from agent.checks.carriers import CARRIER_OF_PREFIX
from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint

_HOTLINE: Final = re.compile(r"400\d{7}", re.ASCII)
_OTHER_COUNTRY: Final = re.compile(r"\+(?!86)\d+", re.ASCII)
_WEAKLY_TOLD: Final = frozenset({"4005", "4002"})
"""Prefixes that a single weak source tells of; they prove no mismatch (domain.md §1)."""
_CARRIER_WORDS: Final[Mapping[str, str]] = {
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
_ENDS: Final = (
    ("contract_end", Words("contract", "合同")),
    ("licence_end", Words("business licence", "营业执照")),
    ("identity_end", Words("identity papers", "证件")),
)


@lint(
    "L01",
    Level.ERROR,
    Words("not a 400 number", "不是 400 号码"),
    Words("{number} is not 400 and seven digits", "{number} 不是“400”加七位数字"),
)
def not_a_hotline(facts: NumberFacts) -> Values | None:
    """A number that is not 400 and seven digits (domain.md §4 L01).

    A number of another country is none of ours to judge.
    """
    number = facts.number.number
    if _HOTLINE.fullmatch(number) or _OTHER_COUNTRY.fullmatch(number):
        return None
    return {"number": number}


@lint(
    "L02",
    Level.WARNING,
    Words("prefix and carrier disagree", "号段与运营商不符"),
    Words(
        "prefix {prefix} belongs to {expected}, the provider says {told}",
        "号段 {prefix} 属于 {expected}，服务商登记为 {told}",
    ),
    Needs.CARRIER,
)
def carrier_mismatch(facts: NumberFacts) -> Values | None:
    """A carrier that the prefix contradicts, so that faults go to the wrong one (L02).

    Source: domain.md §4 L02; the prefixes are those of domain.md §1.
    """
    told = _CARRIER_WORDS.get(facts.number.carrier.lower())
    prefix = facts.number.number[:_PREFIX_LENGTH]
    expected = CARRIER_OF_PREFIX.get(prefix)
    if told is None or expected is None or prefix in _WEAKLY_TOLD or told == expected:
        return None
    return {"prefix": prefix, "expected": expected, "told": facts.number.carrier}


@lint(
    "L32",
    Level.WARNING,
    Words("papers expire", "合同或证件到期"),
    Words("{en}", "{zh}"),
    Needs.PAPERS,
)
def expiring(facts: NumberFacts) -> Values | None:
    """A contract, licence or ID that has expired or soon will (domain.md §4 L32)."""
    now, warned = facts.place.epoch, facts.place.parameters.expiry
    due = [
        (name, end)
        for key, name in _ENDS
        if (end := getattr(facts.number, key)) is not None and end - now <= warned
    ]
    if not due:
        return None
    zone = facts.place.now.tzinfo
    days = [(name, datetime.fromtimestamp(end, zone).date(), end <= now) for name, end in due]
    return {
        "en": "; ".join(f"{n.en} {'expired' if past else 'expires'} on {d}" for n, d, past in days),
        "zh": "；".join(f"{n.zh}{'已于' if past else '将于'} {d} 到期" for n, d, past in days),
    }


def expiry_moments(facts: NumberFacts) -> list[float]:
    """When L32 may change its mind, in epoch seconds."""
    ends = [end for key, _ in _ENDS if (end := getattr(facts.number, key)) is not None]
    return [moment for end in ends for moment in (end - facts.place.parameters.expiry, end)]


@lint(
    "L41",
    Level.WARNING,
    Words("used otherwise than registered", "实际用途与登记不符"),
    Words(
        "registered for {registered}, used for {actual}",
        "登记用途为“{registered}”，实际用途为“{actual}”",
    ),
    Needs.USE,
)
def used_otherwise(facts: NumberFacts) -> Values | None:
    """A use that is not the registered one, for which numbers are closed (domain.md §4 L41)."""
    registered, actual = facts.number.registered_use.strip(), facts.number.actual_use.strip()
    if not registered or not actual or registered == actual:
        return None
    return {"registered": registered, "actual": actual}


@lint(
    "L42",
    Level.WARNING,
    Words("not as approved", "与批准的配置不一致"),
    Words("not as approved: {sections}", "与批准的配置不一致：{sections}"),
    Needs.DRIFT,
)
def drifted(facts: NumberFacts) -> Values | None:
    """A configuration that is not as in its baseline (domain.md §4 L42)."""
    if not facts.drifted:
        return None
    return {"sections": ", ".join(section.value for section in facts.drifted)}
