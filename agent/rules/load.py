"""Prometheus rule files into a rule set: everything that is wrong is told at once.

A rule that the engine cannot evaluate whole is refused here, with file, line and reason.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.rules.document import Problem, Report, Section, read
from agent.rules.gotemplate.template import Template, TemplateError, parse_template
from agent.rules.history import fixed_times
from agent.rules.promql.compile import DEFAULT_STEP, parse
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.functions import native_histogram_function
from agent.rules.promql.lexer import place_of
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Kind, Node, Number, Semantics, kind_of
from agent.rules.rule import AlertingRule, Group, RecordingRule, Rule, RuleSet

__all__ = ["Problem", "RuleFileError", "load_rules"]

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_GROUP_KEYS = ("name", "interval", "limit", "rules")
_NOT_IN_GROUPS = {
    "query_offset": "the engine evaluates the newest samples",
    "labels": "write the labels into the rules",
    "partial_response_strategy": "it belongs to Thanos",
}
_RULE_KEYS = ("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
_WRONG = Number(0.0)
_NO_PAST = "@ with a time is not supported: the engine keeps what ranges need, no more"
_NO_NATIVE = "needs native histograms, and there are none: the rule would never fire"
_ALERT_ONLY = ("for", "keep_firing_for", "annotations")


class RuleFileError(Exception):
    """Rule files that cannot be evaluated; nothing of them is used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        """Every problem of every file."""
        super().__init__("\n".join(map(str, self.problems)))


def load_rules(
    paths: Iterable[Path | str],
    pace: float = 1.0,
    semantics: Semantics = Semantics.THREE,
    step: float = DEFAULT_STEP,
    *,
    has_past: bool = False,
) -> RuleSet:
    """The rules of ``paths``, in order; ``pace`` divides every ``for`` and ``keep_firing_for``.

    ``step`` is that of subqueries that name none (seconds). Only where the engine ``has_past``,
    as in unit tests, may a rule ask for a certain moment (``@ 1700000000``).

    Raises:
        RuleFileError: with everything that is wrong, where anything is.
    """
    loader = _Loader(pace, semantics, step, has_past=has_past)
    problems: list[Problem] = []
    groups: list[Group] = []
    for path in paths:
        report = Report(str(path))
        groups.extend(loader.file(Path(path), report))
        problems.extend(sorted(report.problems, key=lambda problem: problem.line))
    if problems:
        raise RuleFileError(problems)
    return RuleSet(tuple(groups), pace)


class _Loader:
    def __init__(self, pace: float, semantics: Semantics, step: float, *, has_past: bool) -> None:
        self._pace = pace
        self._semantics = semantics
        self._step = step
        self._has_past = has_past

    def file(self, path: Path, report: Report) -> list[Group]:
        document = read(path, report)
        if document is None:
            return []
        document.expect(("groups",))
        names: set[str] = set()
        groups = []
        for section in document.sections("groups"):
            group = self._group(section, report.file)
            if group.name in names:
                section.tell(f"group name {group.name!r} is used twice in this file", "name")
            names.add(group.name)
            groups.append(group)
        return groups

    def _group(self, section: Section, file: str) -> Group:
        name = section.where = section.text("name")
        section.expect(_GROUP_KEYS, _NOT_IN_GROUPS)
        if not name:
            section.tell("a group needs a name")
        interval = section.duration("interval") or None
        rules = [self._rule(rule, name) for rule in section.sections("rules")]
        kept = tuple(rule for rule in rules if rule is not None)
        return Group(name, file, interval, section.count("limit"), kept)

    def _rule(self, section: Section, group: str) -> Rule | None:
        alert, record = section.text("alert"), section.text("record")
        section.where = f"{group}/{alert or record or '?'}"
        section.expect(_RULE_KEYS)
        if bool(alert) == bool(record):
            section.tell("a rule needs either alert or record")
            return None
        node = self._expression(section)
        labels = _templates(section, "labels")
        common = (alert or record, section.text("expr"), node, labels, section.line)
        return self._alerting(section, common) if alert else _recording(section, common)

    def _expression(self, section: Section) -> Node:
        """The compiled expression; a stand-in where it is told to be wrong."""
        text = section.text("expr")
        if not text.strip():
            section.tell("a rule needs an expr", "expr")
            return _WRONG
        try:
            node = parse(text, self._semantics, self._step)
        except RefusedError as error:
            section.tell(f"expr: {error}", "expr")
            return _WRONG
        if kind_of(node) is Kind.STRING:
            section.tell("expr: a rule must give a vector or a scalar, not a text", "expr")
            return _WRONG
        native = native_histogram_function(node)
        if native and not self._has_past:
            section.tell(f"expr: {place_of(text, native)}: function {native} {_NO_NATIVE}", "expr")
            return _WRONG
        if fixed_times(node) and not self._has_past:
            section.tell(f"expr: {place_of(text, '@')}: {_NO_PAST}", "expr")
            return _WRONG
        return node

    def _alerting(self, section: Section, common: "_Common") -> AlertingRule:
        return AlertingRule(
            *common,
            hold=section.duration("for") / self._pace,
            keep_firing=section.duration("keep_firing_for") / self._pace,
            annotations=_templates(section, "annotations"),
        )


_Common = tuple[str, str, Node, Mapping[str, Template], int]


def _recording(section: Section, common: _Common) -> RecordingRule:
    for key in _ALERT_ONLY:
        if key in section:
            section.tell(f"a recording rule cannot have {key}", key)
    if not _METRIC.fullmatch(common[0]):
        section.tell(f"{common[0]!r} is not a metric name", "record")
    return RecordingRule(*common)


def _templates(section: Section, key: str) -> dict[str, Template]:
    """The labels or annotations of a rule; a recording rule's labels are plain texts."""
    inner = section.inner(key)
    found: dict[str, Template] = {}
    for name in inner or ():
        assert inner is not None
        if not _LABEL.fullmatch(name) or (key == "labels" and name == METRIC_NAME):
            inner.tell(f"{key}: {name!r} is not a label name", name)
            continue
        text = inner.text(name)
        try:
            found[name] = _plain(text) if "record" in section else parse_template(text)
        except TemplateError as error:
            inner.tell(f"{key}.{name}: {error}", name)
    return found


def _plain(text: str) -> Template:
    return Template(text, (text,) if text else ())
