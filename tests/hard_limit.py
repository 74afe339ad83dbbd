"""The end of a test that its own limit does not end: its process is ended, with every stack.

pytest-timeout raises an error in the main thread, once. A task of an event loop may take that
error for its own, and what waits on in the teardown is never interrupted again: one such test
would hold up all others until somebody ends the whole run, and nobody would know which it was.
"""

import faulthandler
import os
from typing import Any, Final

import pytest

GRACE: Final = 120.0
"""Seconds beyond its limit within which a test and its teardown must have ended."""

_errors: list[int] = []


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Arm the hard limit beside pytest-timeout's own, which goes on from here."""
    faulthandler.dump_traceback_later(
        settings.timeout + GRACE, exit=True, file=_standard_error(item.config)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> None:
    """Disarm it: the test has ended, or only its function where the limit is for that alone."""
    faulthandler.cancel_dump_traceback_later()


def _standard_error(config: pytest.Config) -> int:
    """The standard error of the process, which pytest keeps for itself while a test runs."""
    if not _errors:
        capture: Any = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            _errors.append(os.dup(2))
    return _errors[0]
