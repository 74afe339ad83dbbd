"""``/api/v1/rules`` and ``/api/v1/alerts``."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from agent.model import Alert
from agent.rules.engine import RuleEngine
from agent.rules.gotemplate.template import Template
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.queries.queries import Queries
from agent.rules.rule import AlertingRule, Group, Rule, RuleHealth
from agent.web.keys import state_of
from agent.web.prometheus.encoding import NEVER, moment, scientific
from agent.web.prometheus.failure import wrong
from agent.web.prometheus.params import QueryParams
from agent.web.prometheus.response import TURNS, small

_KINDS = {"": None, "alert": True, "record": False}
_WORST_FIRST = ("firing", "pending")


async def alerts(request: web.Request, _given: QueryParams, queries: Queries) -> bytes:
    """Every alert, pending and firing."""

    def work(_until: float) -> bytes:
        standing = queries.engine().standing().values()
        return small({"alerts": [_alert(one) for alerts in standing for one in alerts]})

    return await request.app[TURNS].run(work)


async def rules(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """Every rule group with its rules and their alerts, or only what is asked for."""
    kind = given.text("type")
    if kind not in _KINDS:
        raise wrong("type", f'not supported value "{kind}"')
    interval = state_of(request).settings().rules.interval

    picks = any(map(given.all, ("rule_name[]", "rule_group[]", "file[]")))

    def work(_until: float) -> bytes:
        facts = _Facts(queries.engine(), interval, given)
        groups = map(facts.group, facts.groups)
        return small({"groups": [one for one in groups if one["rules"] or not picks]})

    return await request.app[TURNS].run(work)


class _Facts:
    """The rules and what became of them, read at one moment."""

    def __init__(self, engine: RuleEngine, interval: float, given: QueryParams) -> None:
        self.groups = [
            group
            for group in sorted(engine.ruleset.groups, key=lambda it: (it.file, it.name))
            if _among(group.name, given.all("rule_group[]"))
            and _among(group.file, given.all("file[]"))
        ]
        self._names = given.all("rule_name[]")
        self._alerting = _KINDS[given.text("type")]
        self._interval = interval
        self._health = engine.health_of()
        self._alerts = engine.standing()

    def group(self, group: Group) -> dict[str, Any]:
        """A group as the API shows it."""
        known = [self._health[id(rule)] for rule in group.rules if id(rule) in self._health]
        return {
            "name": group.name,
            "file": group.file,
            "rules": [self._rule(rule) for rule in group.rules if self._is_wanted(rule)],
            "interval": group.interval or self._interval,
            "limit": group.limit,
            "evaluationTime": sum(one.duration for one in known),
            "lastEvaluation": _newest(known),
        }

    def _is_wanted(self, rule: Rule) -> bool:
        kind = self._alerting is None or self._alerting is isinstance(rule, AlertingRule)
        return kind and _among(rule.name, self._names)

    def _rule(self, rule: Rule) -> dict[str, Any]:
        health = self._health.get(id(rule))
        outcome: dict[str, Any] = {
            "health": "unknown" if health is None else "ok" if health.ok else "err",
            "evaluationTime": health.duration if health else 0.0,
            "lastEvaluation": _newest([health] if health else []),
        }
        if health and not health.ok:
            outcome["lastError"] = health.error
        common = {"name": rule.name, "query": rule.expression, **outcome}
        labels = {"labels": _texts(rule.labels)}
        if isinstance(rule, AlertingRule):
            return {**self._alerting_part(rule), **common, **labels, "type": "alerting"}
        # As in Prometheus, a recording rule without labels shows none.
        return {**common, **(labels if rule.labels else {}), "type": "recording"}

    def _alerting_part(self, rule: AlertingRule) -> dict[str, Any]:
        standing = self._alerts.get(id(rule), ())
        states = {alert.state for alert in standing}
        return {
            "state": next((state for state in _WORST_FIRST if state in states), "inactive"),
            "duration": rule.hold,
            "keepFiringFor": rule.keep_firing,
            "annotations": _texts(rule.annotations),
            "alerts": [_alert(one) for one in standing],
        }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "labels": {**alert.labels, "alertname": alert.name},
        "annotations": alert.annotations,
        "state": alert.state,
        "activeAt": moment(alert.active_at),
        "value": scientific(alert.value),
    }


def _texts(templates: Mapping[str, Template]) -> dict[str, str]:
    return {name: text.source for name, text in templates.items() if name != METRIC_NAME}


def _among(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or name in wanted


def _newest(known: Sequence[RuleHealth]) -> str:
    return moment(max(one.evaluated_at for one in known)) if known else NEVER
