"""10,000, 100,000 and 1,000,000 numbers side by side: processor time and memory of each step.

Two shapes: accounts of 100 numbers (10,000 of them at the largest size) and accounts of 10,000
(100 of them). Every number has two bound phones. Each case runs in a process of its own. Facts are
made, checked, turned into series, scraped, compressed, and evaluated by all shipped rules; then one
number of every hundredth account goes out of service, and the same is done again. ``growth`` is
what a number costs at the largest size, beside what it costs at a tenth of it: 1 is linear. The
memory of each case is what is resident once its facts are there, after the step that is named.

Processor time depends on what else the machine does, and the cases are minutes apart. What is said
of it is therefore paired: lines ``million_paired_…`` are of one process that holds two fleets and
does each step with the one and the other in turn. ``growth`` there is of sizes, and ``ratio`` in
``million_small_accounts_…`` of shapes: what small accounts cost beside large ones.

``NUMWATCH_BENCH_NUMBERS`` sets the largest size where the machine is small; both shapes then go up
to it by steps of ten.
"""

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from agent.checks.engine import Checker
from agent.config.settings import Metrics
from agent.event_loop import settle_garbage_collector
from agent.model import Balance, Listing, PollStatus, Snapshot
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.series import SeriesBuilder
from exporters.exposition import Exposition
from tests.account_facts import make_settings
from tests.bench.rules import FILES, POLLED, Account, _number, _phones, touched

