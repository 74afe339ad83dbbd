"""Alerts and rules as pages show them: the worst first, filtered by state and by text."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.i18n import CHINESE
from agent.model import Alert
from agent.rules.promql.compile import formatted
from agent.rules.promql.errors import RefusedError
from agent.rules.rule import AlertingRule, Group, Rule, RuleHealth
from agent.rules.runbooks import ANNOTATION, PATH, PUBLISHED, runbook_names
from agent.states import Severity
from agent.tickets.key import key_of, subject_of
from agent.tickets.ticket import Ticket
from agent.web.no_ticket import no_ticket_reason

FIRING, PENDING, INACTIVE, FAILING = "firing", "pending", "inactive", "failing"
STATES = (FIRING, PENDING, INACTIVE, FAILING)
"""What rules and alerts are filtered by; an alert is pending or firing."""
_SEVERITIES = {str(severity): rank for rank, severity in enumerate(Severity)}
_SHOWN_ELSEWHERE = frozenset(
    {"severity", "symptom", "scope", "provider", "account", "number", "ticket"}
)
_LONG_LINE = 80


@dataclass(frozen=True)
class AlertRow:
    """One active alert."""

    name: str
    state: str
    severity: str
    summary: str
    """In the reader's language, where the rule says it in that one."""
    active_at: float
    number: str
    provider: str
    account: str
    labels: tuple[tuple[str, str], ...]
    """The further labels."""
    ticket: str
    """The id of its open ticket; empty where it has none."""
    has_runbook: bool
    """Whether the agent has a runbook page for it."""
    no_ticket: str = ""
    """Why it opens no ticket, in the reader's language; empty where it opens one."""


@dataclass(frozen=True)
class RuleRow:
    """One rule with the outcome of its newest evaluation."""

    name: str
    is_alerting: bool
    state: str
    """Empty for a recording rule."""
    severity: str
    error: str
    evaluated_at: float | None
    """``None`` before its first evaluation."""
    milliseconds: float
    expression: str
    hold: float
    alerts: int
    has_runbook: bool
    no_ticket: str = ""
    """As of :class:`AlertRow`."""

    @property
    def health(self) -> str:
        """The word for the outcome: unknown before there is any."""
        if self.evaluated_at is None:
            return "unknown"
        return "failing" if self.error else "ok"


@dataclass(frozen=True)
class GroupRows:
    """The rules of one group, as many of them as are shown."""

    file: str
    name: str
    interval: float
    milliseconds: float
    rules: tuple[RuleRow, ...]


@dataclass(frozen=True)
class Choice:
    """What a reader wants to see, and what may be shown to that reader.

    Attributes:
        state: One of :data:`STATES`; empty is all.
        text: What a name, label or expression must contain, whatever the case; empty is all.
        mask: Masks phones; what is masked cannot be searched for either.
        locale: The reader's language.
    """

    state: str
    text: str
    mask: Callable[[str], str]
    locale: str

    def has(self, texts: Iterable[str]) -> bool:
        """Whether any of ``texts`` contains what is looked for."""
        wanted = self.text.casefold()
        return not wanted or any(wanted in self.mask(text).casefold() for text in texts)


def chosen_alerts(alerts: Iterable[Alert], choice: Choice) -> list[Alert]:
    """The chosen alerts: firing before pending, then by severity, then the oldest."""
    return sorted((alert for alert in alerts if _is_chosen(alert, choice)), key=_urgency)


def alert_rows(alerts: Sequence[Alert], tickets: Sequence[Ticket], locale: str) -> list[AlertRow]:
    """The rows of those ``alerts`` that are shown, in their order.

    Args:
        alerts: A page of them, at most.
        tickets: The open tickets.
        locale: The reader's language.
    """
    keys = {key_of(subject_of(alert.name, alert.labels)) for alert in alerts}
    by_key = _tickets_by_key(tickets, keys)
    return [_alert_row(alert, by_key, locale) for alert in alerts]


def _is_chosen(alert: Alert, choice: Choice) -> bool:
    if choice.state and alert.state != choice.state:
        return False
    return choice.has((alert.name, *alert.labels.values(), *alert.annotations.values()))


def _urgency(alert: Alert) -> tuple[bool, int, float]:
    severity = _SEVERITIES.get(alert.labels.get("severity", ""), len(_SEVERITIES))
    return alert.state != FIRING, severity, alert.active_at


