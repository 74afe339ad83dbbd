"""The places of China's number prefixes, loaded by a process of its own.

The agent loads them beside its event loop when it starts (:func:`load_beside`). A question that
comes before that, and a command, loads them itself; on the event loop a place that is not loaded
yet is unknown, because nothing may wait there.
"""

import asyncio
import subprocess  # nosec B404 # one command of our own, below
import sys
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec
import structlog

from agent.diagnosis.area_export import BESIDE

log = structlog.get_logger(__name__)

COUNTRY_CODE: Final = "86"
TIMEOUT: Final = 120.0
"""Seconds within which the tables must be loaded; else places stay unknown."""
COUNTRY_NAMES: Final = frozenset({"中国", "China"})
"""What the tables say of a number of which they know no place."""
# Isolated, so that the modules beside the program are not taken for others of the same name.
_COMMAND: Final = (sys.executable, "-I", str(Path(__file__).with_name("area_export.py")))


class AreaTable:
    """The place of every prefix; empty until it is loaded, and where there are no tables."""

    def __init__(self) -> None:
        self._places: dict[str, str] | None = None
        self._longest = 0
        self._loading = Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether the places are known, or it is known that there are none."""
        return self._places is not None

    def place_of(self, national: str) -> str:
        """The place of a number without country code and leading 0; empty if it is unknown."""
        if self._places is None and not _is_on_event_loop():
            self.load()
        digits, places = COUNTRY_CODE + national, self._places or {}
        sizes = range(min(len(digits), self._longest), len(COUNTRY_CODE), -1)
        return next((places[digits[:size]] for size in sizes if digits[:size] in places), "")

    def load(self) -> None:
        """Load the places, and wait for them; does nothing once they are loaded."""
        with self._loading:
            if self._places is not None:
                return
            try:
                done = subprocess.run(  # nosec B603 # nothing of the command comes from outside
                    _COMMAND, capture_output=True, timeout=TIMEOUT, check=True
                )
                self._take(done.stdout)
            except (OSError, subprocess.SubprocessError) as error:
                self._give_up(str(error))

    async def load_beside(self) -> None:
        """Load the places without keeping the event loop waiting."""
        if self._places is not None:
            return
        try:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND, BESIDE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self._give_up(str(error))
            return
        try:
            output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)
            await asyncio.to_thread(self._take, output)
        except TimeoutError:
            self._give_up("too slow")
        finally:
            if process.returncode is None:
                process.kill()

    def _take(self, output: bytes) -> None:
        try:
            by_place = msgspec.json.decode(output, type=dict[str, list[str]])
        except msgspec.MsgspecError as error:
            self._give_up(str(error))
            return
        places = {
            prefix: place
            for place, prefixes in by_place.items()
            if place not in COUNTRY_NAMES
            for prefix in prefixes
        }
        self._longest = max(map(len, places), default=0)
        self._places = places

    def _give_up(self, why: str) -> None:
        log.warning("area_tables_not_loaded", error=why)
        self._places = {}


def _is_on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


AREAS: Final = AreaTable()
"""The places of this process."""
