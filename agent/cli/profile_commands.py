"""The arguments of the commands for who writes a profile: check, schema, try."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import Config, add, group
from agent.cli.config_path import configuration
from agent.i18n import N_

_Profile = Annotated[Path, typer.Argument(metavar="FILE", help=N_("The profile."))]
_Profiles = Annotated[list[Path], typer.Argument(metavar="FILE...", help=N_("The profiles."))]


def add_profile_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    profiles = group(N_("Descriptions of providers' APIs."))
    add(
        profiles,
        "check",
        check,
        N_("Check profiles; every mistake of each on its line, 1 if there are any."),
    )
    add(profiles, "schema", schema, N_("Print the JSON Schema of profiles."))
    add(
        profiles,
        "try",
        try_profile,
        N_("Poll once with a profile: requests, answers, mapped fields and what is not mapped."),
    )
    app.add_typer(profiles, name="profile")


def check(files: _Profiles) -> None:
    """Check profiles; every mistake of each on its line, 1 if there are any."""
    from agent.cli.profile_check import check_profiles  # noqa: PLC0415 - a fast --help

    raise typer.Exit(check_profiles(files))


def schema() -> None:
    """Print the JSON Schema of profiles."""
    from agent.providers.profile.json_schema import profile_schema  # noqa: PLC0415 - as above

    sys.stdout.write(json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n")


def try_profile(
    file: _Profile,
    account: Annotated[str, typer.Option("--account", metavar="P/A", help=N_("At this account."))],
    config: Config = None,
) -> None:
    """Poll once with a profile and show requests, answers, mapped fields and what is not mapped."""
    from agent.cli.profile_try import try_profile as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(file, configuration(config), account))
