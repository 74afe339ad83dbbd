"""``numwatch rules check`` and ``numwatch rules test``, with the output of promtool."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.cli.language import locale
from agent.i18n.problem_texts import problem_lines
from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.nodes import Semantics
from agent.rules.unittest.outcome import Outcome
from agent.rules.unittest.runner import run_file


def rules_check(files: Sequence[Path | str], semantics: int = Semantics.THREE) -> int:
    """Print how many rules each file has, or why they cannot be evaluated; returns 0 or 1."""
    failed = False
    for file in files:
        print(f"Checking {file}")  # noqa: T201 - the command's output
        try:
            ruleset = load_rules([file], semantics=Semantics(semantics))
        except RuleFileError as error:
            failed = True
            print("  FAILED:", file=sys.stderr)  # noqa: T201
            print(problem_lines(str(error), locale()), file=sys.stderr)  # noqa: T201
        else:
            count = sum(len(group.rules) for group in ruleset.groups)
            print(f"  SUCCESS: {count} rules found")  # noqa: T201
        print()  # noqa: T201
    return int(failed)


def rules_test(
    files: Sequence[Path | str], semantics: int = Semantics.THREE, *, as_json: bool = False
) -> int:
    """Run promtool's unit-test files; returns 0 when every case passes, else 1.

    Prints what promtool prints, or one JSON array with an object per case.
    """
    cases: list[dict[str, Any]] = []
    failed = False
    for file in files:
        outcomes, warnings = run_file(Path(file), Semantics(semantics))
        failed |= any(not outcome.ok for outcome in outcomes)
        cases.extend({"file": str(file)} | outcome.as_json() for outcome in outcomes)
        for warning in warnings:
            print("  WARNING:", warning, file=sys.stderr)  # noqa: T201
        if not as_json:
            _print(file, outcomes)
    if as_json:
        lines = (json.dumps(case, ensure_ascii=False) for case in cases)
        print("[" + ",\n ".join(lines) + "]")  # noqa: T201
    return int(failed)


def _print(file: Path | str, outcomes: Sequence[Outcome]) -> None:
    """Print as promtool does: names and results to standard output, failures to standard error."""
    print("Unit Testing: ", file)  # noqa: T201
    failures = [outcome for outcome in outcomes if not outcome.ok]
    if failures:
        print("  FAILED:", file=sys.stderr)  # noqa: T201
        for outcome in failures:
            print(outcome.text(), file=sys.stderr)  # noqa: T201
            print()  # noqa: T201
    else:
        print("  SUCCESS")  # noqa: T201
    print()  # noqa: T201
