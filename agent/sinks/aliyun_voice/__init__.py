"""Calls through Alibaba Cloud: their configuration and their sink."""
