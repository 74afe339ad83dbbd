"""The front door: one function per command, no logic.

Every command imports its room when it runs, so that ``numwatch --help`` answers at once.
Results go to standard output, logs and errors to standard error.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.tickets.actions.action import ACTION_DESCRIPTIONS, TicketAction

app = typer.Typer(
    name="numwatch",
    help="Watches hotline numbers at every provider and opens tickets that say what is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="What can be written in the configuration.", no_args_is_help=True)
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

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead.")]
Ledger = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Read the ledger of a stopped agent."),
]
Url = Annotated[
    str | None, typer.Option("--url", help="The agent to ask; http://127.0.0.1:10400 if not said.")
]
Speed = Annotated[float, typer.Option("--speed", min=0.001, help="Times as fast.")]
RuleFiles = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files to read.")]


Generation = Annotated[
    int, typer.Option("--semantics", min=2, max=3, help="Prometheus' major version.")
]


def main() -> None:
    """Run the command line; the entry point of ``numwatch``."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
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
    from agent.config.schema import json_schema  # noqa: PLC0415 - a fast --help

    if markdown:
        from agent.config.reference import page  # noqa: PLC0415 - a fast --help

        sys.stdout.write(page())
    else:
        sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


@app.command("run")
def run(
    config: Config,
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help="Listen here instead.")
    ] = None,
) -> None:
    """Watch the configured numbers until told to stop."""
    from agent.cli.run import run as serve  # noqa: PLC0415 - a fast --help

    raise typer.Exit(serve(config, listen or ()))


@app.command("demo")
def demo(
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help="Listen here.")
    ] = None,
    world: Annotated[
        Path | None, typer.Option("--world", metavar="FILE", help="Another world than the story's.")
    ] = None,
    numbers: Annotated[
        int, typer.Option("--numbers", min=0, max=999_999, help="So many healthy numbers more.")
    ] = 0,
    speed: Speed = 1.0,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Keep everything in this folder.")
    ] = None,
) -> None:
    """Show numwatch against a simulated world: faults, metrics and tickets in two minutes."""
    from agent.cli.demo import DEFAULT_LISTEN, Options  # noqa: PLC0415 - a fast --help
    from agent.cli.demo import demo as show  # noqa: PLC0415

    where = tuple(listen or (DEFAULT_LISTEN,))
    raise typer.Exit(show(Options(where, world, numbers, speed, data)))


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
    from agent.cli.poll import simulate_world  # noqa: PLC0415 - a fast --help

    raise typer.Exit(simulate_world(world, listen, speed, write_config))


