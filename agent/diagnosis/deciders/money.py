"""Is there money left? (domain.md §2, 4)."""

from agent.checks.balance import CAP_NEAR, RUNWAY_SHORT, Money
from agent.diagnosis.case import Case
from agent.diagnosis.outcomes import answered_share, recent
from agent.model import Evidence, Verdict
from agent.states import Capability, Cause

LIKELY = 0.8
LOOMING = 0.6
MOST = 0.5
"""Where so many calls are answered still, the account is perhaps paid afterwards."""
DAY = 86400.0


def decide(case: Case) -> Verdict | None:
    """The money's cause where the balance is under the stop line or the cap is spent."""
    money = case.checked.money
    if money is None or not case.fresh(Capability.BALANCE):
        return None
    if money.cap_reached:
        return _conclude(case, money, Cause.SPEND_CAP_REACHED, LIKELY)
    if money.below_stop or money.balance.amount <= 0:
        served = (answered_share(recent(case)) or 0.0) >= MOST
        confidence = LOOMING if served else LIKELY
        return _conclude(case, money, Cause.BALANCE_EXHAUSTED, confidence)
    _warn(case, money)
    return None


def decide_looming(case: Case) -> Verdict | None:
    """For an alert about the balance: the money, even while calls still get through."""
    money = case.checked.money
    if money is None:
        return None
    if money.cap_share is not None and money.cap_share >= CAP_NEAR:
        return _conclude(case, money, Cause.SPEND_CAP_REACHED, LOOMING)
    if money.at_notice or money.below_stop or _is_short(money):
        return _conclude(case, money, Cause.BALANCE_EXHAUSTED, LOOMING)
    return None


def _conclude(case: Case, money: Money, cause: Cause, confidence: float) -> Verdict:
    return case.conclude(cause, confidence, _facts(case, money), facts=_words(money))


def _facts(case: Case, money: Money) -> list[Evidence]:
    told = {
        "balance": f"{money.balance.amount:.2f} {money.balance.currency}",
        "notice_line": _amount(money.notice),
        "stop_line": _amount(money.stop),
        "runway_days": "" if money.runway is None else f"{money.runway / DAY:.1f}",
        "cap_spent": "" if money.cap_share is None else f"{money.cap_share:.0%}",
    }
    return [case.fact(name, value, Capability.BALANCE) for name, value in told.items() if value]


def _words(money: Money) -> dict[str, str]:
    return {
        "balance": f"{money.balance.amount:.2f}",
        "currency": money.balance.currency,
        "stop": _amount(money.stop) or "-",
        "notice": _amount(money.notice) or "-",
        "days": "-" if money.runway is None else f"{money.runway / DAY:.1f}",
    }


def _warn(case: Case, money: Money) -> None:
    if money.at_notice:
        case.warn("balance_low", **_words(money))
    if _is_short(money):
        case.warn("runway_short", **_words(money))
    if money.cap_share is not None and money.cap_share >= CAP_NEAR:
        case.warn("cap_near", share=f"{money.cap_share:.0%}")
    case.weigh(Cause.BALANCE_EXHAUSTED, (), [f"balance {money.balance.amount:.2f}"])


def _is_short(money: Money) -> bool:
    return money.runway is not None and money.runway < RUNWAY_SHORT


def _amount(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
