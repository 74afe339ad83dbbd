"""Prometheus rule files, evaluated in process."""
