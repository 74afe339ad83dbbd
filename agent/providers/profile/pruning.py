"""Makes a profile with mistakes of type checkable: the parts that are wrong are left out.

One mistake of type must not hide the others. What is checked of the rest may be a consequence of
what was left out, so :func:`independent` drops such findings.
"""

from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from typing import Any, Final

from pydantic import ValidationError

from agent.providers.profile.schema import Profile
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_ROUNDS: Final = 4
"""Leaving a part out may leave its surroundings without a required key, a few times over."""
_NAMES: Final = frozenset({"credentials", "options"})
"""Sections that say which names templates may use."""
_FILLERS: Final[dict[str, Any]] = {"fields": {}, "path": "/"}
"""Values of required keys that are missing; where they are not listed here, a text."""


def pruned(data: Any) -> Profile | None:
    """The profile in ``data`` without what has a wrong type; ``None`` where too little is left."""
    data = deepcopy(data)
    for _ in range(_ROUNDS):
        try:
            return Profile.model_validate(data)
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                _mend(data, item["loc"], is_missing=item["type"] == "missing")
    return None


def independent(problems: Iterable[Problem], damaged: Collection[KeyPath]) -> Iterator[Problem]:
    """Those of ``problems`` that the parts at ``damaged`` cannot be the cause of."""
    has_all_names = not any(path[:1] and path[0] in _NAMES for path in damaged)
    for problem in problems:
        is_near = any(
            path[: len(problem.path)] == problem.path or problem.path[: len(path)] == path
            for path in damaged
        )
        if not is_near and (has_all_names or not problem.text.startswith("has {")):
            yield problem


def _mend(data: Any, path: KeyPath, *, is_missing: bool) -> None:
    holder = data
    for step in path[:-1]:
        inner = _at(holder, step)
        if not isinstance(inner, dict | list):
            # The path leads on within a value of another type: that value is what is wrong.
            _drop(holder, step)
            return
        holder = inner
    if not path:
        return
    if is_missing and isinstance(holder, dict):
        holder[path[-1]] = _FILLERS.get(str(path[-1]), "x")
    else:
        _drop(holder, path[-1])


def _at(holder: Any, step: str | int) -> Any:
    try:
        return holder[step]
    except (KeyError, IndexError, TypeError):
        return None


def _drop(holder: Any, step: str | int) -> None:
    if isinstance(holder, dict):
        holder.pop(step, None)
    elif isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        # The places of the others must stay, as problems name them.
        holder[step] = deepcopy(holder[0]) if step else {}
