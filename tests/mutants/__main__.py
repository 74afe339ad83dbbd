"""``make mutants``: how many small changes of the pure packages the tests notice.

Every package is copied with the repository into a temporary folder, mutated by mutmut, and tested
by the tests named beside it. Without ``--all`` a sample is taken, the same for the same seed.
Prints one JSON object for each package, then the survivors; ends with 1 below the least score.

With ``--keep FOLDER`` the copies stay in ``FOLDER/PACKAGE``: there ``mutmut show NAME`` prints what
a mutant changed. A kept copy is used again with the present files, so that a survivor can be run
again by its name after a test was written: ``--only NAME``, or a pattern.
"""

import argparse
import filecmp
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "tickets/decide": ("tests/tickets/decide",),
    "tickets/sla": ("tests/tickets/sla",),
    "rules/promql": (
        "tests/rules/promql",
        "tests/rules/test_edges_recorded.py",
        "tests/rules/test_expressions_refused.py",
        "tests/rules/test_rule_engine.py",
    ),
    "routing": ("tests/routing",),
    "checks": ("tests/checks",),
    "net": ("tests/net",),
}
"""The mutated packages of ``agent/``, and the tests that are to notice: only their own."""
LEFT_OUT = (
    # Nests as deep as Python can recurse; mutmut puts two frames around every call.
    "tests/rules/test_expressions_refused.py::test_what_is_just_allowed_is_parsed",
    # About the parser, which is not mutated, in a process of its own.
    "tests/rules/test_expressions_refused.py::test_the_parser_does_crash_without_the_guard",
    # Half a minute for every mutant; what they notice has shorter tests beside them.
    "tests/routing/test_anything_goes.py",
    "tests/rules/promql/test_result_cache.py::test_a_reused_result_is_what_a_new_evaluation_gives",
    "tests/tickets/sla/test_clocks.py::test_clocks_agree_with_counting_minutes",
)
"""Tests that do not run under mutmut, with the reason."""
LEAST_SCORE = 0.85
CAUGHT = frozenset({"killed", "timeout", "segfault", "caught by type check"})


def configuration(package: str) -> str:
    """mutmut's section for ``package``; integration tests and slow ones stay out."""
    marks = "not integration and not slow"
    # hypothesis' profile "ci" draws the same examples each time and sets no deadline: a busy
    # machine must neither catch a mutant nor fail the tests without one.
    arguments = ["-m", marks, "-p", "no:cacheprovider", "--hypothesis-profile=ci"]
    arguments += [f"--deselect={test}" for test in LEFT_OUT]
    return f"""
[tool.mutmut]
source_paths = ["agent", "exporters"]
only_mutate = ["agent/{package}/*"]
also_copy = ["alert_rules", "grafana", "deploy", "docs", "README.md", "config.example.yaml"]
pytest_add_cli_args_test_selection = {json.dumps(list(PACKAGES[package]))}
pytest_add_cli_args = {json.dumps(arguments)}
timeout_constant = 5.0
"""


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in ``folder``; returns what it printed."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def results(folder: Path) -> dict[str, str]:
    """The outcome of every mutant by name."""
    lines = mutmut(folder, "results", "--all", "true").splitlines()
    pairs = (line.strip().rsplit(": ", 1) for line in lines if "__mutmut_" in line)
    return {each[0]: each[1] for each in pairs}


@contextmanager
def workplace(package: str, keep: Path | None) -> Iterator[Path]:
    """Yields the folder to mutate ``package`` in: one that is removed, or one that is kept."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="numwatch-mutants-") as name:
            yield Path(name) / "numwatch"
    else:
        yield keep.absolute() / package.replace("/", ".")


def copy_repository(folder: Path) -> None:
    """Copy what Git tracks, or would, into ``folder``; files that are gone here go there too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).split("\0")
    files = {file for file in listed if file and (ROOT / file).is_file()}
    for file in files:
        if (folder / file).is_file() and filecmp.cmp(ROOT / file, folder / file):
            continue
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
        # mutmut takes its own copy of a source file as it is, once it has one.
        (folder / "mutants" / file).unlink(missing_ok=True)
    # mutmut copies the tests again for each run, but removes none of its copies.
    for tests in (folder / "tests", folder / "mutants" / "tests"):
        for file in tests.rglob("*.py"):
            if file.relative_to(tests.parent).as_posix() not in files:
                file.unlink()


def measure(package: str, options: argparse.Namespace) -> dict[str, str]:
    """Mutate ``package``; returns the outcome of every mutant that was tested."""
    with workplace(package, options.keep) as folder:
        copy_repository(folder)
        project = folder / "pyproject.toml"
        project.write_text(project.read_text() + configuration(package))
        children = ("--max-children", str(options.children))
        printed = mutmut(folder, "run", *children, "none")
        names = sorted(results(folder))
        if not names:
            raise SystemExit(f"{package}: no mutants were made:\n{printed[-2000:]}")
        if options.only:
            names = [name for name in names if any(fnmatchcase(name, it) for it in options.only)]
        if not options.all and options.sample < len(names):
            names = random.Random(options.seed).sample(names, options.sample)
        printed = mutmut(folder, "run", *children, *names) if names else ""
        outcomes = results(folder)
        tested = {name: outcomes[name] for name in names}
        if "not checked" in tested.values():
            raise SystemExit(f"{package}: the tests fail without a mutant:\n{printed[-4000:]}")
        return tested


def main(arguments: Sequence[str]) -> int:
    """Measure the packages; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--all", action="store_true", help="every mutant instead of a sample")
    parser.add_argument("--sample", type=int, default=40, help="mutants for each package")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--children", type=int, default=2, help="mutants tested at once")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="mutants by name")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the copies here")
    options = parser.parse_args(arguments)
    total: Counter[bool] = Counter()
    survivors: list[str] = []
    for package in options.packages:
        outcomes = measure(package, options)
        caught = sum(outcome in CAUGHT for outcome in outcomes.values())
        total.update({True: caught, False: len(outcomes) - caught})
        survivors += [f"{name}: {it}" for name, it in outcomes.items() if it not in CAUGHT]
        score = round(caught / max(1, len(outcomes)), 3)
        row = {"package": package, "mutants": len(outcomes), "caught": caught, "score": score}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    sys.stdout.writelines(f"{survivor}\n" for survivor in survivors)
    score = total[True] / max(1, total.total())
    row = {"package": "all", "mutants": total.total(), "score": round(score, 3)}
    sys.stdout.write(json.dumps(row) + "\n")
    return int(score < LEAST_SCORE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