def _tickets_by_key(tickets: Sequence[Ticket], keys: Collection[str]) -> dict[str, str]:
    """The id of the open ticket that stands for each fault of ``keys``, its members' too."""
    members = {
        member.key: ticket.id
        for ticket in tickets
        for member in ticket.members
        if member.key in keys and member.left_at is None
    }
    return {**members, **{ticket.key: ticket.id for ticket in tickets if ticket.key in keys}}


def _alert_row(alert: Alert, tickets: Mapping[str, str], locale: str) -> AlertRow:
    labels, texts = alert.labels, alert.annotations
    reason = no_ticket_reason(labels)
    translated = texts.get("summary_zh", "") if locale == CHINESE else ""
    return AlertRow(
        name=alert.name,
        state=alert.state,
        severity=labels.get("severity", ""),
        summary=translated or texts.get("summary", ""),
        active_at=alert.active_at,
        number=labels.get("number", ""),
        provider=labels.get("provider", ""),
        account=labels.get("account", ""),
        labels=tuple(pair for pair in labels.items() if pair[0] not in _SHOWN_ELSEWHERE),
        ticket=tickets.get(key_of(subject_of(alert.name, labels)), ""),
        has_runbook=_has_runbook(alert.name, texts.get(ANNOTATION, "")),
        no_ticket="" if reason is None else reason.text(locale),
    )


def _has_runbook(name: str, address: str) -> bool:
    """Whether the agent's page is the alert's runbook, and not one of somebody else's."""
    is_ours = not address or address.startswith(PUBLISHED) or f"{PATH}/{name}" in address
    return is_ours and name in runbook_names()


def group_rows(
    groups: Iterable[Group],
    health: Mapping[int, RuleHealth],
    alerts: Mapping[int, Sequence[Alert]],
    interval: float,
    choice: Choice,
) -> Iterator[GroupRows]:
    """The groups with a chosen rule, by file and name.

    Args:
        groups: All groups.
        health: The outcome of each rule by its ``id()``.
        alerts: The active alerts of each rule by its ``id()``.
        interval: Seconds between evaluations of groups that have no interval of their own.
        choice: Which rules.
    """
    for group in sorted(groups, key=lambda it: (it.file, it.name)):
        rows = [
            _rule_row(rule, health.get(id(rule)), alerts.get(id(rule), ()), choice.locale)
            for rule in group.rules
        ]
        shown = [row for row in rows if _is_shown(row, group, choice)]
        if shown:
            spent = sum(row.milliseconds for row in rows)
            every = group.interval or interval
            yield GroupRows(Path(group.file).name, group.name, every, spent, tuple(shown))


def _is_shown(row: RuleRow, group: Group, choice: Choice) -> bool:
    state = FAILING if row.error else row.state
    if choice.state and choice.state not in {state, row.state}:
        return False
    return choice.has((row.name, row.expression, group.name, Path(group.file).name))


def _rule_row(
    rule: Rule, health: RuleHealth | None, alerts: Sequence[Alert], locale: str
) -> RuleRow:
    is_alerting = isinstance(rule, AlertingRule)
    states = {alert.state for alert in alerts}
    state = next((it for it in (FIRING, PENDING) if it in states), INACTIVE)
    severity = rule.labels.get("severity")
    labels = {name: text.source for name, text in rule.labels.items()}
    reason = no_ticket_reason(labels) if is_alerting else None
    return RuleRow(
        name=rule.name,
        is_alerting=is_alerting,
        state=state if is_alerting else "",
        severity=severity.source if severity else "",
        error=health.error if health else "",
        evaluated_at=health.evaluated_at if health else None,
        milliseconds=1000 * health.duration if health else 0.0,
        expression=readable(rule.expression),
        hold=rule.hold if isinstance(rule, AlertingRule) else 0.0,
        alerts=len(alerts),
        has_runbook=is_alerting and rule.name in runbook_names(),
        no_ticket="" if reason is None else reason.text(locale),
    )


def readable(expression: str) -> str:
    """``expression`` in lines that can be read: as its author broke them, else formatted."""
    if max(map(len, expression.splitlines()), default=0) <= _LONG_LINE or "\n" in expression:
        return expression
    try:
        return formatted(expression)
    except RefusedError:
        return expression
