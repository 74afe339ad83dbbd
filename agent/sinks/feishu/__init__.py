"""Feishu: configuration section, sink and callback."""
