"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead.")]
Ledger = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Read the ledger of a stopped agent."),
]
Url = Annotated[
    str | None,
    typer.Option("--url", help="The running agent; http://127.0.0.1:10400 by default."),
]
HotlineNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="The hotline number.")]
Caller = Annotated[
    str, typer.Option("--caller", metavar="PHONE", help="For this caller in particular.")
]
TicketId = Annotated[str, typer.Argument(metavar="ID", help="The ticket's id or key.")]
Speed = Annotated[float, typer.Option("--speed", min=0.001, help="Times as fast.")]
RuleFiles = Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files to read.")]
Generation = Annotated[
    int, typer.Option("--semantics", min=2, max=3, help="Prometheus' major version.")
]
AtAccount = Annotated[
    str, typer.Option("--account", metavar="P/A", help="At this account, if several have it.")
]
