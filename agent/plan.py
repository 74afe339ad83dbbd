"""Everything a start or a reload needs, read and checked before anything is touched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import structlog

from agent.baselines.declared import Declaration, DeclaredFileError, read_declared
from agent.config.load import ConfigError, load
from agent.config.settings import Settings
from agent.net.http_client import trust
from agent.providers.registry import problems
from agent.rules.load import RuleFileError, load_rules
from agent.rules.rule import RuleSet

log = structlog.get_logger(__name__)


class PlanError(ValueError):
    """The configuration or a rule file is wrong; the text has every error on its own line."""


@dataclass(frozen=True)
class Plan:
    """A configuration that can be run."""

    settings: Settings
    ruleset: RuleSet
    declared: Mapping[str, Declaration]
    """Configurations written down, by number or ``provider/account/number``."""


def make_plan(config: Path) -> Plan:
    """The plan in the file ``config`` and the rule files it names.

    Raises:
        PlanError: with every error.
    """
    try:
        settings = load(config, review=problems)
        rules = settings.rules
        files = tuple(matching_files(rules.files)) if rules.enabled else ()
        _read_authorities(settings)
        declared = declared_in(settings)
        return Plan(settings, load_rules(files, rules.pace, step=rules.interval), declared)
    except (ConfigError, RuleFileError, DeclaredFileError) as error:
        raise PlanError(str(error)) from None


def declared_in(settings: Settings) -> dict[str, Declaration]:
    """The configurations that files of ``settings`` write down.

    Raises:
        DeclaredFileError: with every error of every file.
    """
    return read_declared(matching_files(settings.drift.declared))


def _read_authorities(settings: Settings) -> None:
    """Read them here, in whatever thread this is: it would hold up the event loop."""
    for provider in settings.providers:
        trust(provider.ca_file)


def matching_files(globs: Sequence[str]) -> Iterator[Path]:
    """The files that absolute ``globs`` match, each once, in order."""
    found = (path for pattern in globs for path in sorted(glob(pattern, recursive=True)))  # noqa: PTH207 - the patterns are absolute
    return (Path(path) for path in dict.fromkeys(found))


def warn_of_what_needs_a_restart(old: Settings, new: Settings) -> None:
    """One line for each key that a reload does not take up."""
    for key in ("listen", "data_dir"):
        if getattr(old, key) != getattr(new, key):
            log.warning("needs_a_restart", key=key)
