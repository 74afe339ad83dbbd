"""The console that commands print to: as wide as the terminal, plain in a pipe."""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text


def console(*, stderr: bool = False) -> Console:
    """The console of standard output, or of standard error; 80 cells wide in a pipe."""
    return Console(highlight=False, emoji=False, markup=False, stderr=stderr)


def print_lines(lines: Iterable[Text | str], target: Console | None = None) -> None:
    """Print lines as they are: they are wrapped already, and wider ones are ids that stay whole."""
    out = target or console()
    for line in lines:
        out.print(line, soft_wrap=True)


def is_live() -> bool:
    """Whether somebody watches standard error, so that progress may be shown there."""
    return sys.stderr.isatty()
