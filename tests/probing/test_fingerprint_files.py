"""Files of fingerprints that are damaged, huge or of another kind: they alone are left out."""

import io
import os
import random
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.probing import fingerprints
from agent.probing.fingerprints import EnrolmentError, enrol, read_fingerprints
from tests.probing import corpus

BANDS = 17


def announcement(name: str) -> bytes:
    return corpus.Line().carry(corpus.announcement(name), random.Random(1))


def saved(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def with_header(header: bytes, content: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as one:
        one.writestr("off.npy", saved(np.zeros((1_000_000, BANDS), np.float16)))
    return file.getvalue()


GOOD = saved(np.random.default_rng(1).normal(size=(300, BANDS)).astype(np.float16))
SHAPE = b"{'descr': '<f2', 'fortran_order': False, 'shape': (%s, 17), }"
DAMAGED = {
    "empty": b"",
    "cut within the header": GOOD[:40],
    "cut within the values": GOOD[:-1],
    "longer than it says": GOOD + bytes(34),
    "more than memory holds": with_header(SHAPE % b"1000000000000"),
    "fewer than none": with_header(SHAPE % b"-1", bytes(340)),
    "a number without end": with_header(SHAPE % (b"9" * 5000)),
    "an archive": archive(),
    "another version of the format": GOOD.replace(b"NUMPY\x01", b"NUMPY\x02"),
    "other bands": saved(np.zeros((300, 20), np.float16)),
    "no rows": saved(np.zeros(BANDS, np.float16)),
    "other values": saved(np.zeros((300, BANDS), np.float64)),
    "objects": b"\x93NUMPY\x01\x00" + saved(np.array([1]))[8:].replace(b"<i8", b"|O8"),
    "by column": saved(np.asfortranarray(np.ones((300, BANDS), np.float16))),
    "no number": saved(np.full((300, BANDS), np.nan, np.float16)),
    "without end": saved(np.full((300, BANDS), np.inf, np.float16)),
    "a header that is no header": with_header(b"[" * 900),
    "a header of brackets": with_header(b"(" * 9000 + b"1"),
    "a header of another language": with_header(b"{'descr': `x`, \\\n 'shape': "),
    "too large": saved(np.zeros((7000, BANDS), np.float16)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_left_out(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "off.npy").write_bytes(content)
    (tmp_path / "suspended.npy").write_bytes(GOOD)
    tracemalloc.start()
    try:
        assert set(read_fingerprints(tmp_path)) == {"suspended"}
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    # A pipe would be waited for without end.
    os.mkfifo(tmp_path / "off.npy")
    (tmp_path / "busy.npy").symlink_to("/dev/zero")
    (tmp_path / "barred.npy").symlink_to("nowhere")
    (tmp_path / "unreachable.npy").mkdir()
    (tmp_path / "No Name.npy").write_bytes(GOOD)
    assert read_fingerprints(tmp_path) == {}
    assert read_fingerprints(tmp_path / "nowhere") == {}


def test_so_many_and_no_more_are_read(tmp_path: Path) -> None:
    for number in range(fingerprints.MOST + 5):
        (tmp_path / f"x{number}.npy").write_bytes(GOOD)
    assert len(read_fingerprints(tmp_path)) == fingerprints.MOST


def test_what_was_enrolled_is_read_and_named_by_its_variant(tmp_path: Path) -> None:
    enrol(tmp_path, "off", announcement("off"))
    enrol(tmp_path, "off", announcement("off"))
    found = read_fingerprints(tmp_path)
    assert set(found) == {"off", "off/2"}
    assert found["off"].shape[1] == BANDS


@pytest.mark.parametrize(
    ("name", "pcm", "why"),
    [
        ("../off", b"", "is no name"),
        ("Off", b"", "is no name"),
        ("", b"", "is no name"),
        ("off", bytes(100_000), "silent"),
        ("off", b"", "too short"),
        ("off", announcement("off")[:16_000], "too short"),
    ],
)
def test_what_cannot_be_enrolled(name: str, pcm: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match=why):
        enrol(tmp_path, name, pcm)
    assert list(tmp_path.iterdir()) == []


def test_an_announcement_has_no_more_than_so_many_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_VARIANTS", 1)
    enrol(tmp_path, "off", announcement("off"))
    with pytest.raises(EnrolmentError, match="1 recordings already"):
        enrol(tmp_path, "off", announcement("off"))


@given(
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=6), st.integers(0, 40)), max_size=5)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(80, b"(" * 6, 0)])
def test_a_file_with_changed_bytes_is_read_or_left_out(
    tmp_path: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    content = GOOD
    for at, put, gone in changes:
        content = content[:at] + put + content[at + gone :]
    (tmp_path / "off.npy").write_bytes(content)
    for features in read_fingerprints(tmp_path).values():
        assert features.shape[1:] == (BANDS,)
        assert np.isfinite(features).all()
