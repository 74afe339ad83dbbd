"""Prometheus rule files, loaded and evaluated in process."""
