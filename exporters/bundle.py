"""Owners whose blocks are rendered together, one piece for each family.

Rendering and compressing a block costs some fifty microseconds however short it is, and an account
of a hundred numbers has forty blocks: with ten thousand of them that was four times the cost of the
same numbers in large accounts. Accounts with few samples therefore share their pieces; when a block
of one changes, that family is rendered anew for all of its bundle. A large account is on its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from exporters.block import Block, Frame, Rows
from exporters.family import Family
from exporters.guard import Guard
from exporters.labels import CHUNK_ROWS, chunks, label_lines
from exporters.piece import Piece, compress
from exporters.sample_lines import sample_lines

BUNDLE_SAMPLES = 16_384
"""Samples from which a bundle takes no further owner: a few milliseconds to render."""
_SHORT = 32
"""Rows of a frame, on average, below which the frames' columns are joined before their texts are
written: writing the text of a frame costs some ten microseconds besides its rows."""

Owned = tuple[str, Block]
"""A block and the name of its owner."""
Owners = Mapping[str, tuple[Block, ...]]
"""The published blocks by owner."""


class Rendered(NamedTuple):
    """One family's samples of a bundle."""

    family: Family
    blocks: tuple[Owned, ...]
    pieces: tuple[Piece, ...]
    failed: bool
    """Whether a block could not be rendered, and is missing in ``pieces``."""


class Bundle:
    """Some owners, and the pieces of their families. Use it from one thread at a time."""

    def __init__(self, owners: Owners) -> None:
        self._owners = dict(owners)
        self.families: dict[str, Rendered] = {}
        """By the family's name, whose hash costs less than the family's."""
        self._texts: dict[tuple[Frame, ...], tuple[Piece, ...]] = {}
        self.is_due = True
        """Whether it has to be rendered: a block is another one, or failed the last time."""

    @property
    def samples(self) -> int:
        """The number of samples."""
        return sum(map(samples_of, self._owners.values()))

    @property
    def owners(self) -> Owners:
        """The owners, with the blocks they published last."""
        return self._owners

    def put(self, owner: str, blocks: tuple[Block, ...]) -> None:
        """Take the newest blocks of an owner."""
        if self._owners.get(owner) is not blocks:
            self._owners[owner] = blocks
            self.is_due = True

    def remove(self, owner: str) -> None:
        """Leave out an owner from now on."""
        del self._owners[owner]
        self.is_due = True

    def render(self, guard: Guard) -> set[str]:
        """Render what has changed; returns the names of the families with other pieces now."""
        former, self.families = self.families, {}
        former_texts, self._texts = self._texts, {}
        changed = set(former)
        for name, blocks in self._by_family().items():
            rendered = former.get(name)
            frames = tuple(block.frame for _, block in blocks)
            if frames in former_texts:
                self._texts[frames] = former_texts[frames]
            if rendered is not None and rendered.blocks == blocks and not rendered.failed:
                changed.discard(name)
            else:
                rendered = self._rendered(blocks, frames, guard)
                changed.add(name)
            self.families[name] = rendered
        self.is_due = any(rendered.failed for rendered in self.families.values())
        return changed

    def _by_family(self) -> dict[str, tuple[Owned, ...]]:
        """The blocks that have samples, by the name of their family."""
        by_family: dict[str, list[Owned]] = {}
        for owner, blocks in self._owners.items():
            for block in blocks:
                if block.size:
                    by_family.setdefault(block.family.name, []).append((owner, block))
        return {name: tuple(blocks) for name, blocks in by_family.items()}

    def _rendered(
        self, blocks: tuple[Owned, ...], frames: tuple[Frame, ...], guard: Guard
    ) -> Rendered:
        family = blocks[0][1].family
        try:
            if frames not in self._texts:
                self._texts[frames] = tuple(compress((text,)) for text in label_texts(frames))
            piece = _piece(family, self._texts[frames], [block for _, block in blocks])
        except Exception:  # noqa: BLE001 - which block it was is found, and reported, below
            return _one_by_one(family, blocks, guard)
        for owner, _ in blocks:
            guard.succeeded(_part(family, owner))
        return Rendered(family, blocks, (piece,), failed=False)


def samples_of(blocks: Iterable[Block]) -> int:
    """The number of samples of some blocks."""
    return sum(block.size for block in blocks)


def label_texts(frames: Sequence[Frame]) -> Iterator[bytes]:
    """The label text of the rows of all frames, ``labels.CHUNK_ROWS`` rows at a time."""
    first, rows = frames[0], sum(frame.rows for frame in frames)
    if len(frames) == 1:
        return chunks(first.names, first.columns, rows)
    if any(frame.names != first.names for frame in frames):
        raise ValueError("the frames of a family differ in their labels")
    if rows < _SHORT * len(frames):
        columns = [
            [text for frame in frames for text in frame.columns[label]]
            for label in range(len(first.names))
        ]
        return chunks(first.names, columns, rows)
    return _texts_by_frame(frames)


def _texts_by_frame(frames: Sequence[Frame]) -> Iterator[bytes]:
    """The label text of all frames, each written by itself: its account is the same in all rows."""
    parts: list[bytes] = []
    room = CHUNK_ROWS
    for frame in frames:
        start = 0
        while start < frame.rows:
            stop = min(start + room, frame.rows)
            own = [column[start:stop] for column in frame.columns]
            parts.append(label_lines(frame.names, own))
            room -= stop - start
            start = stop
            if not room:
                yield b"\n".join(parts)
                parts, room = [], CHUNK_ROWS
    if parts:
        yield b"\n".join(parts)


def _piece(family: Family, labels: Sequence[Piece], blocks: Sequence[Block]) -> Piece:
    if len(blocks) == 1:
        values, rows = blocks[0].values, blocks[0].rows
    else:
        values, rows = np.concatenate([block.values for block in blocks]), _rows_of(blocks)
    return compress(sample_lines(family.name, labels, values, rows))


def _rows_of(blocks: Sequence[Block]) -> Rows | None:
    """The rows of all blocks in the text of all their frames; ``None`` means all of it."""
    if all(block.rows is None for block in blocks):
        return None
    rows, start = [], 0
    for block in blocks:
        own = np.arange(block.frame.rows) if block.rows is None else block.rows
        rows.append(own + start)
        start += block.frame.rows
    return np.concatenate(rows)


def _one_by_one(family: Family, blocks: tuple[Owned, ...], guard: Guard) -> Rendered:
    """Each block on its own; those that fail are reported and left out."""
    pieces = [guard.run(_part(family, owner), partial(_alone, block)) for owner, block in blocks]
    left = tuple(piece for piece in pieces if piece is not None)
    return Rendered(family, blocks, left, failed=len(left) < len(blocks))


def _alone(block: Block) -> Piece:
    return block.piece


def _part(family: Family, owner: str) -> str:
    return f"{family.name} of {owner}"
