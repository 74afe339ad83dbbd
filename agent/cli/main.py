"""The command line: the arguments of every command, and no logic.

A command imports its module when it runs, so that ``numwatch --help`` answers at once.
Results go to standard output, logs and errors to standard error.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import (
    AsJson,
    AtAccount,
    Caller,
    Config,
    Generation,
    HotlineNumber,
    Ledger,
    RuleFiles,
    Speed,
    TicketId,
    Url,
)
from agent.cli.ledger_commands import add_ledger_commands
from agent.cli.profile_commands import add_profile_commands
from agent.tickets.actions.action import ACTION_DESCRIPTIONS, TicketAction

app = typer.Typer(
    name="numwatch",
    help="Watches hotline numbers at every provider and opens tickets that say what is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="The keys of the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
rules_app = typer.Typer(
    help="Alert rules, as the embedded engine reads them.", no_args_is_help=True
)
app.add_typer(rules_app, name="rules")
baseline_app = typer.Typer(
    help="The approved configuration of a number, and the drift from it.", no_args_is_help=True
)
app.add_typer(baseline_app, name="baseline")
tickets_app = typer.Typer(help="The ledger of tickets.", no_args_is_help=True)
app.add_typer(tickets_app, name="tickets")
add_ledger_commands(app)
add_profile_commands(app)


def main() -> None:
    """Run the command line; the entry point of ``numwatch``."""
    app()


def _print_version(is_set: bool) -> None:
    if is_set:
        from importlib.metadata import version  # noqa: PLC0415 - a fast --help

        typer.echo(f"numwatch {version('numwatch')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Watch hotline numbers at every provider."""


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration to check.")],
) -> None:
    """Check a configuration and its rule files; every error on its line."""
    from agent.plan import PlanError, make_plan  # noqa: PLC0415 - a fast --help

    try:
        make_plan(file)
    except PlanError as error:
        typer.echo(str(error))
        raise typer.Exit(1) from None
    typer.echo(f"{file}: ok")


@config_app.command("schema")
def config_schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The reference page instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of the configuration."""
    from agent.providers.profile.json_schema import schema_with_profiles  # noqa: PLC0415 - as above

    if markdown:
        from agent.config.reference import page  # noqa: PLC0415 - a fast --help

        sys.stdout.write(page())
    else:
        sys.stdout.write(json.dumps(schema_with_profiles(), indent=2, ensure_ascii=False) + "\n")


@app.command("run")
def run(
    config: Config,
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help="Listen here instead.")
    ] = None,
) -> None:
    """Watch the configured numbers until SIGTERM."""
    from agent.cli.run import run as serve  # noqa: PLC0415 - a fast --help

    raise typer.Exit(serve(config, listen or ()))


@app.command("demo")
def demo(
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help="Listen here.")
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option("--world", metavar="FILE", help="A world in place of the story's."),
    ] = None,
    numbers: Annotated[
        int, typer.Option("--numbers", min=0, max=999_999, help="Healthy numbers to add.")
    ] = 0,
    speed: Speed = 1.0,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="The folder for all files.")
    ] = None,
) -> None:
    """Show numwatch against a simulated world: faults, metrics and tickets in two minutes."""
    from agent.cli.demo import demo as run_demo  # noqa: PLC0415 - a fast --help
    from agent.demo.session import DEFAULT_LISTEN, DemoOptions  # noqa: PLC0415

    options = DemoOptions(tuple(listen or (DEFAULT_LISTEN,)), world, numbers, speed, data)
    raise typer.Exit(run_demo(options))


@app.command("simulate")
def simulate(
    world: Annotated[Path, typer.Option("--world", metavar="FILE", help="The world to serve.")],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Listen here.")
    ] = "127.0.0.1:10401",
    speed: Speed = 1.0,
    write_config: Annotated[
        Path | None,
        typer.Option("--write-config", metavar="FILE", help="Write an agent's configuration."),
    ] = None,
) -> None:
    """Serve the simulated providers and the ticket desk alone."""
    from agent.cli.simulate import simulate as serve  # noqa: PLC0415 - a fast --help

    raise typer.Exit(serve(world, listen, speed, write_config))


@app.command("poll")
def poll(
    config: Config,
    account: Annotated[
        str | None, typer.Option("--account", metavar="P/A", help="Only this account.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Poll once and print what was seen."""
    from agent.cli.poll import poll as run_poll  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_poll(config, account, as_json=as_json))


@app.command("diagnose")
def diagnose(
    number: HotlineNumber,
    config: Config,
    caller: Caller = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", metavar="QUESTION=ANSWER", help="An answer to a question; repeatable."
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the open questions one after the other.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say why a number cannot be reached, whose job it is, and what to do."""
    from agent.cli.diagnose import DiagnoseOptions, diagnose_number  # noqa: PLC0415 - a fast --help

    options = DiagnoseOptions(number, caller, tuple(answer or ()), ask)
    raise typer.Exit(diagnose_number(config, options, as_json=as_json))


@app.command("lint")
def lint(config: Config, as_json: AsJson = False) -> None:
    """Print what is wrong with the numbers' configurations; 1 if any error."""
    from agent.cli.lint import lint as run_lint  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_lint(config, as_json=as_json))


