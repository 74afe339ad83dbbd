"""What ``numwatch rules check`` and ``numwatch rules test`` do."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.nodes import Semantics
from agent.rules.unittest.outcome import Outcome
from agent.rules.unittest.runner import run_file


def rules_check(files: Sequence[Path | str], semantics: int = Semantics.THREE) -> int:
    """Say of every file how many rules it has, or why they cannot be evaluated; 0 or 1."""
    failed = False
    for file in files:
        print(f"Checking {file}")  # noqa: T201 - the command's output
        try:
            ruleset = load_rules([file], semantics=Semantics(semantics))
        except RuleFileError as error:
            failed = True
            print("  FAILED:", file=sys.stderr)  # noqa: T201
            print("\n".join(map(str, error.problems)), file=sys.stderr)  # noqa: T201
        else:
            count = sum(len(group.rules) for group in ruleset.groups)
            print(f"  SUCCESS: {count} rules found")  # noqa: T201
        print()  # noqa: T201
    return int(failed)


def rules_test(
    files: Sequence[Path | str], semantics: int = Semantics.THREE, *, as_json: bool = False
) -> int:
    """Run promtool's unit-test files; 0 when every case went well, else 1.

    Writes what promtool writes, or one JSON array with an object a case.
    """
    told: list[dict[str, Any]] = []
    failed = False
    for file in files:
        outcomes, warnings = run_file(Path(file), Semantics(semantics))
        failed |= any(not outcome.ok for outcome in outcomes)
        told.extend({"file": str(file)} | outcome.as_json() for outcome in outcomes)
        for warning in warnings:
            print("  WARNING:", warning, file=sys.stderr)  # noqa: T201
        if not as_json:
            _print(file, outcomes)
    if as_json:
        lines = (json.dumps(one, ensure_ascii=False) for one in told)
        print("[" + ",\n ".join(lines) + "]")  # noqa: T201
    return int(failed)


def _print(file: Path | str, outcomes: Sequence[Outcome]) -> None:
    """As promtool does: names and verdicts to standard output, what is wrong to standard error."""
    print("Unit Testing: ", file)  # noqa: T201
    wrong = [outcome for outcome in outcomes if not outcome.ok]
    if wrong:
        print("  FAILED:", file=sys.stderr)  # noqa: T201
        for outcome in wrong:
            print(outcome.text(), file=sys.stderr)  # noqa: T201
            print()  # noqa: T201
    else:
        print("  SUCCESS")  # noqa: T201
    print()  # noqa: T201