LARGEST = int(os.environ.get("NUMWATCH_BENCH_NUMBERS", "1000000"))
SIZES = (LARGEST // 100, LARGEST // 10, LARGEST)
SHAPES = (100, 10_000)
"""Numbers of an account."""
MIB = 1024 * 1024
ROUNDS = 3
PAIRED_ROUNDS = 7
PATIENCE = 3600
"""Seconds for one case: the largest needs some seventy of processor time."""
MEMORY = ("facts_mib", "checked_mib", "scraped_mib", "held_mib", "peak_mib")
Case = tuple[int, int]
"""Accounts, and numbers of each."""


def run() -> Iterable[dict[str, Any]]:
    """One line for each step and shape, with all three sizes; then what was measured in pairs."""
    largest: list[dict[str, float]] = []
    for shape in SHAPES:
        cases = [measured_apart(_case(size, shape)) for size in SIZES]
        largest.append(cases[-1])
        for name in cases[0]:
            costs = [case[name] for case in cases]
            each = [cost / size for cost, size in zip(costs, SIZES, strict=True)]
            yield {
                "bench": f"million_{name}",
                "accounts_of": shape,
                **{f"at_{size}": cost for size, cost in zip(SIZES, costs, strict=True)},
                "growth": each[-1] / each[-2] if each[-2] else 0.0,
                "unit": _unit_of(name),
            }
    for name in MEMORY:
        yield _beside(name, *(case[name] for case in largest))
    for shape in SHAPES:
        yield from _growth(shape)
    small, large = measured_apart(*(_case(LARGEST // 10, shape) for shape in SHAPES)).values()
    for name, cost in small.items():
        yield _beside(name, cost, large[name])


def _case(size: int, shape: int) -> Case:
    return size // min(shape, size), min(shape, size)


def _growth(shape: int) -> Iterable[dict[str, Any]]:
    """What a number costs at the largest size and at a tenth of it, step by step in turns."""
    tenth, whole = measured_apart(_case(LARGEST // 10, shape), _case(LARGEST, shape)).values()
    for name, cost in whole.items():
        yield {
            "bench": f"million_paired_{name}",
            "accounts_of": shape,
            f"at_{LARGEST // 10}": tenth[name],
            f"at_{LARGEST}": cost,
            "growth": cost / tenth[name] / 10,
            "unit": "s",
        }


def _beside(name: str, small: float, large: float) -> dict[str, Any]:
    """A figure of small accounts beside that of large ones."""
    by_shape = {f"of_{shape}": it for shape, it in zip(SHAPES, (small, large), strict=True)}
    bench = f"million_small_accounts_{name}"
    return {"bench": bench, **by_shape, "ratio": small / large, "unit": _unit_of(name)}


def _unit_of(name: str) -> str:
    if name == "series":
        return "series"
    return "MiB" if name.endswith("mib") else "s"


def measured_apart(*cases: Case) -> Any:
    """What one case costs, or two in turn by their numbers of accounts; in a process of its own."""
    sizes = [str(size) for case in cases for size in case]
    command = [sys.executable, "-m", "tests.bench.million", *sizes]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    return json.loads(done.stdout)


class Fleet:
    """Everything an agent holds in memory of its accounts, without requests and database."""

    def __init__(self, accounts: int, numbers: int) -> None:
        self.now = time.time()
        # One checker and one builder for all accounts, as the agent has them.
        parts = Checker(make_settings()), SeriesBuilder(Metrics())
        self.accounts = [
            Account(_snapshot(place, numbers, self.now), *parts) for place in range(accounts)
        ]
        self.exposition = Exposition()
        self.engine = RuleEngine(load_rules(FILES))
        self.runner = asyncio.Runner()

    def close(self) -> None:
        self.runner.close()

    def process(self, places: Iterable[int]) -> None:
        """Check accounts and publish their series."""
        for place in places:
            account = self.accounts[place]
            blocks = account.blocks(self.now)
            self.exposition.publish(f"account {place}", blocks)

    def scrape(self) -> None:
        self.runner.run(self.exposition.scrape("", "gzip"))

    def evaluate(self) -> None:
        self.engine.evaluate(self.exposition.blocks(), self.now)

    def touch(self) -> range:
        """Change one number of every hundredth account; returns the accounts."""
        self.now += 30.0
        places = range(0, len(self.accounts), 100)
        for place in places:
            touched(self.accounts[place], self.now)
        return places


def _snapshot(place: int, numbers: int, now: float) -> Snapshot:
    """The facts of an account; whatever the shape, the fleet has the same numbers in all."""
    rows = range(place * numbers, (place + 1) * numbers)
    names = {row: str(4_000_000_000 + row) for row in rows}
    status = PollStatus(3600.0, last_attempt=now, last_success=now)
    return Snapshot(
        provider=f"provider-{place % 4}",
        account=f"account-{place}",
        revision=1,
        polls=dict.fromkeys(POLLED, status),
        stale_after=dict.fromkeys(POLLED, 86400.0),
        listing=Listing(tuple(_number(row, name, now) for row, name in names.items())),
        bindings={name: _phones(row) for row, name in names.items()},
        balance=Balance(9.0 if place == 0 else 5000.0, "CNY", daily_spend=10.0),
    )


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor time, all threads."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def costs_of(accounts: int, numbers: int) -> dict[str, float]:
    """What a fleet costs step by step; seconds of processor time, and memory."""
    settle_garbage_collector()
    fleet = Fleet(accounts, numbers)
    memory = {"facts_mib": resident_mib()}
    first = {"first_check_and_series": cpu(lambda: fleet.process(range(accounts)))}
    memory["checked_mib"] = resident_mib()
    first["first_scrape"] = cpu(fleet.scrape)
    memory["scraped_mib"] = resident_mib()
    first["first_rules"] = cpu(fleet.evaluate)
    rounds = [dict(_round(fleet)) for _ in range(ROUNDS)]
    later = {name: sorted(it[name] for it in rounds)[ROUNDS // 2] for name in rounds[0]}
    series = sum(block.size for block in fleet.exposition.blocks())
    fleet.close()
    memory["held_mib"] = resident_mib()
    memory["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    return {**first, **later, **memory, "series": float(series)}


def _round(fleet: Fleet) -> Iterator[tuple[str, float]]:
    """A round in which one account in a hundred has changed."""
    places = fleet.touch()
    yield "later_check_and_series", cpu(lambda: fleet.process(places))
    yield "later_scrape", cpu(fleet.scrape)
    yield "later_rules", cpu(fleet.evaluate)


def costs_in_turn(cases: Sequence[Case]) -> list[dict[str, float]]:
    """What several fleets cost step by step, each step of all of them one after the other."""
    settle_garbage_collector()
    fleets = [Fleet(*case) for case in cases]
    steps = {
        "first_check_and_series": lambda fleet: fleet.process(range(len(fleet.accounts))),
        "first_scrape": Fleet.scrape,
        "first_rules": Fleet.evaluate,
    }
    costs = [
        dict(zip(steps, each, strict=True))
        for each in zip(
            *([cpu(partial(step, it)) for it in fleets] for step in steps.values()), strict=True
        )
    ]
    rounds = [[dict(_round(fleet)) for fleet in fleets] for _ in range(PAIRED_ROUNDS)]
    for fleet, own in zip(fleets, zip(*rounds, strict=True), strict=True):
        later = {name: median(it[name] for it in own) for name in own[0]}
        costs[fleets.index(fleet)].update(later)
        fleet.close()
    return costs


def resident_mib() -> float:
    """The memory of the process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


if __name__ == "__main__":
    SIZES_GIVEN = [int(text) for text in sys.argv[1:]]
    GIVEN = list(zip(SIZES_GIVEN[::2], SIZES_GIVEN[1::2], strict=True))
    if len(GIVEN) == 1:
        FOUND: Any = costs_of(*GIVEN[0])
    else:
        FOUND = dict(enumerate(costs_in_turn(GIVEN)))
    sys.stdout.write(json.dumps(FOUND))
