"""Compressed pieces of a page, which join into one gzip page without compressing again.

A piece is raw deflate data (RFC 1951) that ends on a byte boundary and refers to nothing before
itself, so pieces can be concatenated. A page is the gzip header (RFC 1952), its pieces, an empty
last block, and the checksum and length of the whole, which follow from those of the pieces.
Exposition text compresses to about a twentieth, so storing it compressed also saves memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import pack

from isal import isal_zlib

PART_BYTES = 1 << 20
"""The most text that is decompressed in one step: about a millisecond of work."""

_LEVEL = 1
_RAW = -15
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"
_MODULUS = 1 << 32


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, compressed."""

    deflated: bytes = field(repr=False)
    checksum: int
    """CRC-32 of the text."""
    size: int
    """The length of the text in bytes."""


EMPTY = Piece(b"", 0, 0)


def compress(texts: Iterable[bytes | bytearray]) -> Piece:
    """One piece of the concatenated ``texts``."""
    stream = isal_zlib.compressobj(_LEVEL, wbits=_RAW)
    deflated, checksum, size = [], 0, 0
    for text in texts:
        deflated.append(stream.compress(text))
        checksum = isal_zlib.crc32(text, checksum)
        size += len(text)
    if not size:
        return EMPTY
    deflated.append(stream.flush(isal_zlib.Z_SYNC_FLUSH))
    return Piece(b"".join(deflated), checksum, size)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several pieces in their order, as one text; what they hold is not copied."""

    deflated: tuple[bytes, ...] = field(repr=False)
    checksum: int
    """CRC-32 of the whole text."""
    size: int
    """The length of the whole text in bytes."""


def join(texts: Iterable[Piece | Joined]) -> Joined:
    """``texts`` one behind the other, without compressing again."""
    deflated: list[bytes] = []
    checksum = size = 0
    for part in texts:
        if isinstance(part, Joined):
            deflated += part.deflated
        else:
            deflated.append(part.deflated)
        checksum = isal_zlib.crc32_combine(checksum, part.checksum, part.size)
        size += part.size
    return Joined(tuple(deflated), checksum, size)


def gzip(joined: Joined) -> tuple[bytes, ...]:
    """``joined`` as a complete gzip file, in parts."""
    trailer = pack("<II", joined.checksum, joined.size % _MODULUS)
    return (_GZIP_HEADER, *joined.deflated, _LAST_BLOCK, trailer)


def joined_parts(texts: Iterable[bytes]) -> Iterator[bytes]:
    """``texts`` one behind the other, in parts of ``PART_BYTES`` and what the last text adds."""
    waiting: list[bytes] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= PART_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def parts(piece: Piece) -> Iterator[bytes]:
    """The text of ``piece``, at most ``PART_BYTES`` at a time."""
    stream = isal_zlib.decompressobj(_RAW)
    waiting = piece.deflated
    while part := stream.decompress(waiting, PART_BYTES):
        yield part
        waiting = stream.unconsumed_tail


def text(piece: Piece) -> bytes:
    """The whole text of ``piece``."""
    return b"".join(parts(piece))
