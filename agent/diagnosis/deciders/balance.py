"""The account's balance and spend cap (docs/reference/domain.md §2)."""

from typing import Final

from agent.checks.balance import CAP_NEAR, RUNWAY_SHORT, Money
from agent.diagnosis.call_statistics import answered_share, recent_calls
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.states import Capability, Cause
from agent.verdict import Evidence, Verdict

LIKELY: Final = 0.8
POSSIBLE: Final = 0.6
SERVED_SHARE: Final = 0.5
"""With so many calls still answered, the account may be on credit."""
DAY: Final = 86400.0


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``balance_exhausted`` below the stop line, ``spend_cap_reached`` once the cap is spent."""
    money = diagnosis.result.money
    if money is None or not diagnosis.is_fresh(Capability.BALANCE):
        return None
    if money.cap_reached:
        return _conclude(diagnosis, money, Cause.SPEND_CAP_REACHED, LIKELY)
    if money.below_stop or money.balance.amount <= 0:
        is_served = (answered_share(recent_calls(diagnosis)) or 0.0) >= SERVED_SHARE
        confidence = POSSIBLE if is_served else LIKELY
        return _conclude(diagnosis, money, Cause.BALANCE_EXHAUSTED, confidence)
    _warn(diagnosis, money)
    return None


def decide_low(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about the balance or the cap: its cause, though calls still get through."""
    money = diagnosis.result.money
    if money is None:
        return None
    if money.cap_share is not None and money.cap_share >= CAP_NEAR:
        return _conclude(diagnosis, money, Cause.SPEND_CAP_REACHED, POSSIBLE)
    if money.at_notice or money.below_stop or _is_runway_short(money):
        return _conclude(diagnosis, money, Cause.BALANCE_EXHAUSTED, POSSIBLE)
    return None


def _conclude(diagnosis: NumberDiagnosis, money: Money, cause: Cause, confidence: float) -> Verdict:
    return diagnosis.conclude(
        cause, confidence, _evidence(diagnosis, money), facts=_text_facts(money)
    )


def _evidence(diagnosis: NumberDiagnosis, money: Money) -> list[Evidence]:
    facts = {
        "balance": f"{money.balance.amount:.2f} {money.balance.currency}",
        "notice_line": _amount(money.notice),
        "stop_line": _amount(money.stop),
        "runway_days": "" if money.runway is None else f"{money.runway / DAY:.1f}",
        "cap_spent": "" if money.cap_share is None else f"{money.cap_share:.0%}",
    }
    return [
        diagnosis.fact(name, value, Capability.BALANCE) for name, value in facts.items() if value
    ]


def _text_facts(money: Money) -> dict[str, str]:
    return {
        "balance": f"{money.balance.amount:.2f}",
        "currency": money.balance.currency,
        "stop": _amount(money.stop) or "-",
        "notice": _amount(money.notice) or "-",
        "days": "-" if money.runway is None else f"{money.runway / DAY:.1f}",
    }


def _warn(diagnosis: NumberDiagnosis, money: Money) -> None:
    if money.at_notice:
        diagnosis.warn("balance_low", **_text_facts(money))
    if _is_runway_short(money):
        diagnosis.warn("runway_short", **_text_facts(money))
    if money.cap_share is not None and money.cap_share >= CAP_NEAR:
        diagnosis.warn("cap_near", share=f"{money.cap_share:.0%}")
    diagnosis.consider(Cause.BALANCE_EXHAUSTED, (), [f"balance {money.balance.amount:.2f}"])


def _is_runway_short(money: Money) -> bool:
    return money.runway is not None and money.runway < RUNWAY_SHORT


def _amount(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
