"""Label values as small integers, so that comparing and grouping them is array work."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]

_CHUNK = 4096
"""Values encoded in one C call: well under a millisecond, so that other threads get a turn."""


class _Interned(dict[str, int]):
    """Gives a new code to a text it has not seen."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__({"": 0})
        self._texts = texts

    def __missing__(self, text: str) -> int:
        code = len(self._texts)
        self._texts.append(text)
        self[text] = code
        return code


class Symbols:
    """The texts of all labels, by code. Code 0 is the empty text: the label is missing."""

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        """The text of each code."""
        self._codes = _Interned(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """The code of ``text``, made when it is new."""
        return self._codes[text]

    def find(self, text: str) -> int | None:
        """The code of ``text``, or ``None`` when no series has it."""
        return self._codes.get(text)

    def encode(self, column: Sequence[str]) -> Codes:
        """The codes of a column of texts."""
        codes = np.empty(len(column), np.int32)
        values = iter(column)
        for start in range(0, len(column), _CHUNK):
            chunk = islice(values, _CHUNK)
            size = min(_CHUNK, len(column) - start)
            coded = map(self._codes.__getitem__, chunk)
            codes[start : start + size] = np.fromiter(coded, np.int32, size)
        return codes

    def decode(self, codes: "npt.NDArray[np.int32] | npt.NDArray[np.intp]") -> list[str]:
        """The texts of ``codes``."""
        texts = self.texts
        return [texts[code] for code in codes.tolist()]
