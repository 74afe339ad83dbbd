"""Queries over the series of the rule engine, for people and for dashboards."""
