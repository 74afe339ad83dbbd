"""Snapshot to findings: lifecycle, money, reachability, drift."""
