"""The world by telephone: a SIP endpoint (RFC 3261, 3262, 3264) at which its numbers are called."""
