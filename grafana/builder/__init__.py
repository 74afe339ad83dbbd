"""Builds the dashboards in grafana/dashboards: run ``python -m grafana.builder``."""