@app.command("poll")
def poll(
    config: Config,
    account: Annotated[
        str | None, typer.Option("--account", metavar="P/A", help="Only this account.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Poll once and print what was seen."""
    from agent.cli.poll import poll as poll_once  # noqa: PLC0415 - a fast --help

    raise typer.Exit(poll_once(config, account, as_json=as_json))


@app.command("diagnose")
def diagnose(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The hotline number.")],
    config: Config,
    caller: Annotated[
        str, typer.Option("--caller", metavar="PHONE", help="For this caller in particular.")
    ] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", metavar="QUESTION=ANSWER", help="What somebody has found out; repeatable."
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the questions of the tree one after the other.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say why a number cannot be reached, whose job it is, and what to do."""
    from agent.cli.diagnose import DiagnoseOptions, diagnose_number  # noqa: PLC0415 - a fast --help

    asked = DiagnoseOptions(number, caller, tuple(answer or ()), ask)
    raise typer.Exit(diagnose_number(config, asked, as_json=as_json))


@app.command("lint")
def lint(config: Config, as_json: AsJson = False) -> None:
    """Say what of the numbers' configurations is known to go wrong; 1 if any error."""
    from agent.cli.lint import lint as find  # noqa: PLC0415 - a fast --help

    raise typer.Exit(find(config, as_json=as_json))


@app.command("route")
def route(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The hotline number.")],
    config: Config,
    caller: Annotated[
        str, typer.Option("--caller", metavar="PHONE", help="For this caller in particular.")
    ] = "",
    area: Annotated[
        str, typer.Option("--area", metavar="CODE", help="The caller's area code.")
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Local time, 2026-10-01T09:30; now if not.")
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
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="The agent; one at home by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a running agent what an expression gives now."""
    from agent.cli.query import query as ask  # noqa: PLC0415 - a fast --help

    raise typer.Exit(ask(expression, url, as_json=as_json))


HotlineNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="The hotline number.")]
AtAccount = Annotated[
    str, typer.Option("--account", metavar="P/A", help="At this account, if several have it.")
]


@baseline_app.command("show")
def baseline_show(
    number: HotlineNumber, config: Config, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show the configuration a number is held to."""
    from agent.cli.baseline import show, wanted  # noqa: PLC0415 - a fast --help

    raise typer.Exit(show(config, wanted(number, account), as_json=as_json))


@baseline_app.command("diff")
def baseline_diff(
    number: HotlineNumber, config: Config, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show what differs from it now; 1 when something does."""
    from agent.cli.baseline import diff, wanted  # noqa: PLC0415 - a fast --help

    raise typer.Exit(diff(config, wanted(number, account), as_json=as_json))


@baseline_app.command("approve")
def baseline_approve(
    number: HotlineNumber,
    config: Config,
    account: AtAccount = "",
    by: Annotated[str, typer.Option("--by", help="Who approves; you, if not said.")] = "",
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a number's configuration as it is now."""
    from agent.cli.baseline import approve, wanted  # noqa: PLC0415 - a fast --help

    raise typer.Exit(approve(config, wanted(number, account), by, note, as_json=as_json))


@rules_app.command("check")
def rules_check(files: RuleFiles, semantics: Generation = 3) -> None:
    """Say why a rule cannot be evaluated, where one cannot."""
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
    standing: Annotated[
        bool | None, typer.Option("--open/--closed", help="Only those; all if not said.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the newest tickets."""
    from agent.cli.tickets import list_tickets  # noqa: PLC0415 - a fast --help

    raise typer.Exit(
        list_tickets(url=url, config=config, standing=standing, limit=limit, as_json=as_json)
    )


@tickets_app.command("show")
def tickets_show(
    ticket: Annotated[str, typer.Argument(metavar="ID", help="The ticket's id or key.")],
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Show one ticket with its diagnosis, members and timeline."""
    from agent.cli.tickets import show_ticket  # noqa: PLC0415 - a fast --help

    raise typer.Exit(show_ticket(ticket, url=url, config=config, as_json=as_json))


@tickets_app.command("export")
def tickets_export(
    ticket: Annotated[str, typer.Argument(metavar="ID", help="The ticket's id or key.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Write below this folder.")
    ] = Path(),
    url: Url = None,
    config: Ledger = None,
) -> None:
    """Write a ticket's evidence bundle to a folder; prints where."""
    from agent.cli.evidence import export  # noqa: PLC0415 - a fast --help

    raise typer.Exit(export(ticket, out, url=url, config=config))


def _add_act(act: TicketAction) -> None:
    @tickets_app.command(act.value.replace("_", "-"), help=ACTION_DESCRIPTIONS[act])
    def run(
        ticket: Annotated[str, typer.Argument(metavar="ID", help="The ticket's id or key.")],
        reason: Annotated[str, typer.Option("--reason", "-r", help="Why; the timeline keeps it.")],
        by: Annotated[
            str, typer.Option("--by", envvar="USER", metavar="NAME", help="Who acts.")
        ] = "",
        fields: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="NAME=VALUE", help="A field of the act; repeatable."),
        ] = None,
        url: Url = None,
        config: Ledger = None,
        as_json: AsJson = False,
    ) -> None:
        from agent.cli.ticket_action import Wanted, act_on  # noqa: PLC0415 - a fast --help

        wanted = Wanted(act, ticket, reason, by, tuple(fields or ()))
        raise typer.Exit(act_on(wanted, url=url, config=config, as_json=as_json))


for _act in TicketAction:
    _add_act(_act)


@tickets_app.command("replay")
def tickets_replay(
    ticket: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only this ticket's; all if not said.")
    ] = None,
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Queue dead letters for delivery again, under their own ids."""
    from agent.cli.tickets import replay  # noqa: PLC0415 - a fast --help

    raise typer.Exit(replay(ticket, url=url, config=config, as_json=as_json))
