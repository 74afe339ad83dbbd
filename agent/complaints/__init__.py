"""Complaints of callers: from the webhook to the regulator, and the tickets they belong to."""
