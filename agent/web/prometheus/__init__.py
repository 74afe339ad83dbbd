"""Prometheus' read API over the embedded engine, in Prometheus' own JSON (contracts.md, HTTP)."""
