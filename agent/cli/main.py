"""The command line: its groups of commands, its language, and how it ends.

A command imports its module when it runs, so that ``numwatch --help`` answers at once.
Results go to standard output, logs and errors to standard error.
"""

import sys
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from agent.cli.agent_commands import add_agent_commands
from agent.cli.config_path import NoConfigError
from agent.cli.dial_commands import add_dial_commands
from agent.cli.help import Group
from agent.cli.language import choose, say
from agent.cli.ledger_commands import add_ledger_commands
from agent.cli.number_commands import add_number_commands
from agent.cli.privacy_commands import add_privacy_commands
from agent.cli.profile_commands import add_profile_commands
from agent.cli.report_commands import add_report_commands
from agent.cli.rule_commands import add_rule_commands
from agent.cli.setup_commands import add_setup_commands
from agent.cli.store_commands import add_store_commands
from agent.cli.ticket_commands import add_ticket_commands
from agent.cli.usage import usage_error
from agent.i18n import N_, Message

_ABOUT = N_("Watches hotline numbers at every provider and opens tickets that say what is wrong.")
_ABORTED = Message("ended before it was done")

app = typer.Typer(
    name="numwatch",
    help=_ABOUT,
    cls=Group,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
for _add in (
    add_agent_commands,
    add_number_commands,
    add_dial_commands,
    add_rule_commands,
    add_ticket_commands,
    add_report_commands,
    add_ledger_commands,
    add_store_commands,
    add_privacy_commands,
    add_profile_commands,
    add_setup_commands,
):
    _add(app)


def main() -> None:
    """Run the command line; the entry point of ``numwatch``."""
    try:
        status = app(prog_name="numwatch", standalone_mode=False)
    except NoConfigError as error:
        sys.stderr.write(f"{error}\n")
        status = 2
    except TyperException as error:
        sys.stderr.write(f"{usage_error(error)}\n")
        status = error.exit_code
    except Abort:
        sys.stderr.write(f"{say(_ABORTED)}\n")
        status = 1
    sys.exit(status)


def _print_version(is_set: bool) -> None:
    if is_set:
        from importlib.metadata import version  # noqa: PLC0415 - a fast --help

        typer.echo(f"numwatch {version('numwatch')}")
        raise typer.Exit


def _choose_language(name: str) -> str:
    try:
        choose(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return name


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help=N_("Print the version.")
        ),
    ] = False,
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            metavar="LANG",
            callback=_choose_language,
            is_eager=True,
            help=N_("en or zh-CN; NUMWATCH_LANG or LANG where it is not named."),
        ),
    ] = "",
) -> None:
    """Watch hotline numbers at every provider."""
