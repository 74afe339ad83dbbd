"""When, how often and how hard a provider is polled, and how results become snapshots."""
