"""The ledger's database, and the errors it raises, with texts for whoever runs the agent."""


class StoreError(Exception):
    """The database cannot be opened, read or written; nothing of the change was stored.

    The text says what is wrong, where, and what to do.
    """


class InUseError(StoreError):
    """Another agent holds the data directory."""
