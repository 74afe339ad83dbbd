"""No input makes a parser fail otherwise than it documents, nor take much time or memory."""

import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS, WORDS
from tests.fuzz.targets import TARGETS_BY_NAME, Target, try_once
from tests.proof_size import is_full, share, size

MOST_MEMORY = 48 * 1024 * 1024
"""Bytes that reading one small input may take."""
MOST_SECONDS = 5.0
"""Of this process's CPU time, for one small input; a busy machine does not count."""
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
MINUTES = 30
"""Of fuzzing with coverage, for all parsers together at full size."""


class TooSlowError(Exception):
    """A parser took more than its CPU time."""


def _stop(*_: object) -> None:
    raise TooSlowError


@contextmanager
def bounded_time() -> Iterator[None]:
    """Fail where the body takes more than its CPU time."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fail where the body takes more than its memory; to trace it makes it eight times as slow."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@st.composite
def inputs(draw: st.DrawFn, name: str) -> bytes:
    """A seed with some edits: bytes taken away, repeated, or put in between."""
    data = draw(st.sampled_from(SEEDS[name]))
    words = [word.encode("utf-8", "surrogateescape") for word in WORDS[name]]
    pieces = st.one_of(st.sampled_from(words), st.binary(max_size=8))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        gone = draw(st.sampled_from([0, 0, 1, 3, 20, 200]))
        times = draw(st.sampled_from([1, 1, 1, 2, 50]))
        data = data[:at] + draw(pieces) * times + data[at + gone :]
    return data[: TARGETS_BY_NAME[name].length]


def run(name: str, target: Target) -> None:
    """Try a parser with as many inputs as the size says."""

    @settings(max_examples=size(3 if name == "ledger" else 15, 3000), database=None, phases=PHASES)
    @given(inputs(name))
    @example(b"")
    @example(b"\xff\xfe\x00")
    @example(b"[" * 4000)
    @example(b"{" * 4000)
    @example(b"(" * 4000)
    def check(data: bytes) -> None:
        with bounded_time():
            try_once(target, data)
        with bounded_memory():
            try_once(target, data)

    check()


@pytest.mark.parametrize("name", TARGETS_BY_NAME)
def test_a_seed_is_read(name: str) -> None:
    for data in SEEDS[name]:
        try_once(TARGETS_BY_NAME[name], data)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", TARGETS_BY_NAME)
def test_only_documented_errors_within_bounds(name: str) -> None:
    run(name, TARGETS_BY_NAME[name])


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not is_full(), reason="fuzzing with coverage runs with `make proof`")
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is for Linux on x86-64")
@pytest.mark.parametrize("name", TARGETS_BY_NAME)
def test_coverage_finds_nothing_either(name: str, tmp_path: Path) -> None:
    seconds = round(MINUTES * 60 * share() / len(TARGETS_BY_NAME))
    command = [sys.executable, "-m", "tests.fuzz", name, str(seconds), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert "DONE" in ended.stderr or "Done" in ended.stderr, ended.stderr[-2000:]


def _undocumented(data: bytes) -> None:
    if b"groups" not in data:
        raise KeyError("groups")


def _greedy(_: bytes) -> None:
    assert bytearray(2 * MOST_MEMORY)


def _endless(_: bytes) -> None:
    turns = 0
    while turns >= 0:
        turns += 1


@pytest.mark.parametrize(
    ("call", "failure"),
    [(_undocumented, KeyError), (_greedy, AssertionError), (_endless, TooSlowError)],
)
def test_a_parser_that_fails_otherwise_would_be_noticed(call, failure, monkeypatch) -> None:
    monkeypatch.setitem(globals(), "MOST_SECONDS", 0.2)
    with pytest.raises(failure):
        run("rules", Target(call, (ValueError,)))
