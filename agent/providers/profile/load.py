"""Loads profiles from YAML; every mistake is reported at once, each with its line."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from agent.config.load import ConfigError
from agent.providers.profile.schema import Profile
from agent.providers.profile.validation import check_profile
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem, locate
from agent.yamlfile.reader import Document, parse_yaml

BUNDLED: Final = Path(__file__).parents[1] / "profiles"
"""The directory of the bundled profiles."""

_SUFFIXES: Final = frozenset({".yaml", ".yml"})


def profile_names() -> tuple[str, ...]:
    """The names of the bundled profiles, sorted."""
    return tuple(sorted(file.stem for file in BUNDLED.glob("*.yaml")))


def load_profile(name: str) -> Profile:
    """A bundled profile by name, or the one in a YAML file by its path.

    Raises:
        ConfigError: when there is no such profile, or it has mistakes; each with file and line.
    """
    if Path(name).suffix in _SUFFIXES:
        return read_profile(Path(name))
    if name not in profile_names():
        expected = ", ".join(profile_names())
        text = f"no such profile, expected one of {expected}, or the path of a .yaml file"
        raise ConfigError(locate(name, [Problem((), text, 1)], {}))
    return _bundled(name)


@cache
def _bundled(name: str) -> Profile:
    return read_profile(BUNDLED / f"{name}.yaml")


def read_profile(file: Path) -> Profile:
    """The profile in ``file``.

    Raises:
        ConfigError: when it cannot be read or has mistakes.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        text = f"cannot be read: {error.strerror}, expected a profile"
        raise ConfigError(locate(str(file), [Problem((), text, 1)], {})) from None
    document = parse_yaml(content)
    profile = None if document.problems else _validate(document)
    if profile is None or document.problems:
        raise ConfigError(locate(str(file), document.problems, document.lines))
    return profile


def _validate(document: Document) -> Profile | None:
    try:
        profile = Profile.model_validate(document.data)
    except ValidationError as error:
        document.problems.extend(_problems(error))
        return None
    document.problems.extend(check_profile(profile))
    return profile


_MESSAGES: Final = {
    "extra_forbidden": "is not a known key, remove it or check its spelling",
    "missing": "is missing",
    "string_type": "is not text, put quotes around it",
    "dict_type": "is not a mapping, expected key: value lines",
    "model_type": "is not a section, expected key: value lines",
    "list_type": "is not a list",
}


def _problems(error: ValidationError) -> Iterator[Problem]:
    for details in error.errors(include_url=False, include_input=False):
        yield Problem(_key_path(details["loc"]), _message(details))


def _key_path(loc: Iterable[Any]) -> KeyPath:
    return tuple(step for step in loc if isinstance(step, str | int))


def _message(details: Any) -> str:
    known = _MESSAGES.get(details["type"])
    if known is not None:
        return known
    message = str(details["msg"])
    return f"is wrong: {message[:1].lower()}{message[1:]}"
