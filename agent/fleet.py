"""The latest snapshot of every account: polling replaces it, everything else reads it."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from agent.model import AccountKey, Snapshot

Listener = Callable[[Snapshot], None]


class Fleet:
    """Holds one :class:`Snapshot` per account and calls listeners after each replacement."""

    def __init__(self) -> None:
        self._snapshots: dict[AccountKey, Snapshot] = {}
        self._listeners: list[Listener] = []

    def snapshots(self) -> tuple[Snapshot, ...]:
        """All snapshots, ordered by provider and account."""
        return tuple(self._snapshots[key] for key in sorted(self._snapshots))

    def keys(self) -> AbstractSet[AccountKey]:
        """The accounts of which there is a snapshot."""
        return self._snapshots.keys()

    def get(self, provider: str, account: str) -> Snapshot | None:
        """The latest snapshot of one account, or ``None`` before its first poll."""
        return self._snapshots.get((provider, account))

    def swap(self, snapshot: Snapshot) -> None:
        """Replace the account's snapshot by ``snapshot`` and call the listeners."""
        self._snapshots[snapshot.provider, snapshot.account] = snapshot
        for listener in self._listeners:
            listener(snapshot)

    def drop(self, provider: str, account: str) -> None:
        """Forget an account that is no longer configured."""
        self._snapshots.pop((provider, account), None)

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` after every swap, in the event loop; it must not block."""
        self._listeners.append(listener)
