"""Lints of an account, told once for all its numbers (domain.md §4 L31, L33, L40)."""

from calendar import monthrange

from agent.checks.balance import DAY_SECONDS
from agent.lints.facts import AccountFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.registry import account_lint


@account_lint(
    "L31",
    Level.WARNING,
    Words("balance will not last", "余额不足以维持"),
    Words("{en}", "{zh}"),
)
def balance_short(facts: AccountFacts) -> Values | None:
    """A balance below seven days of spend, or no lines to warn at (domain.md §4 L31)."""
    money = facts.money
    if money is None:
        return None
    if money.notice is None or money.stop is None:
        return {
            "en": "neither provider nor configuration tells the lines at which to warn and to stop",
            "zh": "服务商与配置均未给出余额预警线和停机线",
        }
    runway, least = money.runway, facts.place.parameters.runway
    if runway is None or runway >= least:
        return None
    days, wanted = runway / DAY_SECONDS, least / DAY_SECONDS
    return {
        "en": f"the balance lasts {days:.1f} days at this spend, {wanted:g} are wanted",
        "zh": f"按当前消费余额仅够 {days:.1f} 天，要求 {wanted:g} 天",
    }


@account_lint(
    "L33",
    Level.WARNING,
    Words("spend cap near the forecast", "消费预测接近上限"),
    Words(
        "the month's spend is heading for {forecast:.2f} of a cap of {cap:.2f}: calls stop there",
        "本月消费预计 {forecast:.2f}，上限 {cap:.2f}，达到后来电停止",
    ),
)
def cap_near(facts: AccountFacts) -> Values | None:
    """A month's forecast near or beyond the spend cap (domain.md §4 L33)."""
    balance = None if facts.money is None else facts.money.balance
    if balance is None or not balance.spend_cap or balance.month_spend is None:
        return None
    today = facts.place.today
    left = monthrange(today.year, today.month)[1] - today.day
    forecast = balance.month_spend + left * max(0.0, balance.daily_spend or 0.0)
    if forecast < facts.place.parameters.cap_share * balance.spend_cap:
        return None
    return {"forecast": forecast, "cap": balance.spend_cap}


@account_lint(
    "L40",
    Level.INFO,
    Words("no provider contact or service grade", "缺少服务商联系人或服务等级"),
    Words("{en}", "{zh}"),
)
def no_contact(facts: AccountFacts) -> Values | None:
    """No contact at the provider, or no service grade for any number (domain.md §4 L40)."""
    if not facts.has_contact:
        return {
            "en": "nobody to call at the provider is configured: add contacts.provider",
            "zh": "未配置服务商联系人，请补充 contacts.provider",
        }
    if not facts.has_grade:
        return {
            "en": "no service grade is told for any number: add the account's grade",
            "zh": "所有号码均无服务等级，请补充账户的 grade",
        }
    return None
