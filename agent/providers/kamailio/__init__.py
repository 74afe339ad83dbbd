"""Kamailio: which extensions are registered and which trunks answer, by JSON-RPC over HTTP."""
