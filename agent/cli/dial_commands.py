"""The arguments of the commands about test calls."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agent.cli.arguments import AsJson, Config, HotlineNumber, add
from agent.cli.config_path import configuration
from agent.cli.help import Group
from agent.i18n import N_

_NUMBER: Final = "number"
_ABOUT: Final = N_("Call a number as a caller does, and say what was heard.")


class _NumberOrCommand(Group):
    """``dial NUMBER`` is ``dial number NUMBER``: whatever is no command is a number."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that ``args`` begin with, or that which calls a number."""
        if args and args[0] not in self.commands and args[0].lstrip("+").isdecimal():
            args = [_NUMBER, *args]
        return super().resolve_command(ctx, args)


def add_dial_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    dialling = typer.Typer(help=_ABOUT, cls=_NumberOrCommand, no_args_is_help=True)
    add(
        dialling,
        _NUMBER,
        number,
        _ABOUT,
        N_("Ends with 0 when the call got through, 1 when it did not, 3 when that is not known."),
    )
    add(
        dialling,
        "enrol",
        enrol,
        N_("Add an announcement to those that are recognized in test calls."),
    )
    app.add_typer(dialling, name="dial")
    add(
        app,
        "accept",
        accept,
        N_("Make the test calls by which a number is accepted, and report how far that is."),
        N_("Ends with 0 when the number is accepted, 1 when it is not, 3 when calls are missing."),
    )


def number(
    number: HotlineNumber,
    config: Config = None,
    caller: Annotated[
        str,
        typer.Option(
            "--from", metavar="CALLER", help=N_("The caller of dial.callers; the first by default.")
        ),
    ] = "",
    any_time: Annotated[
        bool, typer.Option("--any-time", help=N_("Also outside the number's hours."))
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help=N_("Write what was heard to this WAV file.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Call a number as a caller does, and say what was heard."""
    from agent.cli.dial import DialOptions, dial  # noqa: PLC0415 - a fast --help

    options = DialOptions(number, caller, any_time, record)
    raise typer.Exit(dial(configuration(config), options, as_json=as_json))


def accept(
    number: HotlineNumber,
    config: Config = None,
    any_time: Annotated[
        bool, typer.Option("--any-time", help=N_("Also outside the number's hours."))
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help=N_("Write the report to sign: .html, .pdf, .csv or .txt, by the file's ending."),
        ),
    ] = None,
    no_calls: Annotated[
        bool, typer.Option("--no-calls", help=N_("Report alone; nobody is called."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the test calls by which a number is accepted, and report how far that is."""
    from agent.cli.accept import AcceptOptions, accept  # noqa: PLC0415 - a fast --help

    options = AcceptOptions(number, any_time, report, not no_calls)
    raise typer.Exit(accept(configuration(config), options, as_json=as_json))


def enrol(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=N_("Its name, such as suspended or off."))
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=N_("A WAV file with nothing else in it."))
    ],
    config: Config = None,
) -> None:
    """Add an announcement to those that are recognized in test calls."""
    from agent.cli.dial import enrol_announcement  # noqa: PLC0415 - a fast --help

    raise typer.Exit(enrol_announcement(configuration(config), name, file))
