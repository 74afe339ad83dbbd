"""Resolves the references in a configuration: ``${VARIABLE}`` and secrets in files.

``${NAME}`` in any text is replaced by that environment variable, ``${NAME:-default}`` falls
back, ``$${`` is a literal ``${``. A secret's key with ``_file`` behind it names a file to read
it from, relative to the configuration file. What comes in from outside is never shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.config.schema import FILE_SUFFIX, settings_schema
from agent.config.secret import SECRET, Secret, visible_length
from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem

_REFERENCE = re.compile(
    r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\}|\$\{", re.ASCII
)
_MAX_SECRET = 64 * 1024


@dataclass
class Resolution:
    """The data with every reference replaced, and the problems of those that could not be."""

    data: object = None
    problems: list[Problem] = field(default_factory=list)
    private: set[KeyPath] = field(default_factory=set)
    """The paths of values from outside, which no error may repeat."""

    @property
    def unreadable(self) -> set[KeyPath]:
        """Paths of secrets whose ``_file`` has a problem; their own problems would repeat it."""
        paths = (problem.path for problem in self.problems if problem.path)
        return {(*path[:-1], str(path[-1]).removesuffix(FILE_SUFFIX)) for path in paths}


@dataclass(frozen=True)
class ReferenceSources:
    """The sources of references: the environment and the configuration file's folder."""

    environ: Mapping[str, str]
    folder: Path


def resolve(data: object, sources: ReferenceSources) -> Resolution:
    """Returns ``data`` with variables replaced and secret files read."""
    resolution = Resolution()
    resolution.data = _value(data, (), sources, resolution)
    return resolution


def _value(
    value: object, path: KeyPath, sources: ReferenceSources, resolution: Resolution
) -> object:
    if isinstance(value, dict):
        return _mapping(value, path, sources, resolution)
    if isinstance(value, list):
        return [_value(item, (*path, i), sources, resolution) for i, item in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        resolution.private.add(path)
        return _expanded(value, path, sources.environ, resolution)
    return value


def _mapping(
    mapping: dict[str, object], path: KeyPath, sources: ReferenceSources, resolution: Resolution
) -> dict[str, object]:
    resolved_values: dict[str, object] = {}
    for key, value in mapping.items():
        at = (*path, key)
        inside = _value(value, at, sources, resolution)
        secret = key.removesuffix(FILE_SUFFIX)
        if secret == key or not _is_secret((*path, secret)):
            resolved_values[key] = inside
        elif secret in mapping:
            text = f"is given besides {secret}, expected one of the two"
            resolution.problems.append(Problem(at, text))
        else:
            resolved_values[secret] = _read(inside, at, sources.folder, resolution)
            resolution.private.add((*path, secret))
    return resolved_values


def _is_secret(path: KeyPath) -> bool:
    schema = settings_schema().at(path)
    return schema is not None and schema.get("x-kind") == SECRET


def _expanded(text: str, path: KeyPath, environ: Mapping[str, str], resolution: Resolution) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        name, default = match["name"], match["default"]
        if name is None:
            words = "has a ${ that names no variable, expected ${NAME}, or $${ for a literal ${"
        elif environ.get(name):
            return environ[name]
        elif default is not None:
            return str(default).removeprefix(":-")
        else:
            missing = "is empty" if name in environ else "is not set"
            shown = one_line(name)
            words = f"environment variable {shown} {missing}, set it or write ${{{shown}:-default}}"
        resolution.problems.append(Problem(path, words))
        return ""

    return _REFERENCE.sub(replacement, text)


def _read(name: object, path: KeyPath, folder: Path, resolution: Resolution) -> object:
    """The secret in file ``name``; an empty one, and a problem, where it cannot be read."""
    if not isinstance(name, str):
        resolution.problems.append(Problem(path, "is not a path, expected the path of a file"))
        return Secret("")
    try:
        return Secret(_secret_in(folder / name))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        text = f"cannot be read: {one_line(str(reason))}, expected a file with the secret in it"
        resolution.problems.append(Problem(path, text))
        return Secret("")


def _secret_in(file: Path) -> str:
    if not file.is_file():
        raise ValueError("is a folder or a device" if file.exists() else "there is no such file")
    with file.open("rb") as stream:
        content = stream.read(_MAX_SECRET + 1)
    if len(content) > _MAX_SECRET:
        raise ValueError("the file is larger than 64 KiB")
    try:
        text = content.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None
    if not visible_length(text):
        raise ValueError("the file is empty")
    return text
