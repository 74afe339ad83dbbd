"""Inbound webhooks: committed to the ledger before they are answered."""
