"""Reads and validates everything that a start or a reload needs, before it changes anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import structlog

from agent.baselines.declared import Declaration, DeclaredFileError, read_declared
from agent.config.effective import ConfigSource
from agent.config.load import ConfigError, load_with_source
from agent.config.settings import Settings
from agent.i18n.problem_texts import problem_lines
from agent.net.http_client import trust
from agent.providers.registry import problems, problems_of_profiles
from agent.rules.load import RuleFileError, load_rules
from agent.rules.rule import RuleSet
from agent.rules.runbooks import with_served_runbooks

log = structlog.get_logger(__name__)


class PlanError(ValueError):
    """The configuration or a file it names is wrong; the text lists every error, one a line."""

    def text(self, locale: str) -> str:
        """The same in ``locale``, as far as the mistakes have forms."""
        return problem_lines(str(self), locale)


@dataclass(frozen=True)
class Plan:
    """A valid configuration with the rules and declared baselines of the files it names."""

    settings: Settings
    ruleset: RuleSet
    declared: Mapping[str, Declaration]
    """Declared baselines, by number or ``provider/account/number``."""
    source: ConfigSource
    """The line of every value of the settings."""


def make_plan(config: Path) -> Plan:
    """The plan of the file ``config`` and the files it names.

    Raises:
        PlanError: listing every error.
    """
    try:
        settings, source = load_with_source(
            config, review=problems, review_unvalidated=problems_of_profiles
        )
        rules = settings.rules
        files = tuple(matching_files(rules.files)) if rules.enabled else ()
        _read_ca_files(settings)
        declared = declared_in(settings)
        ruleset = load_rules(files, rules.pace, step=rules.interval)
        ruleset = with_served_runbooks(ruleset, settings.web.external_url)
        return Plan(settings, ruleset, declared, source)
    except (ConfigError, RuleFileError, DeclaredFileError) as error:
        raise PlanError(str(error)) from None


def declared_in(settings: Settings) -> dict[str, Declaration]:
    """The baselines that the files named in ``settings`` declare.

    Raises:
        DeclaredFileError: listing every error of every file.
    """
    return read_declared(matching_files(settings.drift.declared))


def _read_ca_files(settings: Settings) -> None:
    """Read the CA files here, in a thread: later they would hold up the event loop."""
    for provider in settings.providers:
        trust(provider.ca_file)


def matching_files(globs: Sequence[str]) -> Iterator[Path]:
    """The files that match the absolute patterns ``globs``, each once, in order."""
    paths = (path for pattern in globs for path in sorted(glob(pattern, recursive=True)))  # noqa: PTH207 - the patterns are absolute
    return (Path(path) for path in dict.fromkeys(paths))


def warn_of_needed_restart(old: Settings, new: Settings) -> None:
    """Log one line for each changed key that only a restart applies."""
    for key in ("listen", "data_dir", "store"):
        if getattr(old, key) != getattr(new, key):
            log.warning("needs_a_restart", key=key)
