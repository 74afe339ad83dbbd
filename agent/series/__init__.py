"""Snapshots and check results as blocks of samples; unchanged blocks are reused."""

from agent.series.builder import SeriesBuilder

__all__ = ["SeriesBuilder"]
