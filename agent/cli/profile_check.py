"""``numwatch profile check``: every mistake of every profile, as ``check-config`` says them."""

from collections.abc import Sequence
from pathlib import Path

from agent.cli.runner import ExitStatus, fail
from agent.config.load import ConfigError
from agent.providers.profile.load import read_profile


def check_profiles(files: Sequence[Path]) -> int:
    """Print ``FILE: ok``, or every mistake to standard error; returns 0, or 1 with mistakes."""
    status = ExitStatus.OK
    for file in files:
        try:
            read_profile(file)
        except ConfigError as error:
            status = ExitStatus(fail(error))
        else:
            print(f"{file}: ok")  # noqa: T201 - the command's output
    return status
