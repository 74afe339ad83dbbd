"""Zammad: configuration section, sink and callback."""
