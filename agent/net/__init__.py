"""Outbound HTTP: client, egress guard, strict JSON, sanitizing of text, time stamps."""
