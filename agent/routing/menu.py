"""Voice menus: the target of each key, and keys without one (docs/reference/domain.md §4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from agent.model import MenuKey

TO_MENU: Final = "menu:"
TO_BINDING: Final = "binding:"
QUEUE: Final = "queue"
VOICEMAIL: Final = "voicemail"
HANGUP: Final = "hangup"
_ACTIONS: Final = frozenset({QUEUE, VOICEMAIL, HANGUP})


@dataclass(frozen=True)
class Menu:
    """A voice menu with its submenus."""

    root: str
    keys: dict[str, dict[str, str]]
    """The target of each key, by menu."""

    @classmethod
    def of(cls, entries: Sequence[MenuKey]) -> "Menu":
        """Return the menu of ``entries``; of a key with two entries the first counts."""
        keys: dict[str, dict[str, str]] = {}
        for entry in entries:
            keys.setdefault(entry.menu, {}).setdefault(entry.key, entry.target)
        return cls(entries[0].menu, keys)

    def follow(self, pressed: str) -> str | None:
        """The target that the keys ``pressed`` lead to; empty where they lead nowhere.

        ``None`` while the caller is still in a menu. Keys after the target have no effect.
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
        """Every target that some keys lead to, submenus left out."""
        reachable = (target for menu in self.depths() for target in self.keys[menu].values())
        return {target for target in reachable if target and not target.startswith(TO_MENU)}

    def unknown_targets(self, phones: Iterable[str]) -> set[str]:
        """The targets of reachable keys that name a word, menu or phone that is not known.

        A key without a target is known to lead nowhere; of these it is not known where they lead.
        """
        known = {f"{TO_BINDING}{phone}" for phone in phones} | _ACTIONS | {""}
        known |= {f"{TO_MENU}{menu}" for menu in self.keys}
        return {
            target
            for menu in self.depths()
            for target in self.keys[menu].values()
            if target not in known
        }

    def depths(self) -> dict[str, int]:
        """The depth of each menu that can be reached, by the shortest way; the first has 1."""
        depths, level = {self.root: 1}, [self.root]
        while level:
            below = [sub for menu in level for sub in self._below(menu) if sub not in depths]
            depths |= dict.fromkeys(below, depths[level[0]] + 1)
            level = list(dict.fromkeys(below))
        return depths

    def has_loop(self) -> bool:
        """Whether some keys lead back to a menu they came from."""
        remaining = {menu: set(self._below(menu)) for menu in self.depths()}
        while remaining:
            ends = [menu for menu, below in remaining.items() if remaining.keys().isdisjoint(below)]
            if not ends:
                return True
            for menu in ends:
                del remaining[menu]
        return False

    def dead_keys(self, phones: Iterable[str]) -> list[tuple[str, str]]:
        """Menu and key of every key whose target does not exist."""
        existing = {f"{TO_BINDING}{phone}" for phone in phones} | _ACTIONS
        existing |= {f"{TO_MENU}{menu}" for menu in self.keys}
        return [
            (menu, key)
            for menu, keys in self.keys.items()
            for key, target in keys.items()
            if target not in existing
        ]

    def _below(self, menu: str) -> list[str]:
        submenus = (
            target.removeprefix(TO_MENU)
            for target in self.keys[menu].values()
            if target.startswith(TO_MENU)
        )
        return [submenu for submenu in submenus if submenu in self.keys]
