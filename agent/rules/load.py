"""Prometheus rule files into a rule set; every mistake of every file is reported at once.

A rule that the engine cannot evaluate completely is refused here, with file, line and reason.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from agent.rules.document import (
    Duration,
    Section,
    Texts,
    location,
    name_at,
    read_document,
    validate,
)
from agent.rules.gotemplate.template import Template, TemplateError, parse_template
from agent.rules.history import has_fixed_time
from agent.rules.promql.compile import DEFAULT_STEP, parse
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.functions import native_histogram_function
from agent.rules.promql.lexer import place_of
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Kind, Node, Semantics, kind_of
from agent.rules.rule import AlertingRule, Group, RecordingRule, Rule, RuleSet
from agent.yamlfile.paths import KeyPath, key_text, select
from agent.yamlfile.problems import LocatedProblem, Problem, YamlFileError, locate

__all__ = ["RuleFileError", "load_rules"]

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_UNSUPPORTED_GROUP_KEYS = {
    "query_offset": "the engine evaluates the newest samples",
    "labels": "write the labels into the rules",
    "partial_response_strategy": "it belongs to Thanos",
}
_ALERTING_KEYS = ("for", "keep_firing_for", "annotations")
_NO_FIXED_TIME = "@ with a time is not supported: the engine keeps only what ranges need"
_NO_NATIVE = "needs native histograms, and there are none: the rule would never fire"


class _RuleSection(Section):
    alert: str = ""
    record: str = ""
    expr: str = ""
    hold: Duration = Field(0.0, alias="for")
    keep_firing_for: Duration = 0.0
    labels: Texts = Field(default_factory=dict)
    annotations: Texts = Field(default_factory=dict)


class _GroupSection(Section):
    name: str = ""
    interval: Duration = 0.0
    limit: int = Field(0, ge=0)
    rules: list[_RuleSection] = Field(default_factory=list)


class _RuleFile(Section):
    groups: list[_GroupSection] = Field(default_factory=list)


class RuleFileError(YamlFileError):
    """Rule files cannot be evaluated; ``errors`` has every mistake, and no rule is used."""


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
    as in unit tests, may a rule select samples at a fixed time (``@ 1700000000``).

    Raises:
        RuleFileError: with every mistake of the files.
    """
    errors: list[LocatedProblem] = []
    groups: list[Group] = []
    for path in paths:
        loader = _FileLoader(Path(path), semantics, step, has_past=has_past)
        groups.extend(loader.groups(str(path), pace))
        errors.extend(loader.errors(str(path)))
    if errors:
        raise RuleFileError(errors)
    return RuleSet(tuple(groups), pace)


