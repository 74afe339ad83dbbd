"""Calls through Tencent Cloud: their configuration and their sink."""
