"""The folder of enrolled announcements: one small file of numbers each, never the sound itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

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
_LARGEST: Final = 2_000_000
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
        if path.stat().st_size > _LARGEST:
            return None
        features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_fingerprint = (
        features.ndim == 2  # noqa: PLR2004 - frames and bands
        and features.shape[1] == _BANDS
        and features.dtype == np.float16
        and bool(np.isfinite(features).all())
    )
    return features.astype(np.float32) if is_fingerprint else None
