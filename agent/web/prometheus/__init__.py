"""Prometheus' read API over the embedded engine, in Prometheus' own JSON.

See docs/reference/interface.md, HTTP.
"""