class _FileLoader:
    """One rule file: its keys checked by the models, its expressions and templates compiled.

    Compiling does not wait for valid keys, so that all mistakes are reported together.
    """

    def __init__(self, path: Path, semantics: Semantics, step: float, *, has_past: bool) -> None:
        self._semantics = semantics
        self._step = step
        self._has_past = has_past
        self._document = read_document(path)
        self._nodes: dict[KeyPath, Node] = {}
        self._templates: dict[KeyPath, dict[str, Template]] = {}
        self._file, problems = validate(_RuleFile, self._document)
        # The problems found here come first: of two at one path the first is reported.
        self._problems = [*self._check_groups(), *self._check_rules(), *problems]

    def errors(self, file: str) -> list[LocatedProblem]:
        return locate(file, self._problems, self._document.lines, self._location)

    def _location(self, path: KeyPath) -> str:
        data = self._document.data
        if len(path) < len(("groups", 0)):
            return key_text(path)
        group = name_at(data, path[:2], "name")
        if path[2:3] != ("rules",) or len(path) == len(("groups", 0, "rules")):
            return location(group, path[2:])
        return location(f"{group}/{name_at(data, path[:4], 'alert', 'record')}", path[4:])

    def _check_groups(self) -> Iterator[Problem]:
        names: set[str] = set()
        for path, group in select(self._document.data, "groups", "*"):
            if not isinstance(group, dict):
                continue
            for key, reason in _UNSUPPORTED_GROUP_KEYS.items():
                if key in group:
                    yield Problem((*path, key), f"is not supported: {reason}")
            name = group.get("name")
            if not name:
                yield Problem((*path, "name"), "is missing, a group needs a name")
            elif isinstance(name, str) and name in names:
                yield Problem((*path, "name"), f"group name {name!r} is used twice in this file")
            else:
                names.add(str(name))

    def _check_rules(self) -> Iterator[Problem]:
        for path, rule in select(self._document.data, "groups", "*", "rules", "*"):
            if not isinstance(rule, dict):
                continue
            if bool(rule.get("alert")) == bool(rule.get("record")):
                line = self._document.lines.get(path)
                yield Problem(path, "a rule needs either alert or record", line)
                continue
            yield from self._compile_expression((*path, "expr"), rule.get("expr") or "")
            yield from self._compile_templates((*path, "labels"), rule)
            if rule.get("alert"):
                yield from self._compile_templates((*path, "annotations"), rule)
            else:
                yield from _check_recording(path, rule)

    def _compile_expression(self, path: KeyPath, text: object) -> Iterator[Problem]:
        if not isinstance(text, str):
            return
        try:
            self._nodes[path] = self._compile(text)
        except RefusedError as error:
            yield Problem(path, str(error))

    def _compile(self, text: str) -> Node:
        if not text.strip():
            raise RefusedError("is missing, a rule needs an expr")
        node = parse(text, self._semantics, self._step)
        if kind_of(node) is Kind.STRING:
            raise RefusedError("a rule must give a vector or a scalar, not a text")
        if self._has_past:
            return node
        native = native_histogram_function(node)
        if native:
            raise RefusedError(f"{place_of(text, native)}: function {native} {_NO_NATIVE}")
        if has_fixed_time(node):
            raise RefusedError(f"{place_of(text, '@')}: {_NO_FIXED_TIME}")
        return node

    def _compile_templates(self, path: KeyPath, rule: dict[str, Any]) -> Iterator[Problem]:
        """Compile labels or annotations; the labels of a recording rule are no templates."""
        key = path[-1]
        texts = rule.get(str(key))
        templates = self._templates[path] = {}
        for name, text in texts.items() if isinstance(texts, dict) else ():
            if not _LABEL.fullmatch(name) or (key == "labels" and name == METRIC_NAME):
                yield Problem((*path, name), "is not a label name")
            elif text is None or isinstance(text, str):
                try:
                    templates[name] = _template(text or "", is_plain=bool(rule.get("record")))
                except TemplateError as error:
                    yield Problem((*path, name), str(error))

    def groups(self, file: str, pace: float) -> Iterator[Group]:
        """The groups of the file; none when there are mistakes."""
        if self._file is None or self._problems:
            return
        for index, group in enumerate(self._file.groups):
            path = ("groups", index, "rules")
            rules = tuple(
                self._rule((*path, place), rule, pace) for place, rule in enumerate(group.rules)
            )
            yield Group(group.name, file, group.interval or None, group.limit, rules)

    def _rule(self, path: KeyPath, rule: _RuleSection, pace: float) -> Rule:
        common = (
            rule.alert or rule.record,
            rule.expr,
            self._nodes[*path, "expr"],
            self._templates[*path, "labels"],
            self._document.lines[path],
        )
        if rule.record:
            return RecordingRule(*common)
        return AlertingRule(
            *common,
            hold=rule.hold / pace,
            keep_firing=rule.keep_firing_for / pace,
            annotations=self._templates[*path, "annotations"],
        )


def _check_recording(path: KeyPath, rule: dict[str, Any]) -> Iterator[Problem]:
    for key in _ALERTING_KEYS:
        if key in rule:
            yield Problem((*path, key), "is not allowed in a recording rule")
    record = rule["record"]
    if isinstance(record, str) and not _METRIC.fullmatch(record):
        yield Problem((*path, "record"), f"{record!r} is not a metric name")


def _template(text: str, *, is_plain: bool) -> Template:
    if is_plain:
        return Template(text, (text,) if text else ())
    return parse_template(text)
