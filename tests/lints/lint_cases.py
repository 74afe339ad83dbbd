"""For every lint a number, or account, at which it finds something, and one at which not."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec

from agent.checks.balance import evaluate_balance
from agent.config.lints import Lints
from agent.config.settings import Thresholds
from agent.lints.facts import AccountFacts, NumberFacts
from agent.lints.linter import Linter
from agent.model import (
    Balance,
    Binding,
    Extension,
    Lines,
    Marking,
    MenuKey,
    Number,
    Routing,
    SpecialDays,
    Window,
)
from agent.states import (
    BindingKind,
    BindingState,
    ConfigSection,
    MarkingTag,
    NumberState,
    Strategy,
)
from tests.account_facts import NOW

DAY = 86400.0
TODAY = date(2027, 1, 15).toordinal()
"""The day of ``NOW`` in Shanghai."""
LANDLINE = Binding("b1", "02287654321", BindingKind.LANDLINE, 1, BindingState.OK)
MOBILE = Binding("b2", "13800000001", BindingKind.MOBILE, 2, BindingState.OK)
WEEKDAYS = (0, 1, 2, 3, 4)
WEEK = (*WEEKDAYS, 5, 6)
WORK = Window(WEEKDAYS, 510, 1050, ("b1",))
NIGHT = (
    Window(WEEKDAYS, 0, 510, ("b2",)),
    Window(WEEKDAYS, 1050, 1440, ("b2",)),
    Window((5, 6), 0, 1440, ("b2",)),
)
KEY_CALLER = "13900001111"
PLAIN = Routing(Strategy.SEQUENTIAL, 20.0, binding_order=("b1", "b2"))


def rebind(binding: Binding, **edits: Any) -> Binding:
    return msgspec.structs.replace(binding, **edits)


@dataclass(frozen=True)
class Case:
    """A number as a lint sees it."""

    number: dict[str, Any]
    routing: dict[str, Any]
    bound: tuple[Binding, ...] = (LANDLINE, MOBILE)
    drifted: tuple[ConfigSection, ...] = ()

    def facts(self, linter: Linter, now: float = NOW) -> NumberFacts:
        plain = {"number": "4006220001", "state": NumberState.ACTIVE}
        return NumberFacts(
            Number(**{**plain, **self.number}),
            msgspec.structs.replace(PLAIN, **self.routing),
            self.bound,
            self.drifted,
            linter.context_at(now),
        )


def routed(*bound: Binding, **routing: Any) -> Case:
    return Case({}, routing, bound or (LANDLINE, MOBILE))


def numbered(**number: Any) -> Case:
    return Case(number, {})


def bound(*phones: Binding, **routing: Any) -> Case:
    return Case({}, routing, phones)


def menu(*targets: str) -> Case:
    keys = tuple(MenuKey("main", str(key), it) for key, it in enumerate(targets))
    return routed(menu=keys)


def chain(depth: int) -> Case:
    keys = [MenuKey(f"m{level}", "1", f"menu:m{level + 1}") for level in range(1, depth)]
    return routed(menu=(*keys, MenuKey(f"m{depth}", "1", "queue")))


def recorded(**routing: Any) -> Case:
    features = {"recording": True, "recording_notice": True, "retention_days": 90.0}
    return routed(**{**features, "recording_export": True, **routing})


LINTER = Linter(Lints.model_validate({"parameters": {"key_callers": [KEY_CALLER, "01088886666"]}}))

FIXTURES: dict[str, tuple[list[Case], list[Case]]] = {
    "L01": (
        [numbered(number=it) for it in ("40062200012", "400622000", "9516220001", "+864006220001")],
        [numbered(number="4006220001"), numbered(number="+14155550100")],
    ),
    "L02": (
        [numbered(carrier="telecom"), numbered(number="4008001234", carrier="中国联通")],
        [numbered(carrier="unicom"), numbered(number="4005001234", carrier="telecom"), numbered()],
    ),
    "L03": ([Case({}, {}, ())], [bound(LANDLINE)]),
    "L04": ([bound(LANDLINE)], [routed(), bound(rebind(LANDLINE, kind=BindingKind.PBX))]),
    "L05": (
        [bound(LANDLINE), bound(rebind(LANDLINE, wait_seconds=49.9), wait_seconds=60.0)],
        [bound(LANDLINE, wait_seconds=50.0), bound(LANDLINE, wait_seconds=None)],
    ),
    "L06": (
        [routed(wait_seconds=14.0), bound(LANDLINE, rebind(MOBILE, wait_seconds=5.0))],
        [routed(wait_seconds=15.0), routed(wait_seconds=None)],
    ),
    "L07": (
        [routed(wait_seconds=46.0)],
        [routed(wait_seconds=45.0), routed(wait_seconds=46.0, strategy=Strategy.SIMULTANEOUS)],
    ),
    "L08": (
        [routed(binding_order=("b2", "b1"))],
        [routed(), routed(binding_order=("b2", "b1"), strategy=Strategy.CYCLIC)],
    ),
    "L09": (
        [
            bound(LANDLINE, rebind(MOBILE, phone="+85291234567")),
            bound(LANDLINE, rebind(MOBILE, phone="0088691234567")),
            bound(LANDLINE, rebind(MOBILE, state=BindingState.OVERSEAS)),
        ],
        [routed(), bound(LANDLINE, rebind(MOBILE, phone="+8613800000001"))],
    ),
    "L10": (
        [bound(LANDLINE, rebind(MOBILE, phone=it)) for it in ("17012345678", "4001234567")],
        [routed(), bound(LANDLINE, rebind(MOBILE, phone="17312345678"))],
    ),
    "L11": (
        [
            bound(LANDLINE, rebind(MOBILE, filed=False)),
            bound(LANDLINE, rebind(MOBILE, state=BindingState.UNREGISTERED)),
        ],
        [routed(), bound(LANDLINE, rebind(MOBILE, filed=True))],
    ),
    "L12": (
        [bound(rebind(LANDLINE, phone=it), MOBILE) for it in ("013800000001", "87654321")],
        [routed(), bound(LANDLINE, rebind(MOBILE, phone="138****0001"))],
    ),
    "L13": (
        [bound(LANDLINE, MOBILE, rebind(MOBILE, id="b3", phone="+86 138-0000-0001"))],
        [routed(), bound(LANDLINE, rebind(LANDLINE, id="b2", phone="02287654322"))],
    ),
    "L14": (
        [bound(rebind(LANDLINE, carrier="unicom"), rebind(MOBILE, carrier="unicom"))],
        [routed(), bound(rebind(LANDLINE, carrier="telecom"), rebind(MOBILE, carrier="unicom"))],
    ),
    "L15": (
        [
            bound(LANDLINE, rebind(MOBILE, area="022")),
            bound(rebind(LANDLINE, holder="A"), rebind(MOBILE, holder="A")),
        ],
        [routed(), bound(LANDLINE, rebind(MOBILE, area="010"))],
    ),
    "L16": (
        [routed(schedule=(WORK,), voicemail=False)],
        [
            routed(schedule=(WORK,), voicemail=True),
            routed(schedule=(WORK,)),
            routed(schedule=(WORK, *NIGHT), voicemail=False),
            routed(voicemail=False),
        ],
    ),
    "L17": (
        [routed(schedule=(WORK, Window((0,), 1000, 1100, ("b2",))))],
        [
            routed(schedule=(WORK, *NIGHT)),
            routed(schedule=(WORK, Window((0,), 1000, 1100, ("b1",)))),
        ],
    ),
    "L18": (
        [
            routed(schedule=(WORK, *NIGHT[:2])),
            routed(schedule=(WORK, Window(WEEK, 0, 1440, ("b2",)))),
        ],
        [routed(schedule=(WORK, *NIGHT)), routed(schedule=(WORK,))],
    ),
    "L19": (
        [
            routed(schedule=(WORK,), special_days=()),
            routed(schedule=(WORK,), special_days=(SpecialDays(TODAY - 9, TODAY - 1),)),
        ],
        [
            routed(schedule=(WORK,)),
            routed(schedule=(WORK,), special_days=(SpecialDays(TODAY, TODAY + 6),)),
            routed(schedule=(WORK,), special_days=(), national_calendar=True),
            routed(special_days=()),
        ],
    ),
    "L20": (
        [routed(blacklist=("1391234",), whitelist=("1391234", "010"))],
        [routed(blacklist=("1391234",), whitelist=("010",))],
    ),
    "L21": (
        [routed(blacklist=("*1234",)), routed(whitelist=("138?",))],
        [routed(blacklist=("1391234", "+8529"))],
    ),
    "L22": (
        [routed(blacklist=("013912345678",)), routed(whitelist=("0139",))],
        [routed(blacklist=("13912345678", "010", "01088886666", "0135"[:3]))],
    ),
    "L23": (
        [routed(region_allow=("0108888",)), routed(region_deny=("13", "139"))],
        [routed(region_allow=("010", "022", "0755"))],
    ),
    "L24": (
        [
            routed(whitelist_enabled=True),
            routed(whitelist_enabled=True, whitelist=("13912345678",)),
        ],
        [
            routed(whitelist=("13912345678",)),
            routed(whitelist_enabled=True, whitelist=("13", "14", "15", "17", "18", "0")),
        ],
    ),
    "L25": (
        [
            routed(blacklist=("1390000",)),
            routed(region_deny=("010",)),
            routed(region_allow=("022",)),
            routed(whitelist_enabled=True, whitelist=("138",)),
        ],
        [
            routed(blacklist=("1390001",)),
            routed(region_allow=("010",)),
            routed(whitelist_enabled=True, whitelist=("139", "010")),
        ],
    ),
    "L26": (
        [routed(blacklist=("139",)), routed(blacklist=("0755",))],
        [routed(blacklist=("13912345678", "1391"))],
    ),
    "L27": (
        [
            routed(region_allow=("010",)),
            bound(rebind(LANDLINE, areas=("022",)), rebind(MOBILE, areas=("010",))),
        ],
        [routed(region_deny=("010",)), bound(LANDLINE, rebind(MOBILE, areas=("010",)))],
    ),
    "L28": (
        [bound(rebind(LANDLINE, lines=Lines(declared=20, paid=10)))],
        [
            bound(rebind(LANDLINE, lines=Lines(declared=20, paid=20))),
            bound(rebind(LANDLINE, lines=Lines(declared=10, paid=5))),
            bound(rebind(LANDLINE, lines=Lines(declared=20))),
        ],
    ),
    "L29": (
        [
            routed(trunk="T7", trunk_capacity=30, trunk_peak=24),
            bound(rebind(LANDLINE, lines=Lines(capacity=30, peak=30))),
        ],
        [routed(trunk_capacity=30, trunk_peak=23), routed(trunk_capacity=30)],
    ),
    "L30": ([routed(landing_forwarded=True)], [routed(landing_forwarded=False), routed()]),
    "L32": (
        [
            numbered(contract_end=NOW + 30 * DAY),
            numbered(licence_end=NOW - DAY),
            numbered(identity_end=NOW + DAY),
        ],
        [numbered(contract_end=NOW + 31 * DAY), numbered()],
    ),
    "L34": (
        [bound(rebind(LANDLINE, weight=60), rebind(MOBILE, weight=30), strategy=Strategy.WEIGHTED)],
        [
            bound(
                rebind(LANDLINE, weight=60), rebind(MOBILE, weight=40), strategy=Strategy.WEIGHTED
            ),
            bound(rebind(LANDLINE, weight=60), MOBILE, strategy=Strategy.WEIGHTED),
            bound(rebind(LANDLINE, weight=60), rebind(MOBILE, weight=30)),
        ],
    ),
    "L35": (
        [menu("queue", ""), menu("binding:b9"), menu("menu:none"), menu("menu:main"), chain(6)],
        [menu("queue", "binding:b1", "voicemail", "hangup"), chain(5)],
    ),
    "L36": (
        [routed(voicemail=True, voicemail_recipient="")],
        [
            routed(voicemail=True, voicemail_recipient="desk"),
            routed(voicemail=True),
            routed(voicemail=False, voicemail_recipient=""),
        ],
    ),
    "L37": (
        [recorded(retention_days=7.0, recording_export=None), recorded(recording_export=False)],
        [recorded(), recorded(retention_days=7.0), routed(recording=False, retention_days=1.0)],
    ),
    "L38": (
        [recorded(recording_notice=False)],
        [recorded(), recorded(recording_notice=None), routed(recording_notice=False)],
    ),
    "L39": (
        [
            routed(extensions=(Extension("801", 4.0, 5.0),)),
            routed(extensions=(Extension("801", 0.0),)),
        ],
        [routed(extensions=(Extension("801", 5.0, 5.0),)), routed(extensions=(Extension("801"),))],
    ),
    "L41": (
        [numbered(registered_use="售后服务", actual_use="营销")],
        [numbered(registered_use="售后服务", actual_use="售后服务"), numbered(actual_use="营销")],
    ),
    "L42": ([Case({}, {}, drifted=(ConfigSection.WAIT,))], [Case({}, {})]),
    "L45": (
        [numbered(marking=Marking(MarkingTag.FRAUD, 3, NOW))],
        [numbered(marking=Marking(MarkingTag.TAXI, 3, NOW)), numbered(marking=None)],
    ),
    "L46": (
        [bound(LANDLINE, rebind(MOBILE, phone="700123456789012"))],
        [routed(), bound(LANDLINE, rebind(MOBILE, phone="70012345678"))],
    ),
}
"""Where each lint of numbers finds something, and where not."""


def account(
    *, contact: bool = True, grade: bool = True, now: float = NOW, **money: Any
) -> AccountFacts:
    """An account with the given balance; without one its money is not known."""
    facts = {"amount": 1000.0, "currency": "CNY", "notice_threshold": 35.0, "stop_threshold": 15.0}
    balance = Balance(**{**facts, **money}) if money else None
    evaluated = None if balance is None else evaluate_balance(balance, Thresholds())
    return AccountFacts(evaluated, contact, grade, LINTER.context_at(now))


ACCOUNT_FIXTURES: dict[str, tuple[list[AccountFacts], list[AccountFacts]]] = {
    "L31": (
        [
            account(amount=85.0, daily_spend=12.0),
            account(currency="USD", notice_threshold=None, stop_threshold=None),
        ],
        [account(amount=120.5, daily_spend=12.0), account(), account(amount=20.0)],
    ),
    "L33": (
        [account(month_spend=80.0, daily_spend=10.0, spend_cap=250.0)],
        [account(month_spend=80.0, daily_spend=10.0, spend_cap=400.0), account(month_spend=9.0)],
    ),
    "L40": ([account(contact=False), account(grade=False)], [account()]),
    "L43": ([replace(account(), unlisted=["95001"], unlisted_phones=2)], [account()]),
    "L44": (
        [
            replace(account(), not_listed=["4006220001"]),
            replace(account(), not_in_inventory=["4006220001"]),
            replace(account(), other_phones=["4006220001"]),
        ],
        [account()],
    ),
}
"""The same for lints of accounts."""
