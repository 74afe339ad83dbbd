"""The arguments of the commands about alert rules: check, test."""

import typer

from agent.cli.arguments import AsJson, Generation, RuleFiles, add, group
from agent.i18n import N_


def add_rule_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    rules = group(N_("Alert rules, as the embedded engine reads them."))
    add(rules, "check", check_files, N_("Print why rules cannot be evaluated; 1 if there are any."))
    add(rules, "test", run_tests, N_("Run promtool's unit-test files with the embedded engine."))
    app.add_typer(rules, name="rules")


def check_files(files: RuleFiles, semantics: Generation = 3) -> None:
    """Print why rules cannot be evaluated; 1 if there are any."""
    from agent.cli.rules import rules_check  # noqa: PLC0415 - a fast --help

    raise typer.Exit(rules_check(files, semantics))


def run_tests(files: RuleFiles, semantics: Generation = 3, as_json: AsJson = False) -> None:
    """Run promtool's unit-test files with the embedded engine."""
    from agent.cli.rules import rules_test  # noqa: PLC0415 - a fast --help

    raise typer.Exit(rules_test(files, semantics, as_json=as_json))
