"""The ledger's database, and the errors it raises, with texts for whoever runs the agent."""


class StoreError(Exception):
    """The database cannot be opened, read or written; nothing of the change was stored.

    The text says what is wrong, where, and what to do.
    """

    passes = False
    """Whether the same may succeed a little later, without anybody correcting a setting."""


class UnavailableError(StoreError):
    """The ledger as a whole cannot be used now: locked, full, deleted or damaged.

    The database logs it once when it begins and once when it is over; whoever catches it has
    nothing to add.
    """

    def __init__(self, text: str, *, passes: bool = True) -> None:
        super().__init__(text)
        self.passes = passes


class InUseError(StoreError):
    """Another agent holds the data directory."""

    passes = True
