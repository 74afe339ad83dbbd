"""The shipped rules over 1,000,000 series: the embedded engine against Prometheus.

Both evaluate the same files on the same samples, which Prometheus has scraped before; its own
measure of each rule's evaluation is the peer's time, and both must give the same alerts. Rules
that look back over time, or that nothing in the fleet is about, are left out. The engine's time
is that of a round in which a number of one account in twenty went out of service, or came back.

``NUMWATCH_BENCH_NUMBERS`` asks for another size where 83,000 numbers are too many.
"""

import asyncio
import json
import math
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec

from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.config.settings import Metrics
from agent.event_loop import shorten_switch_interval
from agent.model import Balance, Binding, Listing, Number, PollStatus, Snapshot
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.promql.nodes import Node, Selector, children_of
from agent.rules.rule import AlertingRule, Rule
from agent.series import SeriesBuilder
from agent.states import BindingKind, BindingState, Capability, Grade, NetworkState, NumberState
from exporters.block import Block
from exporters.exposition import Exposition, Page
from tests.account_facts import make_settings
from tests.integration.processes import ROOT, free_port, get, running, wait_until

ACCOUNTS = 20
NUMBERS = int(os.environ.get("NUMWATCH_BENCH_NUMBERS", "83000")) // ACCOUNTS
FILES = sorted((ROOT / "alert_rules").glob("*.yml"))
ROUNDS = 5
DAY = 86400.0
POLLED = (Capability.NUMBERS, Capability.REACHABILITY, Capability.BALANCE)
MICROSECONDS = 1e6
PATIENCE = 600
"""Seconds a busy machine may take to scrape a million series, or to evaluate all rules."""
LARGE = ACCOUNTS * NUMBERS // 2
"""Series a rule reads when it is about the fleet and not about its twenty accounts."""

CONFIG = """\
global: {{scrape_interval: 1m, scrape_timeout: 1m, evaluation_interval: 15s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: numwatch
    static_configs: [{{targets: ["{target}"]}}]
"""


@dataclass
class Account:
    """One account as polled, checked and shown."""

    snapshot: Snapshot
    checker: Checker
    series: SeriesBuilder
    checked: CheckResult | None = None

    def blocks(self, now: float) -> tuple[Block, ...]:
        self.checked = self.checker.check(self.snapshot, now, self.checked)
        return self.series.build(self.snapshot, self.checked, now)


def make_account(place: int, now: float) -> Account:
    names = [f"400{place * NUMBERS + row:07d}" for row in range(NUMBERS)]
    status = PollStatus(3600.0, last_attempt=now, last_success=now)
    snapshot = Snapshot(
        provider=f"provider-{place % 4}",
        account=f"account-{place}",
        revision=1,
        polls=dict.fromkeys(POLLED, status),
        stale_after=dict.fromkeys(POLLED, 86400.0),
        listing=Listing(tuple(_number(row, name, now) for row, name in enumerate(names))),
        bindings={name: _phones(row) for row, name in enumerate(names)},
        balance=Balance(9.0 if place == 0 else 5000.0, "CNY", daily_spend=10.0),
    )
    return Account(snapshot, Checker(make_settings()), SeriesBuilder(Metrics()))


