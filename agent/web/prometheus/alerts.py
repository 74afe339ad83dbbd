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
from agent.web.privacy import viewer_mask
from agent.web.prometheus.encoding import NEVER, Mask, moment, scientific
from agent.web.prometheus.errors import invalid_parameter
from agent.web.prometheus.parameters import QueryParams
from agent.web.prometheus.response import run_query, small
from agent.web.services import services_of

_KINDS = {"": None, "alert": True, "record": False}
_WORST_FIRST = ("firing", "pending")


async def alerts(request: web.Request, _parameters: QueryParams, queries: Queries) -> bytes:
    """Every alert, pending and firing."""
    mask = viewer_mask(request)

    def build(_deadline: float) -> bytes:
        of_rules = queries.engine().alerts_by_rule().values()
        return small({"alerts": [_alert(alert, mask) for alerts in of_rules for alert in alerts]})

    return await run_query(request, build)


async def rules(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """Every rule group with its rules and their alerts, or only those the parameters select."""
    kind = parameters.text("type")
    if kind not in _KINDS:
        raise invalid_parameter("type", f'not supported value "{kind}"')
    mask = viewer_mask(request)
    interval = services_of(request).settings().rules.interval
    is_filtered = any(map(parameters.all, ("rule_name[]", "rule_group[]", "file[]")))

    def build(_deadline: float) -> bytes:
        snapshot = _RulesSnapshot(queries.engine(), interval, parameters, mask)
        groups = map(snapshot.group, snapshot.groups)
        # As in Prometheus, a filter hides the groups in which it matches no rule.
        return small({"groups": [it for it in groups if it["rules"] or not is_filtered]})

    return await run_query(request, build)


class _RulesSnapshot:
    """The rules, their health and their alerts, read at one moment."""

    def __init__(
        self, engine: RuleEngine, interval: float, parameters: QueryParams, mask: Mask
    ) -> None:
        self._mask = mask
        self.groups = [
            group
            for group in sorted(engine.ruleset.groups, key=lambda it: (it.file, it.name))
            if _among(group.name, parameters.all("rule_group[]"))
            and _among(group.file, parameters.all("file[]"))
        ]
        self._names = parameters.all("rule_name[]")
        self._alerting = _KINDS[parameters.text("type")]
        self._interval = interval
        self._health = engine.health_of()
        self._alerts = engine.alerts_by_rule()

    def group(self, group: Group) -> dict[str, Any]:
        """A group as the API shows it."""
        healths = [self._health[id(rule)] for rule in group.rules if id(rule) in self._health]
        return {
            "name": self._mask(group.name),
            "file": group.file,
            "rules": [self._rule(rule) for rule in group.rules if self._is_selected(rule)],
            "interval": group.interval or self._interval,
            "limit": group.limit,
            "evaluationTime": sum(health.duration for health in healths),
            "lastEvaluation": _newest(healths),
        }

    def _is_selected(self, rule: Rule) -> bool:
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
            outcome["lastError"] = self._mask(health.error)
        common = {"name": self._mask(rule.name), "query": self._mask(rule.expression), **outcome}
        labels = {"labels": _texts(rule.labels, self._mask)}
        if isinstance(rule, AlertingRule):
            return {**self._alerting_part(rule), **common, **labels, "type": "alerting"}
        # As in Prometheus, a recording rule without labels shows none.
        return {**common, **(labels if rule.labels else {}), "type": "recording"}

    def _alerting_part(self, rule: AlertingRule) -> dict[str, Any]:
        alerts = self._alerts.get(id(rule), ())
        states = {alert.state for alert in alerts}
        return {
            "state": next((state for state in _WORST_FIRST if state in states), "inactive"),
            "duration": rule.hold,
            "keepFiringFor": rule.keep_firing,
            "annotations": _texts(rule.annotations, self._mask),
            "alerts": [_alert(alert, self._mask) for alert in alerts],
        }


def _alert(alert: Alert, mask: Mask) -> dict[str, Any]:
    labels = {**alert.labels, "alertname": alert.name}
    return {
        "labels": {name: mask(text) for name, text in labels.items()},
        "annotations": {name: mask(text) for name, text in alert.annotations.items()},
        "state": alert.state,
        "activeAt": moment(alert.active_at),
        "value": scientific(alert.value),
    }


def _texts(templates: Mapping[str, Template], mask: Mask) -> dict[str, str]:
    return {name: mask(text.source) for name, text in templates.items() if name != METRIC_NAME}


def _among(name: str, names: Sequence[str]) -> bool:
    """Whether ``names`` has ``name``; no names select all."""
    return not names or name in names


def _newest(healths: Sequence[RuleHealth]) -> str:
    return moment(max(it.evaluated_at for it in healths)) if healths else NEVER
