"""What is wrong with a command line, in the reader's language, and where help is."""

import re
from typing import Final

from typer.exceptions import TyperException

from agent.cli.language import locale
from agent.i18n import ENGLISH, Message

_HINT: Final = Message("{text}\n{command} --help says what there is")
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Message], ...]] = (
    (re.compile(r"No such command '(?P<name>[^']*)'"), Message("there is no command {name}")),
    (re.compile(r"No such option: (?P<name>\S+)"), Message("there is no option {name}")),
    (re.compile(r"Missing \w+ '(?P<name>[^']*)'"), Message("{name} is missing")),
    (
        re.compile(r"Option '(?P<name>[^']*)' (?:requires|does not take)"),
        Message("the value of {name} is missing or too much"),
    ),
    (
        re.compile(r"Invalid value for '(?P<name>[^']*)'"),
        Message("the value of {name} is not possible"),
    ),
    (
        re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((?P<name>.*)\)"),
        Message("there is no place for {name}"),
    ),
)
"""Typer words its errors in English alone; where that is enough it says more."""


def usage_error(error: TyperException) -> str:
    """The text for ``error``; the help itself where a command was named without more."""
    text = error.format_message()
    context = getattr(error, "ctx", None)
    if context is None or not text or type(error).__name__ == "NoArgsIsHelpError":
        return text
    language = locale()
    if language != ENGLISH:
        found = ((pattern.search(text), message) for pattern, message in _PATTERNS)
        known = next(((match, message) for match, message in found if match), None)
        if known is not None:
            text = known[1].with_values(**known[0].groupdict()).text(language)
    return _HINT.with_values(text=text, command=context.command_path).text(language)
