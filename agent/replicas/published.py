"""The blocks of all accounts: those held here are on the page of metrics, the rules see all."""

from collections.abc import Callable, Collection, Sequence
from itertools import chain

from exporters.block import Block
from exporters.exposition import Exposition


class PublishedAccounts:
    """Publishes what belongs on this agent's page, and keeps the rest for the rules.

    Args:
        page: The page of metrics.
        is_shown: Whether an owner's blocks belong on the page now.
    """

    def __init__(self, page: Exposition, is_shown: Callable[[str], bool] = lambda _: True) -> None:
        self._page = page
        self.is_shown = is_shown
        self._elsewhere: dict[str, tuple[Block, ...]] = {}

    def publish(self, owner: str, blocks: Sequence[Block]) -> None:
        """Replace all blocks of ``owner``."""
        if self.is_shown(owner):
            self._elsewhere.pop(owner, None)
            self._page.publish(owner, blocks)
        else:
            self._page.withdraw(owner)
            self._elsewhere[owner] = tuple(blocks)

    def withdraw(self, owner: str) -> None:
        """Remove all blocks of ``owner``; an unknown owner is no error."""
        self._elsewhere.pop(owner, None)
        self._page.withdraw(owner)

    def follow(self, owners: Collection[str]) -> None:
        """Show or hide the blocks of ``owners`` by what :attr:`is_shown` says now."""
        for owner in owners:
            blocks = self._elsewhere.get(owner) or self._page.blocks_of(owner)
            if blocks:
                self.publish(owner, blocks)

    def blocks(self) -> tuple[Block, ...]:
        """All blocks, shown or not, for the rule engine."""
        return self._page.blocks() + tuple(chain.from_iterable(self._elsewhere.values()))
