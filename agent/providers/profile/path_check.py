"""Finds what is wrong with the paths of an operation and of an envelope."""

import re
from collections.abc import Iterator
from typing import Final

from agent.providers.profile.json_path import EMBEDDED_JSON, path_of
from agent.providers.profile.patterns import LONGEST, compiled
from agent.providers.profile.schema import Envelope, Operation
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_BRACKETS: Final = re.compile(r"\[[\d*'\"]*\]?$|^\$")
"""What a step has that was written in the notation of JSONPath."""
_MOST_STEPS: Final = 20
_MOST_EMBEDDED: Final = 4


def check_path(text: str, at: KeyPath) -> Iterator[Problem]:
    """The mistake in one dotted path, if there is one."""
    path = path_of(text)
    if any(not step or _BRACKETS.search(step) for step in path):
        yield Problem(at, "is no path, expected keys with dots between, such as data.items.0.name")
    if len(path) > _MOST_STEPS or path.count(EMBEDDED_JSON) > _MOST_EMBEDDED:
        text = f"is too long, expected at most {_MOST_STEPS} steps and {_MOST_EMBEDDED} times @json"
        yield Problem(at, text)


def check_paths(operation: Operation, at: KeyPath) -> Iterator[Problem]:
    """Every mistake in the paths of ``operation`` that are not those of its records."""
    paging = operation.paging
    paths: list[tuple[KeyPath, str | None]] = [
        (("paging", "total"), paging.total),
        (("paging", "total_pages"), paging.total_pages),
        (("paging", "more"), paging.more),
        (("paging", "next"), paging.next),
    ]
    for key, path in paths:
        if path is not None:
            yield from check_path(path, (*at, *key))


def check_pattern(pattern: str, at: KeyPath) -> Iterator[Problem]:
    """The mistake in a regular expression, if there is one."""
    try:
        compiled(pattern)
    except ValueError:
        yield Problem(at, f"is no regular expression of RE2 of up to {LONGEST} characters")


def check_envelope(envelope: Envelope | None, at: KeyPath) -> Iterator[Problem]:
    """Every mistake in ``envelope``."""
    if envelope is None:
        return
    yield from check_path(envelope.code, (*at, "code"))
    yield from check_path(envelope.message or "", (*at, "message"))
    if envelope.not_found_message is not None:
        yield from check_pattern(envelope.not_found_message, (*at, "not_found_message"))
        if envelope.message is None:
            yield Problem(at, "has no message to look in, expected message: PATH")
    if not envelope.ok and not envelope.absent_is_ok:
        yield Problem(
            at, "takes every answer for an error, expected ok: [CODE] or absent_is_ok: true"
        )
