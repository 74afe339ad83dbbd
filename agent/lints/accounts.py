"""Lints of an account, reported once for all its numbers (docs/reference/domain.md §4)."""

from calendar import monthrange

from agent.checks.balance import DAY_SECONDS
from agent.i18n import Message
from agent.lints.facts import AccountFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, account_lint


@account_lint("L31", Level.WARNING, Message("balance will not last"))
def balance_short(facts: AccountFacts) -> Result:
    """A balance below seven days of spend, or no limits to warn at (L31)."""
    money = facts.money
    if money is None:
        return None
    if money.notice is None or money.stop is None:
        return Message(
            "neither provider nor configuration tells the lines at which to warn and to stop"
        )
    runway, minimum = money.runway, facts.context.parameters.runway
    if runway is None or runway >= minimum:
        return None
    return Message(
        "the balance lasts {days:.1f} days at this spend, {minimum:g} are wanted",
        {"days": runway / DAY_SECONDS, "minimum": minimum / DAY_SECONDS},
    )


@account_lint(
    "L33",
    Level.WARNING,
    Message("spend cap near the forecast"),
    Message(
        "the month's spend is heading for {forecast:.2f} of a cap of {cap:.2f}: calls stop there"
    ),
)
def cap_near(facts: AccountFacts) -> Result:
    """A month's forecast near or beyond the spend cap (L33)."""
    balance = None if facts.money is None else facts.money.balance
    if balance is None or not balance.spend_cap or balance.month_spend is None:
        return None
    today = facts.context.today
    days_left = monthrange(today.year, today.month)[1] - today.day
    forecast = balance.month_spend + days_left * max(0.0, balance.daily_spend or 0.0)
    if forecast < facts.context.parameters.cap_share * balance.spend_cap:
        return None
    return {"forecast": forecast, "cap": balance.spend_cap}


@account_lint("L40", Level.INFO, Message("no provider contact or service grade"))
def no_contact(facts: AccountFacts) -> Result:
    """No contact at the provider, or no service grade for any number (L40)."""
    if not facts.has_contact:
        return Message("nobody to call at the provider is configured: add contacts.provider")
    if not facts.has_grade:
        return Message("no service grade is known for any number: add the account's grade")
    return None
