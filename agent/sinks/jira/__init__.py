"""Jira Cloud: configuration section, sink and callback."""
