"""The folder of enrolled announcements: one small file of numbers each, never the sound itself."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.probing.hearing.fingerprint import (
    ACCEPT,
    Features,
    agreement,
    features_of,
    recognize,
)
from agent.probing.hearing.sound import frames_of, is_silence, samples_of

MOST: Final = 200
"""Announcements that are looked for."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""A name: that of a prompt in docs/reference/domain.md §2 where there is one, such as ``off``."""
_SUFFIX: Final = ".npy"
_LARGEST: Final = 200_000
"""Bytes of a file; one minute has 128 kB."""
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_VALUE: Final = np.dtype("<f2")
_BANDS: Final = 17
_VARIANTS: Final = 50
_SHORTEST: Final = 160
"""Frames: 2.6 s, what recognizing needs."""


class EnrolmentError(Exception):
    """An announcement cannot be enrolled; the text says why and what to do."""


def read_fingerprints(folder: Path) -> Mapping[str, Features]:
    """The announcements in ``folder``, ``NAME`` or ``NAME/VARIANT``; none where it is missing.

    A file that is no fingerprint is left out.
    """
    found: dict[str, Features] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}"))[:MOST]:
        features = _read(path)
        name, _, variant = path.stem.partition("-")
        if features is not None and NAME.fullmatch(name):
            found[f"{name}/{variant}" if variant else name] = features
    return found


def enrol(folder: Path, name: str, pcm: bytes) -> Path:
    """Add an announcement; returns its file.

    Raises:
        EnrolmentError: when it could not be told from silence or from another, or is too short.
        OSError: when the file cannot be written.
    """
    if not NAME.fullmatch(name):
        raise EnrolmentError(
            f"{name!r} is no name, expected small letters, digits and underscores, such as"
            " suspended, off, nonexistent, busy, barred or unreachable"
        )
    samples = samples_of(pcm)
    features = features_of(samples)
    if is_silence(frames_of(samples)):
        raise EnrolmentError("the recording is silent; expected the announcement in it")
    if agreement(features, features) < ACCEPT:
        raise EnrolmentError(
            "the recording is too short; expected at least 2.6 s of the announcement"
        )
    others = {
        key: one for key, one in read_fingerprints(folder).items() if key.partition("/")[0] != name
    }
    match = recognize(features, others)
    if match.name:
        raise EnrolmentError(
            f"it sounds like {match.name}, which is enrolled already; remove that one first"
            " if it was a mistake"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = _free(folder, name)
    np.save(path, features.astype(np.float16), allow_pickle=False)
    return path


def _free(folder: Path, name: str) -> Path:
    for number in range(1, _VARIANTS + 1):
        path = folder / (f"{name}{_SUFFIX}" if number == 1 else f"{name}-{number}{_SUFFIX}")
        if not path.exists():
            return path
    raise EnrolmentError(f"{name} has {_VARIANTS} recordings already; remove some of them first")


def _read(path: Path) -> Features | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        values = _values(path.read_bytes())
    except (OSError, ValueError, SyntaxError, TokenError, MemoryError, RecursionError):
        # The header of numpy's format is an expression of Python; what it says is not trusted.
        return None
    if values.shape[1:] != (_BANDS,) or not np.isfinite(values).all():
        return None
    return values.astype(np.float32)


def _values(content: bytes) -> NDArray[np.float16]:
    """The values in a file of numpy's format.

    Raises:
        ValueError: when it is another file, or has more or fewer of them than it says.
    """
    file = BytesIO(content)
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("is none of numpy's files")
    shape, is_by_column, kind = np.lib.format.read_array_header_1_0(file)
    if is_by_column or kind != _VALUE:
        raise ValueError("has other values")
    values = np.frombuffer(content[file.tell() :], _VALUE).reshape(shape)
    if values.shape != shape:
        raise ValueError("has a negative length")
    return values
