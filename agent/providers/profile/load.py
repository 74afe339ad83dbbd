"""Loads profiles from YAML; every mistake is reported at once, each with its line."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from agent.config.load import ConfigError
from agent.providers.profile.pruning import independent, pruned
from agent.providers.profile.schema import Profile
from agent.providers.profile.validation import check_profile
from agent.yamlfile.problems import Problem, locate
from agent.yamlfile.reader import Document, parse_yaml
from agent.yamlfile.schema import SchemaTree
from agent.yamlfile.validation import problems_of

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
    return _profile_of(str(file), content)


@lru_cache(maxsize=64)
def _profile_of(name: str, content: bytes) -> Profile:
    """The profile with that content: one for all accounts, until the file is another one."""
    document = parse_yaml(content)
    profile = None if document.problems else _validate(document)
    if profile is None or document.problems:
        raise ConfigError(locate(name, document.problems, document.lines))
    return profile


@cache
def _schema() -> SchemaTree:
    return SchemaTree(Profile.model_json_schema())


def _validate(document: Document) -> Profile | None:
    try:
        profile = Profile.model_validate(document.data)
    except ValidationError as error:
        problems = problems_of(error, _schema(), document.data)
        rest = pruned(document.data)
        if rest is not None:
            damaged = {problem.path for problem in problems}
            problems += independent(check_profile(rest), damaged)
        document.problems += problems
        return None
    document.problems += check_profile(profile)
    return profile
