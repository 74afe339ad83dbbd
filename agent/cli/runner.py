"""Runs a command: sets up logging, reports expected errors, returns its exit status."""

import json
import sys
from collections.abc import Callable
from enum import IntEnum, unique
from typing import Any

from agent import logging
from agent.cli.language import locale
from agent.config.load import ConfigError
from agent.config.settings import Log

QUIET = Log(level="error", format="console")
"""Commands that print a result log errors only, to standard error."""

Errors = tuple[type[Exception], ...]


@unique
class ExitStatus(IntEnum):
    """Exit statuses (docs/reference/interface.md, Command line)."""

    OK = 0
    FAILED = 1
    """The command found something wrong, or could not do its work."""
    MISUSE = 2
    """The configuration or the arguments are wrong."""
    UNKNOWN = 3
    LATER = 75
    """Trouble that passes: the ledger is locked, the disk full, the address taken. EX_TEMPFAIL of
    sysexits.h: a supervisor tries again, where a configuration that is wrong stays wrong."""


class CommandError(Exception):
    """A command cannot do its work; the text says why and what to do."""


def run_command(
    command: Callable[[], int],
    *,
    failures: Errors = (),
    misuse: Errors = (),
    log: Log | None = QUIET,
) -> int:
    """Run ``command`` and return its exit status, or that of the error it ended with.

    Args:
        command: The work; returns the exit status of success.
        failures: Errors that end it with status 1, beside ``CommandError``.
        misuse: Errors that end it with status 2, beside ``ConfigError``. They are tried before
            ``failures``, so that a subclass may be misuse and its base a failure.
        log: How the process logs; ``None`` leaves that to the command.

    The text of an expected error goes to standard error. Any other error propagates.
    """
    if log is not None:
        logging.configure(log)
    misuse, failures = (ConfigError, *misuse), (CommandError, *failures)
    try:
        return command()
    except misuse as error:
        return fail(error, ExitStatus.MISUSE)
    except failures as error:
        return fail(error)


def fail(reason: object, status: ExitStatus = ExitStatus.FAILED) -> int:
    """Write ``reason`` to standard error and return ``status``."""
    text = getattr(reason, "text", None)
    sys.stderr.write(f"{reason if text is None else text(locale())}\n")
    return status


def print_json(value: Any) -> None:
    """Write ``value`` to standard output as one indented JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