@app.command("route")
def route(
    number: HotlineNumber,
    config: Config,
    caller: Caller = "",
    area: Annotated[
        str, typer.Option("--area", metavar="CODE", help="The caller's area code.")
    ] = "",
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="Local time, 2026-10-01T09:30; now by default."),
    ] = "",
    keys: Annotated[
        str, typer.Option("--keys", metavar="KEYS", help="Keys pressed in the voice menu.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show where a call goes, which phones ring when, and which hours of the week ring."""
    from agent.cli.route import RouteOptions  # noqa: PLC0415 - a fast --help
    from agent.cli.route import route as show  # noqa: PLC0415

    raise typer.Exit(show(config, RouteOptions(number, caller, area, at, keys), as_json=as_json))


@app.command("query")
def query(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="An expression of PromQL.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate an expression at a running agent, as of now."""
    from agent.cli.query import query as run_query  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_query(expression, url, as_json=as_json))


@baseline_app.command("show")
def baseline_show(
    number: HotlineNumber, config: Config, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show the approved configuration of a number."""
    from agent.cli.baseline import show  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(show(config, NumberKey.parse(number, account), as_json=as_json))


@baseline_app.command("diff")
def baseline_diff(
    number: HotlineNumber, config: Config, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show what differs from the approved configuration; 1 when something does."""
    from agent.cli.baseline import diff  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(diff(config, NumberKey.parse(number, account), as_json=as_json))


@baseline_app.command("approve")
def baseline_approve(
    number: HotlineNumber,
    config: Config,
    account: AtAccount = "",
    by: Annotated[str, typer.Option("--by", help="Who approves; you by default.")] = "",
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a number's configuration as it is now."""
    from agent.cli.baseline import approve  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(approve(config, NumberKey.parse(number, account), by, note, as_json=as_json))


@rules_app.command("check")
def rules_check(files: RuleFiles, semantics: Generation = 3) -> None:
    """Print why rules cannot be evaluated; 1 if there are any."""
    from agent.cli.rules import rules_check as check  # noqa: PLC0415 - a fast --help

    raise typer.Exit(check(files, semantics))


@rules_app.command("test")
def rules_test(files: RuleFiles, semantics: Generation = 3, as_json: AsJson = False) -> None:
    """Run promtool's unit-test files with the embedded engine."""
    from agent.cli.rules import rules_test as test  # noqa: PLC0415 - a fast --help

    raise typer.Exit(test(files, semantics, as_json=as_json))


@tickets_app.command("list")
def tickets_list(
    url: Url = None,
    config: Ledger = None,
    is_open: Annotated[
        bool | None, typer.Option("--open/--closed", help="Only these; all by default.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help="The most tickets to list.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """List the newest tickets."""
    from agent.cli.tickets import list_tickets  # noqa: PLC0415 - a fast --help

    raise typer.Exit(
        list_tickets(url=url, config=config, is_open=is_open, limit=limit, as_json=as_json)
    )


@tickets_app.command("show")
def tickets_show(
    ticket: TicketId,
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Show one ticket with its diagnosis, members and timeline."""
    from agent.cli.tickets import show_ticket  # noqa: PLC0415 - a fast --help

    raise typer.Exit(show_ticket(ticket, url=url, config=config, as_json=as_json))


@tickets_app.command("export")
def tickets_export(
    ticket: TicketId,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Write below this folder.")
    ] = Path(),
    url: Url = None,
    config: Ledger = None,
) -> None:
    """Write a ticket's evidence bundle to a folder and print the folder."""
    from agent.cli.tickets import export  # noqa: PLC0415 - a fast --help

    raise typer.Exit(export(ticket, out, url=url, config=config))


def _add_action(action: TicketAction) -> None:
    @tickets_app.command(action.value.replace("_", "-"), help=ACTION_DESCRIPTIONS[action])
    def run(
        ticket: TicketId,
        reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is in the timeline.")],
        by: Annotated[
            str, typer.Option("--by", envvar="USER", metavar="NAME", help="Who acts.")
        ] = "",
        fields: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="NAME=VALUE", help="A field of the action; repeatable."),
        ] = None,
        url: Url = None,
        config: Ledger = None,
        as_json: AsJson = False,
    ) -> None:
        from agent.cli.ticket_action import (  # noqa: PLC0415 - a fast --help
            ActionArguments,
            act_on_ticket,
        )

        arguments = ActionArguments(action, ticket, reason, by, tuple(fields or ()))
        raise typer.Exit(act_on_ticket(arguments, url=url, config=config, as_json=as_json))


for _action in TicketAction:
    _add_action(_action)


@tickets_app.command("replay")
def tickets_replay(
    ticket: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only this ticket's; all by default.")
    ] = None,
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Queue dead letters for delivery again, with their ids unchanged."""
    from agent.cli.tickets import replay  # noqa: PLC0415 - a fast --help

    raise typer.Exit(replay(ticket, url=url, config=config, as_json=as_json))
