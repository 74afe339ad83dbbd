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


def compress(texts: Iterable[bytes]) -> Piece:
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


def join(pieces: Iterable[Piece]) -> Piece:
    """One piece of several, without compressing again."""
    parts = tuple(pieces)
    checksum = 0
    for part in parts:
        checksum = isal_zlib.crc32_combine(checksum, part.checksum, part.size)
    return Piece(
        b"".join(part.deflated for part in parts), checksum, sum(part.size for part in parts)
    )


def gzip(piece: Piece) -> bytes:
    """``piece`` as a complete gzip file."""
    trailer = pack("<II", piece.checksum, piece.size % _MODULUS)
    return b"".join((_GZIP_HEADER, piece.deflated, _LAST_BLOCK, trailer))


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
