"""What ``numwatch poll`` prints for people: the numbers that are worst first."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from rich.text import Text

from agent.cli.judgement import Judgement
from agent.cli.observation import AccountReport, Report
from agent.cli.words import Words
from agent.health.findings import Finding
from agent.health.rule import WORST_FIRST
from agent.i18n import N_, Message, plural
from agent.i18n.failure_details import failure_text
from agent.masking import mask_phone
from agent.model import Balance, Binding, Number
from agent.net.word_counts import OTHERS
from agent.polling.journal import ADVICE
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, Health
from agent.terminal.grid import Column, paragraph, table

ROWS: Final = 200
"""The most numbers of an account that are shown."""
_STYLES: Final = {
    Health.OK: "green",
    Health.DEGRADED: "yellow",
    Health.DOWN: "bold red",
    Health.UNKNOWN: "dim",
    Health.NOT_OPENED: "cyan",
}
_NO_BALANCE: Final = Message("balance: unknown")
_BALANCE: Final = Message("balance: {amount} {currency}")
_LOW_BALANCE: Final = Message("balance: {amount} {currency}, below the notice line of {notice}")
_HIDDEN: Final = Message("and {count} more; --json shows all")
_REACHABLE: Final = Message("{reachable} of {count} reachable{others}")
_UNMAPPED: Final = Message("{field}: the profile does not map {word} ({count} times)")
_FAILED: Final = Message("{capability} failed: {reason}")
_ADVICE: Final = Message("what to do: {advice}")
_COUNTS: Final = Message("{numbers}: {up} in service, {down} not, {unknown} unknown")


def lines(report: Report, judgement: Judgement, words: Words, width: int) -> Iterator[Text]:
    """The lines of the report for a terminal of ``width`` cells."""
    for index, account in enumerate(report.accounts):
        if index:
            yield Text()
        yield Text(f"{account.provider}/{account.account}", style="bold")
        yield from paragraph(_balance(account.balance, words), width)
        if account.numbers:
            yield from paragraph(_counts(account.numbers, words), width)
            yield from _numbers(account, judgement, words, width)
        for text in (*_unlisted(account, words), *_unmapped(account, words)):
            yield from paragraph(text, width)
        yield from _failures(account, words, width)


def unmapped_words(account: AccountReport) -> Iterator[dict[str, str | int]]:
    """The provider's words that the profile does not map, the most frequent of a field first."""
    for outcome in account.outcomes:
        for field, counts in sorted(outcome.unmapped_words.items()):
            for word, count in sorted(counts.items(), key=_frequent_first):
                yield {"field": field, "word": word, "count": count}


def _frequent_first(entry: tuple[str, int]) -> tuple[bool, int, str]:
    return entry[0] == OTHERS, -entry[1], entry[0]


def _balance(balance: Balance | None, words: Words) -> Text:
    if balance is None:
        return Text(words.say(_NO_BALANCE), style="dim")
    values = {"amount": f"{balance.amount:.2f}", "currency": balance.currency}
    notice = balance.notice_threshold
    if notice is not None and balance.amount < notice:
        text = words.say(_LOW_BALANCE, **values, notice=f"{notice:.2f}")
        return Text(text, style="bold yellow")
    return Text(words.say(_BALANCE, **values))


def _counts(numbers: Iterable[Number], words: Words) -> str:
    states = [number.state for number in numbers]
    up = sum(state in IN_SERVICE_STATES for state in states)
    unknown = sum(state == "unknown" for state in states)
    counted = plural("{count} number", "{count} numbers", len(states))
    down = len(states) - up - unknown
    return words.say(_COUNTS, numbers=counted, up=up, down=down, unknown=unknown)


def _numbers(
    account: AccountReport, judgement: Judgement, words: Words, width: int
) -> Iterator[Text]:
    def rank(number: Number) -> int:
        return WORST_FIRST.index(judgement.of(account, number.number)[0])

    numbers = sorted(account.numbers, key=rank)
    columns = (
        Column(words.heading(N_("number"))),
        Column(words.heading(N_("health"))),
        Column(words.heading(N_("state")), wraps=True),
        Column(words.heading(N_("at the provider")), wraps=True),
        Column(words.heading(N_("network"))),
        Column(words.heading(N_("bound phones")), wraps=True),
        Column(words.heading(N_("company")), wraps=True),
    )
    shown = numbers[:ROWS]
    rows = [
        list(_cells(it, judgement.of(account, it.number)[0], account.bindings(it.number), words))
        for it in shown
    ]
    yield from table(columns, rows, width)
    for number in shown:
        text = _findings(judgement.of(account, number.number)[1], words)
        if text:
            yield from paragraph(f"{number.number}: {text}", width, "", "  ")
    if len(numbers) > ROWS:
        yield from paragraph(words.say(_HIDDEN, count=len(numbers) - ROWS), width)


def _findings(found: Iterable[Finding], words: Words) -> str:
    """What is wrong with a number, and by what it was judged."""
    texts = (
        " ".join(filter(None, (words.label(f"finding.{it.code}"), words.label(it.detail))))
        for it in found
    )
    return " · ".join(texts)


def _cells(
    number: Number, health: Health, bindings: tuple[Binding, ...] | None, words: Words
) -> Iterator[Text]:
    style = _state_style(number, health)
    yield Text(number.number)
    yield Text(words.label(health), style=_STYLES[health])
    yield Text(words.label(number.state), style=style)
    native = number.native_status if number.native_status != number.state else ""
    yield Text(" · ".join(filter(None, (native, number.reason))))
    yield Text(words.label(number.network_state))
    yield _phones(bindings, words)
    yield Text(number.company)


def _phones(bindings: tuple[Binding, ...] | None, words: Words) -> Text:
    if bindings is None:
        return Text(words.label("unknown"), style="dim")
    reachable = sum(binding.state in REACHABLE_STATES for binding in bindings)
    others = sorted({words.label(it.state) for it in bindings if it.state not in REACHABLE_STATES})
    others_text = f" ({', '.join(others)})" if others else ""
    text = words.say(_REACHABLE, reachable=reachable, count=len(bindings), others=others_text)
    return Text(text, style="" if reachable else "bold red")


def _unlisted(account: AccountReport, words: Words) -> Iterable[Text]:
    for number, count in islice(account.unlisted_phones.items(), ROWS):
        text = plural(
            "{count} phone is under {number}, which the account does not list",
            "{count} phones are under {number}, which the account does not list",
            count,
            number=mask_phone(number),
        )
        yield Text(text.text(words.locale), style="bold yellow")


def _unmapped(account: AccountReport, words: Words) -> Iterable[Text]:
    for entry in islice(unmapped_words(account), ROWS):
        yield Text(words.say(_UNMAPPED, **entry), style="bold yellow")


def _failures(account: AccountReport, words: Words, width: int) -> Iterator[Text]:
    for outcome in account.outcomes:
        if outcome.failure is not None:
            capability, reason = words.label(outcome.capability), words.label(outcome.failure)
            failed = words.say(_FAILED, capability=capability, reason=reason)
            yield from paragraph(Text(failed, "bold red"), width)
            if outcome.detail:
                yield from paragraph(failure_text(outcome.detail, words.locale), width, "  ")
            advice = words.heading(ADVICE[outcome.failure])
            yield from paragraph(words.say(_ADVICE, advice=advice), width, "  ")


def _state_style(number: Number, health: Health) -> str:
    if health is Health.NOT_OPENED:
        return _STYLES[health]
    return "green" if number.state in IN_SERVICE_STATES else "bold red"
