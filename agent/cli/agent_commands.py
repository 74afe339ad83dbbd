"""The arguments of the commands that run an agent or a world: run, demo, simulate, check-config."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import Config, Speed, add, group
from agent.cli.config_path import configuration
from agent.cli.language import locale
from agent.cli.process_limits import AGENT_LIMITS, COMMAND_LIMITS, refuse_small_limits
from agent.i18n import N_


def add_agent_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    add(app, "run", run, N_("Watch the configured numbers until SIGTERM."))
    add(
        app,
        "demo",
        demo,
        N_("Show numwatch against a simulated world: faults, metrics and tickets in two minutes."),
    )
    add(app, "simulate", simulate, N_("Serve the simulated providers and the ticket desk alone."))
    add(
        app,
        "check-config",
        check_config,
        N_("Check a configuration and its rule files; every error on its line."),
    )
    config_group = group(N_("The keys of the configuration."))
    add(config_group, "schema", config_schema, N_("Print the JSON Schema of the configuration."))
    app.add_typer(config_group, name="config")


def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=N_("The configuration to check."))],
) -> None:
    """Check a configuration and its rule files; every error on its line."""
    refuse_small_limits(COMMAND_LIMITS)
    from agent.plan import PlanError, make_plan  # noqa: PLC0415 - a fast --help

    try:
        make_plan(file)
    except PlanError as error:
        typer.echo(error.text(locale()))
        raise typer.Exit(1) from None
    typer.echo(f"{file}: ok")


def config_schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help=N_("The reference page instead."))
    ] = False,
) -> None:
    """Print the JSON Schema of the configuration."""
    from agent.providers.profile.json_schema import schema_with_profiles  # noqa: PLC0415 - as above

    if markdown:
        from agent.config.reference import page  # noqa: PLC0415 - a fast --help

        sys.stdout.write(page())
    else:
        sys.stdout.write(json.dumps(schema_with_profiles(), indent=2, ensure_ascii=False) + "\n")


def run(
    config: Config = None,
    listen: Annotated[
        list[str] | None,
        typer.Option("--listen", metavar="HOST:PORT", help=N_("Listen here instead.")),
    ] = None,
) -> None:
    """Watch the configured numbers until SIGTERM."""
    refuse_small_limits(AGENT_LIMITS)
    from agent.cli.run import run as serve  # noqa: PLC0415 - a fast --help

    raise typer.Exit(serve(configuration(config), listen or ()))


def demo(
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help=N_("Listen here."))
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option("--world", metavar="FILE", help=N_("A world in place of the story's.")),
    ] = None,
    numbers: Annotated[
        int, typer.Option("--numbers", min=0, max=999_999, help=N_("Healthy numbers to add."))
    ] = 0,
    speed: Speed = 1.0,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help=N_("The folder for all files."))
    ] = None,
) -> None:
    """Show numwatch against a simulated world: faults, metrics and tickets in two minutes."""
    from agent.cli.demo import demo as run_demo  # noqa: PLC0415 - a fast --help
    from agent.demo.session import DEFAULT_LISTEN, DemoOptions  # noqa: PLC0415

    options = DemoOptions(tuple(listen or (DEFAULT_LISTEN,)), world, numbers, speed, data)
    raise typer.Exit(run_demo(options))


def simulate(
    world: Annotated[Path, typer.Option("--world", metavar="FILE", help=N_("The world to serve."))],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help=N_("Listen here."))
    ] = "127.0.0.1:10401",
    speed: Speed = 1.0,
    write_config: Annotated[
        Path | None,
        typer.Option("--write-config", metavar="FILE", help=N_("Write an agent's configuration.")),
    ] = None,
    sip: Annotated[
        str,
        typer.Option(
            "--sip", metavar="HOST:PORT", help=N_("Let the numbers be called here, by SIP and UDP.")
        ),
    ] = "",
) -> None:
    """Serve the simulated providers and the ticket desk alone."""
    from agent.cli.simulate import simulate as serve  # noqa: PLC0415 - a fast --help

    raise typer.Exit(serve(world, listen, speed, write_config, sip))
