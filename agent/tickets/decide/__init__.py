"""Decisions about tickets: pure functions, each of which returns its reason."""
