"""The runbooks that come with the alert rules: where they are, and which alerts link to them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from agent.config.files import INSTALLATION
from agent.i18n import CHINESE
from agent.rules.gotemplate.template import Template
from agent.rules.rule import AlertingRule, Rule, RuleSet

ANNOTATION = "runbook_url"
PUBLISHED = "https://github.com/numwatch/numwatch/blob/main/docs/"
"""Where the documents of this repository can be read without an agent."""
PATH = "/runbooks"
"""The path of the agent's page with all runbooks; each alert's is below it."""

_IN_CHECKOUT = INSTALLATION / "docs" / "runbooks"
_FOLDER = _IN_CHECKOUT if _IN_CHECKOUT.is_dir() else INSTALLATION / "runbooks"


@cache
def runbook_names() -> tuple[str, ...]:
    """The alerts that have a runbook, in order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.md")))


@cache
def read_runbook(name: str, locale: str) -> str:
    """The Markdown of an alert's runbook in ``locale``.

    Raises:
        LookupError: when the alert has none.
    """
    if name not in runbook_names():
        raise LookupError(f"no runbook for {name}")
    return _file(name, locale).read_text(encoding="utf-8")


def _file(name: str, locale: str) -> Path:
    folder = _FOLDER / "zh" if locale == CHINESE else _FOLDER
    return folder / f"{name}.md"


def with_served_runbooks(rules: RuleSet, external_url: str | None) -> RuleSet:
    """``rules`` whose alerts link to the agent's own runbook pages.

    A link that somebody else has written into a rule stays, and so do the rule files: a Prometheus
    that reads them links to the published documents. Without an address of the agent's own there
    is nothing to link to.
    """
    if not external_url:
        return rules
    base = external_url.rstrip("/") + PATH
    groups = tuple(
        replace(group, rules=tuple(_with_served_runbook(rule, base) for rule in group.rules))
        for group in rules.groups
    )
    return replace(rules, groups=groups)


def _with_served_runbook(rule: Rule, base: str) -> Rule:
    if not isinstance(rule, AlertingRule) or rule.name not in runbook_names():
        return rule
    if not _is_default(rule.annotations):
        return rule
    address = f"{base}/{rule.name}"
    link = Template(address, (address,))
    return replace(rule, annotations={**rule.annotations, ANNOTATION: link})


def _is_default(annotations: Mapping[str, Template]) -> bool:
    link = annotations.get(ANNOTATION)
    return link is None or link.source.startswith(PUBLISHED)
