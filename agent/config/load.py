"""A configuration file as validated settings, or every error in it at once."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import ValidationError

from agent.config.checks import check
from agent.config.document import Document, parse
from agent.config.draft import Draft
from agent.config.files import absolute, bundled_profiles
from agent.config.located import ConfigError, Located, Problem, locate
from agent.config.references import Resolved, Surroundings, resolve
from agent.config.settings import Settings
from agent.config.wording import problems_of

__all__ = ["ConfigError", "Located", "load"]


def load(
    path: Path,
    environ: Mapping[str, str] = os.environ,
    profiles: Collection[str] | None = None,
) -> Settings:
    """The settings in the file at ``path``.

    Variables come from ``environ``; ``profiles`` are the names of the bundled profiles where
    they are not those of this installation. Paths in the settings are absolute.

    Raises:
        ConfigError: with every error of the file, in the order of its lines. No error, nor
            its traceback, holds a secret.
    """
    document = _read(path)
    folder = path.absolute().parent
    resolved = resolve(document.data, Surroundings(environ, folder))
    names = tuple(bundled_profiles() if profiles is None else profiles)
    settings, problems = _validated(document, resolved)
    if document.data is not None:
        problems += check(Draft(resolved.data, document.lines, folder, names))
    problems = document.problems + resolved.problems + problems
    if settings is None or problems:
        raise ConfigError(locate(str(path), problems, document.lines))
    return absolute(settings, folder)


def _read(path: Path) -> Document:
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        words = f"cannot be read: {reason or 'not a path'}, expected a YAML file"
        return Document(problems=[Problem((), words, 1)])


def _validated(document: Document, resolved: Resolved) -> tuple[Settings | None, list[Problem]]:
    """The settings, or what their types find wrong; nothing where there is no data at all."""
    if document.data is None:
        return None, []
    try:
        return Settings.model_validate(resolved.data), []
    except ValidationError as error:
        return None, problems_of(error, resolved.data, resolved.private)
