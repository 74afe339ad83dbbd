"""Adapters that read provider APIs and return facts."""
