"""Alerts that Alertmanager posts, and the comparison with its own list of alerts."""
