"""Snapshots and findings as blocks of samples; what did not change is not made again."""

from agent.series.build import Series

__all__ = ["Series"]
