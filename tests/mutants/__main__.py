"""``make mutants``: how many small changes of the pure packages the tests notice.

Every package is copied with the repository into a temporary folder, mutated by mutmut, and tested
by the tests named beside it. Without ``--all`` a sample is taken, the same for the same seed.
Prints one JSON object for each package, then the survivors; ends with 1 below the least score.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "tickets/decide": ("tests/tickets",),
    "tickets/sla": ("tests/tickets",),
    "rules/promql": ("tests/rules",),
    "routing": ("tests/routing", "tests/lints", "tests/baselines"),
    "checks": ("tests/checks", "tests/series", "tests/baselines", "tests/lints"),
    "net": ("tests/net", "tests/providers"),
}
"""The mutated packages of ``agent/``, and the tests that are to notice."""
LEAST_SCORE = 0.85
CAUGHT = frozenset({"killed", "timeout", "segfault", "caught by type check"})


def configuration(package: str) -> str:
    """mutmut's section for ``package``; integration tests and slow ones stay out."""
    marks = "not integration and not slow"
    arguments = ["-m", marks, "-p", "no:cacheprovider", "-p", "no:randomly", "--hypothesis-seed=0"]
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


def measure(package: str, sample: int | None, seed: int, children: int) -> dict[str, str]:
    """Mutate ``package``; returns the outcome of every mutant that was tested."""
    with tempfile.TemporaryDirectory(prefix="numwatch-mutants-") as name:
        folder = Path(name) / "numwatch"
        tracked = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for file in filter(None, tracked.split("\0")):
            if (ROOT / file).is_file():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, folder / file)
        project = folder / "pyproject.toml"
        project.write_text(project.read_text() + configuration(package))
        printed = mutmut(folder, "run", "--max-children", str(children), "none")
        names = sorted(results(folder))
        if not names:
            raise SystemExit(f"{package}: no mutants were made:\n{printed[-2000:]}")
        if sample is not None:
            names = random.Random(seed).sample(names, min(sample, len(names)))
        mutmut(folder, "run", "--max-children", str(children), *names)
        outcomes = results(folder)
        return {name: outcomes[name] for name in names}


def main(arguments: Sequence[str]) -> int:
    """Measure the packages; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--all", action="store_true", help="every mutant instead of a sample")
    parser.add_argument("--sample", type=int, default=100, help="mutants for each package")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--children", type=int, default=2, help="mutants tested at once")
    options = parser.parse_args(arguments)
    total: Counter[bool] = Counter()
    survivors: list[str] = []
    for package in options.packages:
        sample = None if options.all else options.sample
        outcomes = measure(package, sample, options.seed, options.children)
        caught = sum(outcome in CAUGHT for outcome in outcomes.values())
        total.update({True: caught, False: len(outcomes) - caught})
        survivors += [f"{name}: {it}" for name, it in outcomes.items() if it not in CAUGHT]
        score = round(caught / len(outcomes), 3)
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
