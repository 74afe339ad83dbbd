"""Voice menus: where a caller's keys lead, and which keys lead nowhere (domain.md §4 L35)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from agent.model import MenuKey

TO_MENU: Final = "menu:"
TO_BINDING: Final = "binding:"
QUEUE: Final = "queue"
VOICEMAIL: Final = "voicemail"
HANGUP: Final = "hangup"
_WORDS: Final = frozenset({QUEUE, VOICEMAIL, HANGUP})


@dataclass(frozen=True)
class Menu:
    """A voice menu by its parts."""

    root: str
    keys: dict[str, dict[str, str]]
    """Targets by menu and key."""

    @classmethod
    def of(cls, entries: Sequence[MenuKey]) -> "Menu":
        """The menu of ``entries``; a key that is there twice keeps its first target."""
        keys: dict[str, dict[str, str]] = {}
        for entry in entries:
            keys.setdefault(entry.menu, {}).setdefault(entry.key, entry.target)
        return cls(entries[0].menu, keys)

    def follow(self, pressed: str) -> str | None:
        """Where the keys lead: a target that is no menu; empty for nowhere.

        ``None`` while the caller stands in a menu still. Keys after the target are idle.
        """
        menu = self.root
        for key in pressed:
            target = self.keys.get(menu, {}).get(key, "")
            if not target.startswith(TO_MENU):
                return target
            menu = target.removeprefix(TO_MENU)
            if menu not in self.keys:
                return ""
        return None

    def targets(self) -> set[str]:
        """Every target that some keys lead to, menus left out."""
        found: set[str] = set()
        for menu in self.depths():
            found |= {it for it in self.keys[menu].values() if it and not it.startswith(TO_MENU)}
        return found

    def depths(self) -> dict[str, int]:
        """The least number of levels to each menu that can be reached; the first has 1."""
        depths, level = {self.root: 1}, [self.root]
        while level:
            below = [it for menu in level for it in self._below(menu) if it not in depths]
            depths |= dict.fromkeys(below, depths[level[0]] + 1)
            level = list(dict.fromkeys(below))
        return depths

    def loops(self) -> bool:
        """Whether some keys lead in a circle."""
        left = {menu: set(self._below(menu)) for menu in self.depths()}
        while left:
            ends = [menu for menu, below in left.items() if left.keys().isdisjoint(below)]
            if not ends:
                return True
            for menu in ends:
                del left[menu]
        return False

    def dead_keys(self, phones: Iterable[str]) -> list[tuple[str, str]]:
        """Menu and key of every key without a target that is there."""
        there = {f"{TO_BINDING}{phone}" for phone in phones} | _WORDS
        there |= {f"{TO_MENU}{menu}" for menu in self.keys}
        return [
            (menu, key)
            for menu, keys in self.keys.items()
            for key, target in keys.items()
            if target not in there
        ]

    def _below(self, menu: str) -> list[str]:
        named = (
            target.removeprefix(TO_MENU)
            for target in self.keys[menu].values()
            if target.startswith(TO_MENU)
        )
        return [each for each in named if each in self.keys]
