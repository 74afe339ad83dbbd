"""Loads a configuration file as validated settings, or reports every error in it at once."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.config.checks import check
from agent.config.effective import ConfigSource
from agent.config.files import absolute, bundled_profiles
from agent.config.inventory.files import (
    inventory_problems,
    read_inventories,
    with_inventories,
)
from agent.config.references import ReferenceSources, Resolution, resolve
from agent.config.schema import settings_schema
from agent.config.settings import Settings
from agent.config.unvalidated import UnvalidatedConfig
from agent.i18n.problem_texts import problem_lines
from agent.yamlfile.problems import Problem, YamlFileError, locate
from agent.yamlfile.reader import Document, Format, read_yaml
from agent.yamlfile.validation import problems_of

_FORMAT = Format(when_empty="is empty, expected at least a providers section")


class ConfigError(YamlFileError):
    """A configuration, or a provider profile, cannot be used."""

    def text(self, locale: str) -> str:
        """Every mistake on a line of its own, in ``locale`` as far as it has a form."""
        return problem_lines(str(self), locale)


class Loaded(NamedTuple):
    """Valid settings, and where their values come from."""

    settings: Settings
    source: ConfigSource


Review = Callable[[Settings], Iterable[Problem]]
"""Reports problems of valid settings; they are located like all others."""


ReviewUnvalidated = Callable[[Any, Path], Iterable[Problem]]
"""Reports problems of data that is no valid settings; paths in it are below the folder."""


def no_review(_settings: Settings) -> Iterable[Problem]:
    """Report no problem."""
    return ()


def no_review_unvalidated(_data: Any, _folder: Path) -> Iterable[Problem]:
    """Report no problem."""
    return ()


def load(
    path: Path,
    environ: Mapping[str, str] = os.environ,
    profiles: Collection[str] | None = None,
    review: Review = no_review,
    review_unvalidated: ReviewUnvalidated = no_review_unvalidated,
) -> Settings:
    """Returns the settings in the file at ``path``.

    Variables come from ``environ``; ``profiles`` are the names of the bundled profiles where
    they are not those of this installation. ``review`` checks what only packages
    above this one know, such as the credentials that a profile needs; ``review_unvalidated`` checks
    of that what it can where the settings are not valid. Paths in the settings are absolute.

    Raises:
        ConfigError: with every error of the file, in the order of its lines. No error, nor
            its traceback, holds a secret.
    """
    return load_with_source(path, environ, profiles, review, review_unvalidated).settings


def load_with_source(
    path: Path,
    environ: Mapping[str, str] = os.environ,
    profiles: Collection[str] | None = None,
    review: Review = no_review,
    review_unvalidated: ReviewUnvalidated = no_review_unvalidated,
) -> Loaded:
    """Returns the same as :func:`load`, and the line of every value.

    Raises:
        ConfigError: as :func:`load` does.
    """
    document = read_yaml(path, _FORMAT)
    folder = path.absolute().parent
    resolution = resolve(document.data, ReferenceSources(environ, folder))
    names = tuple(bundled_profiles() if profiles is None else profiles)
    inventories = read_inventories(resolution.data, path.parent)
    settings, problems = _validated(document, resolution, folder)
    problems += inventory_problems(resolution.data, inventories)
    if document.data is not None:
        problems += check(UnvalidatedConfig(resolution.data, document.lines, folder, names))
    if settings is not None:
        settings = with_inventories(settings, inventories)
        problems += review(settings)
    elif document.data is not None:
        problems += review_unvalidated(resolution.data, folder)
    # A secret whose file cannot be read is reported as that, not as a missing value too.
    problems = [problem for problem in problems if problem.path not in resolution.unreadable]
    problems = [*document.problems, *resolution.problems, *problems]
    if settings is None or problems or inventories.problems:
        located = locate(str(path), problems, document.lines)
        raise ConfigError([*located, *inventories.problems])
    source = ConfigSource(str(path), document.lines, frozenset(resolution.private))
    return Loaded(settings, source)


def _validated(
    document: Document, resolution: Resolution, folder: Path
) -> tuple[Settings | None, list[Problem]]:
    """The settings, or what their types find wrong; nothing where there is no data at all."""
    if document.data is None:
        return None, []
    try:
        return absolute(Settings.model_validate(resolution.data), folder), []
    except ValidationError as error:
        return None, problems_of(error, settings_schema(), resolution.data, resolution.private)
