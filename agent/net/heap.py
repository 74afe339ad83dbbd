"""Gives memory that large answers took back to the system.

The allocator keeps what was freed. After answers of megabytes its heap has wide gaps between the
few objects that stay, and the process looked hundreds of megabytes larger than what it held.
"""

import asyncio
import ctypes
from contextlib import suppress
from functools import cache
from typing import Final

PAUSE_SECONDS: Final = 0.5
"""Between what was freed and the giving back: many large answers come one after the other."""


_MMAP_THRESHOLD_OPTION: Final = -3  # M_MMAP_THRESHOLD of malloc.h
_ARENAS_OPTION: Final = -8  # M_ARENA_MAX
_ARENAS: Final = 2
_OWN_MAPPING_BYTES: Final = 1024 * 1024


def give_large_blocks_back_at_once() -> None:
    """Have blocks of a megabyte and more returned to the system when they are freed.

    Call it once, before threads are started. Otherwise the allocator takes every freed large
    block as a reason to keep such blocks from then on, for each thread its own.
    """
    set_option = getattr(_c_library(), "mallopt", None)
    if set_option is not None:
        set_option(_MMAP_THRESHOLD_OPTION, _OWN_MAPPING_BYTES)
        set_option(_ARENAS_OPTION, _ARENAS)


def give_back_free_memory() -> None:
    """Give all free memory back; nothing happens where the C library cannot (musl, macOS)."""
    trim = getattr(_c_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


class Heap:
    """Gives free memory back some time after it is told that there is some."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        self._timer: asyncio.TimerHandle | None = None

    def note_freed(self) -> None:
        """Give free memory back before long, in a thread; call it inside the event loop."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._begin)

    def _begin(self) -> None:
        self._timer = None
        # The call holds no interpreter lock. At the end of the agent there is no thread for it.
        with suppress(RuntimeError):
            asyncio.get_running_loop().run_in_executor(None, give_back_free_memory)
