"""Snapshots and findings as blocks of samples; what did not change is not made again."""

from agent.series.build import Series
from agent.series.tickets import tickets_blocks

__all__ = ["Series", "tickets_blocks"]
