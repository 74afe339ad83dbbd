"""A scrape of 1,000,000 series against prometheus_client over the same series.

100 accounts of 1,000 numbers, ten families of one row per number. The peer is
``generate_latest`` over metrics already collected; collecting is not charged to it. Bytes are
compared with the same bytes: a gzip page with that text through ``gzip.compress``, as the peer's
own HTTP handlers send it, and a plain page with the text alone. Processor time, medians of several
samples.
"""

import asyncio
import gc
import gzip
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily

from exporters.block import Block, Frame
from exporters.exposition import Exposition
from exporters.family import FAMILIES

ACCOUNTS, NUMBERS = 100, 1_000
SAMPLES = 7
LABELS = ("account", "number", "provider")
NAMES = (
    "numwatch_number_up",
    "numwatch_number_bindings",
    "numwatch_number_bindings_reachable",
    "numwatch_number_realname_ok",
    "numwatch_number_contract_expiry_timestamp_seconds",
    "numwatch_number_reclaim_timestamp_seconds",
    "numwatch_number_config_drift",
    "numwatch_number_lint_findings",
    "numwatch_number_state",
    "numwatch_number_network_state",
)
MIB = 1024 * 1024


@dataclass(frozen=True)
class Account:
    """One account's label columns and values by family."""

    owner: str
    columns: tuple[tuple[str, ...], ...]
    values: dict[str, np.ndarray]


def make_accounts() -> list[Account]:
    random = np.random.default_rng(7)
    return [_account(index, random) for index in range(ACCOUNTS)]


def _account(index: int, random: np.random.Generator) -> Account:
    numbers = tuple(str(4_000_000_000 + index * NUMBERS + row) for row in range(NUMBERS))
    columns = ((f"account-{index}",) * NUMBERS, numbers, ("north",) * NUMBERS)
    return Account(f"north/account-{index}", columns, _values(random))


def _values(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Mostly 0 and 1 as states are, two families of times that differ on every row."""
    found = {name: (random.random(NUMBERS) > 0.01).astype(float) for name in NAMES}
    for name in NAMES[4:6]:
        found[name] = 1.8e9 + random.integers(0, 10**8, NUMBERS).astype(float)
    return found


class Ours:
    """The exposition with all accounts published."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.exposition = Exposition()
        self.runner = asyncio.Runner()
        self.frames = {}
        for account in accounts:
            self.frames[account.owner] = Frame.of(LABELS, account.columns)
            self.publish(account.owner, account.values)

    def close(self) -> None:
        self.runner.close()

    def publish(self, owner: str, values: dict[str, np.ndarray]) -> None:
        frame = self.frames[owner]
        blocks = [Block(FAMILIES[name], frame, column) for name, column in values.items()]
        self.exposition.publish(owner, blocks)

    def scrape(self, encoding: str = "gzip") -> bytes:
        page = self.runner.run(self.exposition.scrape("", encoding))
        return page.body


class Peer:
    """The same series as prometheus_client holds them once collected."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.families = [
            GaugeMetricFamily(name, FAMILIES[name].help, labels=LABELS) for name in NAMES
        ]
        for account in accounts:
            self._add(account)

    def _add(self, account: Account) -> None:
        rows = list(zip(*account.columns, strict=True))
        for family in self.families:
            for row, value in zip(rows, account.values[family.name].tolist(), strict=True):
                family.add_metric(row, value)

    def collect(self) -> list[GaugeMetricFamily]:
        return self.families


def seconds(work: Callable[[], object]) -> float:
    """Seconds of processor time, all threads: the machine has other work to do."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def first_render(accounts: list[Account], encoding: str = "gzip") -> float:
    """A scrape of an exposition that has rendered nothing yet."""
    ours = Ours(accounts)
    spent = seconds(lambda: ours.scrape(encoding))
    ours.close()
    return spent


def one_percent_changed(ours: "Ours", accounts: list[Account], encoding: str = "gzip") -> float:
    """A scrape after every value of one account was replaced."""
    owner = accounts[0].owner
    ours.publish(owner, _values(np.random.default_rng(8)))
    spent = seconds(lambda: ours.scrape(encoding))
    ours.publish(owner, accounts[0].values)
    ours.scrape()
    return spent


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB


def samples(page: bytes) -> list[str]:
    """The sample lines of a page in one order, values in one spelling."""
    found = []
    for line in page.decode().splitlines():
        if not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            found.append(f"{series} {float(value)}")
    return sorted(found)


def _line(name: str, ours: float, peer: float, **more: object) -> dict:
    return {"bench": name, "ours": ours, "peer": peer, "ratio": peer / ours, "unit": "s", **more}


def run() -> Iterator[dict]:
    accounts = make_accounts()
    before = peak_mib()
    ours = Ours(accounts)
    ours.scrape()
    changed = median(one_percent_changed(ours, accounts) for _ in range(SAMPLES))
    ours_peak = peak_mib() - before
    unchanged = median(seconds(ours.scrape) for _ in range(SAMPLES))
    plain = median(seconds(lambda: ours.scrape("")) for _ in range(3))
    changed_plain = median(one_percent_changed(ours, accounts, "") for _ in range(3))
    page = gzip.decompress(ours.scrape())
    ours.close()
    first = median(first_render(accounts) for _ in range(SAMPLES))
    first_plain = median(first_render(accounts, "") for _ in range(3))

    before = peak_mib()
    peer = Peer(accounts)
    peer_text = median(seconds(lambda: generate_latest(peer)) for _ in range(3))
    text = generate_latest(peer)
    peer_gzip = median(seconds(lambda: gzip.compress(text)) for _ in range(3))
    peer_peak = peak_mib() - before
    assert samples(page) == samples(text), "the two pages differ"

    size = {"series": ACCOUNTS * NUMBERS * len(NAMES), "text_mib": len(page) / MIB}
    whole = peer_text + peer_gzip
    yield _line("scrape_unchanged_gzip", unchanged, whole, peer_text_seconds=peer_text, **size)
    yield _line("scrape_one_percent_changed_gzip", changed, whole, **size)
    yield _line("scrape_first_render_gzip", first, whole, **size)
    yield _line("scrape_unchanged_plain", plain, peer_text, **size)
    yield _line("scrape_one_percent_changed_plain", changed_plain, peer_text, **size)
    yield _line("scrape_first_render_plain", first_plain, peer_text, **size)
    memory = _line("scrape_peak_memory", ours_peak, peer_peak, **size)
    yield {**memory, "unit": "MiB", "note": "growth of the peak; label columns count for neither"}
