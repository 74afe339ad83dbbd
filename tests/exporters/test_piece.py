"""Compressed pieces join into one gzip page that everyone can read."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters import piece

TEXTS = st.lists(st.binary(max_size=300), max_size=12)


@given(TEXTS)
def test_a_piece_gives_its_text_back(texts):
    made = piece.compress(texts)
    assert piece.text(made) == b"".join(texts)
    assert made.size == sum(map(len, texts))


@given(st.lists(TEXTS, max_size=8))
def test_joined_pieces_are_one_gzip_file(groups):
    whole = b"".join(piece.gzip(piece.join(map(piece.compress, groups))))
    expected = b"".join(map(b"".join, groups))
    reader = zlib.decompressobj(31)
    assert reader.decompress(whole) == expected
    assert reader.eof
    assert not reader.unused_data, "one member, so that every client reads all of it"
    assert gzip.decompress(whole) == expected


def test_a_wrong_checksum_is_seen_by_the_reader():
    made = piece.compress([b"some text"])
    spoilt = piece.gzip(piece.join([piece.Piece(made.deflated, made.checksum ^ 1, made.size)]))
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(b"".join(spoilt))
