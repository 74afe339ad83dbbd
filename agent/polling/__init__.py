"""When, how often and how hard a provider is asked."""
