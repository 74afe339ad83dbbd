"""Key, correlation, lifecycle, ledger and outbox of tickets."""
