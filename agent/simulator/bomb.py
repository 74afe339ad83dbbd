"""A small answer that inflates to more than 512 MiB (reliability.md §1, bomb).

A mebibyte of blanks is compressed once and flushed to a byte boundary; the answer is that piece
over and over, so that neither making nor sending it takes memory.
"""

import struct
import zlib
from collections.abc import Iterator

_PIECE = b" " * (1 << 20)
_PIECES = 544
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

SIZE = _PIECES * len(_PIECE)
"""What it inflates to, in bytes."""


def _pieces() -> tuple[bytes, bytes]:
    """One compressed mebibyte, and the end of the stream."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = deflate.compress(_PIECE) + deflate.flush(zlib.Z_FULL_FLUSH)
    return piece, deflate.flush(zlib.Z_FINISH)


def make_bomb(pieces: int = _PIECES) -> bytes:
    """The whole gzip stream, about a kilobyte for every mebibyte it inflates to."""
    piece, end = _pieces()
    checksum = 0
    for _ in range(pieces):
        checksum = zlib.crc32(_PIECE, checksum)
    trailer = struct.pack("<II", checksum, pieces * len(_PIECE))
    return _HEADER + piece * pieces + end + trailer


def chunks(bomb: bytes, size: int = 16384) -> Iterator[bytes]:
    """The stream in pieces to send."""
    for start in range(0, len(bomb), size):
        yield bomb[start : start + size]
