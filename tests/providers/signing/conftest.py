"""Adapters are tested through the same HTTP client and scripted servers as the client itself."""

from tests.net.conftest import bench, hasty_bench

__all__ = ["bench", "hasty_bench"]