def _number(row: int, name: str, now: float) -> Number:
    """One number in a hundred is out of service, for one reason or the other."""
    reasons = (NumberState.SUSPENDED_ARREARS, NumberState.SUSPENDED_VIOLATION)
    state = reasons[row // 100 % 2] if row % 100 == 0 else NumberState.ACTIVE
    return Number(
        name,
        state,
        NetworkState.ACTIVE,
        carrier=("unicom", "telecom", "mobile")[row % 3],
        grade=tuple(Grade)[row % 4],
        contract_end=now + (5 + row % 700) * DAY,
        realname_ok=row % 500 != 0,
    )


def _phones(row: int) -> tuple[Binding, ...]:
    first = BindingState.ARREARS if row % 150 == 0 else BindingState.OK
    second = BindingState.OFF if row % 300 == 0 else BindingState.OK
    return (
        Binding("b1", f"138{row:08d}", BindingKind.MOBILE, 1, first),
        Binding("b2", f"022{row:08d}", BindingKind.LANDLINE, 2, second),
    )


def touched(account: Account, now: float) -> None:
    """The account after a poll that found one number out of service, or back in it."""
    assert account.snapshot.listing is not None
    numbers = list(account.snapshot.listing.numbers)
    up = numbers[7].state is NumberState.ACTIVE
    state = NumberState.SUSPENDED_ARREARS if up else NumberState.ACTIVE
    numbers[7] = msgspec.structs.replace(numbers[7], state=state)
    account.snapshot = msgspec.structs.replace(
        account.snapshot,
        revision=account.snapshot.revision + 1,
        polls=dict.fromkeys(POLLED, PollStatus(3600.0, last_attempt=now, last_success=now)),
        listing=Listing(tuple(numbers)),
    )


@dataclass
class Measured:
    """Seconds by rule, and the alerts."""

    seconds: dict[str, float]
    alerts: set[str]
    first: float = 0.0
    memory: int = 0
    """Bytes by which the process grew."""
    wait: float = 0.0
    """The longest another thread waited for its turn. Seconds."""
    everywhere: float = 0.0
    """Seconds for all rules in a round in which every account has changed."""


def key(name: str, labels: dict[str, str]) -> str:
    others = {label: text for label, text in labels.items() if label != "alertname"}
    return json.dumps([name, sorted(others.items())])


def names_of(rules: Iterable[Rule]) -> dict[int, str]:
    """Each rule's place among those of its name, as in the file."""
    taken: dict[str, int] = {}
    found = {}
    for rule in rules:
        taken[rule.name] = taken.get(rule.name, 0) + 1
        found[id(rule)] = f"{rule.name}#{taken[rule.name]}"
    return found


def ours(accounts: list[Account], blocks: Callable[[], list[Block]]) -> Measured:
    before = _memory()
    engine = RuleEngine(load_rules(FILES))
    rules = [rule for group in engine.ruleset.groups for rule in group.rules]
    names = names_of(rules)
    started = time.perf_counter()
    engine.evaluate(blocks(), time.time())
    first = time.perf_counter() - started
    spent: dict[str, list[float]] = {name: [] for name in names.values()}
    wait = 0.0
    for turn in range(2 * ROUNDS):
        # An even number of touches leaves every account as the page has it.
        touched(accounts[turn // 2 % ACCOUNTS], time.time())
        shown = blocks()
        with waiting() as longest:
            engine.evaluate(shown, time.time())
        wait = max(wait, *longest)
        for rule, health in engine.health_of().items():
            assert health.ok, health.error
            spent[names[rule]].append(health.duration)
    for _ in range(2):
        for account in accounts:
            touched(account, time.time())
        engine.evaluate(blocks(), time.time())
    everywhere = sum(health.duration for health in engine.health())
    alerts = {key(alert.name, dict(alert.labels)) for alert in engine.alerts()}
    return Measured(
        {name: statistics.median(found) for name, found in spent.items()},
        alerts,
        first,
        _memory() - before,
        wait,
        everywhere,
    )


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def waiting() -> Iterator[list[float]]:
    """How late a thread was that wanted a turn every millisecond, as the event loop would."""
    late, done = [0.0], threading.Event()
    interval, former = 0.001, sys.getswitchinterval()

    def probe() -> None:
        while not done.is_set():
            began = time.perf_counter()
            time.sleep(interval)
            late.append(time.perf_counter() - began - interval)

    thread = threading.Thread(target=probe)
    shorten_switch_interval()
    thread.start()
    try:
        yield late
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(former)


@contextmanager
def served(page: Page) -> Iterator[str]:
    """The compressed page at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            """Nothing: the bench prints its results alone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def peer(page: Page, prometheus: str) -> Measured:
    with tempfile.TemporaryDirectory() as home, served(page) as target:
        folder, at = Path(home), f"127.0.0.1:{free_port()}"
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(rules=ROOT / "alert_rules/*.yml", target=target))
        command = [
            prometheus,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={at}",
        ]
        with running(command, folder / "prometheus.log"):
            scraped = partial(_scraped, at)
            wait_until(scraped, PATIENCE, "Prometheus has scraped the page")
            since = time.time()
            done = partial(_evaluated, at, since)
            rounds = [wait_until(done, PATIENCE, "Prometheus has evaluated every rule")]
            for _ in range(2):
                done = partial(_evaluated, at, rounds[-1][0] + 1)
                rounds.append(
                    wait_until(done, PATIENCE, "Prometheus has evaluated every rule again")
                )
            alerts = {
                key(alert["labels"]["alertname"], alert["labels"])
                for alert in _api(at, "alerts")["alerts"]
            }
    return Measured(
        {name: min(spent[name] for _, spent in rounds) for name in rounds[0][1]}, alerts
    )


def _api(at: str, path: str) -> Any:
    return json.loads(get(f"http://{at}/api/v1/{path}", timeout=60))["data"]


def _scraped(at: str) -> bool:
    found = _api(at, "query?query=scrape_samples_scraped")["result"]
    return bool(found) and float(found[0]["value"][1]) > 0


def _evaluated(at: str, since: float) -> tuple[float, dict[str, float]] | None:
    """When the newest round began and what each rule took, once all began after ``since``."""
    groups = _api(at, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    begun = [_epoch(rule["lastEvaluation"]) for rule in rules]
    if min(begun) <= since:
        return None
    assert all(rule["health"] == "ok" for rule in rules)
    taken: dict[str, int] = {}
    spent = {}
    for rule in rules:
        taken[rule["name"]] = taken.get(rule["name"], 0) + 1
        spent[f"{rule['name']}#{taken[rule['name']]}"] = float(rule["evaluationTime"])
    return max(begun), spent


def _epoch(text: str) -> float:
    return datetime.fromisoformat(f"{text[:19]}+00:00" if text.endswith("Z") else text).timestamp()


def instant(blocks: Iterable[Block]) -> dict[str, int]:
    """How many series each rule reads that looks at nothing but now, and at something there is."""
    sizes: dict[str, int] = {}
    for block in blocks:
        sizes[block.family.name] = sizes.get(block.family.name, 0) + block.size
    found = {}
    rules = [rule for group in load_rules(FILES).groups for rule in group.rules]
    names = names_of(rules)
    for rule in rules:
        nodes = list(_walk(rule.node))
        read = {node.name for node in nodes if isinstance(node, Selector)}
        if any(map(_looks_back, nodes)) or not read & sizes.keys():
            continue
        found[names[id(rule)]] = sum(sizes.get(name, 0) for name in read)
        if not isinstance(rule, AlertingRule):
            sizes.setdefault(rule.name, 0)
    return found


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children_of(node):
        yield from _walk(child)


def _looks_back(node: Node) -> bool:
    return type(node).__name__ in {"Range", "Subquery"}


def line(name: str, mine: float, theirs: float, **more: Any) -> dict[str, Any]:
    ratio = theirs / mine
    return {"bench": name, "ours": mine, "peer": theirs, "ratio": ratio, "unit": "us", **more}


def run() -> Iterable[dict[str, Any]]:
    """One line a rule, then all rules and the geometric mean of their ratios."""
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        yield {"bench": "rules", "error": "prometheus is not installed (Debian package prometheus)"}
        return
    now = time.time()
    accounts = [make_account(place, now) for place in range(ACCOUNTS)]

    def blocks() -> list[Block]:
        return [block for account in accounts for block in account.blocks(time.time())]

    page, size = asyncio.run(rendered(blocks()))
    mine, theirs = ours(accounts, blocks), peer(page, prometheus)
    assert mine.alerts == theirs.alerts, sorted(mine.alerts ^ theirs.alerts)[:5]
    chosen = instant(blocks())
    facts = {"series": size, "alerts": len(mine.alerts)}
    ratios = {}
    for name, read in chosen.items():
        one, other = (found.seconds[name] * MICROSECONDS for found in (mine, theirs))
        ratios[name] = other / one
        yield line(f"rule {name}", one, other, reads=read)
    totals = [
        sum(found.seconds[name] for name in chosen) * MICROSECONDS for found in (mine, theirs)
    ]
    engine = {"memory_mib": mine.memory / 2**20, "longest_wait_ms": mine.wait * 1000}
    others = {"first_round_seconds": mine.first, "every_account_changed_us": mine.everywhere * 1e6}
    yield line("rules_all", *totals, **facts, **others, **engine)
    large = [ratios[name] for name, read in chosen.items() if read >= LARGE]
    yield mean("rules_geometric_mean_of_rules_over_the_fleet", large, **facts)
    yield mean("rules_geometric_mean_of_all_rules", list(ratios.values()), **facts)


def mean(name: str, ratios: list[float], **facts: Any) -> dict[str, Any]:
    """The geometric mean of how many times faster each rule is."""
    found = math.exp(statistics.fmean(map(math.log, ratios)))
    ours_and_peer = {"ours": 1.0, "peer": found, "ratio": found, "unit": "x"}
    return {"bench": name, **ours_and_peer, "rules": len(ratios), **facts}


async def rendered(blocks: list[Block]) -> tuple[Page, int]:
    exposition = Exposition()
    exposition.publish("fleet", blocks)
    page = await exposition.scrape("", "gzip")
    return page, sum(block.size for block in blocks)
