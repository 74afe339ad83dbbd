"""Alertmanager's webhook, its stored alerts, and the comparison with its own alert list."""
